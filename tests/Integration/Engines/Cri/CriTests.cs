using Grpc.Core;
using Xunit;

namespace ContainerTools.Integration.Tests.Engines.Cri;

/// <summary>containerd's CRI plug-in, asked as the kubelet asks it, with ctrun as the handler of a runtime class; what runc makes of the same is the measure.</summary>
[Collection(CriCollection.Name)]
public sealed class CriTests(CriFixture fixture)
{
    private const string Idle = "trap 'exit 0' TERM; echo ready; while :; do sleep 0.05; done";

    // What a process finds around it, without what differs from container to container; runc leaves out /dev/core where the kernel has no /proc/kcore.
    private const string Look = """
        exec 2>&1
        grep -E '^(Cap|Seccomp:|NoNewPrivs|Groups|Uid|Gid)' /proc/self/status
        for name in pid net ipc uts mnt user cgroup; do [ "$(readlink /proc/self/ns/$name)" = "$(readlink /proc/1/ns/$name)" ] && echo "$name of the first process"; done
        # A mask's own flags, and those of the folder of hierarchies, are the runtime's business.
        awk '{ flags = $5 ~ "^/(proc/|sys/firmware|sys/fs/cgroup$)" ? "" : $6; print $5, flags }' /proc/self/mountinfo | sort
        ls -lAn /dev | awk '{ print $1, $3, $4, $5, $6, $NF }' | grep -v ' pts$\| shm$\| mqueue$\| core$\| /proc/kcore$'
        cat /proc/self/oom_score_adj /proc/self/limits; umask; pwd; env | sort; id; hostname
        for path in /proc/kcore /proc/keys /proc/timer_list /proc/scsi /sys/firmware; do [ -d $path ] && ls -A $path | wc -l || head -c 1 $path 2>&1 | wc -c; done
        for path in /proc/sys/kernel/domainname /sys/kernel/uevent_seqnum /proc/sysrq-trigger /sys/fs/cgroup/memory/notify_on_release /new; do ( : >> $path ) 2> /dev/null && echo "can write $path" || echo "cannot write $path"; done
        mount -t tmpfs tmpfs /tmp 2> /dev/null && echo can mount || echo cannot mount
        unshare -U true 2> /dev/null && echo can unshare || echo cannot unshare
        mknod /tmp/node c 1 3 2> /dev/null && cat /tmp/node 2> /dev/null && echo can make nodes; mknod /tmp/disk b 7 0 2> /dev/null && head -c 1 /tmp/disk 2>&1
        """;

