using ContainerTools.Bench.Subjects;

namespace ContainerTools.Bench;

/// <summary>What the bench was called with, and what all measurements share.</summary>
internal sealed class BenchContext
{
    /// <summary>Where everything is made.</summary>
    public required Workspace Workspace { get; init; }

    /// <summary>How many rounds are measured.</summary>
    public required int Rounds { get; init; }

    /// <summary>The folder of the packaged module.</summary>
    public required string Module { get; init; }

    /// <summary>The folder of bench.ps1.</summary>
    public required string Scripts { get; init; }

    /// <summary>The folder of the compiled C programs.</summary>
    public required string Natives { get; init; }

    /// <summary>The PowerShells to measure in.</summary>
    public required IReadOnlyList<PowerShellHost> Hosts { get; init; }

    /// <summary>The parent of every cgroup that the bench names itself.</summary>
    public required string Cgroup { get; init; }

    /// <summary>The native runtime.</summary>
    public required Tool? Ctrun { get; init; }

    /// <summary>A script beside bench.ps1.</summary>
    public string Script(string name) => Path.Combine(Scripts, name);

    /// <summary>A compiled C program.</summary>
    public string Native(string name) => Path.Combine(Natives, name);

    /// <summary>The root file system with /bin/true, made once.</summary>
    public string RootFileSystem => _rootFileSystem ??= Subjects.RootFileSystem.Make(Workspace.NewFolder("rootfs"));

    /// <summary>The same as an image that engines can load, made once.</summary>
    public string SmallImage
    {
        get
        {
            if (_smallImage is null)
            {
                string layer = Workspace.NewFile("small-layer.tar");
                ImageArchive.WriteLayer(RootFileSystem, layer);
                string archive = Workspace.NewFile("small-image.tar");
                ImageArchive.WriteDockerArchive([layer], SmallImageReference, archive);
                _smallImage = archive;
            }

            return _smallImage;
        }
    }

    /// <summary>The reference of <see cref="SmallImage"/>.</summary>
    public const string SmallImageReference = "localhost/bench:small";

    /// <summary>The small image with a server that answers with one byte.</summary>
    public string NetworkImage
    {
        get
        {
            if (_networkImage is null)
            {
                string root = Subjects.RootFileSystem.Make(Workspace.NewFolder("network-rootfs"));
                File.Copy(Native("serve"), Path.Combine(root, "bin", "serve"));
                string layer = Workspace.NewFile("network-layer.tar");
                ImageArchive.WriteLayer(root, layer);
                string archive = Workspace.NewFile("network-image.tar");
                ImageArchive.WriteDockerArchive([layer], NetworkImageReference, archive);
                _networkImage = archive;
            }

            return _networkImage;
        }
    }

    /// <summary>The reference of <see cref="NetworkImage"/>.</summary>
    public const string NetworkImageReference = "localhost/bench:network";

    private string? _networkImage;
    private string? _rootFileSystem;
    private string? _smallImage;
}
