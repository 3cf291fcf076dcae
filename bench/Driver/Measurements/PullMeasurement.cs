using ContainerTools.Bench.Processes;
using ContainerTools.Bench.Sampling;
using ContainerTools.Bench.Subjects;

namespace ContainerTools.Bench.Measurements;

/// <summary>From a registry on loopback to ready to run, the layers compressed with gzip.</summary>
internal sealed class PullMeasurement : IMeasurement
{
    private const int MostRounds = 20;

    /// <inheritdoc/>
    public string Name => "pull";

    /// <inheritdoc/>
    public IEnumerable<Comparison> Measure(BenchContext context)
    {
        foreach (SampleImage image in SampleImage.All(context))
        {
            using (image)
            {
                if (Pull(context, image) is { } comparison) yield return comparison;
            }
        }
    }

    private static Comparison? Pull(BenchContext context, SampleImage image)
    {
        List<Action> undo = [];
        try
        {
            if (LoopbackRegistry.TryStart(context) is not { } registry) return null;
            undo.Add(registry.Dispose);
            string reference = registry.Add(image.Layers, "bench/pulled:1");
            List<string> notes = [];
            List<string> failures = [];
            List<Contender> contenders = [];
            foreach (Session session in Session.OpenAll(context, failures))
            {
                undo.Add(session.Dispose);
                contenders.Add(new Contender($"Receive-ContainerImage, {session.Host.Name}", () => session.Time("receive", reference))
                {
                    CleanUp = () => session.Ask("remove-image", reference),
                });
            }

            string[] ours = [.. contenders.Select(contender => contender.Name)];
            if (Podman.Find(context) is { } podman)
            {
                contenders.Add(Pull("podman pull", podman.Command("pull", "--quiet", "--tls-verify=false", reference), podman.Command("rmi", "--force", reference)));
            }

            if (DockerDaemon.TryStart(context, notes.Add) is { } docker)
            {
                undo.Add(docker.Dispose);
                contenders.Add(Pull("docker pull", docker.Command("pull", "--quiet", reference), docker.Command("rmi", "--force", reference)));
            }

            if (Tool.Find("umoci") is not null)
            {
                string folder = context.Workspace.NewFolder("skopeo-umoci");
                contenders.Add(Pull(
                    "skopeo copy + umoci unpack",
                    new Command(
                        context.Workspace, null, "/bin/sh", "-c",
                        $"skopeo copy --insecure-policy --src-tls-verify=false docker://{reference} oci:{folder}/layout:1 && umoci unpack --image {folder}/layout:1 {folder}/bundle"),
                    new Command(context.Workspace, null, "/bin/rm", "-rf", $"{folder}/layout", $"{folder}/bundle")));
            }

            Comparison comparison = new()
            {
                Title = $"pull of {image.Title} from a registry on loopback, ready to run",
                Contenders = contenders,
                Gaps = Gap.None,
                Failures = failures,
                Targets = [.. ours.Select(name => new Target(name, 0.8, "podman pull", "docker pull", "skopeo copy + umoci unpack"))],
            };
            comparison.Notes.AddRange(notes);
            return comparison.Measure(Math.Min(context.Rounds, MostRounds));
        }
        finally
        {
            foreach (Action action in Enumerable.Reverse(undo)) action();
        }
    }

    private static Contender Pull(string name, Command pull, Command remove) => new(name, () => pull.Time().Milliseconds) { CleanUp = () => remove.Time() };
}
