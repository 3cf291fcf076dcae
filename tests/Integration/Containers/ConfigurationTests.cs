using System.Globalization;
using ContainerTools.Runtime.Cgroups;
using ContainerTools.Runtime.Containers;
using ContainerTools.Runtime.Linux;
using Xunit;
using static ContainerTools.Integration.Tests.Containers.TestToken;

namespace ContainerTools.Integration.Tests.Containers;

/// <summary>What was asked for is what the container itself, and the kernel, report.</summary>
public sealed class ConfigurationTests(EngineFixture engine) : IClassFixture<EngineFixture>
{
    [Fact]
    public async Task User_groups_environment_folder_and_host_name()
    {
        string output = await OutputAsync(
            Script("id -u; id -g; id -G; pwd; hostname; cat /etc/hostname; echo $A; echo $HOME; echo $HOSTNAME; echo $PATH") with
            {
                User = "mail",
                AdditionalGroups = ["77"],
                WorkingDirectory = "/tmp",
                HostName = "box",
                Environment = ["A=x y"],
            });
        Assert.Equal($"8\n12\n12 77 99\n/tmp\nbox\nbox\nx y\n/var/mail\nbox\n{ConfigurationMerge.DefaultPath[5..]}\n", Sorted(output, line: 2));
    }

    [Fact]
    public async Task A_working_directory_that_is_missing_is_made()
        => Assert.Equal("/srv/new/deep\n", await OutputAsync(Script("pwd") with { WorkingDirectory = "/srv/new/deep" }));

    [Fact]
    public async Task By_default_there_is_no_network_but_loopback_and_few_capabilities()
    {
        string output = await OutputAsync(Script("ls /sys/class/net; grep -E 'CapEff|NoNewPrivs|Seccomp:' /proc/self/status; ping -c1 -W1 127.0.0.1 >/dev/null && echo up"));
        Assert.Equal("lo\nCapEff:\t00000000a80425fb\nNoNewPrivs:\t0\nSeccomp:\t2\nup\n", output);
    }

    [Fact]
    public async Task Capabilities_are_added_and_dropped_and_privileges_given_up()
    {
        string output = await OutputAsync(
            Script("grep -E 'CapEff|NoNewPrivs' /proc/self/status") with { AddedCapabilities = ["NET_ADMIN"], DroppedCapabilities = ["ALL"], NoNewPrivileges = true });
        Assert.Equal("CapEff:\t0000000000001000\nNoNewPrivs:\t1\n", output);
    }

    [Fact]
    public async Task Privileged_means_all_capabilities_devices_and_no_filter()
    {
        string output = await OutputAsync(
            Script("grep -E 'CapEff|Seccomp:' /proc/self/status; test -c /dev/kmsg && echo devices; test -w /proc/sys/kernel/hostname && echo writable") with { Privileged = true });
        Assert.SkipUnless(File.Exists("/dev/kmsg"), "the host has no /dev/kmsg");
        Assert.Equal($"CapEff:\t{Capability.AvailableMask():x16}\nSeccomp:\t0\ndevices\nwritable\n", output);
    }

    [Fact]
    public async Task The_kernels_files_are_protected()
    {
        string output = await OutputAsync(Script(
            "cat /proc/timer_list | wc -c; ls /sys/firmware | wc -l; echo x > /proc/sys/kernel/hostname; echo $?; mknod /tmp/d b 8 0; cat /tmp/d; mount -t tmpfs x /tmp; echo $?"));
        Assert.StartsWith("0\n0\n", output, StringComparison.Ordinal);
        Assert.Contains("Read-only file system", output, StringComparison.Ordinal);
        Assert.Contains("permission denied", output, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task A_read_only_root_has_writable_tmpfs()
    {
        string output = await OutputAsync(
            Script("touch /x; echo $?; touch /scratch/x; echo $?; df -k /scratch | tail -1 | awk '{print $2}'; cat /data/seed") with
            {
                ReadOnlyRoot = true,
                Mounts = [new ContainerMount { Type = ContainerMountType.Tmpfs, Destination = "/scratch", Options = ["size=1m"] }],
            });
        Assert.Equal("touch: /x: Read-only file system\n1\n0\n1024\nseed\n", output);
    }

    [Fact]
    public async Task Bind_mounts_show_the_hosts_files()
    {
        string folder = Path.Combine(engine.Scratch, Guid.NewGuid().ToString("n"));
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "file"), "host\n");
        ContainerMount folderMount = new() { Type = ContainerMountType.Bind, Source = folder, Destination = "/b" };
        string output = await OutputAsync(Script("cat /b/file /f; echo new > /b/new; echo no > /r/no; echo $?") with
        {
            Mounts = [folderMount, folderMount with { Destination = "/r", ReadOnly = true }, folderMount with { Source = Path.Combine(folder, "file"), Destination = "/f" }],
        });
        Assert.Equal("host\nhost\nsh: can't create /r/no: Read-only file system\n1\n", output);
        Assert.Equal("new\n", File.ReadAllText(Path.Combine(folder, "new")));
    }

