using System.Management.Automation;
using ContainerTools.Module.Completion;

namespace ContainerTools.Module.Cmdlets;

/// <summary>Invoke-Container: makes a container, runs it in the foreground, and removes it, also when it is interrupted.</summary>
[Cmdlet(VerbsLifecycle.Invoke, "Container", SupportsShouldProcess = true)]
[OutputType(typeof(string))]
public sealed class InvokeContainerCommand : ContainerCreateCmdlet
{
    private Container? _container;
    private CommandOutput? _output;
    private CommandSession? _session;
    private bool _started;

    /// <summary>The image: reference, id, or unique id prefix.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ImageCompleter))]
    public string Image { get; set; } = "";

    /// <summary>The command, or the arguments of the entry point.</summary>
    [Parameter(Position = 1, ValueFromRemainingArguments = true)]
    [Alias("ArgumentList", "Args")]
    public string[]? Command { get; set; }

    /// <summary>Data for the command's standard input.</summary>
    [Parameter(ValueFromPipeline = true)]
    [AllowNull]
    [AllowEmptyString]
    public PSObject? InputObject { get; set; }

    /// <summary>Standard error comes with standard output.</summary>
    [Parameter]
    public SwitchParameter MergeError { get; set; }

    private CommandOutput Output => _output ??= new CommandOutput(this, MergeError);

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        bool withInput = MyInvocation.ExpectingInput || InputObject is not null;
        if (!_started)
        {
            _started = true;
            Start(withInput);
        }

        if (withInput) _session?.WriteAll(InputObject);
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        // Nothing came down the pipeline: the command still runs, and reads end of file.
        if (!_started) Start(withInput: true);
        if (_container is null) return;
        if (_session is not null) Attempt(_container, () => _session.Finish());
        else Attempt(_container, FollowLog);
        Container? ended = null;
        if (Attempt(_container, () => ended = Await(Engine.Containers.WaitAsync(_container.Id, Cancellation))))
        {
            if (ended!.OomKilled) WriteWarning($"The kernel's out-of-memory killer ended {ended.Name}; give it more with -Memory.");
            Output.ReportExit(ended.ExitCode ?? 0, ended);
        }

        RemoveContainer();
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _session?.Dispose();
            _output?.Dispose();
            // Interrupted, or ended early by an error or by Select-Object -First.
            if (_container is not null) RemoveQuietly(_container);
        }

        base.Dispose(disposing);
    }

    private void Start(bool withInput)
    {
        if (!ShouldProcess(Name is null ? $"image {Image}" : $"{Name} (image {Image})", "Run container")) return;
        try
        {
            ContainerCreateOptions options = ReadOptions(Image, Command) with { Interactive = withInput };
            _container = Create(options);
            WriteVerbose($"{_container.Name}: made as {_container.ShortId} from {_container.Image}.");
            _container = Await(Engine.Containers.StartAsync(_container.Id, Cancellation));
            foreach (string warning in _container.Warnings) WriteWarning(warning);
            WriteVerbose($"{_container.Name}: process {_container.ProcessId} runs under monitor {_container.MonitorProcessId}.");
            if (withInput) Attach(_container);
        }
        catch (Exception error) when (IsForUser(error))
        {
            Output.ReportNotStarted(error, _container as object ?? Name ?? Image);
            RemoveContainer();
        }
    }

    private void Attach(Container container)
    {
        try
        {
            ContainerAttachOptions options = new() { StandardInput = true, Replay = true, HoldOutput = true };
            _session = new CommandSession(Output, Await(Engine.Containers.AttachAsync(container.Id, options, Cancellation)), withInput: true);
        }
        catch (ContainerException error) when (error.Code == ErrorCode.ContainerNotRunning)
        {
            // It has ended already and did not read its input; the log has what it wrote.
        }
    }

    private void FollowLog()
    {
        ContainerLogOptions options = new() { Follow = true };
        foreach (ContainerLogEntry entry in Enumerate(Engine.Containers.ReadLogAsync(_container!.Id, options, Cancellation)))
        {
            Output.Emit(entry.Stream, entry.Message);
        }
    }

    private void RemoveContainer()
    {
        if (_container is not { } container) return;
        _container = null;
        Attempt(container, () => Await(Engine.Containers.RemoveAsync(
            container.Id, new ContainerRemoveOptions { Force = true, RemoveVolumes = true }, CancellationToken.None)));
    }

    // The pipeline has ended: an error has nowhere to go but the warning that names what is left.
    private void RemoveQuietly(Container container)
    {
        try
        {
            Task.Run(() => Engine.Containers.RemoveAsync(
                container.Id, new ContainerRemoveOptions { Force = true, RemoveVolumes = true }, CancellationToken.None)).GetAwaiter().GetResult();
        }
        catch (ContainerException error) when (error.Code == ErrorCode.ContainerNotFound)
        {
            // Someone else has removed it.
        }
        catch (Exception error) when (IsForUser(error))
        {
            Host?.UI?.WriteWarningLine($"{container.Name} could not be removed: {error.Message}");
        }
    }
}
