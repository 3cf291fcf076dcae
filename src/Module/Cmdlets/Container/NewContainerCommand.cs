using System.Management.Automation;
using ContainerTools.Module.Completion;
using ContainerTools.Module.Parameters;

namespace ContainerTools.Module.Cmdlets;

/// <summary>New-Container: makes a container from an image. It does not run yet.</summary>
[Cmdlet(VerbsCommon.New, "Container", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Low)]
[OutputType(typeof(Container))]
public sealed class NewContainerCommand : ContainerCreateCmdlet
{
    /// <summary>The image: reference, id, or unique id prefix.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Reference")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ImageCompleter))]
    public string Image { get; set; } = "";

    /// <summary>The command, or the arguments of the entry point.</summary>
    [Parameter(Position = 1, ValueFromRemainingArguments = true)]
    [Alias("ArgumentList", "Args")]
    public string[]? Command { get; set; }

    /// <summary>Give the first process a terminal.</summary>
    [Parameter]
    [Alias("Tty", "t")]
    public SwitchParameter Terminal { get; set; }

    /// <summary>Keep standard input open for attaching.</summary>
    [Parameter]
    [Alias("i")]
    public SwitchParameter Interactive { get; set; }

    /// <summary>When to start it again: no, on-failure, on-failure:N, always, unless-stopped.</summary>
    [Parameter]
    [Alias("Restart")]
    [ArgumentCompleter(typeof(RestartPolicyCompleter))]
    public string? RestartPolicy { get; set; }

    /// <summary>Remove it when its first process ends.</summary>
    [Parameter]
    [Alias("rm")]
    public SwitchParameter AutoRemove { get; set; }

    /// <summary>Largest log file before it is rotated.</summary>
    [Parameter]
    [Limit(LimitUnit.Bytes)]
    public long? LogMaxSize { get; set; }

    /// <summary>How many log files are kept.</summary>
    [Parameter]
    public int? LogMaxFiles { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (!ShouldProcess(Name is null ? $"image {Image}" : $"{Name} (image {Image})", "New container")) return;
        Container? container = null;
        Attempt(Name ?? Image, () =>
        {
            ContainerCreateOptions options = ReadOptions(Image, Command) with
            {
                Terminal = Terminal,
                Interactive = Interactive,
                RestartPolicy = RestartPolicy is null ? ContainerTools.RestartPolicy.None : ContainerTools.RestartPolicy.Parse(RestartPolicy),
                AutoRemove = AutoRemove,
                LogMaxSize = LimitAttribute.Check(nameof(LogMaxSize), LogMaxSize),
                LogMaxFiles = LogMaxFiles,
            };
            container = Create(options);
        });
        if (container is null) return;
        WriteVerbose($"{container.Name}: made as {container.ShortId} from {container.Image}.");
        WriteObject(container);
    }
}
