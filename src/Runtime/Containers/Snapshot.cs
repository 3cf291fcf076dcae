using ContainerTools.Runtime.Networks;

namespace ContainerTools.Runtime.Containers;

/// <summary>Makes the object of the pipeline from what the files say.</summary>
internal static class Snapshot
{
    /// <summary>A container at this moment.</summary>
    public static Container Of(ContainerRecord record, ContainerStatus status, ContainerFiles files)
    {
        ContainerConfiguration configuration = record.Configuration;
        RunRecord? run = status.IsActive ? status.Run : null;
        NetworkPlan? plan = run is not null && !NetworkMode.IsSpecial(configuration.NetworkMode) ? NetworkPlanFormat.TryLoad(files.RunFolder) : null;
        // A run that has just ended, whose exit record is not written yet.
        bool ending = status.State == ContainerState.Exited && status.Exit is null && status.Run is not null;
        return new Container
        {
            Id = record.Id,
            Name = record.Name,
            Image = record.Image,
            ImageId = record.ImageId,
            State = status.State,
            Command = [.. configuration.EntryPoint, .. configuration.Arguments],
            CreatedAt = record.CreatedAt,
            StartedAt = run?.StartedAt ?? (ending ? status.Run!.StartedAt : status.Exit?.StartedAt),
            FinishedAt = run is null ? status.Exit?.FinishedAt : null,
            ExitCode = run is not null ? null : ending ? status.Run!.ExitCode : status.Exit?.ExitCode,
            OomKilled = run is null && status.Exit is { OomKilled: true },
            Error = record.Damage ?? (run is null ? status.Exit?.Error : null),
            ProcessId = run is { ProcessId: > 0 } ? run.ProcessId : null,
            MonitorProcessId = run is { MonitorProcessId: > 0 } ? run.MonitorProcessId : null,
            RestartCount = run?.RestartCount ?? status.Exit?.RestartCount ?? 0,
            Labels = record.Labels,
            Configuration = configuration,
            Endpoints = plan is null ? [] : NetworkObjects.Endpoints(plan),
            Ports = configuration.NetworkMode == NetworkMode.Host ? [] : plan?.Ports ?? configuration.Ports,
            LogPath = files.Log,
        };
    }
}
