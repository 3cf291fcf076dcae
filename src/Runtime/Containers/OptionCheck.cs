using System.Globalization;
using System.Text.RegularExpressions;
using ContainerTools.Runtime.Linux;

namespace ContainerTools.Runtime.Containers;

/// <summary>Checks single options of a new container, and brings them into their one form.</summary>
internal static partial class OptionCheck
{
    private const int MaximumHostName = 64;

    private static readonly HashSet<string> s_processLimits = new(StringComparer.Ordinal)
    {
        "RLIMIT_AS", "RLIMIT_CORE", "RLIMIT_CPU", "RLIMIT_DATA", "RLIMIT_FSIZE", "RLIMIT_LOCKS", "RLIMIT_MEMLOCK", "RLIMIT_MSGQUEUE",
        "RLIMIT_NICE", "RLIMIT_NOFILE", "RLIMIT_NPROC", "RLIMIT_RSS", "RLIMIT_RTPRIO", "RLIMIT_RTTIME", "RLIMIT_SIGPENDING", "RLIMIT_STACK",
    };

    // Those that a namespace of the container has a value of its own for; all others would change the machine.
    private static readonly HashSet<string> s_ipcParameters = new(StringComparer.Ordinal)
    {
        "kernel.msgmax", "kernel.msgmnb", "kernel.msgmni", "kernel.sem", "kernel.shmall", "kernel.shmmax", "kernel.shmmni", "kernel.shm_rmid_forced",
    };

    /// <summary><c>private</c> or <c>host</c>; private if nothing is said.</summary>
    public static string PrivateOrHost(string? mode, string what) => mode switch
    {
        null or "" or "private" => "private",
        "host" => "host",
        _ => throw Invalid($"'{mode}' is not a mode of the {what} namespace; use private or host.", mode),
    };

    /// <summary>An absolute path in its shortest form.</summary>
    public static string AbsolutePath(string path, string what)
    {
        NoNul(path, what);
        if (!path.StartsWith('/')) throw Invalid($"The {what} '{path}' is not an absolute path.", path);
        string full = Path.GetFullPath(path);
        return full.Length > 1 ? full.TrimEnd('/') : full;
    }

    /// <summary>The host name: as given, else that of the host where its network is shared, else the short id.</summary>
    public static string HostName(string? given, string network, string id)
    {
        if (string.IsNullOrEmpty(given)) return network == "host" ? Environment.MachineName : id[..12];
        if (given.Length > MaximumHostName || !HostNamePattern().IsMatch(given))
        {
            throw Invalid($"'{given}' is not a host name; use at most 64 letters, digits, '-', '_' and '.'.", given);
        }

        return given;
    }

    /// <summary>Names as <c>CAP_CHOWN</c>, or <c>ALL</c>.</summary>
    public static IReadOnlyList<string> Capabilities(IEnumerable<string> names)
    {
        List<string> known = [];
        foreach (string name in names)
        {
            string upper = name.ToUpperInvariant();
            string full = upper is "ALL" or "CAP_ALL" ? Capability.AllName : Capability.Name(Capability.Number(name));
            if (!known.Contains(full)) known.Add(full);
        }

        return known;
    }

    /// <summary>Names as <c>RLIMIT_NOFILE</c>; <c>nofile</c> is taken as well.</summary>
    public static IReadOnlyList<ProcessLimit> ProcessLimits(IEnumerable<ProcessLimit> limits)
    {
        List<ProcessLimit> known = [];
        foreach (ProcessLimit limit in limits)
        {
            string name = limit.Name.ToUpperInvariant();
            if (!name.StartsWith("RLIMIT_", StringComparison.Ordinal)) name = "RLIMIT_" + name;
            if (!s_processLimits.Contains(name))
            {
                throw Invalid($"There is no process limit '{limit.Name}'; use a name of setrlimit(2), for example nofile.", limit.Name);
            }

            if (limit.Soft > limit.Hard) throw Invalid($"The soft limit of {limit.Name} is above its hard limit.", limit.Name);
            known.RemoveAll(other => other.Name == name);
            known.Add(limit with { Name = name });
        }

        return known;
    }

    /// <summary>The absolute path of a profile, <c>unconfined</c>, or null for the default one.</summary>
    public static string? SeccompProfile(string? profile)
    {
        if (string.IsNullOrEmpty(profile) || profile == "default") return null;
        if (profile == "unconfined") return profile;
        string path = Path.GetFullPath(profile);
        return File.Exists(path)
            ? path
            : throw new ContainerException(ErrorCode.FileNotFound, $"The seccomp profile {path} does not exist.", path);
    }

