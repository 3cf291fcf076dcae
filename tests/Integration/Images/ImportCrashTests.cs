using System.Diagnostics;
using System.Globalization;
using ContainerTools.Runtime;
using ContainerTools.Runtime.Images;
using ContainerTools.Tests.Archives;
using Xunit;

namespace ContainerTools.Integration.Tests.Images;

/// <summary>kill -9 and a full disk at any moment: what was acknowledged is there, the rest is gone with the next import.</summary>
public sealed class ImportCrashTests : IDisposable
{
    private readonly StoreFixture _fixture = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public async Task A_killed_process_loses_nothing_that_was_acknowledged_and_leaves_nothing_for_good()
    {
        byte[] common = Layer("common");
        for (int i = 0; i < 3; i++)
        {
            ImageBuilder image = new();
            File.WriteAllBytes(Path.Combine(_fixture.Scratch, $"box{i}.tar"), image.Layout(image.OciImage([common, Layer($"{i}")])).Tar());
        }

        Random random = new(1);
        for (int round = 0; round < 12; round++)
        {
            File.Delete(Path.Combine(_fixture.Folder, "acknowledged"));
            using Process child = StartChild();
            while (!File.Exists(Path.Combine(_fixture.Folder, "acknowledged")) && !child.HasExited) await Task.Delay(5, Token);
            Assert.False(child.HasExited, "the child ended by itself");
            await Task.Delay(random.Next(150), Token);
            child.Kill();
            await child.WaitForExitAsync(Token);

            ImageStore store = _fixture.NewStore();
            string last = File.ReadAllText(Path.Combine(_fixture.Folder, "acknowledged"));
            if (last.Length > 0) Assert.Equal(last + ":latest", (await store.GetAsync(last, Token)).Reference);
            await CheckAllAsync(store);
        }

        // The next one clears up.
        ImageStore next = _fixture.NewStore();
        await next.ImportAsync(new ImageImportOptions { Path = Path.Combine(_fixture.Scratch, "box0.tar"), Reference = "box0" }, null, Token);
        await CheckAllAsync(next);
        Assert.Empty(_fixture.Ingests());
        foreach (ContainerImage image in await next.ListAsync(Token).ToListAsync(Token)) await next.RemoveAsync(image.Reference ?? image.Id, new ImageRemoveOptions(), Token);
        Assert.Empty(Directory.GetFiles(Path.Combine(_fixture.Paths.Images, "blobs/sha256")));
        Assert.Empty(Directory.GetDirectories(_fixture.Paths.Layers));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(9)]
    [InlineData(13)]
    [InlineData(17)]
    public async Task A_full_disk_is_told_and_changes_nothing(int megabytes)
    {
        StoreFixture.RequireRoot();
        StoreFixture.RequireTool("unshare");
        string mountPoint = Path.Combine(_fixture.Scratch, "small");
        Directory.CreateDirectory(mountPoint);
        using Process holder = Process.Start(new ProcessStartInfo(
            "unshare", ["-m", "--propagation", "private", "sh", "-c", $"mount -t tmpfs -o size={megabytes}m tmpfs \"$0\" && echo $$ && read line", mountPoint])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        try
        {
            string small = $"/proc/{int.Parse(holder.StandardOutput.ReadLine()!, CultureInfo.InvariantCulture)}/root{mountPoint}";
            ImageStore store = new(new EnginePaths(Path.Combine(small, "root"), Path.Combine(small, "run")), _ => AsyncEnumerable.Empty<ImageUse>());
            string little = Path.Combine(_fixture.Scratch, "little.tar");
            File.WriteAllBytes(little, new TarBuilder().File("file", "x").Build());
            await store.ImportAsync(new ImageImportOptions { Path = little, Reference = "little" }, null, Token);

            // 8 MB of blob, 8 MB of files, and for the second one 8 MB to decompress the archive.
            byte[] noise = new byte[8 * 1024 * 1024];
            new Random(1).NextBytes(noise);
            byte[] layer = new TarBuilder().File("noise", noise).Build();
            ImageBuilder builder = new();
            string plain = Path.Combine(_fixture.Scratch, "large.tar");
            File.WriteAllBytes(plain, layer);
            string archive = Path.Combine(_fixture.Scratch, "large.tar.gz");
            File.WriteAllBytes(archive, ImageBuilder.Gzip(builder.DockerManifest(builder.DockerImage([layer], "large:1")).Tar()));
            foreach (string path in megabytes < 17 ? new[] { plain, archive } : [archive])
            {
                ContainerException error = await Assert.ThrowsAnyAsync<ContainerException>(() => store.ImportAsync(new ImageImportOptions { Path = path, Reference = "large" }, null, Token));
                Assert.True(error.Code == ErrorCode.StorageFull, $"{error.Code}: {error.Message}");
                Assert.Contains("space", error.Message, StringComparison.Ordinal);
                Assert.Equal("little:latest", Assert.Single(await store.ListAsync(Token).ToListAsync(Token)).Reference);
                Assert.Empty(Directory.GetDirectories(Path.Combine(small, "root", "ingest")));
                Assert.Single(Directory.GetDirectories(Path.Combine(small, "root", "layers")));
            }
        }
        finally
        {
            holder.StandardInput.Close();
            await holder.WaitForExitAsync(CancellationToken.None);
        }
    }

    private Process StartChild()
    {
        string host = Environment.ProcessPath!;
        List<string> arguments = [];
        if (Path.GetFileName(host) == "dotnet") arguments.Add(typeof(ImportCrashTests).Assembly.Location);
        arguments.AddRange(["-explicit", "only", "-method", $"{typeof(ImportCrashChild).FullName}.{nameof(ImportCrashChild.Imports_and_removes_for_ever)}"]);
        ProcessStartInfo start = new(host, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment[ImportCrashChild.RootVariable] = _fixture.Folder;
        Process child = Process.Start(start)!;
        child.OutputDataReceived += (_, _) => { };
        child.ErrorDataReceived += (_, _) => { };
        child.BeginOutputReadLine();
        child.BeginErrorReadLine();
        return child;
    }

    private static async Task CheckAllAsync(ImageStore store)
    {
        foreach (ContainerImage image in await store.ListAsync(Token).ToListAsync(Token))
        {
            StoredImage stored = await store.ResolveAsync(image.Id, Token);
            Assert.Equal(2, stored.LayerFolders.Count);
            Assert.Equal(200, Directory.GetFiles(Path.Combine(stored.LayerFolders[0], "files")).Length);
            Assert.Equal("common", File.ReadAllText(Path.Combine(stored.LayerFolders[1], "files", "199")));
        }
    }

    private static byte[] Layer(string content)
    {
        TarBuilder tar = new TarBuilder().Folder("files");
        for (int i = 0; i < 200; i++) tar.File($"files/{i}", content);
        return tar.Build();
    }
}
