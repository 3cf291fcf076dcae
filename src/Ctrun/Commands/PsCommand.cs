using System.Globalization;
using System.Text;
using ContainerTools.Runtime.Containers.Runs;
using ContainerTools.Runtime.Linux;

namespace ContainerTools.Ctrun.Commands;

/// <summary><c>ctrun ps</c>.</summary>
internal static class PsCommand
{
    private const string Usage = "ps [--format|-f table|json] ID [OPTIONS OF ps(1)]";

    public static int Run(GlobalOptions options, ArgumentReader reader)
    {
        string format = "table";
        while (reader.Next(out string option))
        {
            if (option is "format" or "f") format = reader.Text();
            else if (reader.Other(Usage)) return 0;
        }

        if (format is not ("table" or "json" or "")) throw reader.Error($"the format is table or json, not '{format}'");
        string[] words = reader.Rest();
        if (words.Length == 0) throw reader.Error("the container's id is missing");
        IReadOnlyList<int> processes = RunListing.Processes(options.Store, words[0]);
        if (format == "json")
        {
            Output.WriteJson(writer =>
            {
                writer.WriteStartArray();
                foreach (int process in processes) writer.WriteNumberValue(process);
                writer.WriteEndArray();
            });
            return 0;
        }

        if (words.Length > 1)
        {
            Output.Write(HostProcessTable.Read(words[1..], processes));
            return 0;
        }

        TextTable table = new("UID", "PID", "PPID", "STATE", "CMD");
        foreach (int process in processes)
        {
            // A process that has ended meanwhile is left out.
            if (ProcessStat.Read(process) is not { } stat) continue;
            string folder = string.Create(CultureInfo.InvariantCulture, $"/proc/{process}");
            if (!Libc.TryStat(folder, out FileStatus status)) continue;
            table.Add(
                status.Uid.ToString(CultureInfo.InvariantCulture), process.ToString(CultureInfo.InvariantCulture),
                stat.ParentProcessId.ToString(CultureInfo.InvariantCulture), stat.State.ToString(), CommandLine(folder));
        }

        Output.Write(table.ToString());
        return 0;
    }

    private static string CommandLine(string folder)
    {
        byte[] line = Libc.ReadWholeKernelFile(folder + "/cmdline", out _);
        if (line.Length == 0)
        {
            // A kernel thread, or a process that has cleared its arguments.
            byte[] name = Libc.ReadWholeKernelFile(folder + "/comm", out _);
            return $"[{Encoding.UTF8.GetString(name).TrimEnd()}]";
        }

        return Encoding.UTF8.GetString(line).TrimEnd('\0').Replace('\0', ' ');
    }
}
