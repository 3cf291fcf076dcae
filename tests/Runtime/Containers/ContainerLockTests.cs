using ContainerTools.Runtime.Containers;
using ContainerTools.Runtime.Linux;
using Microsoft.Win32.SafeHandles;
using Xunit;
using static ContainerTools.Runtime.Tests.Containers.TestToken;

namespace ContainerTools.Runtime.Tests.Containers;

public sealed class ContainerLockTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("containertools-").FullName;

    public void Dispose()
    {
        foreach (string folder in Directory.GetDirectories(Path.GetDirectoryName(_folder)!, Path.GetFileName(_folder) + "*")) Directory.Delete(folder, true);
    }

    [Fact]
    public async Task One_at_a_time()
    {
        int inside = 0;
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Task.Run(async () =>
        {
            using ContainerLock? held = await ContainerLock.TakeAsync(_folder, Cancel);
            Assert.NotNull(held);
            Assert.Equal(1, Interlocked.Increment(ref inside));
            await Task.Yield();
            Interlocked.Decrement(ref inside);
        })));
        using ContainerLock? free = ContainerLock.TryTake(_folder);
        Assert.NotNull(free);
    }

    [Fact]
    public async Task A_held_lock_is_not_to_be_had_and_a_wait_can_be_called_off()
    {
        using ContainerLock? held = await ContainerLock.TakeAsync(_folder, Cancel);
        Assert.Null(ContainerLock.TryTake(_folder));
        Assert.True(ContainerLock.IsHeld(_folder));
        using CancellationTokenSource cancel = new();
        Task<ContainerLock?> wait = ContainerLock.TakeAsync(_folder, cancel.Token).AsTask();
        Assert.False(wait.IsCompleted);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => wait);
        held!.Dispose();
        using ContainerLock? again = await ContainerLock.TakeAsync(_folder, Cancel);
        Assert.NotNull(again);
    }

    [Fact]
    public async Task Left_to_a_copy_it_stays_locked_until_that_is_closed()
    {
        using ContainerLock? held = await ContainerLock.TakeAsync(_folder, Cancel);
        using (SafeFileHandle copy = Libc.Duplicate(held!.File, 10))
        {
            held.LeaveToCopies();
            Assert.True(ContainerLock.IsHeld(_folder));
        }

        Assert.False(ContainerLock.IsHeld(_folder));
    }

    [Fact]
    public async Task Who_waits_for_a_container_that_is_removed_gets_nothing()
    {
        ContainerLock? held = await ContainerLock.TakeAsync(_folder, Cancel);
        Task<ContainerLock?> wait = ContainerLock.TakeAsync(_folder, Cancel).AsTask();
        Directory.Move(_folder, _folder + ".removing");
        held!.Dispose();
        Assert.Null(await wait);
        Assert.Null(ContainerLock.TryTake(_folder));
        Assert.False(ContainerLock.IsHeld(_folder));
    }

    [Fact]
    public void A_folder_is_removed_whoever_looks_at_its_lock_meanwhile()
    {
        // As whoever lists the containers does with a folder that is being removed.
        using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        string folder = Path.Combine(_folder, ".removing-1");
        Thread lister = new(() =>
        {
            while (!end.IsCancellationRequested) ContainerLock.TryTake(folder)?.Dispose();
        });
        lister.Start();
        try
        {
            for (int i = 0; i < 2000; i++)
            {
                Directory.CreateDirectory(folder);
                File.WriteAllText(Path.Combine(folder, "container.json"), "{}");
                ContainerFolder.Delete(folder);
                Assert.False(Directory.Exists(folder));
            }
        }
        finally
        {
            end.Cancel();
            lister.Join();
        }
    }
}
