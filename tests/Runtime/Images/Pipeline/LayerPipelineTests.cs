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
        byte[][] forms = [tar, ImageBuilder.Gzip(tar), ZstdBuilder.Frame(20, tar), ZstdBuilder.Frame(25, tar)];
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
