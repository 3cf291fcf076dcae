using ContainerTools.Runtime.Images;
using ContainerTools.Runtime.Linux;
using ContainerTools.Tests.Archives;
using Xunit;

namespace ContainerTools.Runtime.Tests.Images;

/// <summary>Waiting for a lock that somebody else has, as long as he likes: Ctrl+C must end the wait.</summary>
public sealed class StoreLockTests : IDisposable
{
    private readonly TemporaryStore _store = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string File => Path.Combine(_store.Folder, "lock");

    public void Dispose() => _store.Dispose();

    [Fact]
    public async Task A_wait_that_is_called_off_leaves_the_lock_to_others()
    {
        using CancellationTokenSource stop = new();
        Task waiting;
        using (StoreLock.Take(File, Token))
        {
            waiting = Task.Run(() => StoreLock.Take(File, stop.Token).Dispose(), Token);
            await HasWaiterAsync();
            await stop.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        }

        // The thread that waited gets the lock now, and gives it back at once.
        await Task.Run(() => StoreLock.Take(File, Token).Dispose(), Token);
    }

    [Fact]
    public async Task A_wait_ends_when_the_lock_is_free()
    {
        Task<StoreLock> waiting;
        using (StoreLock.TakeShared(File, Token))
        using (StoreLock.TakeShared(File, Token))
        {
            waiting = Task.Run(() => StoreLock.Take(File, Token), Token);
            await HasWaiterAsync();
            Assert.False(waiting.IsCompleted);
        }

        using StoreLock taken = await waiting;
        Assert.Null(StoreLock.TryTakeShared(File));
    }

    [Theory]
    [InlineData("import")]
    [InlineData("tag")]
    [InlineData("untag")]
    [InlineData("remove")]
    [InlineData("test")]
    public async Task Whatever_waits_for_the_store_can_be_stopped(string operation)
    {
        ImageBuilder builder = new();
        byte[] archive = builder.Layout(builder.OciImage([new TarBuilder().File("a", [1]).Build()])).Tar();
        await _store.ImportAsync(archive, "app:1");
        string path = _store.Write("another", archive);
        using CancellationTokenSource stop = new();
        string storeLock = Path.Combine(_store.IngestFolder, "lock");
        using (StoreLock.Take(storeLock, Token))
        {
            Task work = Task.Run<Task>(
                () => operation switch
                {
                    "import" => _store.Store.ImportAsync(new ImageImportOptions { Path = path }, null, stop.Token),
                    "tag" => _store.Store.AddTagAsync("app:1", "app:2", stop.Token),
                    "untag" => _store.Store.RemoveTagAsync("app:1", stop.Token),
                    "remove" => _store.Store.RemoveAsync("app:1", new ImageRemoveOptions(), stop.Token),
                    _ => _store.Store.TestAsync(false, null, stop.Token),
                },
                Token).Unwrap();
            await HasWaiterAsync(storeLock);
            await stop.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => work);
        }

        Assert.Equal("app:1", Assert.Single(await _store.ListAsync()).Reference);
        Assert.Empty(_store.Ingests);
    }

    private Task HasWaiterAsync() => HasWaiterAsync(File);

    /// <summary>Waits until somebody is blocked on the lock: /proc/locks shows him with an arrow (proc_locks(5)).</summary>
    private static async Task HasWaiterAsync(string path)
    {
        Assert.True(Libc.TryStat(path, out FileStatus status));
        while (!(await System.IO.File.ReadAllLinesAsync("/proc/locks", Token)).Any(line => line.Contains("->", StringComparison.Ordinal) && line.Contains($":{status.Inode} ", StringComparison.Ordinal)))
        {
            await Task.Delay(5, Token);
        }
    }
}
