using System.Text.Json.Nodes;
using ContainerTools.Runtime.Containers;
using ContainerTools.Runtime.Linux;
using Xunit;
using static ContainerTools.Runtime.Tests.Containers.TestToken;

namespace ContainerTools.Runtime.Tests.Containers;

/// <summary>Create, list, find, rename and remove, over folders of their own.</summary>
public sealed class ContainerLifeTests : IDisposable
{
    private readonly TestEngine _engine = new();

    public void Dispose() => _engine.Dispose();

    [Fact]
    public async Task A_new_container_is_all_that_was_asked_for()
    {
        ContainerCreateOptions options = _engine.Options("web") with
        {
            Command = ["/bin/echo", "x"],
            Labels = new Dictionary<string, string> { ["my"] = "own" },
            User = "mail",
            AutoRemove = true,
        };
        Container made = await _engine.Operations.CreateAsync(options, Cancel);
        Container read = await _engine.Operations.GetAsync("web", Cancel);
        Assert.Equal(made.Id, read.Id);
        Assert.Equal(("web", "test", ContainerState.Created), (read.Name, read.Image, read.State));
        Assert.Equal(["/bin/echo", "x"], read.Command);
        Assert.Equal(new Dictionary<string, string> { ["of"] = "image", ["my"] = "own" }, read.Labels);
        Assert.Equal("mail", read.Configuration.User);
        Assert.Null(read.ExitCode);
        Assert.Null(read.StartedAt);
    }

    [Fact]
    public async Task A_container_reads_the_same_from_disk_by_another_engine()
    {
        Container made = await _engine.Operations.CreateAsync(_engine.Options("web") with
        {
            Mounts = [new ContainerMount { Type = ContainerMountType.Tmpfs, Destination = "/tmp", Options = ["size=1m"] }],
            Limit = new ContainerLimit { Memory = 64 << 20, Cpus = 0.5, CpuPeriod = TimeSpan.FromMilliseconds(50) },
            RestartPolicy = new RestartPolicy(RestartCondition.OnFailure, 3),
            ProcessLimits = [new ProcessLimit("nofile", 10, ulong.MaxValue)],
            StopTimeout = Timeout.InfiniteTimeSpan,
        }, Cancel);
        Container read = await new LocalContainerOperations(_engine.NewServices()).GetAsync(made.Id, Cancel);
        Assert.Equivalent(made, read, strict: true);
    }

    [Fact]
    public async Task A_name_can_be_had_once()
    {
        await _engine.CreateAsync("web");
        ContainerException error = await Assert.ThrowsAsync<ContainerException>(() => _engine.CreateAsync("web"));
        Assert.Equal((ErrorCode.ContainerNameInUse, "web"), (error.Code, error.Target));
        Assert.Single(await _engine.ListAsync());
        Assert.Single(Directory.GetDirectories(_engine.Paths.Containers));
    }

    [Fact]
    public async Task An_unknown_user_or_group_is_refused_and_nothing_is_left()
    {
        foreach (string user in (string[])["nobody", "mail:nobody", "0:nobody"])
        {
            ContainerException error = await Assert.ThrowsAsync<ContainerException>(
                () => _engine.Operations.CreateAsync(_engine.Options() with { User = user }, Cancel));
            Assert.Equal((ErrorCode.UserNotFound, "nobody"), (error.Code, error.Target));
        }

        Assert.Empty(await _engine.ListAsync());
        await _engine.Operations.CreateAsync(_engine.Options() with { User = "12345:67" }, Cancel);
        await _engine.Operations.CreateAsync(_engine.Options() with { User = "mail:mail", AdditionalGroups = ["root", "99"] }, Cancel);
    }

    [Fact]
    public async Task An_unknown_image_is_an_error()
        => Assert.Equal(ErrorCode.ImageNotFound, (await Assert.ThrowsAsync<ContainerException>(
            () => _engine.Operations.CreateAsync(new ContainerCreateOptions { Image = "none" }, Cancel))).Code);

    [Fact]
    public async Task A_step_that_fails_leaves_neither_folder_nor_name_nor_volume()
    {
        _engine.OnPrepare = _ => throw new ContainerException(ErrorCode.StorageFull, "Full.");
        await Assert.ThrowsAsync<ContainerException>(() => _engine.Operations.CreateAsync(
            _engine.Options("web") with { Mounts = [new ContainerMount { Type = ContainerMountType.Volume, Destination = "/v" }] }, Cancel));
        Assert.Empty(Directory.GetFileSystemEntries(_engine.Paths.Containers));
        Assert.DoesNotContain(Directory.GetFileSystemEntries(_engine.Paths.Names), path => Path.GetFileName(path)[0] != '.');
        Assert.Empty(Directory.GetDirectories(_engine.Paths.Volumes));
    }

