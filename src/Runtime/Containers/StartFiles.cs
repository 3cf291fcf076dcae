using System.Text.Json;
using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Networks;
using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Containers;

/// <summary>The files that the engine makes for a run: config.json and monitor.json in the run folder, hosts, hostname and resolv.conf.</summary>
internal static class StartFiles
{
    /// <summary>Makes the run folder with all that the monitor reads. The caller holds the lock.</summary>
    /// <returns>What whoever starts it should know.</returns>
    public static IReadOnlyList<string> Write(ContainerServices services, ContainerRecord record)
    {
        List<string> warnings = [];
        ContainerFiles files = services.Store.Files(record.Id);
        Directory.CreateDirectory(files.RunFolder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        NetworkPlan? plan = NetworkPreparation.Prepare(services, record, files, warnings);
        NetworkFiles.Write(services, files, record.Configuration, plan);
        WriteConfig(services, record, forStart: true);
        WriteMonitor(services, record);
        return warnings;
    }

    /// <summary>Writes config.json again where there is a run, so that a restart by the monitor goes by it.</summary>
    public static void UpdateConfig(ContainerServices services, ContainerRecord record)
    {
        if (File.Exists(services.Store.Files(record.Id).Config)) WriteConfig(services, record, forStart: false);
    }

    /// <summary>Writes monitor.json again where there is a run.</summary>
    public static void UpdateMonitor(ContainerServices services, ContainerRecord record)
    {
        if (File.Exists(services.Store.Files(record.Id).Monitor)) WriteMonitor(services, record);
    }

    private static void WriteConfig(ContainerServices services, ContainerRecord record, bool forStart)
    {
        OciSpec spec = SpecBuilder.Build(services.SpecInput(record, forStart));
        Write(services.Store.Files(record.Id).Config, JsonSerializer.SerializeToUtf8Bytes(spec, OciJson.Default.OciSpec));
    }

    private static void WriteMonitor(ContainerServices services, ContainerRecord record)
    {
        ContainerFiles files = services.Store.Files(record.Id);
        ContainerConfiguration configuration = record.Configuration;
        MonitorRecord monitor = new()
        {
            Id = record.Id,
            ContainerFolder = files.Folder,
            NameLink = services.Store.Names.LinkOf(record.Name),
            LogPath = files.Log,
            LogMaxSize = configuration.LogMaxSize,
            LogMaxFiles = configuration.LogMaxFiles,
            Interactive = configuration.Interactive,
            AutoRemove = configuration.AutoRemove,
            RestartCondition = configuration.RestartPolicy.Condition,
            RestartMaximum = configuration.RestartPolicy.MaximumRetryCount,
            StopSignal = Signal.Parse(configuration.StopSignal),
            OwnedFolders = [.. record.AnonymousVolumes.Select(services.Volumes.FolderOf)],
        };
        Write(files.Monitor, JsonSerializer.SerializeToUtf8Bytes(monitor, RunJson.Default.MonitorRecord));
    }

    private static void Write(string path, byte[] content)
    {
        try
        {
            AtomicFile.Write(path, content, durable: false);
        }
        catch (DirectoryNotFoundException)
        {
            // The run ended, and its folder went, between the look and the write. Nobody reads these files any more.
        }
    }
}
