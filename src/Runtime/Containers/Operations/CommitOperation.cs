using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using ContainerTools.Runtime.Images;
using ContainerTools.Runtime.Layers;
using ContainerTools.Runtime.Layers.Changes;
using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Containers.Operations;

/// <summary>Makes an image of a container: its image with one layer more, and its configuration as the new defaults.</summary>
internal static class CommitOperation
{
    /// <summary>Makes it.</summary>
    public static async Task<ContainerImage> RunAsync(
        ContainerServices services, string container, ContainerCommitOptions options, IProgress<EngineProgress>? progress, CancellationToken cancellationToken)
    {
        if (options.WorkingDirectory is { Length: > 0 } folder) OptionCheck.AbsolutePath(folder, "working directory");
        if (options.StopSignal is { Length: > 0 } signal) Signal.Parse(signal);
        ContainerRecord record = services.Store.TryRead(services.Store.Resolve(container)) ?? throw ContainerStore.NotFound(container);
        DateTimeOffset created = options.SourceDateEpoch ?? DateTimeOffset.UtcNow;
        ImageCommit commit = new()
        {
            BaseImage = record.ImageId,
            Subject = record.Name,
            Reference = options.Reference,
            Configure = image => Configure(image, record, options, created),
            WriteLayer = (stream, token) => WriteLayerAsync(services, record.Id, options, stream, token),
        };
        return await services.Images.CommitAsync(commit, progress, cancellationToken).ConfigureAwait(false);
    }

    private static async Task<bool> WriteLayerAsync(
        ContainerServices services, string id, ContainerCommitOptions options, Stream stream, CancellationToken cancellationToken)
    {
        using LockedContainer locked = await services.LockAsync(id, cancellationToken).ConfigureAwait(false);
        bool freeze = options.Pause && locked.Status.State == ContainerState.Running;
        // A shell whose window is closed ends without a word to its commands. One that is killed leaves the container to the next command's repair.
        using PosixSignalRegistration? hangUp = freeze ? PosixSignalRegistration.Create(PosixSignal.SIGHUP, _ => ResumeOperation.Thaw(services, locked)) : null;
        using PosixSignalRegistration? end = freeze ? PosixSignalRegistration.Create(PosixSignal.SIGTERM, _ => ResumeOperation.Thaw(services, locked)) : null;
        if (freeze) PauseOperation.Freeze(services, locked, passing: true);
        try
        {
            TarWriter tar = new(stream);
            RootPacker packer = new(tar, asLayer: true, options.SourceDateEpoch?.ToUnixTimeSeconds(), cancellationToken);
            WritableLayer.FindChanges(services, locked.Record, packer.Add);
            tar.Close();
            return packer.Count > 0;
        }
        finally
        {
            if (freeze) ResumeOperation.Thaw(services, locked);
        }
    }

    private static ImageConfig Configure(ImageConfig image, ContainerRecord record, ContainerCommitOptions options, DateTimeOffset created)
    {
        ContainerConfiguration container = record.Configuration;
        string time = created.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture);
        ImageConfigDefaults defaults = image.Config ?? new ImageConfigDefaults();
        return image with
        {
            Created = time,
            Author = options.Author ?? image.Author,
            Config = defaults with
            {
                User = NullIfEmpty(options.User ?? container.User),
                Env = NullIfEmpty(Environment(defaults, container, options)),
                Entrypoint = NullIfEmpty(options.EntryPoint ?? container.EntryPoint),
                Cmd = NullIfEmpty(options.Command ?? container.Arguments),
                WorkingDir = NullIfEmpty(options.WorkingDirectory ?? (container.WorkingDirectory == "/" ? defaults.WorkingDir ?? "" : container.WorkingDirectory)),
                StopSignal = options.StopSignal ?? (container.StopSignal == "SIGTERM" ? defaults.StopSignal : container.StopSignal),
                Labels = NullIfEmpty(ConfigurationMerge.Labels(record.Labels, options.Labels)),
                ExposedPorts = Keys(defaults.ExposedPorts, options.ExposedPorts.Select(Port)),
                Volumes = Keys(defaults.Volumes, options.Volumes.Select(path => OptionCheck.AbsolutePath(path, "volume"))),
            },
            History =
            [
                .. image.History ?? [],
                new ImageHistory
                {
                    Created = time,
                    CreatedBy = string.Join(' ', container.EntryPoint.Concat(container.Arguments)),
                    Author = options.Author,
                    Comment = options.Message,
                },
            ],
        };
    }

    // PATH is there in every container; where the image has none, it need not become part of the new one.
    private static IReadOnlyList<string> Environment(ImageConfigDefaults image, ContainerConfiguration container, ContainerCommitOptions options)
    {
        IReadOnlyList<string> merged = ConfigurationMerge.Environment(container.Environment, options.Environment);
        bool hasPath = (image.Env ?? []).Concat(options.Environment).Any(entry => entry.StartsWith("PATH=", StringComparison.Ordinal));
        return hasPath ? merged : [.. merged.Where(entry => entry != ConfigurationMerge.DefaultPath)];
    }

    private static string Port(string text)
    {
        string[] parts = text.Split('/');
        string protocol = parts.Length == 2 ? parts[1].ToLowerInvariant() : "tcp";
        bool known = parts.Length <= 2 && protocol is "tcp" or "udp" or "sctp";
        return known && ushort.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out ushort port) && port > 0
            ? string.Create(CultureInfo.InvariantCulture, $"{port}/{protocol}")
            : throw new ContainerException(ErrorCode.InvalidArgument, $"'{text}' is no port; write a number from 1 to 65535, with /tcp, /udp or /sctp.", text);
    }

    private static SortedDictionary<string, JsonElement>? Keys(IReadOnlyDictionary<string, JsonElement>? known, IEnumerable<string> added)
    {
        SortedDictionary<string, JsonElement> all = new(StringComparer.Ordinal);
        foreach ((string key, JsonElement value) in known ?? new Dictionary<string, JsonElement>()) all[key] = value;
        JsonElement empty = JsonDocument.Parse("{}").RootElement;
        foreach (string key in added) all.TryAdd(key, empty);
        return all.Count == 0 ? null : all;
    }

    private static string? NullIfEmpty(string text) => text.Length == 0 ? null : text;

    private static IReadOnlyList<string>? NullIfEmpty(IReadOnlyList<string> list) => list.Count == 0 ? null : list;

    private static IReadOnlyDictionary<string, string>? NullIfEmpty(IReadOnlyDictionary<string, string> labels) => labels.Count == 0 ? null : labels;
}
