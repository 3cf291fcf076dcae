using System.Diagnostics;
using System.Globalization;
using ContainerTools.Runtime.Images;
using ContainerTools.Tests.Archives;
using ContainerTools.Tests.Registries;
using Xunit;

namespace ContainerTools.Integration.Tests.Images;

/// <summary>
/// kill -9 at any moment: what was acknowledged is there, whole; the rest is a leftover, which Test-ContainerStorage finds and removes, and which the next
/// change removes on its way.
/// </summary>
public sealed class StoreCrashTests : IDisposable
{
    /// <summary>The system calls by which something appears, disappears or becomes durable.</summary>
    private static readonly string[] s_calls = ["rename", "link,linkat", "unlink,unlinkat", "mkdir,mkdirat", "fsync", "syncfs", "ftruncate"];

    private readonly StoreFixture _fixture = new();
    private readonly FakeRegistry _registry = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TheoryData<string> Operations => new(StoreWorker.Operations);

    public void Dispose()
    {
        _registry.Dispose();
        _fixture.Dispose();
    }

    [Theory]
    [MemberData(nameof(Operations))]
    public async Task Killed_at_some_time_it_loses_nothing_that_was_acknowledged(string operation)
    {
        await PrepareAsync();
        Random random = new(1);
        for (int round = 0; round < 5; round++)
        {
            string acknowledged = StoreWorker.Acknowledged(_fixture.Folder);
            File.Delete(acknowledged);
            using Process worker = StoreWorker.Start([], _fixture.Folder, operation, _registry.Host, int.MaxValue);
            while (!File.Exists(acknowledged) && !worker.HasExited) await Task.Delay(5, Token);
            Assert.False(worker.HasExited, "the worker ended by itself");
            await Task.Delay(random.Next(100), Token);
            worker.Kill();
            await worker.WaitForExitAsync(Token);

            string last = File.ReadAllText(acknowledged);
            Assert.Equal(last, (await _fixture.NewStore().GetAsync(last, Token)).Reference);
            await CheckAsync(repair: round % 2 == 0);
        }

        await EndAsync(operation);
    }

    [Theory]
    [MemberData(nameof(Operations))]
    public async Task Killed_at_each_system_call_it_leaves_a_whole_store(string operation)
    {
        await RequireTraceAsync();
        await PrepareAsync();
        int killed = 0;
        foreach (string call in s_calls)
        {
            // The count is one of each thread. The first ones one by one, later ones with growing steps: unpacking makes the same calls again and again.
            for (int when = 1; ; when += Math.Max(1, (when / 2) + (when / 4)))
            {
                string[] wrapper =
                [
                    "strace", "-f", "-qq", "-o", "/dev/null", "-e", $"trace={call}", "-e", string.Create(CultureInfo.InvariantCulture, $"inject={call}:signal=KILL:when={when}"),
                ];
                // So that there is something to do: a kill after the end of all leaves the image.
                await RemoveAsync();
                using Process worker = StoreWorker.Start(wrapper, _fixture.Folder, operation, _registry.Host, 1);
                string errors = await worker.StandardError.ReadToEndAsync(Token);
                await worker.WaitForExitAsync(Token);
                if (worker.ExitCode == 0) break;
                Assert.True(worker.ExitCode == 137, $"exit code {worker.ExitCode}: {errors}");
                killed++;
                await CheckAsync(repair: killed % 2 == 0);
            }
        }

        Assert.True(killed > s_calls.Length, "it was hardly ever killed");
        await EndAsync(operation);
    }

    [Fact]
    public async Task A_new_volume_appears_when_its_files_are_on_the_disk()
    {
        await RequireTraceAsync();
        Directory.CreateDirectory(Path.Combine(_fixture.Folder, "root", "volumes"));
        List<string> calls = await StoreWorker.TraceAsync(_fixture.Folder, "volume", Token);
        int synced = calls.FindIndex(call => call.Contains("syncfs(", StringComparison.Ordinal));
        int appeared = calls.FindIndex(call => call.Contains("rename(", StringComparison.Ordinal) && call.Contains("_data.new", StringComparison.Ordinal));
        Assert.True(synced >= 0 && synced < appeared, string.Join('\n', calls));
        // Its own name, and that of its folder.
        Assert.Equal(2, calls.Skip(appeared).Count(call => call.Contains("fsync(", StringComparison.Ordinal)));
    }

