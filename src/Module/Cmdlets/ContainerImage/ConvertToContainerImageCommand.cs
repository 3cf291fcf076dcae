using System.Globalization;
using System.Management.Automation;
using ContainerTools.Module.Parameters;

namespace ContainerTools.Module.Cmdlets;

/// <summary>ConvertTo-ContainerImage: makes an image of a container and its changes (docker commit).</summary>
[Cmdlet(VerbsData.ConvertTo, "ContainerImage", DefaultParameterSetName = NameSet, SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Low)]
[OutputType(typeof(ContainerImage))]
public sealed class ConvertToContainerImageCommand : ContainerTargetCmdlet
{
    private readonly List<Container> _containers = [];

    /// <summary>The name of the new image.</summary>
    [Parameter(Position = 1)]
    [Alias("Tag", "t")]
    [ValidateNotNullOrEmpty]
    public string? Reference { get; set; }

    /// <summary>Who made the image.</summary>
    [Parameter]
    [Alias("a")]
    public string? Author { get; set; }

    /// <summary>A word for the history.</summary>
    [Parameter]
    [Alias("m")]
    public string? Message { get; set; }

    /// <summary>The default command, instead of the container's; empty for none.</summary>
    [Parameter]
    [AllowEmptyCollection]
    public string[]? Command { get; set; }

    /// <summary>The entry point, instead of the container's; empty for none.</summary>
    [Parameter]
    [AllowEmptyCollection]
    public string[]? EntryPoint { get; set; }

    /// <summary>Environment variables to add: a table, or NAME=value each; NAME alone removes one.</summary>
    [Parameter]
    [Alias("Env", "e")]
    [NameValue]
    public string[] Environment { get; set; } = [];

    /// <summary>Labels to add: a table, or key=value each.</summary>
    [Parameter]
    [Alias("l")]
    [NameValue]
    public string[] Label { get; set; } = [];

    /// <summary>Ports to add, 80/tcp for example.</summary>
    [Parameter]
    [Alias("Expose")]
    public string[] ExposedPort { get; set; } = [];

    /// <summary>Paths to add that are meant to be volumes.</summary>
    [Parameter]
    [Alias("v")]
    public string[] Volume { get; set; } = [];

    /// <summary>The user, instead of the container's.</summary>
    [Parameter]
    [Alias("u")]
    public string? User { get; set; }

    /// <summary>The working directory, instead of the container's.</summary>
    [Parameter]
    [Alias("Workdir", "w")]
    public string? WorkingDirectory { get; set; }

    /// <summary>The signal that asks for an orderly end, instead of the container's.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(Completion.SignalCompleter))]
    public string? StopSignal { get; set; }

    /// <summary>Let a running container go on while its files are read.</summary>
    [Parameter]
    public SwitchParameter NoPause { get; set; }

    /// <summary>The time the image is to be of, and no file younger: the same files then make the same image. Default: the variable SOURCE_DATE_EPOCH.</summary>
    [Parameter]
    [Epoch]
    public DateTimeOffset? SourceDateEpoch { get; set; }

    /// <inheritdoc/>
    protected override void ProcessContainer(Container container)
    {
        // A name is for one image: that is known when all have been named.
        if (Reference is not null) _containers.Add(container);
        else Commit(container);
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        if (_containers.Count == 1) Commit(_containers[0]);
        if (_containers.Count < 2) return;
        string names = string.Join(", ", _containers.Take(5).Select(container => container.Name)) + (_containers.Count > 5 ? ", …" : "");
        WriteFailure(
            new ContainerException(ErrorCode.InvalidArgument, $"Images of {_containers.Count} containers cannot have the one name '{Reference}': {names}.", Reference), Reference);
    }

    private void Commit(Container container)
    {
        if (!ShouldProcess(Reference is null ? container.Name : $"{container.Name} as {Reference}", "Make image")) return;
        ContainerImage? image = null;
        using (ProgressWriter progress = new(this, "Making an image of " + container.Name))
        {
            if (!Attempt(container, () => image = Await(Engine.Containers.CommitAsync(container.Id, Options(), progress, Cancellation)))) return;
        }

        WriteVerbose($"Made {image} ({image!.ShortId}) of {container.Name}.");
        WriteObject(image);
    }

    private ContainerCommitOptions Options() => new()
    {
        Reference = Reference,
        Author = Author,
        Message = Message,
        Command = Command,
        EntryPoint = EntryPoint,
        Environment = Environment,
        Labels = ContainerCreateCmdlet.Pairs(Label),
        ExposedPorts = ExposedPort,
        Volumes = Volume,
        User = User,
        WorkingDirectory = WorkingDirectory,
        StopSignal = StopSignal,
        Pause = !NoPause,
        SourceDateEpoch = SourceDateEpoch ?? EpochOfEnvironment(),
    };

    private static DateTimeOffset? EpochOfEnvironment()
    {
        string? text = System.Environment.GetEnvironmentVariable("SOURCE_DATE_EPOCH");
        if (string.IsNullOrEmpty(text)) return null;
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long seconds) && seconds <= 253_402_300_799
            ? DateTimeOffset.FromUnixTimeSeconds(seconds)
            : throw new ContainerException(ErrorCode.InvalidArgument, $"SOURCE_DATE_EPOCH is '{text}', which is no number of seconds.", text);
    }
}