    [Fact]
    public async Task It_is_found_by_name_id_and_unique_prefix()
    {
        Container web = await _engine.CreateAsync("web");
        foreach (string word in (string[])["web", web.Id, web.ShortId]) Assert.Equal(web.Id, (await _engine.Operations.GetAsync(word, Cancel)).Id);
        foreach (string word in (string[])["we", "web2", "zz", "", "../web", new string('f', 64), new string('a', 300)])
        {
            ContainerException error = await Assert.ThrowsAsync<ContainerException>(() => _engine.Operations.GetAsync(word, Cancel));
            Assert.Equal((ErrorCode.ContainerNotFound, word), (error.Code, error.Target));
        }
    }

    [Fact]
    public async Task A_prefix_of_several_ids_is_ambiguous()
    {
        HashSet<char> first = [];
        Container container;
        do container = await _engine.CreateAsync();
        while (first.Add(container.Id[0]));
        ContainerException error = await Assert.ThrowsAsync<ContainerException>(() => _engine.Operations.GetAsync(container.Id[..1], Cancel));
        Assert.Equal(ErrorCode.ContainerIdAmbiguous, error.Code);
    }

    [Fact]
    public async Task A_list_is_filtered_and_oldest_first()
    {
        await _engine.CreateAsync("a1");
        await _engine.Operations.CreateAsync(_engine.Options("b1") with { Labels = new Dictionary<string, string> { ["k"] = "v" } }, Cancel);
        await _engine.CreateAsync("c1");
        Assert.Equal(["a1", "b1", "c1"], Names(await _engine.ListAsync()));
        Assert.Equal(["b1"], Names(await _engine.ListAsync(new ContainerFilter { Labels = new Dictionary<string, string?> { ["k"] = null } })));
        Assert.Empty(await _engine.ListAsync(new ContainerFilter { Labels = new Dictionary<string, string?> { ["k"] = "w" } }));
        Assert.Empty(await _engine.ListAsync(new ContainerFilter { States = [ContainerState.Running] }));
        Assert.Equal(3, (await _engine.ListAsync(new ContainerFilter { Image = "test:latest" })).Count);
        Assert.Equal(3, (await _engine.ListAsync(new ContainerFilter { Image = "aaaaaaaaaaaa" })).Count);
        Assert.Empty(await _engine.ListAsync(new ContainerFilter { Image = "other" }));
    }

    [Fact]
    public async Task A_renamed_container_has_the_new_name_alone()
    {
        Container web = await _engine.CreateAsync("web");
        Container db = await _engine.CreateAsync("db");
        Assert.Equal("www", (await _engine.Operations.RenameAsync("web", "www", Cancel)).Name);
        Assert.Equal(web.Id, (await _engine.Operations.GetAsync("www", Cancel)).Id);
        await Assert.ThrowsAsync<ContainerException>(() => _engine.Operations.GetAsync("web", Cancel));
        Assert.Equal(
            ErrorCode.ContainerNameInUse,
            (await Assert.ThrowsAsync<ContainerException>(() => _engine.Operations.RenameAsync("db", "www", Cancel))).Code);
        Assert.Equal(
            ErrorCode.InvalidArgument,
            (await Assert.ThrowsAsync<ContainerException>(() => _engine.Operations.RenameAsync("db", "w w", Cancel))).Code);
        Assert.Equal(db.Id, (await _engine.Operations.RenameAsync("db", "web", Cancel)).Id);
        Assert.Equal("web", (await _engine.Operations.RenameAsync("web", "web", Cancel)).Name);
    }

    [Fact]
    public async Task Nothing_is_left_of_a_removed_container()
    {
        Container web = await _engine.Operations.CreateAsync(
            _engine.Options("web") with { Mounts = [new ContainerMount { Type = ContainerMountType.Volume, Destination = "/v" }] }, Cancel);
        await _engine.Operations.RemoveAsync("web", new ContainerRemoveOptions { RemoveVolumes = true }, Cancel);
        Assert.Empty(await _engine.ListAsync());
        Assert.Empty(Directory.GetFileSystemEntries(_engine.Paths.Containers));
        Assert.Empty(Directory.GetDirectories(_engine.Paths.Volumes));
        Assert.Equal(
            ErrorCode.ContainerNotFound,
            (await Assert.ThrowsAsync<ContainerException>(() => _engine.Operations.RemoveAsync(web.Id, new ContainerRemoveOptions(), Cancel))).Code);
        await _engine.CreateAsync("web");
    }

