using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Networks;

namespace ContainerTools.Runtime.Containers;

/// <summary>
/// Puts what the image says and what the user asked for together, by Docker's rules, and checks all that can be checked
/// without the image's files. The result is what container.json keeps.
/// </summary>
internal static class ConfigurationMerge
{
    /// <summary>PATH of a container whose image has none: Docker's.</summary>
    public const string DefaultPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    /// <summary>Merges.</summary>
    /// <param name="image">What the image says.</param>
    /// <param name="options">What the user asked for.</param>
    /// <param name="id">The container's id: its beginning is the default host name.</param>
    /// <exception cref="ContainerException">An option has a value that cannot be had.</exception>
    public static ContainerConfiguration Merge(ImageConfiguration image, ContainerCreateOptions options, string id)
    {
        (IReadOnlyList<string> entryPoint, IReadOnlyList<string> arguments) = Command(image, options);
        (string network, IReadOnlyList<NetworkAttachment> networks) = NetworkMode.Read(options);
        ContainerConfiguration merged = new()
        {
            EntryPoint = entryPoint,
            Arguments = arguments,
            Environment = Environment(image.Environment, options.Environment),
            User = options.User ?? image.User,
            AdditionalGroups = options.AdditionalGroups,
            WorkingDirectory = OptionCheck.AbsolutePath(
                options.WorkingDirectory is { Length: > 0 } given ? given : image.WorkingDirectory is { Length: > 0 } ofImage ? ofImage : "/", "working directory"),
            HostName = OptionCheck.HostName(options.HostName, network, id),
            Mounts = MountCheck.Merge(image.Volumes, options.Mounts),
            Limit = options.Limit,
            ProcessLimits = OptionCheck.ProcessLimits(options.ProcessLimits),
            AddedCapabilities = OptionCheck.Capabilities(options.AddedCapabilities),
            DroppedCapabilities = OptionCheck.Capabilities(options.DroppedCapabilities),
            Privileged = options.Privileged,
            ReadOnlyRoot = options.ReadOnlyRoot,
            NoNewPrivileges = options.NoNewPrivileges,
            SeccompProfile = OptionCheck.SeccompProfile(options.SeccompProfile),
            UserNamespace = options.UserNamespace,
            NetworkMode = network,
            Networks = networks,
            Ports = options.Ports,
            DnsServers = options.DnsServers,
            DnsSearch = options.DnsSearch,
            DnsOptions = options.DnsOptions,
            HostEntries = options.HostEntries,
            ProcessIdMode = OptionCheck.PrivateOrHost(options.ProcessIdMode, "process id"),
            IpcMode = OptionCheck.PrivateOrHost(options.IpcMode, "IPC"),
            KernelParameters = options.KernelParameters,
            SharedMemorySize = options.SharedMemorySize ?? 64L << 20,
            Terminal = options.Terminal,
            Interactive = options.Interactive,
            StopSignal = Signal.Name(Signal.Parse(options.StopSignal ?? image.StopSignal ?? "SIGTERM")),
            StopTimeout = OptionCheck.StopTimeout(options.StopTimeout),
            RestartPolicy = options.RestartPolicy,
            AutoRemove = options.AutoRemove,
            LogMaxSize = options.LogMaxSize ?? 0,
            LogMaxFiles = options.LogMaxFiles ?? 1,
        };
        ContainerLimits.Check(options.Limit, CpuList.Processors, CpuList.MemoryNodes);
        OptionCheck.Together(merged);
        return merged with { Limit = ContainerLimits.Normalize(merged.Limit) };
    }

    /// <summary>
    /// Entry point and arguments. An entry point of the user's own also does away with the image's command, which was meant for the
    /// image's entry point; an empty list (or one empty word, as <c>docker run --entrypoint ""</c>) leaves none.
    /// </summary>
    public static (IReadOnlyList<string> EntryPoint, IReadOnlyList<string> Arguments) Command(ImageConfiguration image, ContainerCreateOptions options)
    {
        IReadOnlyList<string> entryPoint;
        IReadOnlyList<string> arguments;
        if (options.EntryPoint is { } own)
        {
            entryPoint = own is [""] ? [] : own;
            arguments = options.Command ?? [];
        }
        else
        {
            entryPoint = image.EntryPoint is [""] ? [] : image.EntryPoint;
            arguments = options.Command is { Count: > 0 } command ? command : image.Command;
        }

        if (entryPoint.Count + arguments.Count == 0)
        {
            throw new ContainerException(
                ErrorCode.InvalidArgument, $"The image '{options.Image}' does not say what to run; give a command.", options.Image);
        }

        if ((entryPoint.Count > 0 ? entryPoint[0] : arguments[0]).Length == 0)
        {
            throw new ContainerException(ErrorCode.InvalidArgument, "The command's first word is empty; give the program to run.", options.Image);
        }

        foreach (string word in entryPoint.Concat(arguments)) OptionCheck.NoNul(word, "command");
        return (entryPoint, arguments);
    }

    /// <summary>
    /// The environment: the image's, then the user's; who sets a name again replaces its value in its place, and a name alone removes it.
    /// PATH is there in any case.
    /// </summary>
    public static IReadOnlyList<string> Environment(IEnumerable<string> image, IEnumerable<string> own)
    {
        List<string> merged = [DefaultPath];
        foreach (string entry in image.Concat(own))
        {
            OptionCheck.NoNul(entry, "environment");
            int equals = entry.IndexOf('=', StringComparison.Ordinal);
            if (equals == 0 || entry.Length == 0)
            {
                throw new ContainerException(ErrorCode.InvalidArgument, $"'{entry}' is no environment variable; write NAME=value.", entry);
            }

            string prefix = equals < 0 ? entry + "=" : entry[..(equals + 1)];
            int place = merged.FindIndex(known => known.StartsWith(prefix, StringComparison.Ordinal));
            if (equals < 0)
            {
                if (place >= 0) merged.RemoveAt(place);
            }
            else if (place >= 0)
            {
                merged[place] = entry;
            }
            else
            {
                merged.Add(entry);
            }
        }

        return merged;
    }

    /// <summary>The labels: the image's, then the user's.</summary>
    public static IReadOnlyDictionary<string, string> Labels(IReadOnlyDictionary<string, string> image, IReadOnlyDictionary<string, string> own)
    {
        SortedDictionary<string, string> merged = new(StringComparer.Ordinal);
        foreach ((string key, string value) in image) merged[key] = value;
        foreach ((string key, string value) in own)
        {
            if (key.Length == 0) throw new ContainerException(ErrorCode.InvalidArgument, "A label needs a name.");
            merged[key] = value;
        }

        return merged;
    }
}