    [Fact]
    public async Task A_named_volume_starts_with_what_the_image_has_and_outlives_its_containers()
    {
        string name = "v" + Guid.NewGuid().ToString("n");
        ContainerMount volume = new() { Type = ContainerMountType.Volume, Source = name, Destination = "/data" };
        Assert.Equal("seed\n", await OutputAsync(Script("cat /data/seed; echo more >> /data/seed") with { Mounts = [volume] }));
        Assert.Equal("seed\nmore\n", await OutputAsync(Script("cat /data/seed") with { Mounts = [volume] }));
    }

    [Fact]
    public async Task A_user_namespace_has_host_ids_of_its_own()
    {
        ContainerMount volume = new() { Type = ContainerMountType.Volume, Source = "u" + Guid.NewGuid().ToString("n"), Destination = "/data" };
        ContainerCreateOptions options = Script("id -u; cat /proc/self/uid_map; stat -c %u /bin/busybox /data/seed /etc/hosts; touch /mine /data/mine; stat -c %u /mine /data/mine; chown mail /mine; echo $?") with
        {
            UserNamespace = true,
            Mounts = [volume],
        };
        Container first = await engine.StartAsync(options);
        Assert.Equal(0, (await engine.Containers.WaitAsync(first.Id, Cancel)).ExitCode);
        uint host = first.Configuration.UserNamespaceHostId;
        Assert.True(host > 65_535);
        string[] lines = (await engine.LogAsync(first.Id)).Split('\n');
        Assert.Equal("0", lines[0]);
        Assert.Equal($"0 {host} 65536", string.Join(' ', lines[1].Split(' ', StringSplitOptions.RemoveEmptyEntries)));
        Assert.Equal(["0", "0", "0", "0", "0", "0", ""], lines[2..]);
        Assert.True(Libc.TryStat(Path.Combine(engine.Paths.Volumes, volume.Source, "_data/mine"), out FileStatus status));
        Assert.Equal(0u, status.Uid);

        Container second = await engine.StartAsync(options);
        Assert.NotEqual(host, second.Configuration.UserNamespaceHostId);
        await engine.Containers.WaitAsync(second.Id, Cancel);
        await engine.Containers.RemoveAsync(second.Id, new ContainerRemoveOptions(), Cancel);
    }

    [Fact]
    public async Task Shared_namespaces_are_the_hosts()
    {
        ContainerCreateOptions options = Script("readlink /proc/self/ns/net; readlink /proc/self/ns/ipc; readlink /proc/self/ns/pid; hostname; ls -d /proc/" + Environment.ProcessId) with
        {
            NetworkMode = "host",
            IpcMode = "host",
            ProcessIdMode = "host",
        };
        string[] host = [.. ((string[])["net", "ipc", "pid"]).Select(name => Libc.ReadLink($"/proc/self/ns/{name}")!)];
        Assert.Equal($"{string.Join('\n', host)}\n{Environment.MachineName}\n/proc/{Environment.ProcessId}\n", await OutputAsync(options));
    }

