using ContainerTools.Runtime.Linux;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Launch;

/// <summary>
/// A process that does nothing until it is let go: systemd makes a scope only around a process that is there, and the container's first process is to be
/// born inside. It ends with its maker. A copy of the maker by clone3, so it costs neither an executable nor memory of its own.
/// </summary>
internal sealed class PlaceholderProcess : IDisposable
{
    private const int PR_SET_PDEATHSIG = 1;

    private readonly LaunchPlan _plan;
    private readonly NewProcess _process;
    private readonly SafeFileHandle _hold;

    private PlaceholderProcess(NewProcess process, LaunchPlan plan, SafeFileHandle hold)
    {
        _process = process;
        _plan = plan;
        _hold = hold;
    }

    /// <summary>Its process id.</summary>
    public int ProcessId => _process.ProcessId;

    /// <summary>Makes it.</summary>
    public static PlaceholderProcess Start()
    {
        LaunchPlan plan = new();
        (SafeFileHandle reader, SafeFileHandle writer) = Libc.CreatePipe();
        using (reader)
        {
            try
            {
                plan.Section("pipe(2)");
                plan.Call(SystemCall.Prctl, "die with", "the launcher", PlanArgument.Flags(PR_SET_PDEATHSIG, "PR_SET_PDEATHSIG"), Signal.SIGKILL);
                // Its own copy of the writing end would keep it waiting for ever.
                plan.Call(SystemCall.Close, "close", "the launcher's end", plan.NewSlot("hold", writer.DangerousGetHandle()));
                plan.Call(SystemCall.Read, "wait", "", plan.NewSlot("wait", reader.DangerousGetHandle()), plan.Structure(0L, "nothing"), 1);
                plan.Call(SystemCall.ExitGroup, "end", "", 0);
                return new PlaceholderProcess(NewProcess.Clone(plan, report: -1, cgroup: null), plan, writer);
            }
            catch
            {
                plan.Dispose();
                writer.Dispose();
                throw;
            }
        }
    }

    /// <summary>Lets it end, and waits for that.</summary>
    public void Dispose()
    {
        _hold.Dispose();
        _process.Reap();
        _process.Dispose();
        _plan.Dispose();
    }
}
