using ContainerTools.Bench.Processes;
using ContainerTools.Bench.Sampling;
using ContainerTools.Bench.Subjects;

namespace ContainerTools.Bench.Measurements;

/// <summary>`exec` of /bin/true in a container that runs.</summary>
internal sealed class ExecMeasurement : IMeasurement
{
    private const string Container = "bench-exec";

    /// <inheritdoc/>
    public string Name => "exec";

    /// <inheritdoc/>
    public IEnumerable<Comparison> Measure(BenchContext context)
    {
        List<OciRuntime> started = [];
        try
        {
            List<Contender> contenders = [];
            foreach (OciRuntime runtime in OciRuntime.All(context))
            {
                string bundle = Bundle.Write(
                    context.Workspace.NewFolder($"bundle-exec-{runtime.Name}"),
                    Bundle.Plain(context.RootFileSystem, runtime.Cgroup("exec"), "/bin/sleep", "1000000"));
                runtime.Command("create", "--bundle", bundle, Container).Time();
                started.Add(runtime);
                runtime.Command("start", Container).Time();
                Command exec = runtime.Command("exec", Container, "/bin/true");
                contenders.Add(new Contender(runtime.Name, () => exec.Time().Milliseconds));
            }

            yield return new Comparison
            {
                Title = "exec /bin/true in a running container",
                Contenders = contenders,
                Targets = [new("ctrun", 0.8, "crun")],
            }.Measure(context.Rounds);
        }
        finally
        {
            foreach (OciRuntime runtime in started) runtime.Delete(Container);
        }
    }
}
