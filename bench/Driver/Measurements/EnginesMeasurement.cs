using ContainerTools.Bench.Processes;
using ContainerTools.Bench.Sampling;
using ContainerTools.Bench.Subjects;

namespace ContainerTools.Bench.Measurements;

/// <summary>Other engines with each runtime in turn: what they generate themselves, seccomp profile and all.</summary>
internal sealed class EnginesMeasurement : IMeasurement
{
    /// <inheritdoc/>
    public string Name => "engines";

    /// <inheritdoc/>
    public IEnumerable<Comparison> Measure(BenchContext context)
    {
        Tool[] runtimes = [.. new[] { context.Ctrun, Tool.Find("crun"), Tool.Find("runc") }.OfType<Tool>()];
        if (Podman.Find(context) is { } podman)
        {
            try
            {
                podman.Command("load", "--input", context.SmallImage).Time();
                yield return Compare(context, "podman run --rm", runtimes, runtime => podman.Command(
                    ["--runtime", runtime.Path, "run", "--rm", .. podman.ContainerOptions, BenchContext.SmallImageReference, "/bin/true"]));
            }
            finally
            {
                podman.Command("rmi", "--all", "--force").Time();
            }
        }

        List<string> notes = [];
        using DockerDaemon? docker = DockerDaemon.TryStart(context, notes.Add);
        docker?.Command("load", "--input", context.SmallImage).Time();
        Comparison comparison = Compare(context, "docker run --rm", docker is null ? [] : runtimes, runtime => docker!.Command(
            "run", "--rm", "--network", "none", "--runtime", runtime.Name, BenchContext.SmallImageReference, "/bin/true"));
        comparison.Notes.AddRange(notes);
        yield return comparison;
    }

    private static Comparison Compare(BenchContext context, string what, IReadOnlyList<Tool> runtimes, Func<Tool, Command> command)
    {
        List<Contender> contenders = [];
        foreach (Tool runtime in runtimes)
        {
            Command run = command(runtime);
            contenders.Add(new Contender(runtime.Name, () => run.Time().Milliseconds));
        }

        return new Comparison { Title = $"{what} of /bin/true with its runtime", Contenders = contenders, Gaps = Gap.None, Targets = [new("ctrun", 1.0, "crun")] }.Measure(context.Rounds);
    }
}
