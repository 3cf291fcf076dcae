using System.Management.Automation;

namespace ContainerTools.Module;

/// <summary>
/// Knows which of the module's cmdlets is followed in its pipeline by another one of them. PowerShell begins all commands of a pipeline, first to last and on
/// one thread, before the first object flows, so each can tell the one before it.
/// </summary>
internal static class PipelineNeighbours
{
    [ThreadStatic]
    private static ContainerTargetCmdlet? t_last;

    /// <summary>A cmdlet begins.</summary>
    public static void Begin(ContainerTargetCmdlet cmdlet)
    {
        InvocationInfo own = cmdlet.MyInvocation;
        if (t_last is { } before && own.ExpectingInput && before.MyInvocation is { } other
            && other.PipelineLength == own.PipelineLength && other.PipelinePosition == own.PipelinePosition - 1 && other.HistoryId == own.HistoryId)
        {
            before.IsFollowed = true;
        }

        t_last = cmdlet;
    }

    /// <summary>A cmdlet has ended: what begins later belongs to another pipeline.</summary>
    public static void End(ContainerTargetCmdlet cmdlet)
    {
        if (ReferenceEquals(t_last, cmdlet)) t_last = null;
    }
}
