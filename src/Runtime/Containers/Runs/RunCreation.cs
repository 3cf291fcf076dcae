using ContainerTools.Runtime.Cgroups;
using ContainerTools.Runtime.Cgroups.Systemd;
using ContainerTools.Runtime.Launch;
using ContainerTools.Runtime.Launch.Hooks;
using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Containers.Runs;

/// <summary><c>ctrun create</c>, and the first half of <c>ctrun run</c>.</summary>
internal static class RunCreation
{
    /// <summary>Makes a run: its folder, its cgroup with the limits, its first process.</summary>
    /// <exception cref="ContainerException">Whatever is wrong. Nothing is left behind then.</exception>
    public static StartedRun Create(RunStore store, RunRequest request)
    {
        string bundle = Path.GetFullPath(request.BundleFolder);
        (OciSpec spec, byte[] document) = Bundle.Read(bundle);
        Check(spec, request);
        if (spec.Linux?.MountLabel is { Length: > 0 } label && !SecurityModules.Has("selinux"))
        {
            request.Warn($"The SELinux label '{label}' of the mounts (linux.mountLabel) is left out: this kernel runs without SELinux.");
        }

        using EarlyNetwork? network = EarlyNetwork.Begin(spec);
        bool hooked = HookRunner.HasAny(spec.Hooks);
        // systemd's placeholder counts as well: with room for one process there would be none for the container's. The limit comes into force at the gate then.
        bool narrow = request.SystemdCgroup && spec.Linux?.Resources?.Pids?.Limit == 1;
        OciSpec limited = narrow ? WithProcesses(spec, 2) : spec;
        // What is to run in the container before the user's program finds it waiting at the gate.
        bool gate = request.Gate || narrow || HookRunner.HasStart(spec.Hooks);
        using RunFolder folder = store.Create(request.Id);
        ICgroup? cgroup = null;
        bool begun = false;
        try
        {
            using SystemdScope? scope = request.SystemdCgroup
                ? SystemdScope.Start(limited, request.Id, CgroupHost.Current.IsV2Alone, folder.WriteUnit)
                : null;
            ICgroup? free = request.NoCgroup ? null : scope is null ? RunCgroup.OpenFree(spec, request.Id) : RunCgroup.Open(spec, scope);
            // From here on the cgroup counts as this run's: who finds what a dead creation has left takes it away with all that is in it.
            folder.WriteConfiguration(document);
            if (hooked) folder.MarkHooks();
            if (free is not null) cgroup = RunCgroup.MakeIfAllowed(free, limited);
            else RunCgroup.CheckNeedsNone(spec);
            begun = true;
            DateTimeOffset now = DateTimeOffset.UtcNow;
            RunRecord? record = null;
            LaunchedProcess process = Launcher.Start(new LaunchRequest
            {
                Spec = spec,
                Id = request.Id,
                MovesRoot = request.MovesRoot,
                KeepsKeyring = request.KeepsKeyring,
                Bundle = bundle,
                Cgroup = cgroup,
                Network = network,
                GateFolder = gate ? folder.FolderPath : null,
                PreservedDescriptors = request.PreservedDescriptors,
                BrokenStep = request.BrokenStep,
                Meanwhile = (processId, startTime) => folder.PrepareRecord(record = new RunRecord
                {
                    Id = request.Id,
                    Status = gate ? RunStatus.Created : RunStatus.Running,
                    ProcessId = processId,
                    ProcessStartTime = startTime,
                    Bundle = bundle,
                    CgroupPath = cgroup?.Path,
                    CgroupIdentity = cgroup?.Identity,
                    CreatedAt = now,
                    MonitorProcessId = 0,
                    MonitorStartTime = 0,
                    BootId = BootId.Current,
                    KeepsKeyring = request.KeepsKeyring,
                    StartedAt = gate ? default : now,
                }),
            });
            try
            {
                if (narrow) Narrow(scope!, cgroup!, spec);
                if (request.ConsoleSocket is { } socket) ConsoleSocket.Send(socket, process.Terminal!);
                if (request.PidFdSocket is { } pidFdSocket) ConsoleSocket.Send(pidFdSocket, process.PidFd, "pidfd"u8);
                // Not before: a folder without its record is what a creation has left that did not come to an end.
                folder.PutRecord();
                if (!request.Gate && (hooked || gate)) RunStart.RunHooks(folder, record!, spec, cgroup, opensGate: gate, request.Warn);
                // Last, for whoever waits for this file wants to find the rest.
                if (request.PidFile is { } pidFile) PidFile.Write(pidFile, process.ProcessId);
                return new StartedRun(request.Id, process, cgroup, spec, bundle);
            }
            catch
            {
                Libc.SendSignal(process.PidFd, Signal.SIGKILL);
                Libc.WaitForExit(process.PidFd);
                process.Dispose();
                throw;
            }
        }
        catch
        {
            if (cgroup is not null)
            {
                cgroup.Kill();
                cgroup.Delete();
            }

            StopUnit(folder);
            folder.Remove();
            // What its creation has begun, the hooks of its end take back.
            if (hooked && begun) HookRunner.RunPoststop(spec.Hooks, Launcher.StateOf(spec, request.Id, bundle, "stopped", 0), request.Warn);
            throw;
        }
    }