    /// <summary>The time between the stop signal and SIGKILL; ten seconds if nothing is said.</summary>
    public static TimeSpan StopTimeout(TimeSpan? timeout)
    {
        if (timeout is { } given && given < TimeSpan.Zero && given != Timeout.InfiniteTimeSpan)
        {
            throw Invalid("The stop time-out cannot be negative.", given.ToString("c", CultureInfo.InvariantCulture));
        }

        return timeout ?? TimeSpan.FromSeconds(10);
    }

    /// <summary>Refuses a text that the kernel would cut at a NUL.</summary>
    public static void NoNul(string text, string what)
    {
        if (text.Contains('\0', StringComparison.Ordinal)) throw Invalid($"The {what} holds a NUL character.", what);
    }

    /// <summary>Checks what options mean together.</summary>
    public static void Together(ContainerConfiguration configuration)
    {
        if (configuration.AutoRemove && configuration.RestartPolicy.Condition != RestartCondition.None)
        {
            throw Invalid("A container cannot both restart and remove itself; leave one of them out.");
        }

        if (configuration.RestartPolicy.MaximumRetryCount < 0) throw Invalid("The number of restarts cannot be negative.");
        if (configuration.SharedMemorySize <= 0) throw Invalid("The size of /dev/shm must be positive.");
        if (configuration.LogMaxSize < 0) throw Invalid("The log's size cannot be negative; 0 means no rotation.");
        if (configuration.LogMaxFiles < 1) throw Invalid("At least one log file is kept.");
        if (configuration.UserNamespace)
        {
            // The kernel gives rights over a namespace to the user namespace that owns it, and the host's are not the container's.
            if (configuration.Privileged) throw Invalid("A privileged container cannot have a user namespace of its own.");
            if (configuration.NetworkMode == "host") throw Invalid("A container with a user namespace of its own cannot share the host's network.");
            if (configuration.NetworkMode != "none" && configuration.Networks.Count == 0) throw Invalid("A container with a user namespace of its own cannot share another's network; use -Network with the name of a network, or none.");
            if (configuration.ProcessIdMode == "host") throw Invalid("A container with a user namespace of its own cannot share the host's processes.");
            if (configuration.IpcMode == "host") throw Invalid("A container with a user namespace of its own cannot share the host's IPC.");
        }

        foreach ((string name, string value) in configuration.KernelParameters) CheckKernelParameter(configuration, name, value);
        _ = Capability.Resolve(
            configuration.AddedCapabilities,
            configuration.DroppedCapabilities,
            configuration.Privileged,
            configuration.UserNamespace ? Capability.KernelMask() : null);
    }

    private static void CheckKernelParameter(ContainerConfiguration configuration, string name, string value)
    {
        NoNul(value, "kernel parameter");
        string dotted = name.Replace('/', '.');
        // No empty, "." or ".." part, which would lead out of the tree that the name seems to be in.
        if (dotted.Contains("..", StringComparison.Ordinal) || dotted.StartsWith('.') || dotted.EndsWith('.')) throw Invalid($"'{name}' is not the name of a kernel parameter.", name);
        if (s_ipcParameters.Contains(dotted) || dotted.StartsWith("fs.mqueue.", StringComparison.Ordinal))
        {
            if (configuration.IpcMode == "host") throw Invalid($"The kernel parameter {name} is the host's where its IPC namespace is shared.", name);
        }
        else if (dotted.StartsWith("net.", StringComparison.Ordinal))
        {
            if (configuration.NetworkMode == "host" || configuration.NetworkMode.StartsWith("container:", StringComparison.Ordinal) || configuration.NetworkMode.StartsWith("ns:", StringComparison.Ordinal))
            {
                throw Invalid($"The kernel parameter {name} is not the container's where its network is shared.", name);
            }
        }
        else
        {
            throw Invalid($"The kernel parameter {name} belongs to the whole machine, not to a container.", name);
        }
    }

    private static ContainerException Invalid(string message, string? target = null) => new(ErrorCode.InvalidArgument, message, target);

    [GeneratedRegex(@"^[a-zA-Z0-9]([a-zA-Z0-9_.-]*[a-zA-Z0-9])?\z", RegexOptions.CultureInvariant)]
    private static partial Regex HostNamePattern();
}
