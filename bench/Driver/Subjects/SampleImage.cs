using System.Globalization;

namespace ContainerTools.Bench.Subjects;

/// <summary>An image that all who are measured get alike, in the forms in which they take it.</summary>
/// <param name="Title">What it is.</param>
/// <param name="Layers">Its layers' tar files, the lowest first.</param>
internal sealed record SampleImage(string Title, IReadOnlyList<string> Layers) : IDisposable
{
    private const int ManyLayers = 40;

    /// <summary>A Debian root as one layer, and as forty; where the machine is no Debian, files of the bench's own making as one.</summary>
    public static IEnumerable<SampleImage> All(BenchContext context)
    {
        if (DebianRoot.TryWrite(context, 1) is not (var whole, var files))
        {
            string layer = context.Workspace.NewFile("large-layer.tar");
            ImageArchive.WriteLargeLayer(layer);
            yield return new SampleImage("an image of 200 MB in 10,000 files", [layer]);
            yield break;
        }

        yield return new SampleImage(string.Create(CultureInfo.InvariantCulture, $"a Debian root of {files} files and {Size(whole)} MB"), whole);
        yield return TryInLayers(context, ManyLayers)!;
    }

    /// <summary>The Debian root in as many layers; null where the machine is no Debian.</summary>
    public static SampleImage? TryInLayers(BenchContext context, int count)
        => DebianRoot.TryWrite(context, count) is (var layers, _)
            ? new SampleImage(string.Create(CultureInfo.InvariantCulture, $"the same in {count} layers"), layers)
            : null;

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (string layer in Layers) File.Delete(layer);
    }

    private static long Size(IReadOnlyList<string> layers) => layers.Sum(layer => new FileInfo(layer).Length) >> 20;
}
