using System.Management.Automation;
using System.Management.Automation.Runspaces;

namespace ContainerTools.Module.Tests;

/// <summary>A PowerShell session in this process with the module loaded, and an engine of the test's.</summary>
internal sealed class Session : IDisposable
{
    private readonly Runspace _runspace;

    public Session(FakeEngine engine)
    {
        Engine = engine;
        EngineSource.Factory = () => engine;
        EngineSource.Reset();
        InitialSessionState state = InitialSessionState.CreateDefault2();
        state.ImportPSModule([typeof(ContainerCmdlet).Assembly.Location]);
        _runspace = RunspaceFactory.CreateRunspace(state);
        _runspace.Open();
    }

    public FakeEngine Engine { get; }

    public PowerShell Begin(string script)
    {
        PowerShell shell = PowerShell.Create(_runspace);
        shell.AddScript(script);
        return shell;
    }

    public Result Run(string script)
    {
        using PowerShell shell = Begin(script);
        List<PSObject> output = [];
        PSDataCollection<PSObject> collection = [];
        Exception? thrown = null;
        try
        {
            shell.Invoke<PSObject, PSObject>(null, collection, null);
        }
        catch (RuntimeException error)
        {
            thrown = error;
        }

        output.AddRange(collection);
        return new Result(output, [.. shell.Streams.Error], [.. shell.Streams.Verbose.Select(record => record.Message)], thrown);
    }

    public void Dispose() => _runspace.Dispose();

    public sealed record Result(IReadOnlyList<PSObject> Output, IReadOnlyList<ErrorRecord> Errors, IReadOnlyList<string> Verbose, Exception? Thrown)
    {
        public IEnumerable<string> Lines => Output.Select(item => item.ToString());

        public IEnumerable<string> ErrorIds => Errors.Select(error => error.FullyQualifiedErrorId.Split(',')[0]);
    }
}
