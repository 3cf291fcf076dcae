using System.Globalization;
using System.Text;
using System.Text.Json;
using ContainerTools.Runtime.Containers.Runs;
using ContainerTools.Runtime.Oci;

namespace ContainerTools.Ctrun.Commands;

/// <summary><c>ctrun list</c>.</summary>
internal static class ListCommand
{
    private const string Usage = "list [--format|-f table|json] [--quiet|-q]";

    public static int Run(GlobalOptions options, ArgumentReader reader)
    {
        string format = "table";
        bool quiet = false;
        while (reader.Next(out string option))
        {
            if (option is "format" or "f") format = reader.Text();
            else if (option is "quiet" or "q") quiet = reader.Flag();
            else if (reader.Other(Usage)) return 0;
        }

        reader.None();
        if (format is not ("table" or "json" or "")) throw reader.Error($"the format is table or json, not '{format}'");
        IReadOnlyList<RunListEntry> entries = RunListing.List(options.Store, error => options.Log.Warning(error.Message));
        if (quiet)
        {
            StringBuilder ids = new();
            foreach (RunListEntry entry in entries) ids.Append(entry.State.Id).Append('\n');
            Output.Write(ids.ToString());
        }
        else if (format == "json")
        {
            Output.WriteJson(writer => WriteJson(writer, entries));
        }
        else
        {
            WriteTable(entries);
        }

        return 0;
    }

    private static void WriteJson(Utf8JsonWriter writer, IReadOnlyList<RunListEntry> entries)
    {
        writer.WriteStartArray();
        foreach (RunListEntry entry in entries) StateText.Write(writer, entry.State, entry.Owner);
        writer.WriteEndArray();
    }

    private static void WriteTable(IReadOnlyList<RunListEntry> entries)
    {
        TextTable table = new("ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER");
        foreach (RunListEntry entry in entries)
        {
            OciState state = entry.State;
            string created = state.Created?.ToString("yyyy-MM-ddTHH:mm:ss.fffffffZ", CultureInfo.InvariantCulture) ?? "";
            table.Add(state.Id, state.Pid.ToString(CultureInfo.InvariantCulture), state.Status, state.Bundle, created, entry.Owner);
        }

        Output.Write(table.ToString());
    }
}
