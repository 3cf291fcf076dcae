using System.Formats.Tar;
using Xunit;
using static ContainerTools.Integration.Tests.Containers.TestToken;

namespace ContainerTools.Integration.Tests.Containers;

/// <summary>What a container has changed, and what becomes of it in an image or an archive.</summary>
public sealed class ChangeTests(EngineFixture fixture) : IClassFixture<EngineFixture>
{
    private const string Script = """
        echo new > /made; mkdir -p /deep/er; echo x > /deep/er/file; ln -s made /link; ln /made /hard; mkfifo /pipe
        rm /etc/group; echo changed > /etc/passwd; rm -rf /data; mkdir /data; echo y > /data/inner; chmod 751 /bin
        dd if=/dev/zero of=/sparse bs=1 count=1 seek=9999999 2>/dev/null
        """;

    [Fact]
    public async Task Changes_are_found_in_the_writable_layer()
    {
        Container container = await ChangedAsync(fixture.Options("sh", "-c", Script));
        string[] changes = [.. (await fixture.Containers.GetChangesAsync(container.Name, Cancel)).Select(change => change.ToString())];
        Assert.Equal(
            [
                "Changed /bin", "Changed /data", "Deleted /data/seed", "Added /data/inner", "Added /deep", "Added /deep/er", "Added /deep/er/file", "Changed /etc",
                "Deleted /etc/group", "Changed /etc/passwd", "Added /hard", "Added /link", "Added /made", "Added /pipe", "Added /sparse",
            ],
            changes);
    }

    [Fact]
    public async Task A_container_that_has_changed_nothing_has_no_changes()
    {
        Container container = await ChangedAsync(fixture.Options("true"));
        // Nor has the folder in which mount points had to be made.
        Assert.Empty(await fixture.Containers.GetChangesAsync(container.Id, Cancel));
        await Assert.ThrowsAsync<ContainerException>(() => fixture.Containers.GetChangesAsync("nosuch", Cancel));
    }

    [Fact]
    public async Task A_folder_made_for_mount_points_is_in_no_image_of_the_container()
    {
        string root = Path.Combine(fixture.Scratch, "bare");
        Directory.CreateDirectory(Path.Combine(root, "bin"));
        File.Copy("/bin/busybox", Path.Combine(root, "bin", "sh"));
        string archive = Path.Combine(fixture.Scratch, "bare.tar");
        await TarFile.CreateFromDirectoryAsync(root, archive, includeBaseDirectory: false, Cancel);
        await fixture.Engine.Images.ImportAsync(new ImageImportOptions { Path = archive, Reference = "bare:1" }, null, Cancel);
        ContainerCreateOptions options = fixture.Options("sh", "-c", "echo x > /w") with { Image = "bare:1" };
        Container container = await ChangedAsync(options);
        Assert.Equal(["Added /w"], (await fixture.Containers.GetChangesAsync(container.Id, Cancel)).Select(change => change.ToString()));
        ContainerImage image = await fixture.Containers.CommitAsync(container.Id, new ContainerCommitOptions(), null, Cancel);
        string layers = Path.Combine(fixture.Paths.Root, "layers");
        Assert.Equal(2, image.Layers.Count);
        Assert.Equal(["w"], Directory.GetDirectories(layers).Select(layer => Path.Combine(layer, "diff")).Where(diff => File.Exists(Path.Combine(diff, "w")))
            .SelectMany(diff => Directory.GetFileSystemEntries(diff)).Select(Path.GetFileName));
    }

    [Fact]
    public async Task An_image_of_a_container_has_its_changes_and_its_configuration()
    {
        Container container = await ChangedAsync(fixture.Options("sh", "-c", Script) with { Environment = ["A=1"], Labels = new Dictionary<string, string> { ["of"] = "container" } });
        ContainerImage image = await fixture.Containers.CommitAsync(
            container.Id,
            new ContainerCommitOptions
            {
                Reference = "changed:1",
                Author = "me",
                Message = "words",
                Command = ["sh", "-c", "cat /made /etc/passwd; ls -a / /data; stat -c %h /made; stat -c %a /bin"],
                Environment = ["B=2"],
                Labels = new Dictionary<string, string> { ["more"] = "yes" },
                ExposedPorts = ["80"],
                Volumes = ["/data"],
                User = "0:0",
                WorkingDirectory = "/tmp",
                StopSignal = "SIGINT",
            },
            null, Cancel);
        Assert.Equal("changed:1", image.Reference);
        Assert.Equal("me", image.Author);
        Assert.Contains("A=1", image.Configuration.Environment);
        Assert.Contains("B=2", image.Configuration.Environment);
        Assert.Equal(["container", "yes"], new[] { image.Labels["of"], image.Labels["more"] });
        Assert.Equal(["80/tcp"], image.Configuration.ExposedPorts);
        Assert.Equal(["/data"], image.Configuration.Volumes);
        Assert.Equal(("0:0", "/tmp", "SIGINT"), (image.Configuration.User, image.Configuration.WorkingDirectory, image.Configuration.StopSignal));
        ContainerImageHistory step = (await fixture.Engine.Images.GetHistoryAsync("changed:1", Cancel))[0];
        Assert.Equal(("words", "me"), (step.Comment, step.Author));

        (int exitCode, string output) = await fixture.RunAsync(new ContainerCreateOptions { NetworkMode = "none", Image = "changed:1" });
        Assert.Equal(0, exitCode);
        Assert.StartsWith("new\nchanged\n", output, StringComparison.Ordinal);
        Assert.DoesNotContain("\nseed\n", output, StringComparison.Ordinal);
        Assert.EndsWith("2\n751\n", output, StringComparison.Ordinal);
        Assert.Equal(1, (await fixture.RunAsync(new ContainerCreateOptions { NetworkMode = "none", Image = "changed:1", Command = ["test", "-e", "/etc/group"] })).ExitCode);
    }