    private static OciSpec WithProcesses(OciSpec spec, long limit)
        => spec with { Linux = spec.Linux! with { Resources = spec.Linux.Resources! with { Pids = new OciPids { Limit = limit } } } };

    /// <summary>The limit of one process, once the placeholder has gone.</summary>
    private static void Narrow(SystemdScope scope, ICgroup cgroup, OciSpec spec)
    {
        scope.Dispose();
        OciResources one = new() { Pids = spec.Linux!.Resources!.Pids };
        SystemdScope.Set(scope.Unit, one, CgroupHost.Current.IsV2Alone);
        cgroup.Apply(one);
    }

    private static void StopUnit(RunFolder folder)
    {
        try
        {
            RunDeletion.StopUnit(folder);
        }
        catch (ContainerException)
        {
            // What made the creation fail matters more; and a scope without processes systemd forgets by itself.
        }
    }

    private static ContainerException NeedsPrivileges(string what, string target)
        => new(ErrorCode.NotSupported, $"{what} cannot be had without privileges; run it as root, or leave it out.", target);

    private static void Check(OciSpec spec, RunRequest request)
    {
        if (spec.Process is null) throw Invalid("The configuration has no process; process.args says what to run.", "process");
        if (spec.Root is null) throw Invalid("The configuration has no root file system; root.path says where it is.", "root");
        HookRunner.Check(spec.Hooks);
        // For both the first process would have to be open to the launcher, and with it to every program of the image that runs beside it.
        if (!Environment.IsPrivilegedProcess && HookRunner.HasStart(spec.Hooks)) throw NeedsPrivileges("Hooks of the kind startContainer", "hooks.startContainer");
        if (!Environment.IsPrivilegedProcess && spec.Linux?.Seccomp?.ListenerPath is { Length: > 0 } listener) throw NeedsPrivileges("A listener of system calls (seccomp.listenerPath)", listener);
        bool waits = !request.Detached;
        if (request.ConsoleSocket is not null && !spec.Process.Terminal)
        {
            throw new ContainerException(
                ErrorCode.InvalidArgument, "There is a console socket but no terminal to send: process.terminal is false.", request.ConsoleSocket);
        }

        if (request.ConsoleSocket is not null && waits)
        {
            throw new ContainerException(
                ErrorCode.InvalidArgument, "A console socket is for a container that is left alone (create, or run --detach); without --detach the terminal is passed through.", request.ConsoleSocket);
        }

        if (spec.Process.Terminal && request.ConsoleSocket is null && !waits)
        {
            throw new ContainerException(
                ErrorCode.InvalidArgument, "The process has a terminal, and nobody would hold it: give a --console-socket.", "process.terminal");
        }
    }

    private static ContainerException Invalid(string message, string target) => new(ErrorCode.InvalidConfiguration, message, target);
}