    private static async Task RequireTraceAsync()
    {
        StoreFixture.RequireTool("strace");
        using Process probe = Process.Start("strace", ["-f", "-qq", "-o", "/dev/null", "true"]);
        await probe.WaitForExitAsync(Token);
        Assert.SkipUnless(probe.ExitCode == 0, "strace may not trace here");
    }

    /// <summary>Removes all but the image that commits are made on.</summary>
    private async Task RemoveAsync()
    {
        ImageStore store = _fixture.NewStore();
        foreach (ContainerImage image in await store.ListAsync(Token).ToListAsync(Token))
        {
            if (image.Reference != "base:latest") await store.RemoveAsync(image.Reference ?? image.Id, new ImageRemoveOptions(), Token);
        }
    }

    private async Task PrepareAsync()
    {
        byte[] common = StoreWorker.Layer("common");
        ImageBuilder single = new();
        string archive = Path.Combine(_fixture.Scratch, "base.tar");
        File.WriteAllBytes(archive, single.Layout(single.OciImage([common])).Tar());
        await _fixture.Store.ImportAsync(new ImageImportOptions { Path = archive, Reference = "base" }, null, Token);
        for (int i = 0; i < 3; i++)
        {
            ImageBuilder image = new();
            byte[] own = StoreWorker.Layer(i.ToString(CultureInfo.InvariantCulture));
            // With one layer that the store has, and two that it has not.
            File.WriteAllBytes(StoreWorker.Archive(_fixture.Folder, i), image.Layout(image.OciImage([common, own, StoreWorker.Layer("upper")])).Tar());
            ImageBuilder remote = new();
            _registry.Add($"box{i}", "1", remote, remote.OciImage([common, own, StoreWorker.Layer("upper")]));
        }
    }

    /// <summary>All that the store lists is whole, and all else is a leftover.</summary>
    private async Task CheckAsync(bool repair)
    {
        ImageStore store = _fixture.NewStore();
        List<ContainerImage> images = await store.ListAsync(Token).ToListAsync(Token);
        Assert.Contains("base:latest", images.Select(image => image.Reference));
        foreach (ContainerImage image in images)
        {
            StoredImage stored = await store.ResolveAsync(image.Id, Token);
            Assert.Equal(image.Layers.Count, stored.LayerFolders.Count);
            Assert.All(stored.LayerFolders, folder => Assert.Equal(100, Directory.GetFiles(Path.Combine(folder, "files")).Length));
            Assert.Equal("common", File.ReadAllText(Path.Combine(stored.LayerFolders[^1], "files", "99")));
        }

        IReadOnlyList<ContainerStorageProblem> problems = await store.TestAsync(repair, null, Token);
        Assert.All(problems, problem => Assert.True(problem.Repairable && !problem.Problem.Contains("missing", StringComparison.Ordinal), problem.ToString()));
        if (!repair) return;
        Assert.All(problems, problem => Assert.True(problem.Repaired, problem.ToString()));
        Assert.Empty(await _fixture.NewStore().TestAsync(false, null, Token));
        Assert.Empty(_fixture.Ingests());
    }

    /// <summary>After it all, the same succeeds, and a removal leaves nothing.</summary>
    private async Task EndAsync(string operation)
    {
        ImageStore store = _fixture.NewStore();
        for (int i = 0; i < 3; i++)
        {
            string name = await StoreWorker.BringAsync(store, _fixture.Paths, _fixture.Folder, operation, _registry.Host, i);
            Assert.Equal(name, (await store.GetAsync(name, Token)).Reference);
        }

        await CheckAsync(repair: true);
        foreach (ContainerImage image in await store.ListAsync(Token).ToListAsync(Token)) await store.RemoveAsync(image.Reference ?? image.Id, new ImageRemoveOptions(), Token);
        Assert.Empty(Directory.GetFiles(Path.Combine(_fixture.Paths.Images, "blobs/sha256")));
        Assert.Empty(Directory.GetDirectories(_fixture.Paths.Layers));
        Assert.Empty(_fixture.Ingests());
    }
}
