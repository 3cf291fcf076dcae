using ContainerTools.Bench.Processes;
using ContainerTools.Bench.Sampling;
using ContainerTools.Bench.Subjects;

namespace ContainerTools.Bench.Measurements;

/// <summary>Bringing an image from an archive into a store, which includes unpacking it.</summary>
internal sealed class ImportMeasurement : IMeasurement
{
    private const string Reference = "localhost/bench:large";
    private const int MostRounds = 20;

    /// <inheritdoc/>
    public string Name => "import";

    /// <inheritdoc/>
    public IEnumerable<Comparison> Measure(BenchContext context)
    {
        foreach (SampleImage image in SampleImage.All(context))
        {
            using (image) yield return Import(context, image);
        }
    }

    private static Comparison Import(BenchContext context, SampleImage image)
    {
        string archive = context.Workspace.NewFile("large-image.tar"), layout = context.Workspace.NewFolder("large-layout");
        ImageArchive.WriteDockerArchive(image.Layers, Reference, archive);
        ImageArchive.WriteLayout(image.Layers, "large", layout);
        List<Action> undo = [];
        try
        {
            List<string> notes = [];
            List<Contender> contenders = [];
            List<string> failures = [];
            foreach (Session session in Session.OpenAll(context, failures))
            {
                undo.Add(session.Dispose);
                contenders.Add(new Contender($"Import-ContainerImage, {session.Host.Name}", () => session.Time("import", archive))
                {
                    CleanUp = () => session.Ask("remove-image", Reference),
                });
            }

            string[] ours = [.. contenders.Select(contender => contender.Name)];
            if (Podman.Find(context) is { } podman)
            {
                contenders.Add(Load("podman load", podman.Command("load", "--input", archive), podman.Command("rmi", "--force", Reference)));
            }

            if (DockerDaemon.TryStart(context, notes.Add) is { } docker)
            {
                undo.Add(docker.Dispose);
                contenders.Add(Load("docker load", docker.Command("load", "--input", archive), docker.Command("rmi", "--force", Reference)));
            }

            if (Tool.Find("umoci") is { } umoci)
            {
                string target = Path.Combine(context.Workspace.Folder, "umoci-bundle");
                contenders.Add(Load(
                    "umoci unpack", new Command(context.Workspace, null, umoci.Path, "unpack", "--image", $"{layout}:large", target), new Command(context.Workspace, null, "/bin/rm", "-rf", target)));
            }

            Comparison comparison = new()
            {
                Title = $"import of {image.Title}",
                Contenders = contenders,
                Gaps = Gap.None,
                Failures = failures,
                Targets =
                [
                    .. ours.Select(name => new Target(name, 0.8, "podman load", "docker load")),
                    .. ours.Select(name => new Target(name, 1.0, "umoci unpack")),
                ],
            };
            comparison.Notes.AddRange(notes);
            return comparison.Measure(Math.Min(context.Rounds, MostRounds));
        }
        finally
        {
            foreach (Action action in Enumerable.Reverse(undo)) action();
            File.Delete(archive);
            Directory.Delete(layout, recursive: true);
        }
    }

    private static Contender Load(string name, Command load, Command remove) =>
        new(name, () => load.Time().Milliseconds) { CleanUp = () => remove.Time() };
}
