using ContainerTools.Bench.Processes;
using ContainerTools.Bench.Sampling;
using ContainerTools.Bench.Subjects;

namespace ContainerTools.Bench.Measurements;

/// <summary>A container's change of 100 MB made an image and brought to a registry on loopback, which has nothing of it yet.</summary>
internal sealed class CommitMeasurement : IMeasurement
{
    private const string Container = "bench-commit";
    private const int MostRounds = 20;
    private const int Files = 20;
    private const int FileSize = 5 << 20;

    /// <inheritdoc/>
    public string Name => "commit";

    /// <inheritdoc/>
    public IEnumerable<Comparison> Measure(BenchContext context)
        => [.. Measure(context, "that hardly compresses", ImageArchive.Noise(Files * FileSize)), .. Measure(context, "of text", ImageArchive.Text(Files * FileSize))];

    private static IEnumerable<Comparison> Measure(BenchContext context, string kind, byte[] content)
    {
        List<Action> undo = [];
        try
        {
            if (LoopbackRegistry.TryStart(context) is not { } registry) yield break;
            undo.Add(registry.Dispose);
            string change = context.Workspace.NewFolder("change");
            for (int i = 0; i < Files; i++) File.WriteAllBytes(Path.Combine(change, $"file-{i:00}.bin"), content.AsSpan(i * FileSize, FileSize));

            string reference = $"{registry.Host}/bench/committed:1";
            List<string> notes = [], failures = [];
            List<Contender> contenders = [];
            foreach (Session session in Session.OpenAll(context, failures))
            {
                undo.Add(session.Dispose);
                undo.Add(() => session.Ask("remove-all"));
                _ = session.Ask("change", BenchContext.SmallImageReference, Container, change);
                contenders.Add(new Contender($"ConvertTo- | Publish-ContainerImage, {session.Host.Name}", () => session.Time("commit-publish", Container, reference))
                {
                    CleanUp = () =>
                    {
                        _ = session.Ask("remove-image", reference);
                        registry.Clear();
                    },
                });
            }

            string[] ours = [.. contenders.Select(contender => contender.Name)];
            if (Podman.Find(context) is { } podman)
            {
                podman.Command("load", "--input", context.SmallImage).Time();
                podman.Command("create", "--name", Container, BenchContext.SmallImageReference, "/bin/true").Time();
                undo.Add(() => podman.Command("rm", "--force", Container).Time());
                podman.Command("cp", $"{change}/.", $"{Container}:/change").Time();
                contenders.Add(Two(
                    "podman commit + push", podman.Command("commit", "--quiet", Container, reference), podman.Command("push", "--quiet", "--tls-verify=false", reference),
                    podman.Command("rmi", "--force", reference), registry));
            }

            if (DockerDaemon.TryStart(context, notes.Add) is { } docker)
            {
                undo.Add(docker.Dispose);
                docker.Command("load", "--input", context.SmallImage).Time();
                docker.Command("create", "--name", Container, "--network", "none", BenchContext.SmallImageReference, "/bin/true").Time();
                undo.Add(() => docker.Command("rm", "--force", Container).Time());
                docker.Command("cp", $"{change}/.", $"{Container}:/change").Time();
                contenders.Add(Two(
                    "docker commit + push", docker.Command("commit", Container, reference), docker.Command("push", "--quiet", reference),
                    docker.Command("rmi", "--force", reference), registry));
            }

            Comparison comparison = new()
            {
                Title = $"commit of a change of 100 MB {kind}, and push of it to a registry on loopback",
                Contenders = contenders,
                Gaps = Gap.None,
                Failures = failures,
                Targets = [.. ours.Select(name => new Target(name, 1.0, "podman commit + push", "docker commit + push"))],
            };
            comparison.Notes.AddRange(notes);
            yield return comparison.Measure(Math.Min(context.Rounds, MostRounds));
        }
        finally
        {
            foreach (Action action in Enumerable.Reverse(undo)) action();
        }
    }

    private static Contender Two(string name, Command commit, Command push, Command remove, LoopbackRegistry registry) =>
        new(name, () => commit.Time().Milliseconds + push.Time().Milliseconds)
        {
            CleanUp = () =>
            {
                remove.Time();
                registry.Clear();
            },
        };
}
