using System.Management.Automation;
using ContainerTools.Module.Parameters;

namespace ContainerTools.Module.Cmdlets;

/// <summary>Set-ContainerLimit: changes limits, at once where a container runs, and for every later start.</summary>
[Cmdlet(VerbsCommon.Set, "ContainerLimit", DefaultParameterSetName = NameSet, SupportsShouldProcess = true)]
[OutputType(typeof(ContainerLimit))]
public sealed class SetContainerLimitCommand : ContainerTargetCmdlet
{
    private ContainerLimit _given = new();

    /// <summary>Most memory.</summary>
    [Parameter]
    [Alias("m")]
    [Limit(LimitUnit.Bytes)]
    public long? Memory { get; set; }

    /// <summary>Memory left to the container under pressure.</summary>
    [Parameter]
    [Limit(LimitUnit.Bytes)]
    public long? MemoryReservation { get; set; }

    /// <summary>Most memory and swap together.</summary>
    [Parameter]
    [Limit(LimitUnit.Bytes)]
    public long? MemorySwap { get; set; }

    /// <summary>Processors' worth of time.</summary>
    [Parameter]
    [Alias("Cpu")]
    [Limit(LimitUnit.Number)]
    public double? Cpus { get; set; }

    /// <summary>The accounting period of Cpus.</summary>
    [Parameter]
    [Duration]
    public TimeSpan? CpuPeriod { get; set; }

    /// <summary>Weight relative to other containers.</summary>
    [Parameter]
    [Limit(LimitUnit.Count)]
    public long? CpuShares { get; set; }

    /// <summary>The processors it may use.</summary>
    [Parameter]
    [Alias("CpuSetCpus")]
    public string? CpuSet { get; set; }

    /// <summary>The memory nodes it may use.</summary>
    [Parameter]
    [Alias("CpuSetMems")]
    public string? CpuSetMemoryNodes { get; set; }

    /// <summary>Most processes and threads.</summary>
    [Parameter]
    [Alias("PidsLimit")]
    [Limit(LimitUnit.Count)]
    public long? Processes { get; set; }

    /// <summary>Weight of block input and output.</summary>
    [Parameter]
    [Alias("BlkioWeight")]
    [Limit(LimitUnit.Count)]
    public long? BlockIOWeight { get; set; }

    /// <summary>Emit the limits in force afterwards.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        _given = new ContainerLimit
        {
            Memory = Memory,
            MemoryReservation = MemoryReservation,
            MemorySwap = MemorySwap,
            Cpus = Cpus,
            CpuPeriod = CpuPeriod,
            CpuShares = CpuShares,
            CpuSet = CpuSet,
            CpuSetMemoryNodes = CpuSetMemoryNodes,
            Processes = Processes,
        };
        if (_given == new ContainerLimit() && BlockIOWeight is null) ThrowInvalidArgument("Give at least one limit to set, -Memory 512MB for example.", null);
    }

    /// <inheritdoc/>
    protected override void ProcessContainer(Container container)
    {
        if (!ShouldProcess(container.Name, $"Set limit {Describe()}")) return;
        ContainerLimit? after = null;
        bool done = Attempt(container, () =>
        {
            ContainerLimit change = _given with
            {
                Memory = LimitAttribute.Check(nameof(Memory), Memory),
                MemoryReservation = LimitAttribute.Check(nameof(MemoryReservation), MemoryReservation),
                MemorySwap = LimitAttribute.Check(nameof(MemorySwap), MemorySwap),
                Cpus = LimitAttribute.Check(nameof(Cpus), Cpus),
                CpuShares = LimitAttribute.Check(nameof(CpuShares), CpuShares, LimitUnit.Count),
                Processes = LimitAttribute.Check(nameof(Processes), Processes, LimitUnit.Count),
                BlockIOWeight = LimitAttribute.CheckWeight(nameof(BlockIOWeight), BlockIOWeight),
            };
            after = Await(Engine.Containers.SetLimitAsync(container.Id, change, Cancellation));
        });
        if (done && PassThru) WriteObject(LimitObject.Of(container, after!));
    }

    private string Describe() => string.Join(
        ", ",
        MyInvocation.BoundParameters
            .Where(static pair => pair.Key is not (nameof(Name) or nameof(InputObject) or nameof(PassThru)) && !CommonParameters.Contains(pair.Key))
            .Select(static pair => $"{pair.Key} {LanguagePrimitives.ConvertTo<string>(pair.Value)}"));
}
