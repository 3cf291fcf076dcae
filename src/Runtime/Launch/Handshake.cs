using ContainerTools.Runtime.Linux;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Launch;

/// <summary>The launcher's half of what <see cref="Interpreter"/> draws: the report, the "go", the terminal, the gate.</summary>
internal sealed unsafe class Handshake : IDisposable
{
    /// <summary>The step index that means: waiting for the hooks of the creation.</summary>
    public const int AtHooks = -2;

    /// <summary>The step index that means: the filter is loaded, and its listener has the number in place of the errno.</summary>
    public const int HasListener = -3;

    /// <summary>The step index that means: the process has a child that goes on in its place, with the number in place of the errno.</summary>
    public const int HasForked = -4;

    private readonly SafeFileHandle reportReader;
    private readonly SafeFileHandle reportWriter;
    private readonly SafeFileHandle? gate;
    private SafeFileHandle? goReader;
    private SafeFileHandle? goWriter;
    private SafeFileHandle? console;
    private SafeFileHandle? consoleEnd;

    /// <summary>Opens the report pipe, and the gate where there is to be one.</summary>
    public Handshake(string? gateFolder)
    {
        if (gateFolder is null) (reportReader, reportWriter) = Libc.CreatePipe();
        else (gate, reportWriter, reportReader) = StartGate.Make(gateFolder);
    }

    /// <summary>The report's write end.</summary>
    public int ReportNumber => (int)reportWriter.DangerousGetHandle();

    /// <summary>Descriptors that the new process needs until execve, ascending.</summary>
    public IReadOnlyList<int> KeptDescriptors
    {
        get
        {
            List<int> kept = [ReportNumber];
            if (gate is not null) kept.Add((int)gate.DangerousGetHandle());
            if (goReader is not null && Listener is not null) kept.Add((int)goReader.DangerousGetHandle());
            kept.Sort();
            return kept;
        }
    }

    /// <summary>Runs the hooks of the creation, while the process with this id waits.</summary>
    public Action<int>? Hooks { get; set; }

    /// <summary>What is done once the namespaces of a process with a user namespace of its own are there.</summary>
    public Action<int>? OnNamespaces { get; set; }

    /// <summary>What is done while the process with this id and start time walks its plan.</summary>
    public Action<int, ulong>? Meanwhile { get; set; }

    /// <summary>Sends the listener of a system call filter on, while the process with this id waits.</summary>
    public Action<SafeFileHandle, int>? Listener { get; set; }

    /// <summary>The new process is to wait for the launcher: for its id maps, for hooks.</summary>
    public void UseGo() => (goReader, goWriter) = Libc.CreatePipe();

    /// <summary>The new process is to send its terminal.</summary>
    public void UseConsole() => (console, consoleEnd) = Libc.CreateSocketPair();

    /// <summary>Tells the plan the descriptors.</summary>
    public void AddSlots(LaunchContext context)
    {
        LaunchPlan plan = context.Plan;
        context.Report = plan.NewSlot("report", ReportNumber);
        if (gate is not null) context.Gate = plan.NewSlot("gate", gate.DangerousGetHandle());
        if (consoleEnd is not null) context.ConsoleSocket = plan.NewSlot("console", consoleEnd.DangerousGetHandle());
        if (goReader is null) return;
        PlanGo(context, plan.NewSlot("go", goReader.DangerousGetHandle()), plan.NewSlot("go-launcher", goWriter!.DangerousGetHandle()));
    }

    /// <summary>The new process is to wait for the launcher's "go".</summary>
    public static void PlanGo(LaunchContext context, Slot go, Slot launcherEnd)
    {
        context.Go = go;
        // The process's own copy of the write end would keep it waiting for a launcher that has died.
        context.Plan.Section("pipe(2)");
        context.Plan.Call(SystemCall.Close, "close", "the launcher's end", launcherEnd);
    }

