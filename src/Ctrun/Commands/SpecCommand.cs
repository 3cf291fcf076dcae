using System.Text;
using ContainerTools.Runtime.Containers.Runs;
using ContainerTools.Runtime.Linux;

namespace ContainerTools.Ctrun.Commands;

/// <summary><c>ctrun spec</c>.</summary>
internal static class SpecCommand
{
    private const string Usage = "spec [--bundle|-b FOLDER] [--rootless]";

    public static int Run(ArgumentReader reader)
    {
        string bundle = ".";
        bool rootless = false;
        while (reader.Next(out string option))
        {
            if (option is "bundle" or "b") bundle = reader.Text();
            else if (option == "rootless") rootless = reader.Flag();
            else if (reader.Other(Usage)) return 0;
        }

        reader.None();
        string path = Path.Combine(Path.GetFullPath(bundle), "config.json");
        if (File.Exists(path)) throw new ContainerException(ErrorCode.InvalidArgument, $"{path} exists already; remove it first.", path);
        string text = SpecTemplate.Text(rootless ? Libc.EffectiveUserId : null);
        AtomicFile.Write(path, Encoding.UTF8.GetBytes(text), durable: false, (UnixFileMode)0x1b4);
        return 0;
    }
}