    [Fact]
    public void A_pod_lives_from_run_to_removal()
    {
        Require();
        using var pod = CriPod.Run(fixture, CriFixture.Ctrun, "life");
        PodSandboxStatus status = pod.Status();
        Assert.Equal((PodSandboxState.SandboxReady, CriFixture.Ctrun), (status.State, status.RuntimeHandler));
        // It is ctrun that runs it.
        Assert.Contains(pod.Id, fixture.Sandbox.Succeed(EngineSandbox.Ctrun, "--root", "/run/containerd/runc/k8s.io", "list", "-q"), StringComparison.Ordinal);

        string id = pod.Create("main", Idle);
        Assert.Equal(ContainerState.ContainerCreated, pod.Status(id).State);
        pod.Start(id);
        Assert.Equal(ContainerState.ContainerRunning, pod.Status(id).State);
        EngineSandbox.WaitUntil(() => pod.Log("main") == "ready\n", "its first line");

        ExecSyncResponse exec = pod.Exec(id, "/bin/sh", "-c", "echo out; echo err >&2; exit 7");
        Assert.Equal(("out\n", "err\n", 7), (exec.Stdout, exec.Stderr, exec.ExitCode));
        Assert.Contains("no-such-program", Assert.Throws<RpcException>(() => pod.Exec(id, "/bin/no-such-program")).Status.Detail, StringComparison.Ordinal);

        ContainerStats stats = pod.Stats(id);
        Assert.True(stats.Cpu.UsageCoreNanoSeconds.Value > 0 && stats.Memory.WorkingSetBytes.Value > 0, stats.ToString());

        pod.Stop(id, 600);
        ContainerStatus end = pod.Status(id);
        Assert.Equal((ContainerState.ContainerExited, 0, "Completed"), (end.State, end.ExitCode, end.Reason));
        Assert.True(end.FinishedAt > end.StartedAt, end.ToString());
        pod.Remove(id);
        Assert.Equal(StatusCode.NotFound, Assert.Throws<RpcException>(() => pod.Status(id)).StatusCode);
        // What is in nobody's way any more is removed without an error.
        pod.Remove(id);

        pod.Stop();
        status = pod.Status();
        Assert.Equal(PodSandboxState.SandboxNotready, status.State);
        pod.Remove();
        Assert.DoesNotContain(pod.Id, fixture.Sandbox.Succeed(EngineSandbox.Ctrun, "--root", "/run/containerd/runc/k8s.io", "list", "-q"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_container_that_cannot_be_started_says_why()
    {
        Require();
        using var pod = CriPod.Run(fixture, CriFixture.Ctrun, "broken");
        string id = pod.Create("missing", "", config => { config.Command.Clear(); config.Args.Clear(); config.Command.Add("/bin/no-such-program"); });
        RpcException error = Assert.Throws<RpcException>(() => pod.Start(id));
        Assert.Contains("no-such-program", error.Status.Detail, StringComparison.Ordinal);
        ContainerStatus status = pod.Status(id);
        Assert.Equal((ContainerState.ContainerExited, "StartError"), (status.State, status.Reason));
        // The exit code that the kubelet shows for a program that is not there; it is taken from the words of the error.
        Assert.Equal(128, status.ExitCode);
    }

    [Fact]
    public void A_container_that_does_not_stop_is_killed()
    {
        Require();
        using var pod = CriPod.Run(fixture, CriFixture.Ctrun, "deaf");
        string id = pod.Start("deaf", "trap '' TERM; echo ready; sleep 1000 & while :; do sleep 1000; done");
        EngineSandbox.WaitUntil(() => pod.Log("deaf") == "ready\n", "its first line");
        pod.Stop(id, 1);
        Assert.Equal(137, pod.WaitForEnd(id).ExitCode);
    }

    [Fact]
    public void A_limit_of_memory_is_kept_and_reported()
    {
        Require();
        using var pod = CriPod.Run(fixture, CriFixture.Ctrun, "memory");
        string id = pod.Start("hungry", "head -c 200000000 /dev/zero | tail", config => config.Linux.Resources = new LinuxContainerResources { MemoryLimitInBytes = 32 << 20 });
        Assert.Equal("OOMKilled", pod.WaitForEnd(id).Reason);
    }

    [Fact]
    public void Limits_are_changed_while_it_runs()
    {
        Require();
        Assert.SkipUnless(File.Exists("/sys/fs/cgroup/memory/memory.limit_in_bytes") || File.Exists("/sys/fs/cgroup/cgroup.controllers"), "no controller of memory");
        using var pod = CriPod.Run(fixture, CriFixture.Ctrun, "update");
        string id = pod.Start("main", Idle, config => config.Linux.Resources = new LinuxContainerResources { MemoryLimitInBytes = 64 << 20, CpuShares = 512, CpuQuota = 50_000, CpuPeriod = 100_000 });
        const string Limits = "cd /sys/fs/cgroup; cat memory/memory.limit_in_bytes cpu/cpu.cfs_quota_us cpu/cpu.shares 2> /dev/null || cat memory.max cpu.max";
        Assert.Matches("^(67108864\n50000\n512|67108864\n50000 100000)\n$", pod.Exec(id, "/bin/sh", "-c", Limits).Stdout);
        pod.Update(id, new LinuxContainerResources { MemoryLimitInBytes = 96 << 20, CpuShares = 256, CpuQuota = 70_000, CpuPeriod = 100_000 });
        Assert.Matches("^(100663296\n70000\n256|100663296\n70000 100000)\n$", pod.Exec(id, "/bin/sh", "-c", Limits).Stdout);
    }

    [Fact]
    public void A_container_is_confined_as_by_runc() => AssertAlike("confined", config =>
    {
        LinuxContainerSecurityContext context = config.Linux.SecurityContext;
        context.Seccomp = new SecurityProfile { ProfileType = SecurityProfile.Types.ProfileType.RuntimeDefault };
        context.NoNewPrivs = true;
        context.MaskedPaths.Add(["/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/timer_list", "/proc/scsi", "/sys/firmware"]);
        context.ReadonlyPaths.Add(["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]);
        config.Linux.Resources = new LinuxContainerResources { OomScoreAdj = 500, MemoryLimitInBytes = 64 << 20 };
    });

    [Fact]
    public void A_user_with_groups_and_a_read_only_root_is_as_with_runc() => AssertAlike("user", config =>
    {
        LinuxContainerSecurityContext context = config.Linux.SecurityContext;
        context.RunAsUser = new Int64Value { Value = 1000 };
        context.RunAsGroup = new Int64Value { Value = 2000 };
        context.SupplementalGroups.Add([3000, 4000]);
        context.ReadonlyRootfs = true;
        context.Capabilities = new Capability { AddCapabilities = { "NET_ADMIN" }, DropCapabilities = { "CHOWN" } };
        config.WorkingDir = "/tmp/made";
        config.Envs.Add(new KeyValue { Key = "GREETING", Value = "hello world" });
    });

    [Fact]
    public void A_privileged_container_is_as_with_runc() => AssertAlike("privileged", config => config.Linux.SecurityContext.Privileged = true);

    [Fact]
    public void A_terminal_is_as_with_runc() => AssertAlike("terminal", config => config.Tty = true);

    [Fact]
    public void Mounts_and_devices_are_as_with_runc()
    {
        Require();
        fixture.Sandbox.Shell("mkdir -p host/inner && echo content > host/file && echo single > single && (mountpoint -q host/inner || mount -t tmpfs inner host/inner) && mount --make-rshared .");
        string folder = fixture.Sandbox.Folder;
        AssertAlike("mounts", config =>
        {
            config.Mounts.Add([
                new Mount { ContainerPath = "/data", HostPath = folder + "/host", Readonly = true },
                new Mount { ContainerPath = "/shared", HostPath = folder + "/host", Propagation = MountPropagation.PropagationBidirectional },
                new Mount { ContainerPath = "/slave", HostPath = folder + "/host", Propagation = MountPropagation.PropagationHostToContainer },
                new Mount { ContainerPath = "/etc/single", HostPath = folder + "/single" }]);
            config.Devices.Add(new Device { ContainerPath = "/dev/other", HostPath = "/dev/fuse", Permissions = "rw" });
            if (config.Args[0] == Look) config.Args[0] += "\ncat /data/file /etc/single; : >> /data/new; echo $?";
        }, File.Exists("/dev/fuse") ? null : "no /dev/fuse");
    }

    [Fact]
    public void Mounts_propagate_as_far_as_they_are_asked_to()
    {
        Require();
        fixture.Sandbox.Shell("mkdir -p spread && (mountpoint -q spread || mount -t tmpfs spread spread) && mount --make-rshared spread && mkdir -p spread/host spread/both spread/one");
        string folder = fixture.Sandbox.Folder + "/spread";
        using var pod = CriPod.Run(fixture, CriFixture.Ctrun, "propagation", config => config.Linux.SecurityContext.Privileged = true);
        string id = pod.Start("main", Idle, config =>
        {
            config.Linux.SecurityContext.Privileged = true;
            config.Mounts.Add([
                new Mount { ContainerPath = "/both", HostPath = folder, Propagation = MountPropagation.PropagationBidirectional },
                new Mount { ContainerPath = "/one", HostPath = folder, Propagation = MountPropagation.PropagationHostToContainer },
                new Mount { ContainerPath = "/none", HostPath = folder }]);
        });
        fixture.Sandbox.Shell("mount -t tmpfs tmpfs spread/host && touch spread/host/seen");
        pod.Exec(id, "/bin/sh", "-c", "mount -t tmpfs tmpfs /both/both && touch /both/both/seen; mount -t tmpfs tmpfs /one/one && touch /one/one/seen");
        Assert.Equal("/both/both/seen\n/both/host/seen\n/one/both/seen\n/one/host/seen\n/one/one/seen\n", pod.Exec(id, "/bin/sh", "-c", "ls /both/*/seen /one/*/seen /none/*/seen 2> /dev/null").Stdout);
        Assert.Equal("spread/both/seen\nspread/host/seen\n", fixture.Sandbox.Shell("ls spread/*/seen"));
    }

    [Theory]
    [InlineData(nameof(NamespaceMode.Pod))]
    [InlineData(nameof(NamespaceMode.Container))]
    [InlineData(nameof(NamespaceMode.Node))]
    public void Processes_are_seen_as_far_as_the_namespace_goes(string name)
    {
        Require();
        NamespaceMode mode = Enum.Parse<NamespaceMode>(name);
        string[] seen = [.. ((string[])[CriFixture.Runc, CriFixture.Ctrun]).Select(handler =>
        {
            using var pod = CriPod.Run(fixture, handler, "processes-" + name, config => config.Linux.SecurityContext.NamespaceOptions.Pid = mode);
            string one = pod.Start("one", "exec sleep 4321", config => config.Linux.SecurityContext.NamespaceOptions.Pid = mode);
            EngineSandbox.WaitUntil(() => pod.Exec(one, "/bin/sh", "-c", "cat /proc/[0-9]*/cmdline").Stdout.Contains("sleep\04321", StringComparison.Ordinal), "sleep");
            return pod.RunToEnd("two", "cd /proc; for id in [0-9]*; do cat $id/cmdline 2> /dev/null | tr '\\0' ' ' | grep -o '^sleep [0-9]* $'; done; readlink /proc/1/ns/pid | cut -c 1-4",
                config => config.Linux.SecurityContext.NamespaceOptions.Pid = mode);
        })];
        Assert.Equal(seen[0], seen[1]);
        Assert.Equal(mode != NamespaceMode.Container, seen[1].Contains("sleep 4321", StringComparison.Ordinal));
    }

    [Fact]
    public void A_pod_has_a_network_of_its_own_with_its_system_controls()
    {
        Require();
        using var pod = CriPod.Run(fixture, CriFixture.Ctrun, "network", config =>
        {
            config.Linux.SecurityContext.NamespaceOptions.Network = NamespaceMode.Pod;
            config.Linux.Sysctls["net.ipv4.ip_unprivileged_port_start"] = "80";
            config.Hostname = "pod-of-tests";
        });
        Assert.Equal("10.99.0.2", pod.Status().Network.Ip);
        string id = pod.Start("server", "mkdir /www && hostname > /www/name && exec busybox httpd -f -p 8080 -h /www");
        string text = "";
        EngineSandbox.WaitUntil(() => (text = fixture.Sandbox.Run("/bin/busybox", "wget", "-q", "-O", "-", "http://10.99.0.2:8080/name").Output) != "", "the server's answer");
        Assert.Equal("pod-of-tests\n", text);
        // The second container of the pod is in the same network.
        Assert.Equal("pod-of-tests\n", pod.RunToEnd("client", "busybox wget -q -O - http://127.0.0.1:8080/name"));
        Assert.Equal("80\n", pod.Exec(id, "/bin/cat", "/proc/sys/net/ipv4/ip_unprivileged_port_start").Stdout);
    }

    private void AssertAlike(string name, Action<ContainerConfig> change, string? obstacle = null)
    {
        Require();
        Assert.SkipWhen(obstacle is not null, obstacle ?? "");
        string[] seen = [.. ((string[])[CriFixture.Runc, CriFixture.Ctrun]).Select(handler =>
        {
            using var pod = CriPod.Run(fixture, handler, name, config => config.Linux.SecurityContext.Privileged = name == "privileged");
            string first = pod.RunToEnd("look", Look, change);
            string id = pod.Start("idle", Idle, change);
            ExecSyncResponse exec = pod.Exec(id, "/bin/sh", "-c", Look);
            return first + "---- executed\n" + exec.Stdout + exec.Stderr;
        })];
        AssertSame(seen[0], seen[1]);
    }

    // Line by line, so that a failure shows all that differs.
    private static void AssertSame(string runc, string ctrun)
    {
        string[] control = runc.Split('\n'), tried = ctrun.Split('\n');
        Assert.True(runc == ctrun, $"only with runc:\n{string.Join('\n', control.Except(tried))}\n\nonly with ctrun:\n{string.Join('\n', tried.Except(control))}\n\nctrun:\n{ctrun}");
    }

    private void Require() => Assert.SkipWhen(fixture.Obstacle is not null, fixture.Obstacle ?? "");
}