    [Fact]
    public async Task Volumes_stay_unless_asked_for_and_hold_what_the_image_has()
    {
        Directory.CreateDirectory(Path.Combine(_engine.Layer, "data/sub"));
        File.WriteAllText(Path.Combine(_engine.Layer, "data/sub/file"), "text");
        File.CreateSymbolicLink(Path.Combine(_engine.Layer, "data/link"), "sub/file");
        _engine.Image = _engine.Image with { Volumes = ["/data"] };
        Container web = await _engine.CreateAsync("web");
        ContainerMount mount = Assert.Single(web.Configuration.Mounts);
        string data = Path.Combine(_engine.Paths.Volumes, mount.Source, "_data");
        Assert.Equal("text", File.ReadAllText(Path.Combine(data, "sub/file")));
        Assert.Equal("sub/file", Libc.ReadLink(Path.Combine(data, "link")));
        await _engine.Operations.RemoveAsync("web", new ContainerRemoveOptions(), Cancel);
        Assert.True(Directory.Exists(data));
    }

    [Fact]
    public async Task What_a_later_version_wrote_is_kept()
    {
        Container web = await _engine.CreateAsync("web");
        string path = new ContainerFiles(_engine.Paths, web.Id).Record;
        JsonObject document = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
        document["future"] = new JsonObject { ["a"] = 1 };
        document["configuration"]!["later"] = "x";
        document["configuration"]!["limit"]!["gpu"] = 2;
        document["configuration"]!["limit"]!["memory"] = 64 << 20;
        File.WriteAllText(path, document.ToJsonString());

        await _engine.Operations.RenameAsync("web", "www", Cancel);
        await _engine.Operations.SetLimitAsync("www", new ContainerLimit { Memory = -1, Processes = 5 }, Cancel);

        document = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
        Assert.Equal("www", (string?)document["name"]);
        Assert.Equal(1, (int?)document["future"]!["a"]);
        Assert.Equal("x", (string?)document["configuration"]!["later"]);
        Assert.Equal(2, (int?)document["configuration"]!["limit"]!["gpu"]);
        Assert.Equal(5, (int?)document["configuration"]!["limit"]!["processes"]);
        Assert.False(document["configuration"]!["limit"]!.AsObject().ContainsKey("memory"), "a limit that was taken away must not come back");
    }

    [Fact]
    public async Task A_limit_of_a_container_that_does_not_run_is_what_it_will_start_with()
    {
        await _engine.Operations.CreateAsync(_engine.Options("web") with { Limit = new ContainerLimit { Memory = 64 << 20 } }, Cancel);
        Assert.Equal(
            new ContainerLimit { Memory = 64 << 20, Cpus = 0.5 },
            await _engine.Operations.SetLimitAsync("web", new ContainerLimit { Cpus = 0.5 }, Cancel));
        Assert.Equal(new ContainerLimit { Memory = 64 << 20, Cpus = 0.5 }, await _engine.Operations.GetLimitAsync("web", Cancel));
        ContainerException error = await Assert.ThrowsAsync<ContainerException>(
            () => _engine.Operations.SetLimitAsync("web", new ContainerLimit { Memory = 1 }, Cancel));
        Assert.Equal(ErrorCode.LimitInvalid, error.Code);
        Assert.Equal(64 << 20, (await _engine.Operations.GetLimitAsync("web", Cancel)).Memory);
    }

    [Fact]
    public async Task A_damaged_record_is_seen_in_the_list_and_can_be_removed_by_force()
    {
        Container web = await _engine.CreateAsync("web");
        await _engine.CreateAsync("db");
        File.WriteAllText(new ContainerFiles(_engine.Paths, web.Id).Record, "{\"id\":");
        Container damaged = (await _engine.ListAsync()).Single(container => container.Id == web.Id);
        Assert.Contains("damaged", damaged.Error, StringComparison.Ordinal);
        Assert.Equal(ErrorCode.StateCorrupt, (await Assert.ThrowsAsync<ContainerException>(() => _engine.Operations.GetAsync(web.Id, Cancel))).Code);
        await _engine.Operations.RemoveAsync(web.Id, new ContainerRemoveOptions { Force = true }, Cancel);
        Assert.Equal(["db"], Names(await _engine.ListAsync()));
        await _engine.CreateAsync("web");
    }

