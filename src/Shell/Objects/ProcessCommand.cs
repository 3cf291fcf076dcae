using System.ComponentModel;
using System.Diagnostics;
using System.Management.Automation;

namespace ContainerTools.Shell.Objects;

/// <summary>A cmdlet on processes: by name with wildcards, by id, or as they come.</summary>
public abstract class ProcessCommand : PSCmdlet
{
    [Parameter(ParameterSetName = "Id", Mandatory = true, ValueFromPipelineByPropertyName = true)]
    [Alias("PID")]
    public virtual int[] Id { get; set; } = [];

    [Parameter(ParameterSetName = "InputObject", Mandatory = true, ValueFromPipeline = true)]
    public virtual Process[] InputObject { get; set; } = [];

    /// <summary>The processes that <paramref name="names"/>, -Id or -InputObject mean; what is not there is an error each.</summary>
    protected IEnumerable<Process> Find(string[]? names)
    {
        switch (ParameterSetName)
        {
            case "InputObject":
                return InputObject;
            case "Id":
                return [.. Id.Select(ById).OfType<Process>()];
            default:
                return ByName(names);
        }
    }

    private Process? ById(int id)
    {
        try
        {
            return Process.GetProcessById(id);
        }
        catch (ArgumentException e)
        {
            WriteError(new ErrorRecord(
                new ProcessNotFoundException($"Cannot find a process with the process identifier {id}.", e),
                "NoProcessFoundForGivenId", ErrorCategory.ObjectNotFound, id));
            return null;
        }
    }

    private List<Process> ByName(string[]? names)
    {
        Process[] all = [.. Process.GetProcesses().OrderBy(p => p.ProcessName, StringComparer.OrdinalIgnoreCase)];
        if (names is null)
            return [.. all];
        List<Process> found = [];
        foreach (string name in names)
        {
            WildcardPattern pattern = WildcardPattern.Get(name, WildcardOptions.IgnoreCase);
            int before = found.Count;
            found.AddRange(all.Where(p => pattern.IsMatch(p.ProcessName)));
            if (found.Count == before && !WildcardPattern.ContainsWildcardCharacters(name))
                WriteError(new ErrorRecord(
                    new ProcessNotFoundException($"Cannot find a process with the name \"{name}\". Verify the process name and call the cmdlet again."),
                    "NoProcessFoundForGivenName", ErrorCategory.ObjectNotFound, name));
        }
        return found;
    }

    /// <summary>Whether an exception only says that the process has ended meanwhile.</summary>
    protected static bool IsGone(Exception e) => e is InvalidOperationException or Win32Exception { NativeErrorCode: 3 };
}
