using ContainerTools.Runtime.Containers.Runs;
using ContainerTools.Runtime.Linux;

namespace ContainerTools.Ctrun;

/// <summary>The options before the command.</summary>
internal sealed class GlobalOptions
{
    private string? _root;

    /// <summary>Where errors go.</summary>
    public ErrorLog Log { get; } = new();

    /// <summary>Cgroups of new containers are to be scopes of systemd.</summary>
    public bool SystemdCgroup { get; private set; }

    /// <summary>New containers get no cgroup, but stay in this process's.</summary>
    public bool NoCgroup { get; private set; }

    /// <summary>The containers.</summary>
    public RunStore Store => new(_root ??= UsualRoot);

    // As with runc: whoever is not root has a place of the own, and so has the root of a user namespace that somebody else's session has made.
    private static string UsualRoot
        => Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR") is { Length: > 0 } own && Libc.IsRootless
            && (!Environment.IsPrivilegedProcess || Environment.GetEnvironmentVariable("USER") != "root")
            ? Path.Combine(own, "ctrun")
            : RunStore.DefaultRoot;

    /// <summary>Reads them.</summary>
    /// <returns>True when all is done: the version or the help was asked for.</returns>
    public bool Read(ArgumentReader reader)
    {
        while (reader.Next(out string option))
        {
            switch (option)
            {
                case "root":
                    _root = reader.Text();
                    break;
                case "log":
                    Log.FilePath = reader.Text();
                    break;
                case "log-format":
                    string format = reader.Text();
                    Log.Json = format switch
                    {
                        "json" => true,
                        "text" or "" => false,
                        _ => throw reader.Error($"the log format is text or json, not '{format}'"),
                    };
                    break;
                case "debug":
                    Log.Debugging = reader.Flag();
                    break;
                case "systemd-cgroup":
                    SystemdCgroup = reader.Flag();
                    break;
                case "cgroup-manager":
                    // crun's, by which Podman says --cgroups=disabled.
                    string manager = reader.Text();
                    if (manager is not ("cgroupfs" or "systemd" or "disabled")) throw reader.Error($"the cgroup manager is cgroupfs, systemd or disabled, not '{manager}'");
                    SystemdCgroup = manager == "systemd";
                    NoCgroup = manager == "disabled";
                    break;
                case "criu":
                    // runc's, which ignores it as well: the program is looked up in PATH.
                    reader.Text();
                    break;
                case "rootless":
                    // true, false or auto: ctrun asks the kernel instead of assuming.
                    if (reader.Text() is not ("true" or "false" or "auto") and var word) throw reader.Error($"--rootless is true, false or auto, not '{word}'");
                    break;
                case "version" or "v":
                    Output.Write($"ctrun version {Version}\nspec: 1.2.0\n");
                    return true;
                case "help" or "h":
                    Output.Write(Help.Text);
                    return true;
                default:
                    throw reader.Error($"there is no option --{option} before a command");
            }
        }

        return false;
    }

    private static string Version => typeof(GlobalOptions).Assembly.GetName().Version is { } version ? version.ToString(3) : "0";
}
