using System.Globalization;
using ContainerTools.Bench.Sampling;
using ContainerTools.Bench.Subjects;

namespace ContainerTools.Bench.Measurements;

/// <summary>Get-ContainerImage with 500 images, in a warm session.</summary>
internal sealed class ImagesMeasurement : IMeasurement
{
    private const int Count = 500;

    /// <inheritdoc/>
    public string Name => "images";

    /// <inheritdoc/>
    public IEnumerable<Comparison> Measure(BenchContext context)
    {
        string layer = context.Workspace.NewFile("small-layer.tar"), archive = context.Workspace.NewFile("many-images.tar");
        ImageArchive.WriteLayer(context.RootFileSystem, layer);
        ImageArchive.WriteManyImages(layer, "localhost/many", Count, archive);
        List<string> failures = [];
        List<Session> sessions = Session.OpenAll(context, failures);
        try
        {
            List<Contender> contenders = [];
            string number = (Count + 1).ToString(CultureInfo.InvariantCulture); // and the small one that every session has
            foreach (Session session in sessions)
            {
                _ = session.Ask("import", archive);
                contenders.Add(new Contender(session.Host.Name, () => session.Time("list-images", number)));
            }

            yield return new Comparison
            {
                Title = $"Get-ContainerImage, {Count.ToString(CultureInfo.InvariantCulture)} images",
                Contenders = contenders,
                Gaps = Gap.None,
                Failures = failures,
                Targets = [.. contenders.Select(contender => new Target(contender.Name, 100))],
            }.Measure(context.Rounds);
        }
        finally
        {
            foreach (Session session in sessions) session.Dispose();
            File.Delete(layer);
            File.Delete(archive);
        }
    }
}
