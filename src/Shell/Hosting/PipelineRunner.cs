using System.Management.Automation;
using System.Management.Automation.Language;
using System.Management.Automation.Runspaces;
using System.Reflection;

namespace ContainerTools.Shell.Hosting;

/// <summary>Runs commands with their output on the console, one at a time.</summary>
internal sealed class PipelineRunner(Runspace runspace)
{
    // The mark by which Out-Default tells an error from an object that happens to be an ErrorRecord.
    private static readonly PropertyInfo? WriteStream =
        typeof(PSObject).GetProperty("WriteStream", BindingFlags.Instance | BindingFlags.NonPublic);

    private readonly Lock _lock = new();
    private Pipeline? _current;

    /// <summary>Runs a command to its end. Returns false when an error ended it; the error has been shown then.</summary>
    public bool Run(Command command, bool addToHistory = false)
    {
        using Pipeline pipeline = addToHistory ? runspace.CreatePipeline(command.CommandText, addToHistory: true) : runspace.CreatePipeline();
        if (!addToHistory)
            pipeline.Commands.Add(command);
        Command output = new("Out-Default");
        output.MergeMyResults(PipelineResultTypes.Error, PipelineResultTypes.Output);
        // Errors and output arrive in the order in which they were written.
        output.MergeUnclaimedPreviousCommandResults = PipelineResultTypes.Error | PipelineResultTypes.Output;
        pipeline.Commands.Add(output);
        lock (_lock)
            _current = pipeline;
        try
        {
            pipeline.Invoke();
            return true;
        }
        catch (RuntimeException e)
        {
            if (e is not PipelineStoppedException)
                Show(e);
            return false;
        }
        finally
        {
            lock (_lock)
                _current = null;
        }
    }

    /// <summary>
    /// Runs text to its end and tells what <c>$?</c> was there. The engine sets it back when a pipeline ends, so the question is
    /// asked by one more statement at the end of the text itself.
    /// </summary>
    public bool RunAndJudge(string text)
    {
        const string Variable = "ctpwsh_succeeded";
        string asking = text + "\n$global:" + Variable + " = $?";
        Parser.ParseInput(asking, out _, out ParseError[] errors);
        bool canAsk = errors.Length == 0;
        if (!Run(new Command(canAsk ? asking : text, isScript: true, useLocalScope: false)))
            return false;
        if (!canAsk)
            return true;
        bool succeeded = runspace.SessionStateProxy.GetVariable(Variable) is not false;
        runspace.SessionStateProxy.PSVariable.Remove(Variable);
        return succeeded;
    }

    /// <summary>Runs a command and returns what it writes; errors are not shown.</summary>
    public IReadOnlyList<PSObject> Collect(string script)
    {
        using Pipeline pipeline = runspace.CreatePipeline(script);
        try
        {
            return pipeline.Invoke();
        }
        catch (RuntimeException)
        {
            return [];
        }
    }

    /// <summary>Asks the running command to stop. Returns false when none runs.</summary>
    public bool Stop()
    {
        lock (_lock)
        {
            if (_current is null)
                return false;
            _current.StopAsync();
            return true;
        }
    }

    private void Show(RuntimeException error)
    {
        using Pipeline pipeline = runspace.CreatePipeline();
        Command output = new("Out-Default");
        pipeline.Commands.Add(output);
        PSObject record = PSObject.AsPSObject(new ErrorRecord(error.ErrorRecord, error));
        WriteStream?.SetValue(record, Enum.Parse(WriteStream.PropertyType, "Error"));
        pipeline.Input.Write(record);
        pipeline.Input.Close();
        try
        {
            pipeline.Invoke();
        }
        catch (RuntimeException e)
        {
            Console.Error.WriteLine(error.Message);
            Console.Error.WriteLine(e.Message);
        }
    }
}
