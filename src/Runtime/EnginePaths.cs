namespace ContainerTools.Runtime;

/// <summary>
/// Where the engine keeps its files. See docs/design/state.md for the whole picture.
/// </summary>
public sealed class EnginePaths
{
    /// <summary>Paths below the given folders.</summary>
    /// <param name="root">What survives a restart of the machine.</param>
    /// <param name="run">What is running now; a tmpfs.</param>
    public EnginePaths(string root, string run)
    {
        // However it is spelled, it is the same engine's: its bridges are told by it.
        Root = Path.TrimEndingDirectorySeparator(Path.GetFullPath(root));
        Run = Path.TrimEndingDirectorySeparator(Path.GetFullPath(run));
    }

    /// <summary>
    /// The paths of the current user: CONTAINERTOOLS_ROOT and CONTAINERTOOLS_RUN where set, else /var/lib/containertools and
    /// /run/containertools for root, else ~/.local/share/containertools and $XDG_RUNTIME_DIR/containertools, or what there is instead.
    /// </summary>
    /// <exception cref="ContainerException"><see cref="ErrorCode.PermissionDenied"/>: see <see cref="UserRunFolder"/>.</exception>
    public static EnginePaths Default
    {
        get
        {
            bool isRoot = Environment.IsPrivilegedProcess;
            string root = Environment.GetEnvironmentVariable("CONTAINERTOOLS_ROOT") is { Length: > 0 } given
                ? given
                : isRoot ? "/var/lib/containertools" : Path.Combine(DataHome, "containertools");
            string run = Environment.GetEnvironmentVariable("CONTAINERTOOLS_RUN") is { Length: > 0 } givenRun
                ? givenRun
                : isRoot ? "/run/containertools" : Path.Combine(UserRunFolder.Find(), "containertools");
            return new EnginePaths(root, run);
        }
    }

    /// <summary>What survives a restart of the machine.</summary>
    public string Root { get; }

    /// <summary>What is running now.</summary>
    public string Run { get; }

    /// <summary>The OCI image layout.</summary>
    public string Images => Path.Combine(Root, "images");

    /// <summary>Unpacked layers, one folder per chain id.</summary>
    public string Layers => Path.Combine(Root, "layers");

    /// <summary>Layers that are being fetched from registries.</summary>
    public string Downloads => Path.Combine(Root, "downloads");

    /// <summary>One folder per container.</summary>
    public string Containers => Path.Combine(Root, "containers");

    /// <summary>One symbolic link per container name, to its id: making a link is what reserves a name.</summary>
    public string Names => Path.Combine(Root, "names");

    /// <summary>Named volumes.</summary>
    public string Volumes => Path.Combine(Root, "volumes");

    /// <summary>One document per network.</summary>
    public string Networks => Path.Combine(Root, "networks");

    /// <summary>The addresses and names that are in use in a network now.</summary>
    public string NetworkRun(string name) => Path.Combine(Run, "networks", name);

    /// <summary>The folder of one container: container.json, exit.json, lock, log, upper/, work/, rootfs/.</summary>
    public string Container(string id) => Path.Combine(Containers, id);

    /// <summary>The run folder of one container, an OCI bundle: config.json, monitor.json, state.json, monitor.sock.</summary>
    public string ContainerRun(string id) => Path.Combine(Run, "containers", id);

    private static string DataHome => Environment.GetEnvironmentVariable("XDG_DATA_HOME") is { Length: > 0 } home
        ? home
        : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".local", "share");
}