    [Fact]
    public async Task Kernel_parameters_and_process_limits_are_set()
    {
        string output = await OutputAsync(Script("cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/msgmax; ulimit -n; ulimit -Hn; df -k /dev/shm | tail -1 | awk '{print $2}'") with
        {
            KernelParameters = new Dictionary<string, string> { ["net.ipv4.ip_forward"] = "1", ["kernel.msgmax"] = "4096" },
            ProcessLimits = [new ProcessLimit("nofile", 100, 200)],
            SharedMemorySize = 2 << 20,
        });
        Assert.Equal("1\n4096\n100\n200\n2048\n", output);
    }

    [Fact]
    public async Task A_seccomp_profile_of_the_users_own_outlives_its_file()
    {
        string profile = Path.Combine(engine.Scratch, "profile.json");
        File.WriteAllText(profile, """{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir","mkdirat"],"action":"SCMP_ACT_ERRNO"}]}""");
        Assert.SkipWhen(engine.SkipReason is not null, engine.SkipReason ?? "");
        Container made = await engine.Containers.CreateAsync(Script("mkdir /x; echo $?") with { SeccompProfile = profile }, Cancel);
        File.Delete(profile);
        await engine.Containers.StartAsync(made.Id, Cancel);
        await engine.Containers.WaitAsync(made.Id, Cancel);
        Assert.Equal("mkdir: can't create directory '/x': Operation not permitted\n1\n", await engine.LogAsync(made.Id));
        File.WriteAllText(profile, "{");
        Assert.Equal(
            ErrorCode.InvalidConfiguration,
            (await Assert.ThrowsAsync<ContainerException>(() => engine.Containers.CreateAsync(Script("true") with { SeccompProfile = profile }, Cancel))).Code);
    }

    [Fact]
    public async Task Limits_are_in_force_and_change_while_it_runs()
    {
        const long MB = 1 << 20;
        ContainerLimit limit = new() { Memory = 64 * MB, Cpus = 0.5, Processes = 20 };
        Container container = await engine.StartAsync(engine.Options("sleep", "1000") with { Limit = limit });
        ContainerLimit read = await engine.Containers.GetLimitAsync(container.Id, Cancel);
        Assert.Equal((64 * MB, 0.5, 20L), (read.Memory, read.Cpus, read.Processes));

        read = await engine.Containers.SetLimitAsync(container.Id, new ContainerLimit { Memory = 96 * MB, Cpus = 1 }, Cancel);
        Assert.Equal((96 * MB, 1.0, 20L), (read.Memory, read.Cpus, read.Processes));

        ContainerException error = await Assert.ThrowsAsync<ContainerException>(
            () => engine.Containers.SetLimitAsync(container.Id, new ContainerLimit { Memory = 1 * MB }, Cancel));
        Assert.Equal(ErrorCode.LimitInvalid, error.Code);
        Assert.Equal(96 * MB, (await engine.Containers.GetLimitAsync(container.Id, Cancel)).Memory);

        await engine.Containers.RestartAsync(container.Id, new ContainerStopOptions { Timeout = TimeSpan.Zero }, Cancel);
        read = await engine.Containers.GetLimitAsync(container.Id, Cancel);
        Assert.Equal((96 * MB, 1.0, 20L), (read.Memory, read.Cpus, read.Processes));
        read = await engine.Containers.SetLimitAsync(container.Id, new ContainerLimit { Memory = -1, Processes = -1 }, Cancel);
        Assert.Equal((null, 1.0, null), (read.Memory, read.Cpus, read.Processes));
    }

