using ContainerTools.Runtime.Images.Archives;
using ContainerTools.Runtime.Images.Pipeline;
using ContainerTools.Runtime.Layers;
using ContainerTools.Tests.Archives;
using Microsoft.Win32.SafeHandles;
using Xunit;

namespace ContainerTools.Runtime.Tests.Images.Pipeline;

public sealed class LayerPipelineTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("containertools-tests-").FullName;
    private readonly List<SafeFileHandle> _files = [];

    public void Dispose()
    {
        foreach (SafeFileHandle file in _files) file.Dispose();
        FolderRemoval.Remove(_folder);
    }

    [Fact]
    public async Task More_layers_than_there_are_buffers_for_share_one_memory()
    {
        // Each larger than all buffers of its kind, and not to be compressed: every queue fills up.
        const int Size = 7 * 1024 * 1024;
        byte[] content = new byte[Size];
        new Random(5).NextBytes(content);
        byte[] tar = new TarBuilder().File("file", content).Build();
        byte[][] forms = [tar, ImageBuilder.Gzip(tar), ZstdBuilder.Frame(20, tar), ZstdBuilder.Frame(25, tar), Growing(tar, 25)];
        List<LayerJob> jobs = [.. Enumerable.Range(0, 12).Select(i => Job(forms[i % forms.Length], i) with { DiffId = ImageBuilder.Digest(tar) })];
        using LayerMemory memory = new();
        LayerResult[] results = await Task.WhenAll(jobs.Select(job => LayerPipeline.RunAsync(job, memory, TestContext.Current.CancellationToken)));
        Assert.All(results, result => Assert.Equal(Size, result.Contents!.Size));
        Assert.All(jobs, job => Assert.Equal(content, File.ReadAllBytes(Path.Combine(job.Folder!, "file"))));
    }

    [Fact]
    public async Task A_window_that_is_too_large_is_refused_before_anything_is_written()
    {
        LayerJob job = Job(ZstdBuilder.Frame(26, "x"u8), 0) with { BlobPath = Path.Combine(_folder, "blob") };
        using LayerMemory memory = new();
        ContainerException error = await Assert.ThrowsAsync<ContainerException>(() => LayerPipeline.RunAsync(job, memory, TestContext.Current.CancellationToken));
        Assert.Equal(ErrorCode.ImageUnsupported, error.Code);
        Assert.False(File.Exists(job.BlobPath));
    }

    [Fact]
    public async Task A_later_frame_may_take_more_than_the_first_within_the_limit()
    {
        byte[] content = new byte[3_000_000];
        new Random(7).NextBytes(content);
        byte[] tar = new TarBuilder().File("file", content).Build(), blob = Growing(tar, 25);
        LayerJob job = Job(blob, 0) with { BlobPath = Path.Combine(_folder, "blob"), DiffId = ImageBuilder.Digest(tar), BlobDigest = ImageBuilder.Digest(blob) };
        // What the first attempt has unpacked is not in the way of the second.
        using LayerMemory memory = new();
        LayerResult result = await LayerPipeline.RunAsync(job, memory, TestContext.Current.CancellationToken);
        Assert.Equal((job.BlobDigest, job.DiffId, content.LongLength), (result.BlobDigest, result.DiffId, result.Contents!.Size));
        Assert.Equal(content, await File.ReadAllBytesAsync(Path.Combine(job.Folder!, "file"), TestContext.Current.CancellationToken));
        Assert.Equal(blob, await File.ReadAllBytesAsync(job.BlobPath, TestContext.Current.CancellationToken));
        // Without unpacking; and not beyond the limit.
        Assert.Equal(job.DiffId, (await LayerPipeline.RunAsync(Job(blob, 1) with { Folder = null }, memory, TestContext.Current.CancellationToken)).DiffId);
        ContainerException error = await Assert.ThrowsAsync<ContainerException>(() => LayerPipeline.RunAsync(Job(Growing(tar, 26), 2), memory, TestContext.Current.CancellationToken));
        Assert.Equal(ErrorCode.ImageUnsupported, error.Code);
    }

    /// <summary>Frames of which the last asks for a larger window than those before it.</summary>
    private static byte[] Growing(byte[] tar, int last)
        => [.. ZstdBuilder.Frame(15, tar.AsSpan(0, 100_000)), .. ZstdBuilder.Frame(20, tar.AsSpan(100_000, 1_000_000)), .. ZstdBuilder.Frame(last, tar.AsSpan(1_100_000))];

    private LayerJob Job(byte[] content, int number)
    {
        string path = Path.Combine(_folder, $"layer{number}");
        File.WriteAllBytes(path, content);
        SafeFileHandle file = File.OpenHandle(path);
        _files.Add(file);
        string folder = Directory.CreateDirectory(Path.Combine(_folder, $"folder{number}")).FullName;
        return new LayerJob { Source = new ByteRange(file, 0, content.Length, path), Subject = $"The layer {number}", Folder = folder };
    }
}
