using System.Text.Json.Nodes;
using ContainerTools.Bench.Processes;
using ContainerTools.Bench.Sampling;
using ContainerTools.Bench.Subjects;

namespace ContainerTools.Bench.Measurements;

/// <summary>`run` of /bin/true: ctrun, crun and runc on the same bundle, and the system calls alone.</summary>
internal sealed class LaunchMeasurement : IMeasurement
{
    /// <summary>The floor's name in the table.</summary>
    public const string Floor = "the system calls alone";

    /// <inheritdoc/>
    public string Name => "launch";

    /// <inheritdoc/>
    public IEnumerable<Comparison> Measure(BenchContext context)
    {
        IReadOnlyList<OciRuntime> runtimes = OciRuntime.All(context);
        Target[] targets = [new("ctrun", 0.7, "crun"), new("ctrun", 0.3, "runc")];
        yield return Compare(context, "run /bin/true: six namespaces, limits", "plain", runtimes, targets,
            runtime => Plain(context, runtime), ["--cgroup", $"{context.Cgroup}/floor"]);

        if (SeccompProfile.File is { } profile)
        {
            string files = context.Workspace.NewFolder("bound-files");
            yield return Compare(context, "run /bin/true: as Docker specifies it (seccomp, capabilities, masks, limits)", "docker", runtimes, targets,
                runtime => Bundle.Docker(context.RootFileSystem, runtime.Cgroup("docker"), profile, files, "/bin/true"), null);
        }

        yield return Compare(context, "run /bin/true: six namespaces and a user namespace, limits", "user", runtimes, targets,
            runtime => Bundle.WithUserNamespace(Plain(context, runtime, "user")), ["--user", "--cgroup", $"{context.Cgroup}/floor-user"]);

        // For reference: what is left without cgroups. Not every runtime can do without.
        yield return Compare(context, "run /bin/true: six namespaces, no cgroup (for reference)", "bare", [.. runtimes.Where(runtime => runtime.Name != "runc")], [],
            runtime => Bundle.WithoutCgroup(Plain(context, runtime)), []);
    }

    private static JsonObject Plain(BenchContext context, OciRuntime runtime, string name = "plain") =>
        Bundle.Plain(context.RootFileSystem, runtime.Cgroup(name), "/bin/true");

    private static Comparison Compare(
        BenchContext context, string title, string name, IReadOnlyList<OciRuntime> runtimes, Target[] targets, Func<OciRuntime, JsonObject> specify, string[]? floor)
    {
        List<Contender> contenders = [];
        if (floor is not null)
        {
            Command command = new(context.Workspace, null, context.Native("floor"), [.. floor, context.RootFileSystem, "/bin/true"]);
            contenders.Add(new Contender(Floor, () => command.Time().Milliseconds));
        }

        foreach (OciRuntime runtime in runtimes)
        {
            string bundle = Bundle.Write(context.Workspace.NewFolder($"bundle-{name}-{runtime.Name}"), specify(runtime));
            string[] manager = name == "bare" && runtime.Name == "crun" ? ["--cgroup-manager", "disabled"] : [];
            Command command = runtime.Command([.. manager, "run", "--bundle", bundle, $"bench-{name}"]);
            contenders.Add(new Contender(runtime.Name, () => command.Time().Milliseconds));
        }

        return new Comparison { Title = title, Contenders = contenders, Targets = targets }.Measure(context.Rounds);
    }
}