    [Fact]
    public async Task Swap_is_limited_to_as_much_as_memory_unless_something_is_said_of_it()
    {
        Assert.SkipUnless(CgroupHost.Current.CanLimitSwap, "this kernel does not account for swap");
        const long MB = 1 << 20;
        Container container = await engine.StartAsync(engine.Options("sleep", "1000") with { Limit = new ContainerLimit { Memory = 64 * MB } });
        Assert.Equal(128 * MB, (await engine.Containers.GetLimitAsync(container.Id, Cancel)).MemorySwap);
        // It follows, up and down, also at the next start.
        Assert.Equal(200 * MB, (await engine.Containers.SetLimitAsync(container.Id, new ContainerLimit { Memory = 100 * MB }, Cancel)).MemorySwap);
        Assert.Equal(80 * MB, (await engine.Containers.SetLimitAsync(container.Id, new ContainerLimit { Memory = 40 * MB }, Cancel)).MemorySwap);
        await engine.Containers.RestartAsync(container.Id, new ContainerStopOptions { Timeout = TimeSpan.Zero }, Cancel);
        Assert.Equal(80 * MB, (await engine.Containers.GetLimitAsync(container.Id, Cancel)).MemorySwap);
        // Until something is said of it.
        Assert.Null((await engine.Containers.SetLimitAsync(container.Id, new ContainerLimit { MemorySwap = -1 }, Cancel)).MemorySwap);
        ContainerLimit read = await engine.Containers.SetLimitAsync(container.Id, new ContainerLimit { Memory = 50 * MB }, Cancel);
        Assert.Equal((50 * MB, null), (read.Memory, read.MemorySwap));
        await engine.Containers.RemoveAsync(container.Id, new ContainerRemoveOptions { Force = true }, Cancel);
    }

    [Fact]
    public async Task Too_much_memory_ends_it_and_shows()
    {
        Container container = await engine.StartAsync(
            engine.Options("sh", "-c", "exec tail -c 100000000 /dev/zero") with { Limit = new ContainerLimit { Memory = 8 << 20, MemorySwap = 8 << 20 } });
        Container ended = await engine.Containers.WaitAsync(container.Id, Cancel);
        Assert.Equal((137, true), (ended.ExitCode, ended.OomKilled));
    }

    [Fact]
    public async Task Its_processes_are_listed_as_they_are()
    {
        Container container = await engine.StartAsync(engine.Options("sh", "-c", "sleep 1000 & echo up; wait") with { User = "mail" });
        await engine.WaitForLineAsync(container.Id, "up");
        IReadOnlyList<ContainerProcess> processes = await engine.Containers.GetProcessesAsync(container.Id, Cancel);
        // The second one is a copy of the shell until it has executed its program, which then takes a moment to fall asleep.
        for (int attempt = 0; attempt < 3000 && processes is not [_, { State: 'S', Command: ["sleep", ..] }]; attempt++)
        {
            await Task.Delay(20, Cancel);
            processes = await engine.Containers.GetProcessesAsync(container.Id, Cancel);
        }

        Assert.Equal(2, processes.Count);
        ContainerProcess first = processes[0], second = processes[1];
        Assert.Equal((container.ProcessId!.Value, 1, 8u, "mail"), (first.ProcessId, first.ContainerProcessId!.Value, first.UserId, first.User));
        Assert.Equal(["sh", "-c", "sleep 1000 & echo up; wait"], first.Command);
        Assert.Equal(["sleep", "1000"], second.Command);
        Assert.Equal(first.ProcessId, second.ParentProcessId);
        Assert.InRange(first.StartedAt, container.CreatedAt.AddSeconds(-1), DateTimeOffset.UtcNow.AddSeconds(1));
        Assert.True(first.WorkingSet > 0);
        Assert.Equal('S', second.State);
        await engine.Containers.StopAsync(container.Id, new ContainerStopOptions { Timeout = TimeSpan.Zero }, Cancel);
        Assert.Equal(
            ErrorCode.ContainerNotRunning,
            (await Assert.ThrowsAsync<ContainerException>(() => engine.Containers.GetProcessesAsync(container.Id, Cancel))).Code);
    }

    [Fact]
    public async Task Nothing_is_mounted_on_the_host()
    {
        Container container = await engine.StartSleeperAsync();
        Assert.DoesNotContain(container.Id, await File.ReadAllTextAsync("/proc/self/mountinfo", Cancel), StringComparison.Ordinal);
    }

    private ContainerCreateOptions Script(string script) => engine.Options("sh", "-c", "exec 2>&1; " + script);

    private async Task<string> OutputAsync(ContainerCreateOptions options) => (await engine.RunAsync(options)).Output;

    // The order in which the kernel lists groups means nothing.
    private static string Sorted(string text, int line)
    {
        string[] lines = text.Split('\n');
        lines[line] = string.Join(' ', lines[line].Split(' ').OrderBy(word => int.Parse(word, CultureInfo.InvariantCulture)));
        return string.Join('\n', lines);
    }
}
