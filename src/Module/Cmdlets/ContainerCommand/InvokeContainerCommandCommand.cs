using System.Management.Automation;
using ContainerTools.Module.Completion;
using ContainerTools.Module.Parameters;

namespace ContainerTools.Module.Cmdlets;

/// <summary>Invoke-ContainerCommand: runs a further command in running containers.</summary>
[Cmdlet(VerbsLifecycle.Invoke, "ContainerCommand", SupportsShouldProcess = true)]
[OutputType(typeof(string))]
public sealed class InvokeContainerCommandCommand : ContainerCmdlet
{
    private CommandOutput? _output;
    private CommandSession? _session;
    private Container? _sessionContainer;
    private bool _opened;

    /// <summary>Names, ids, unique id prefixes, or patterns.</summary>
    [Parameter(Position = 0)]
    [Alias("Id")]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ContainerNameCompleter))]
    public string[] Name { get; set; } = [];

    /// <summary>The program and its arguments.</summary>
    [Parameter(Position = 1, ValueFromRemainingArguments = true)]
    [Alias("ArgumentList", "Args")]
    public string[] Command { get; set; } = [];

    /// <summary>Containers to run the command in, or data for the command's standard input.</summary>
    [Parameter(ValueFromPipeline = true)]
    [AllowNull]
    [AllowEmptyString]
    public PSObject? InputObject { get; set; }

    /// <summary>The user.</summary>
    [Parameter]
    [Alias("u")]
    [ValidateNotNullOrEmpty]
    public string? User { get; set; }

    /// <summary>Environment variables added to the container's.</summary>
    [Parameter]
    [Alias("Env", "e")]
    [NameValue]
    public string[]? Environment { get; set; }

    /// <summary>The working directory.</summary>
    [Parameter]
    [Alias("Workdir", "w")]
    [ValidateNotNullOrEmpty]
    public string? WorkingDirectory { get; set; }

    /// <summary>Run with all capabilities and no system call filter.</summary>
    [Parameter]
    public SwitchParameter Privileged { get; set; }

    /// <summary>Run with a terminal; standard error then comes with standard output.</summary>
    [Parameter]
    [Alias("Tty", "t")]
    public SwitchParameter Terminal { get; set; }

    /// <summary>Start it and let it run.</summary>
    [Parameter]
    [Alias("d")]
    public SwitchParameter Detach { get; set; }

    /// <summary>Standard error comes with standard output.</summary>
    [Parameter]
    public SwitchParameter MergeError { get; set; }

    private CommandOutput Output => _output ??= new CommandOutput(this, MergeError);

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (InputObject?.BaseObject is Container container)
        {
            // With containers in the pipeline the first word on the command line is the command's, not a container's name.
            Run(container, [.. Name, .. Command]);
        }
        else if (MyInvocation.ExpectingInput || InputObject is not null)
        {
            OpenForInput();
            _session?.WriteAll(InputObject);
        }
        else
        {
            foreach (Container found in new ContainerResolver(this).Find(RequireNames())) Run(found, Command);
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        if (_session is null) return;
        Finish(_session, _sessionContainer!);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _session?.Dispose();
            _output?.Dispose();
        }

        base.Dispose(disposing);
    }

    private string[] RequireNames()
    {
        if (Name.Length == 0) ThrowInvalidArgument("Name the container to run the command in, or pipe containers to the cmdlet.", nameof(Name));
        return Name;
    }

    private void OpenForInput()
    {
        if (_opened) return;
        _opened = true;
        Container[] targets = [.. new ContainerResolver(this).Find(RequireNames())];
        if (targets.Length > 1) ThrowInvalidArgument("Standard input can go to one container only; the name fits several.", string.Join(", ", Name));
        if (targets.Length == 0) return;
        _sessionContainer = targets[0];
        _session = Open(targets[0], Command, withInput: true);
    }

    private void Run(Container container, string[] command)
    {
        using CommandSession? session = Open(container, command, withInput: false);
        if (session is not null) Finish(session, container);
    }

    private CommandSession? Open(Container container, string[] command, bool withInput)
    {
        if (command.Length == 0) ThrowInvalidArgument("Give the command to run, for example: Invoke-ContainerCommand web -- ls -l", nameof(Command));
        if (!ShouldProcess(container.Name, $"Invoke command {HumanUnits.CommandLine(command)}")) return null;
        ContainerExecOptions options = new()
        {
            Command = command,
            Environment = Environment ?? [],
            User = User,
            WorkingDirectory = WorkingDirectory,
            Terminal = Terminal,
            Privileged = Privileged,
            Interactive = withInput,
            Detach = Detach,
        };
        IContainerSession session;
        try
        {
            session = Await(Engine.Containers.ExecAsync(container.Id, options, Cancellation));
        }
        catch (Exception error) when (IsForUser(error))
        {
            Output.ReportNotStarted(error, container);
            return null;
        }

        WriteVerbose($"{container.Name}: {HumanUnits.CommandLine(command)} runs as process {session.ProcessId}.");
        if (!Detach) return new CommandSession(Output, session, withInput);
        Await(session.DisposeAsync().AsTask());
        return null;
    }

    private void Finish(CommandSession session, Container container)
    {
        int exitCode = 0;
        if (Attempt(container, () => exitCode = session.Finish())) Output.ReportExit(exitCode, container);
    }
}
