using System.Globalization;
using System.Text;
using ContainerTools.Runtime.Linux;

namespace ContainerTools.Runtime.Containers.Runs;

/// <summary>The file in which an engine finds a process id.</summary>
internal static class PidFile
{
    /// <summary>Writes it, by rename: whoever finds it finds all of the number.</summary>
    public static void Write(string path, int processId) => AtomicFile.Write(
        Path.GetFullPath(path), Encoding.ASCII.GetBytes(processId.ToString(CultureInfo.InvariantCulture)), durable: false,
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
}
