using System.Globalization;
using System.Text;
using ContainerTools.Runtime.Linux;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Ctrun;

/// <summary>
/// The host's ps(1) with the caller's own options, and of its lines those of a container's processes: what runc does, and what engines
/// pass the options of <c>docker top</c> on for.
/// </summary>
internal static class HostProcessTable
{
    private static readonly string[] s_folders = ["/usr/bin", "/bin", "/usr/local/bin"];

    /// <summary>Runs it.</summary>
    /// <param name="options">For ps.</param>
    /// <param name="processes">Whose lines are kept.</param>
    /// <exception cref="ContainerException"><see cref="ErrorCode.NotSupported"/> where there is no ps; <see cref="ErrorCode.InvalidArgument"/> where it refuses
    /// the options, or they leave the column PID out.</exception>
    public static string Read(IReadOnlyList<string> options, IReadOnlyList<int> processes)
    {
        string program = s_folders.Select(folder => folder + "/ps").FirstOrDefault(File.Exists)
            ?? throw new ContainerException(ErrorCode.NotSupported, "ps(1) is not installed on this machine, so its options cannot be passed on.", "ps");
        return Filter(Run(program, options), processes);
    }

    /// <summary>The heading, and the lines of these processes.</summary>
    internal static string Filter(string table, IReadOnlyList<int> processes)
    {
        string[] lines = table.TrimEnd('\n').Split('\n');
        int column = Array.IndexOf(lines[0].Split(' ', StringSplitOptions.RemoveEmptyEntries), "PID");
        if (column < 0) throw new ContainerException(ErrorCode.InvalidArgument, "The options for ps(1) leave out the column PID, by which the container's processes are found.", "PID");
        var kept = new StringBuilder(lines[0]).Append('\n');
        foreach (string line in lines.Skip(1))
        {
            string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words.Length > column && int.TryParse(words[column], NumberStyles.None, CultureInfo.InvariantCulture, out int process) && processes.Contains(process))
                kept.Append(line).Append('\n');
        }

        return kept.ToString();
    }

    private static string Run(string program, IReadOnlyList<string> options)
    {
        (SafeFileHandle reader, SafeFileHandle writer) = Libc.CreatePipe();
        using (reader)
        {
            int id;
            using (writer) id = Libc.SpawnConnected(program, ["ps", .. options], ["PATH=/usr/bin:/bin", "COLUMNS=512"], null, writer, writer);
            using SafeFileHandle process = Libc.OpenProcess(id)!;
            using var text = new MemoryStream();
            Span<byte> buffer = stackalloc byte[4096];
            for (int count = Libc.Read(reader, buffer); count != 0; count = Libc.Read(reader, buffer))
            {
                if (count < 0) throw KernelError.From("read", -count, program);
                text.Write(buffer[..count]);
            }

            ProcessEnd end = Libc.WaitForExit(process);
            string output = Encoding.UTF8.GetString(text.GetBuffer(), 0, (int)text.Length);
            return end.ExitCode == 0
                ? output
                : throw new ContainerException(ErrorCode.InvalidArgument, $"ps(1) refuses its options: {output.Split('\n', 2)[0].Trim()}", string.Join(' ', options));
        }
    }
}
