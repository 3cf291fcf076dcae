using System.Globalization;
using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Oci;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Launch;

/// <summary>Has newuidmap(1) or newgidmap(1) write an id map that a user without privileges may not write, by what /etc/subuid and /etc/subgid give to the user.</summary>
internal static class IdMapHelper
{
    /// <summary>Runs it to its end.</summary>
    /// <exception cref="ContainerException"><see cref="ErrorCode.NotSupported"/> where it is not installed, <see cref="ErrorCode.LaunchFailed"/> where it refuses, with its own words.</exception>
    public static void Run(string program, int processId, IReadOnlyList<OciIdMapping> map)
    {
        string path = Find(program)
            ?? throw new ContainerException(ErrorCode.NotSupported, $"A user without privileges needs {program} (package uidmap) to map more than the own id, and it is not on PATH.", program);
        List<string> arguments = [program, Text(processId)];
        foreach (OciIdMapping range in map) arguments.AddRange([Text(range.ContainerID), Text(range.HostID), Text(range.Size)]);
        (SafeFileHandle reader, SafeFileHandle writer) = Libc.CreatePipe();
        using (reader)
        {
            SafeFileHandle? helper;
            using (writer) helper = Libc.OpenProcess(Libc.SpawnConnected(path, arguments, ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"], null, writer, writer));
            using (helper)
            {
                string said = ReadAll(reader);
                if (helper is null || Libc.WaitForExit(helper) is { ExitCode: 0 }) return;
                throw new ContainerException(ErrorCode.LaunchFailed, $"{program} refuses the map {string.Join(' ', arguments[2..])}: {said.Trim().TrimEnd('.').Replace('\n', ' ')}.", program);
            }
        }
    }

    private static string? Find(string program)
    {
        foreach (string folder in (Environment.GetEnvironmentVariable("PATH") ?? "/usr/bin:/bin").Split(':'))
        {
            string path = Path.Combine(folder, program);
            if (folder.StartsWith('/') && File.Exists(path)) return path;
        }

        return null;
    }

    private static string ReadAll(SafeFileHandle reader)
    {
        Span<byte> buffer = stackalloc byte[2048];
        int count = 0;
        // What goes beyond is not read: the helper ends by a signal then, having said enough.
        for (int read; count < buffer.Length && (read = Libc.Read(reader, buffer[count..])) > 0; count += read)
        {
        }

        return System.Text.Encoding.UTF8.GetString(buffer[..count]);
    }

    private static string Text(IFormattable number) => number.ToString(null, CultureInfo.InvariantCulture);
}