    [Fact]
    public async Task What_a_dead_maker_or_remover_left_is_cleared_away()
    {
        await _engine.CreateAsync("db");
        string half = _engine.Paths.Container(ContainerName.NewId());
        Directory.CreateDirectory(Path.Combine(half, "rootfs"));
        Libc.TrySymlink(Path.GetFileName(half), Path.Combine(_engine.Paths.Names, "web"));
        string removing = Path.Combine(_engine.Paths.Containers, ContainerStore.RemovingPrefix + ContainerName.NewId());
        Directory.CreateDirectory(Path.Combine(removing, "upper/deep"));

        Assert.Equal(["db"], Names(await _engine.ListAsync()));

        Assert.False(Directory.Exists(half));
        Assert.False(Directory.Exists(removing));
        Assert.Equal("web", (await _engine.CreateAsync("web")).Name);
    }

    [Fact]
    public async Task What_is_being_made_is_left_alone_and_its_name_is_taken()
    {
        string half = _engine.Paths.Container(ContainerName.NewId());
        await _engine.CreateAsync("db");
        Directory.CreateDirectory(half);
        using ContainerLock? held = await ContainerLock.TakeAsync(half, Cancel);
        Libc.TrySymlink(Path.GetFileName(half), Path.Combine(_engine.Paths.Names, "web"));
        Assert.Single(await _engine.ListAsync());
        Assert.True(Directory.Exists(half));
        Assert.Equal(ErrorCode.ContainerNameInUse, (await Assert.ThrowsAsync<ContainerException>(() => _engine.CreateAsync("web"))).Code);
        Assert.Equal(ErrorCode.ContainerNotFound, (await Assert.ThrowsAsync<ContainerException>(() => _engine.Operations.GetAsync("web", Cancel))).Code);
    }

    [Fact]
    public async Task Fifty_at_once_have_names_and_ids_of_their_own_and_one_name_goes_to_one()
    {
        Task<Container>[] creates = [.. Enumerable.Range(0, 50).Select(_ => Task.Run(() => _engine.CreateAsync()))];
        Task<bool>[] same = [.. Enumerable.Range(0, 10).Select(_ => Task.Run(async () =>
        {
            try
            {
                await _engine.CreateAsync("one");
                return true;
            }
            catch (ContainerException error) when (error.Code == ErrorCode.ContainerNameInUse)
            {
                return false;
            }
        }))];
        await Task.WhenAll(creates);
        Assert.Equal(1, (await Task.WhenAll(same)).Count(won => won));
        List<Container> all = await _engine.ListAsync();
        Assert.Equal(51, all.Count);
        Assert.Equal(51, all.Select(container => container.Name).Distinct().Count());
        await Task.WhenAll(all.Select(container => Task.Run(() => _engine.Operations.RemoveAsync(container.Id, new ContainerRemoveOptions(), Cancel))));
        Assert.Empty(Directory.GetFileSystemEntries(_engine.Paths.Containers));
    }

    [Fact]
    public async Task What_does_not_run_cannot_be_paused_resumed_or_signalled_and_stops_quietly()
    {
        await _engine.CreateAsync("web");
        Assert.Equal(ContainerState.Created, (await _engine.Operations.StopAsync("web", new ContainerStopOptions(), Cancel)).State);
        Assert.Equal(ContainerState.Created, (await _engine.Operations.WaitAsync("web", Cancel)).State);
        Assert.Equal(ErrorCode.ContainerNotRunning, (await Assert.ThrowsAsync<ContainerException>(() => _engine.Operations.PauseAsync("web", Cancel))).Code);
        Assert.Equal(ErrorCode.ContainerNotPaused, (await Assert.ThrowsAsync<ContainerException>(() => _engine.Operations.ResumeAsync("web", Cancel))).Code);
        Assert.Equal(
            ErrorCode.ContainerNotRunning, (await Assert.ThrowsAsync<ContainerException>(() => _engine.Operations.SendSignalAsync("web", "HUP", Cancel))).Code);
        Assert.Equal(
            ErrorCode.SignalUnknown, (await Assert.ThrowsAsync<ContainerException>(() => _engine.Operations.SendSignalAsync("web", "NONE", Cancel))).Code);
    }

    private static IEnumerable<string> Names(IEnumerable<Container> containers) => containers.Select(container => container.Name);
}