    /// <summary>Sees the new process through to execve, or to the gate.</summary>
    /// <param name="child">The process.</param>
    /// <param name="plan">Its plan, which has the words for a failure.</param>
    /// <param name="maps">The id maps to write, or null.</param>
    /// <param name="copies">Descriptors to close on this side, so that the ends of pipes are seen.</param>
    /// <param name="forks">Whether the process makes a child, which goes on in its place, before anything else is to be done here.</param>
    public LaunchedProcess Complete(NewProcess child, LaunchPlan plan, IdMaps? maps, IReadOnlyList<SafeFileHandle> copies, bool forks = false)
    {
        SafeFileHandle? terminal = null;
        try
        {
            foreach (SafeFileHandle copy in copies) copy.Dispose();
            reportWriter.Dispose();
            goReader?.Dispose();
            consoleEnd?.Dispose();
            StepFailure failure;
            if (forks)
            {
                if (Read(&failure) <= 0) throw new ContainerException(ErrorCode.LaunchFailed, "The container's first process was killed before its namespaces were there.", null);
                if (failure.Step != HasForked) throw plan.Explain(failure);
                Follow(ref child, failure.Errno);
            }

            ulong startTime = ProcessStat.Read(child.ProcessId)?.StartTime ?? 0;
            if (maps is not null)
            {
                IdMapNamespace.Write(child.ProcessId, maps);
                OnNamespaces?.Invoke(child.ProcessId);
                Go();
            }

            Meanwhile?.Invoke(child.ProcessId, startTime);
            if (console is not null) terminal = Libc.ReceiveDescriptor(console);
            int read;
            while ((read = Read(&failure)) > 0 && failure.Step is AtHooks or HasListener or HasForked)
            {
                if (failure.Step == HasForked)
                {
                    Follow(ref child, failure.Errno);
                    startTime = ProcessStat.Read(child.ProcessId)?.StartTime ?? 0;
                    continue;
                }

                try
                {
                    if (failure.Step == AtHooks) Hooks!(child.ProcessId);
                    else SendListener(child, failure.Errno);
                }
                catch (ContainerException) when (Libc.Poll(reportReader, Libc.POLLIN, TimeSpan.Zero) && Read(&failure) > 0)
                {
                    // The process did not wait: it failed, and what happened here comes of that.
                    throw plan.Explain(failure);
                }

                Go();
            }

            if (read < 0) throw KernelError.From("read", -read, "the report pipe");
            if (read > 0 && failure.Step != StartGate.Ready) throw plan.Explain(failure);
            if (read == 0 && gate is not null)
            {
                throw new ContainerException(ErrorCode.LaunchFailed, "The container's first process was killed before it was ready.", null);
            }

            return new LaunchedProcess { ProcessId = child.ProcessId, StartTime = startTime, PidFd = child.PidFd, Terminal = terminal };
        }
        catch
        {
            terminal?.Dispose();
            goWriter?.Dispose();
            Libc.SendSignal(child.PidFd, 9);
            child.Reap();
            child.Dispose();
            throw;
        }
    }

    // Adopted first: where that fails, there is still a child to be ended.
    private static void Follow(ref NewProcess child, int processId)
    {
        NewProcess next = NewProcess.Adopt(processId);
        child.Reap();
        child.Dispose();
        child = next;
    }

    private void SendListener(NewProcess child, int number)
    {
        using SafeFileHandle listener = Libc.CopyDescriptor(child.PidFd, number);
        Listener!(listener, child.ProcessId);
    }

    private int Read(StepFailure* report) => Libc.Read(reportReader, new Span<byte>(report, sizeof(StepFailure)));

    // A process that has failed before it could read is told about by its report.
    private void Go() => Libc.Write(goWriter!, "!"u8);

    /// <inheritdoc/>
    public void Dispose()
    {
        reportReader.Dispose();
        reportWriter.Dispose();
        gate?.Dispose();
        goReader?.Dispose();
        goWriter?.Dispose();
        console?.Dispose();
        consoleEnd?.Dispose();
    }
}
