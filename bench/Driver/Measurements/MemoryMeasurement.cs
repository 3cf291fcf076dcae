using System.Globalization;
using ContainerTools.Bench.Processes;
using ContainerTools.Bench.Sampling;
using ContainerTools.Bench.Subjects;

namespace ContainerTools.Bench.Measurements;

/// <summary>Peak memory of `run`, and what a supervisor holds while its container runs.</summary>
internal sealed class MemoryMeasurement : IMeasurement
{
    /// <inheritdoc/>
    public string Name => "memory";

    /// <inheritdoc/>
    public IEnumerable<Comparison> Measure(BenchContext context)
    {
        yield return Peak(context);
        foreach (Comparison comparison in Idle(context)) yield return comparison;
    }

    private static Comparison Peak(BenchContext context)
    {
        List<Contender> contenders = [];
        foreach (OciRuntime runtime in OciRuntime.All(context))
        {
            string bundle = Bundle.Write(
                context.Workspace.NewFolder($"bundle-memory-{runtime.Name}"), Bundle.Plain(context.RootFileSystem, runtime.Cgroup("memory"), "/bin/true"));
            string file = context.Workspace.NewFile("peak");
            Command command = new(
                context.Workspace, null, context.Native("peak"),
                [file, runtime.Tool.Path, .. runtime.Arguments("run", "--bundle", bundle, "bench-memory")]);
            contenders.Add(new Contender(runtime.Name, () =>
            {
                command.Time();
                return double.Parse(File.ReadAllText(file), CultureInfo.InvariantCulture) / 1024;
            }));
        }

        return new Comparison
        {
            Title = "peak resident memory of `run` (the largest of its processes, ru_maxrss)",
            Unit = "MiB",
            Gaps = Gap.None,
            Contenders = contenders,
        }.Measure(context.Rounds);
    }

    // The containers live as long as the measurement; a handful of each tells whether one differs from the other.
    private static IEnumerable<Comparison> Idle(BenchContext context)
    {
        const int Count = 5;
        Dictionary<string, int[]> supervisors = [];
        List<string> failures = [];
        List<Action> undo = [];
        try
        {
            if (context.Hosts.Count > 0 && Session.TryOpen(context, context.Hosts[0], failures) is { } session)
            {
                undo.Add(session.Dispose);
                undo.Add(() => session.Ask("remove-all"));
                supervisors["ctrun monitor"] =
                    [.. session.Ask("start-idle", BenchContext.SmallImageReference, Count.ToString(CultureInfo.InvariantCulture))["monitors"]!.AsArray().Select(pid => (int)pid!)];
            }

            if (Podman.Find(context) is { } podman)
            {
                podman.Command("load", "--input", context.SmallImage).Time();
                List<int> pids = [];
                for (int i = 0; i < Count; i++)
                {
                    string name = string.Create(CultureInfo.InvariantCulture, $"bench-idle-{i}");
                    podman.Command(["run", "--detach", "--name", name, .. podman.ContainerOptions, BenchContext.SmallImageReference, "/bin/sleep", "1000000"]).Time();
                    undo.Add(() => podman.Command("rm", "--force", "--time", "0", name).Time());
                    pids.Add(int.Parse(podman.Command("inspect", "--format", "{{.State.ConmonPid}}", name).Read(), CultureInfo.InvariantCulture));
                }

                supervisors["conmon"] = [.. pids];
            }

            Thread.Sleep(1000); // Until they are idle.
            yield return Supervisors("private memory of an idle supervisor", failures, supervisors, "Private_Clean:", "Private_Dirty:");
            yield return Supervisors("proportional memory of an idle supervisor", [], supervisors, "Pss:");
        }
        finally
        {
            foreach (Action action in Enumerable.Reverse(undo)) action();
        }
    }

    private static Comparison Supervisors(string title, List<string> failures, Dictionary<string, int[]> supervisors, params string[] fields)
    {
        List<Contender> contenders = [];
        foreach ((string name, int[] pids) in supervisors)
        {
            int next = 0;
            contenders.Add(new Contender(name, () => Rollup(pids[next++ % pids.Length], fields) / 1024.0));
        }

        return new Comparison
        {
            Title = $"{title} (of {supervisors.Values.FirstOrDefault()?.Length ?? 0} each)",
            Unit = "MiB",
            Gaps = Gap.None,
            Contenders = contenders,
            Failures = failures,
            Targets = fields.Length > 1 ? [new("ctrun monitor", 1.5)] : [],
        }.Measure(20);
    }

    private static long Rollup(int pid, string[] fields) =>
        File.ReadLines(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/smaps_rollup"))
            .Where(line => fields.Any(field => line.StartsWith(field, StringComparison.Ordinal)))
            .Sum(line => long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture));
}