    [Fact]
    public async Task The_same_changes_make_the_same_image_where_the_time_is_given()
    {
        List<string> ids = [];
        for (int i = 0; i < 2; i++)
        {
            Container container = await ChangedAsync(fixture.Options("sh", "-c", Script));
            ContainerCommitOptions options = new() { SourceDateEpoch = DateTimeOffset.FromUnixTimeSeconds(1_000_000_000) };
            ids.Add((await fixture.Containers.CommitAsync(container.Id, options, null, Cancel)).Digest);
        }

        Assert.Equal(ids[0], ids[1]);
        ContainerImage image = await fixture.Engine.Images.GetAsync(ids[0], Cancel);
        Assert.Equal(1_000_000_000, image.CreatedAt!.Value.ToUnixTimeSeconds());
    }

    [Fact]
    public async Task A_running_container_goes_on_after_it_became_an_image()
    {
        Container container = await fixture.StartSleeperAsync();
        await fixture.Containers.CommitAsync(container.Id, new ContainerCommitOptions(), null, Cancel);
        Assert.Equal(ContainerState.Running, (await fixture.Containers.GetAsync(container.Id, Cancel)).State);
        await fixture.Containers.StopAsync(container.Id, new ContainerStopOptions(), Cancel);
    }

    [Fact]
    public async Task Owners_are_those_that_the_user_namespace_shows()
    {
        Container container = await ChangedAsync(fixture.Options("sh", "-c", "echo x > /mine; echo y > /theirs; chown 1000:1000 /theirs") with { UserNamespace = true });
        ContainerImage image = await fixture.Containers.CommitAsync(container.Id, new ContainerCommitOptions { Reference = "mapped:1" }, null, Cancel);
        (_, string output) = await fixture.RunAsync(new ContainerCreateOptions { NetworkMode = "none", Image = image.Id, Command = ["stat", "-c", "%u:%g", "/mine", "/theirs", "/bin"] });
        Assert.Equal("0:0\n1000:1000\n0:0\n", output);
    }

    [Fact]
    public async Task A_name_that_means_something_in_a_layer_is_refused()
    {
        Container container = await ChangedAsync(fixture.Options("touch", "/.wh.bin"));
        ContainerException error = await Assert.ThrowsAsync<ContainerException>(
            () => fixture.Containers.CommitAsync(container.Id, new ContainerCommitOptions(), null, Cancel));
        Assert.Equal(ErrorCode.ImageUnsupported, error.Code);
        Assert.Contains("/.wh.bin", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_export_is_the_whole_root_file_system_and_can_be_imported()
    {
        Container container = await ChangedAsync(fixture.Options("sh", "-c", Script));
        string path = await fixture.Containers.ExportAsync(container.Id, new ContainerExportOptions { Path = fixture.Scratch }, Cancel);
        Assert.Equal(Path.Combine(fixture.Scratch, container.Name + ".tar"), path);
        Dictionary<string, TarEntryType> entries = [];
        using (FileStream file = File.OpenRead(path))
        using (TarReader tar = new(file))
        {
            while (tar.GetNextEntry() is { } entry) entries.Add(entry.Name.TrimEnd('/'), entry.EntryType);
        }

        Assert.Equal(TarEntryType.RegularFile, entries["bin/busybox"]);
        Assert.Equal(TarEntryType.SymbolicLink, entries["link"]);
        Assert.Equal(TarEntryType.HardLink, entries["made"]);
        Assert.Equal(TarEntryType.Fifo, entries["pipe"]);
        Assert.DoesNotContain("etc/group", entries.Keys);
        Assert.DoesNotContain(entries.Keys, name => name.Contains(".wh.", StringComparison.Ordinal));

        ContainerException error = await Assert.ThrowsAsync<ContainerException>(
            () => fixture.Containers.ExportAsync(container.Id, new ContainerExportOptions { Path = path }, Cancel));
        Assert.Equal(ErrorCode.FileExists, error.Code);

        await fixture.Engine.Images.ImportAsync(new ImageImportOptions { Path = path, Reference = "exported:1" }, null, Cancel);
        (_, string output) = await fixture.RunAsync(new ContainerCreateOptions { NetworkMode = "none", Image = "exported:1", Command = ["cat", "/made", "/data/inner"] });
        Assert.Equal("new\ny\n", output);
    }

    private async Task<Container> ChangedAsync(ContainerCreateOptions options)
    {
        Container container = await fixture.StartAsync(options);
        Assert.Equal(0, (await fixture.Containers.WaitAsync(container.Id, Cancel)).ExitCode);
        return container;
    }
}
