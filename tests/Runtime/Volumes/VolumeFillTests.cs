using ContainerTools.Runtime.Images;
using ContainerTools.Runtime.Layers;
using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Tests.Containers;
using ContainerTools.Runtime.Volumes;
using Microsoft.Win32.SafeHandles;
using Xunit;

namespace ContainerTools.Runtime.Tests.Volumes;

/// <summary>What is left where a new volume could not be filled.</summary>
public sealed class VolumeFillTests : IDisposable
{
    private readonly TestEngine _engine = new();
    private readonly VolumeStore _volumes;

    public VolumeFillTests()
    {
        _volumes = _engine.Services.Volumes;
        _engine.Services.Store.EnsureFolders();
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _engine.Dispose();

    [Theory]
    [InlineData(28 /* ENOSPC */, ErrorCode.StorageFull)]
    [InlineData(5 /* EIO */, ErrorCode.KernelError)]
    public void A_volume_that_cannot_be_filled_leaves_nothing_and_is_named(int errno, ErrorCode code)
    {
        ContainerException error = Assert.Throws<ContainerException>(() => _volumes.Ensure("data", folder =>
        {
            File.WriteAllText(Path.Combine(folder, "half"), "x");
            throw KernelError.From("copy_file_range", errno, "sh");
        }, Token));
        Assert.Equal((code, "data"), (error.Code, error.Target));
        Assert.Contains("'data'", error.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(_volumes.FolderOf("data"), "_data.new")));
        Assert.False(_volumes.Exists("data"));
        Assert.True(_volumes.Ensure("data", null, Token));
    }

    [Fact]
    public void A_fill_that_is_stopped_leaves_nothing_and_is_no_error()
    {
        using CancellationTokenSource stop = new();
        string layer = Path.Combine(_engine.Paths.Layers, "large");
        Directory.CreateDirectory(layer);
        for (int i = 0; i < 10; i++) File.WriteAllText(Path.Combine(layer, $"file-{i}"), "x");
        Assert.Throws<OperationCanceledException>(() => _volumes.Ensure("data", folder =>
        {
            File.WriteAllText(Path.Combine(folder, "half"), "x");
            stop.Cancel();
            LayerMerge.Apply(layer, folder, 0, stop.Token);
        }, stop.Token));
        Assert.False(_volumes.Exists("data"));
        Assert.False(Directory.Exists(Path.Combine(_volumes.FolderOf("data"), "_data.new")));
    }

    [Fact]
    public void While_a_volume_is_filled_others_are_made()
    {
        Assert.True(_volumes.Ensure("slow", _ =>
        {
            // Another process, as far as flock(2) can tell.
            VolumeStore other = _engine.NewServices().Volumes;
            using StoreLock making = other.TakeShared(Token);
            Assert.True(other.TryCreate("meanwhile", new VolumeRecord { CreatedAt = DateTimeOffset.UtcNow }, Token));
            Assert.True(other.Ensure("too", null, Token));
        }, Token));
        Assert.Equal(["meanwhile", "slow", "too"], _volumes.Names().Order());
        Assert.False(_volumes.TryCreate("too", new VolumeRecord { CreatedAt = DateTimeOffset.UtcNow }, Token));
    }

    [Fact]
    public void What_a_process_that_died_has_left_is_told_and_removed_and_does_not_hinder()
    {
        Leave("dead");
        Leave("again");
        using (_volumes.TakeShared(Token)) Assert.Empty(_volumes.Unfinished(remove: true));
        Assert.True(_volumes.Ensure("again", null, Token));
        Assert.Empty(Directory.GetFileSystemEntries(_volumes.DataOf("again")));
        string left = Assert.Single(_volumes.Unfinished(remove: false));
        Assert.Equal(_volumes.FolderOf("dead"), left);
        Assert.Single(_volumes.Unfinished(remove: true));
        Assert.Empty(_volumes.Unfinished(remove: false));
        Assert.False(Directory.Exists(left));
        Assert.Equal(["again"], _volumes.Names());
    }

    private void Leave(string name)
    {
        string half = Path.Combine(_volumes.FolderOf(name), "_data.new");
        Directory.CreateDirectory(half);
        using SafeFileHandle folder = Libc.Open(half, Libc.O_RDONLY | Libc.O_DIRECTORY | Libc.O_CLOEXEC);
        // A name that is no UTF-8.
        Assert.Equal(0, Libc.MakeFolderAt(folder, [(byte)'a', 0xff], 0x1C0));
    }
}
