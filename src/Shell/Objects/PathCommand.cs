using System.Management.Automation;

namespace ContainerTools.Shell.Objects;

/// <summary>A cmdlet on provider paths: -Path with wildcards or -LiteralPath without; an error on one path does not end the others.</summary>
public abstract class PathCommand : PSCmdlet
{
    [Parameter(Position = 0, ParameterSetName = "Path", Mandatory = true, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    public virtual string[] Path { get; set; } = [];

    [Parameter(ParameterSetName = "LiteralPath", Mandatory = true, ValueFromPipelineByPropertyName = true)]
    [Alias("PSPath", "LP")]
    public string[] LiteralPath { get; set; } = [];

    protected bool IsLiteral => ParameterSetName == "LiteralPath";

    protected IReadOnlyList<string> Paths => IsLiteral ? LiteralPath : Path;

    /// <summary>Does something with each path; what the provider throws becomes a non-terminating error.</summary>
    protected void ForEachPath(Action<string> action)
    {
        foreach (string path in Paths)
            Try(() => action(path), path);
    }

    protected void Try(Action action, object target)
    {
        try
        {
            action();
        }
        catch (PipelineStoppedException)
        {
            throw;
        }
        catch (Exception e) when (e is IContainsErrorRecord record)
        {
            // Providers wrap: the record inside is the one that says what happened.
            Exception cause = e is CmdletProviderInvocationException or ProviderInvocationException && e.InnerException is IContainsErrorRecord ? e.InnerException : e;
            WriteError(new ErrorRecord(((IContainsErrorRecord)cause).ErrorRecord, cause));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            WriteError(new ErrorRecord(e, e.GetType().Name, ErrorCategory.WriteError, target));
        }
    }
}
