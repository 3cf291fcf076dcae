using System.Text.Json.Nodes;
using ContainerTools.Bench.Processes;
using ContainerTools.Bench.Sampling;
using ContainerTools.Bench.Subjects;

namespace ContainerTools.Bench.Measurements;

/// <summary>`run` of /bin/true: ctrun, crun and runc on the same bundle, the system calls that cannot be avoided, and all that a whole runtime makes, in C.</summary>
internal sealed class LaunchMeasurement : IMeasurement
{
    private const string Floor = "the system calls alone", WholeFloor = "with those of a whole runtime", Protected = "ctrun, protected";

    /// <inheritdoc/>
    public string Name => "launch";

    /// <inheritdoc/>
    public IEnumerable<Comparison> Measure(BenchContext context)
    {
        IReadOnlyList<OciRuntime> runtimes = OciRuntime.All(context);
        Target[] targets = [new("ctrun", 0.7, "crun"), new("ctrun", 0.3, "runc")];
        OciRuntime? fromReadOnly = MountReadOnly(context);
        yield return Compare(
            context, "run /bin/true: six namespaces, limits", "plain", [.. runtimes.Take(1), .. fromReadOnly is null ? [] : new[] { fromReadOnly }, .. runtimes.Skip(1)],
            [.. targets, new("ctrun", 1.5, WholeFloor)], runtime => Plain(context, runtime), ["--cgroup", $"{context.Cgroup}/floor"],
            ["--cgroup", $"{context.Cgroup}/floor-whole", "--whole", context.Workspace.NewFolder("floor-state")]);

        if (SeccompProfile.File is { } profile)
        {
            string files = context.Workspace.NewFolder("bound-files");
            yield return Compare(context, "run /bin/true: as Docker specifies it (seccomp, capabilities, masks, limits)", "docker", runtimes, targets,
                runtime => Bundle.Docker(context.RootFileSystem, runtime.Cgroup("docker"), profile, files, "/bin/true"), null);
        }

        yield return Compare(context, "run /bin/true: six namespaces and a user namespace, limits", "user", runtimes, targets,
            runtime => Bundle.WithUserNamespace(Plain(context, runtime, "user")), ["--user", "--cgroup", $"{context.Cgroup}/floor-user"]);

        // For reference: what is left without cgroups. Only crun can do without; the others make one all the same.
        yield return Compare(context, "run /bin/true: six namespaces, no cgroup (for reference)", "bare", [.. runtimes.Where(runtime => runtime.Name == "crun")], [],
            runtime => Bundle.WithoutCgroup(Plain(context, runtime)), []);
    }

    // As the engine starts it: from a read-only mount of its file, where it need not execute itself again to be safe from its containers.
    private static OciRuntime? MountReadOnly(BenchContext context)
    {
        if (context.Ctrun is not { } ctrun) return null;
        string folder = context.Workspace.NewFolder("protected");
        new Command(context.Workspace, null, "/bin/mount", "--bind", Path.GetDirectoryName(ctrun.Path)!, folder).Time();
        new Command(context.Workspace, null, "/bin/mount", "-o", "remount,bind,ro", folder).Time();
        return new OciRuntime(context, new Tool(Protected, Path.Combine(folder, "ctrun")), "ctrun-protected");
    }

    private static JsonObject Plain(BenchContext context, OciRuntime runtime, string name = "plain") =>
        Bundle.Plain(context.RootFileSystem, runtime.Cgroup(name), "/bin/true");

    private static Comparison Compare(
        BenchContext context, string title, string name, IReadOnlyList<OciRuntime> runtimes, Target[] targets, Func<OciRuntime, JsonObject> specify, string[]? floor,
        string[]? wholeFloor = null)
    {
        List<Contender> contenders = [];
        foreach ((string called, string[]? options) in new[] { (Floor, floor), (WholeFloor, wholeFloor) })
        {
            if (options is null) continue;
            Command command = new(context.Workspace, null, context.Native("floor"), [.. options, context.RootFileSystem, "/bin/true"]);
            contenders.Add(new Contender(called, () => command.Time().Milliseconds));
        }

        foreach (OciRuntime runtime in runtimes)
        {
            string bundle = Bundle.Write(context.Workspace.NewFolder($"bundle-{name}-{runtime.Key}"), specify(runtime));
            string[] manager = name == "bare" && runtime.Name == "crun" ? ["--cgroup-manager", "disabled"] : [];
            Command command = runtime.Command([.. manager, "run", "--bundle", bundle, $"bench-{name}"]);
            contenders.Add(new Contender(runtime.Name, () => command.Time().Milliseconds));
        }

        return new Comparison { Title = title, Contenders = contenders, Targets = targets }.Measure(context.Rounds);
    }
}
