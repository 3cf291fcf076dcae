using System.Text.Json.Nodes;
using ContainerTools.Bench.Processes;
using ContainerTools.Bench.Sampling;
using ContainerTools.Bench.Subjects;

namespace ContainerTools.Bench.Measurements;

/// <summary>New | Start | Wait | Remove in a warm session, beside a bare `ctrun run` and `podman run --rm`.</summary>
internal sealed class SessionMeasurement : IMeasurement
{
    private static readonly string[] s_steps = ["new", "start", "wait", "remove"];

    /// <inheritdoc/>
    public string Name => "session";

    /// <inheritdoc/>
    public IEnumerable<Comparison> Measure(BenchContext context)
    {
        OciRuntime? ctrun = OciRuntime.All(context).FirstOrDefault(runtime => runtime.Name == "ctrun");
        List<string> failures = [];
        List<Session> sessions = Session.OpenAll(context, failures);
        Podman? podman = Podman.Find(context);
        try
        {
            List<Contender> contenders = [];
            if (ctrun is not null)
            {
                contenders.Add(Bare(context, ctrun, "ctrun run", Bundle.Plain(context.RootFileSystem, ctrun.Cgroup("session"), "/bin/true")));
                if (SeccompProfile.File is { } profile)
                {
                    contenders.Add(Bare(context, ctrun, "ctrun run, as Docker specifies it", Bundle.Docker(
                        context.RootFileSystem, ctrun.Cgroup("session-docker"), profile, context.Workspace.NewFolder("bound-files-session"), "/bin/true")));
                }
            }

            List<Target> targets = [];
            foreach (Session session in sessions)
            {
                string name = $"the four cmdlets, {session.Host.Name}";
                contenders.Add(new Contender(name, () => session.Time("one-pipeline", BenchContext.SmallImageReference)));
                targets.Add(new Target(name, 3, "ctrun run"));
                targets.Add(new Target(name, 0.2, "podman run --rm"));
            }

            if (podman is not null)
            {
                podman.Command("load", "--input", context.SmallImage).Time();
                Command run = podman.Command(["run", "--rm", .. podman.ContainerOptions, BenchContext.SmallImageReference, "/bin/true"]);
                contenders.Add(new Contender("podman run --rm", () => run.Time().Milliseconds));
            }

            yield return new Comparison
            {
                Title = "New-Container | Start-Container | Wait-Container | Remove-Container of /bin/true",
                Contenders = contenders,
                Targets = targets,
                Failures = failures,
            }.Measure(context.Rounds);

            foreach (Session session in sessions) yield return Breakdown(context, session);
        }
        finally
        {
            foreach (Session session in sessions) session.Dispose();
            podman?.Command("rmi", "--all", "--force").Time();
        }
    }

    private static Contender Bare(BenchContext context, OciRuntime ctrun, string name, JsonObject specification)
    {
        string bundle = Bundle.Write(context.Workspace.NewFolder($"bundle-session-{name.Length}"), specification);
        Command command = ctrun.Command("run", "--bundle", bundle, "bench-session");
        return new Contender(name, () => command.Time().Milliseconds);
    }

    // One run gives all steps: the first contender of a round asks, the others read what it was told.
    private static Comparison Breakdown(BenchContext context, Session session)
    {
        JsonNode? last = null;
        HashSet<string> read = [];
        double Step(string step)
        {
            if (last is null || !read.Add(step))
            {
                last = session.Ask("steps", BenchContext.SmallImageReference);
                read = [step];
            }

            return (double)last[step]!;
        }

        string Cmdlet(string step) => $"{char.ToUpperInvariant(step[0])}{step[1..]}-Container";
        return new Comparison
        {
            Title = $"where it goes, {session.Host.Name}",
            Contenders = [.. s_steps.Select(step => new Contender(Cmdlet(step), () => Step(step)))],
            // A rest before each step would be before some of the runs only.
            Gaps = Gap.None,
        }.Measure(context.Rounds);
    }
}
