using ContainerTools.Runtime;
using ContainerTools.Runtime.Images;
using ContainerTools.Tests.Archives;
using ContainerTools.Tests.Registries;
using Xunit;

namespace ContainerTools.Integration.Tests.Images;

/// <summary>A disk that is full at any moment, page by page and file by file: it is told as what it is, and changes nothing.</summary>
public sealed class FullDiskTests : IDisposable
{
    private readonly StoreFixture _fixture = new();
    private readonly FakeRegistry _registry = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TheoryData<string, bool> Operations
    {
        get
        {
            TheoryData<string, bool> data = [];
            foreach (string operation in StoreWorker.Operations)
            {
                data.Add(operation, false);
                data.Add(operation, true);
            }

            return data;
        }
    }

    public void Dispose()
    {
        _registry.Dispose();
        _fixture.Dispose();
    }

    [Theory]
    [MemberData(nameof(Operations))]
    public async Task It_is_told_and_changes_nothing(string operation, bool files)
    {
        using SmallDisk disk = new(Path.Combine(_fixture.Scratch, "small"), 8, 1000);
        EnginePaths paths = new(Path.Combine(disk.Folder, "root"), Path.Combine(disk.Folder, "run"));
        await PrepareAsync(NewStore(paths));
        int refused = 0;
        for (int room = 0; ; room++)
        {
            if (files) disk.LeaveFiles(room);
            else disk.LeavePages(room);
            try
            {
                await BringAsync(NewStore(paths), paths, operation);
                break;
            }
            catch (ContainerException error)
            {
                Assert.True(error.Code == ErrorCode.StorageFull, $"{error.Code} with room for {room}: {error}");
                Assert.Contains("space", error.Message, StringComparison.Ordinal);
            }

            refused++;
            Assert.Equal(["base:latest"], await NewStore(paths).ListAsync(Token).Select(image => image.Reference).ToListAsync(Token));
            Assert.Empty(Directory.GetDirectories(Path.Combine(paths.Root, "ingest")));
            disk.Empty();
            // The room is what everybody lacks: a pull gives back what it has taken.
            Assert.Empty(Directory.Exists(paths.Downloads) ? Directory.GetFiles(paths.Downloads) : []);
            IReadOnlyList<ContainerStorageProblem> problems = await NewStore(paths).TestAsync(true, null, Token);
            Assert.All(problems, problem => Assert.True(problem.Repaired, problem.ToString()));
            Assert.Empty(await NewStore(paths).TestAsync(false, null, Token));
        }

        Assert.True(refused > 5, "there was hardly ever too little room");
        disk.Empty();
        Assert.Empty(await NewStore(paths).TestAsync(false, null, Token));
        Assert.Equal(2, await NewStore(paths).ListAsync(Token).CountAsync(Token));
        // A full disk can be made emptier.
        disk.LeavePages(1);
        await NewStore(paths).RemoveAsync((await NewStore(paths).ListAsync(Token).FirstAsync(image => image.Reference != "base:latest", Token)).Reference!, new ImageRemoveOptions(), Token);
    }

    private static ImageStore NewStore(EnginePaths paths) => new(paths, _ => AsyncEnumerable.Empty<ImageUse>());

    private async Task PrepareAsync(ImageStore store)
    {
        byte[] low = new TarBuilder().File("file", "x").Build();
        ImageBuilder single = new();
        string archive = Path.Combine(_fixture.Scratch, "base.tar");
        File.WriteAllBytes(archive, single.Layout(single.OciImage([low])).Tar());
        await store.ImportAsync(new ImageImportOptions { Path = archive, Reference = "base" }, null, Token);
        byte[] large = Large();
        ImageBuilder image = new();
        File.WriteAllBytes(StoreWorker.Archive(_fixture.Folder, 0), image.Layout(image.OciImage([low, large])).Tar());
        ImageBuilder remote = new();
        _registry.Add("box0", "1", remote, remote.OciImage([low, large]));
    }

    private Task BringAsync(ImageStore store, EnginePaths paths, string operation) => operation == "commit"
        ? store.CommitAsync(StoreWorker.Commit("box0:1", Large()), null, Token)
        : StoreWorker.BringAsync(store, paths, _fixture.Folder, operation, _registry.Host, 0);

    /// <summary>A few files that take up some pages.</summary>
    private static byte[] Large()
    {
        byte[] noise = new byte[60_000];
        new Random(1).NextBytes(noise);
        return new TarBuilder().Folder("a").File("a/one", noise).File("a/two", "2").SymbolicLink("a/three", "two").HardLink("four", "a/two").Folder("b").Build();
    }
}
