using System.Management.Automation;
using System.Net;
using ContainerTools.Module.Parameters;

namespace ContainerTools.Module.Cmdlets;

/// <summary>New-ContainerNetwork: makes a network.</summary>
[Cmdlet(VerbsCommon.New, "ContainerNetwork", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Low)]
[OutputType(typeof(ContainerNetwork))]
public sealed class NewContainerNetworkCommand : ContainerCmdlet
{
    /// <summary>The names.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true)]
    [ValidateNotNullOrEmpty]
    public string[] Name { get; set; } = [];

    /// <summary>bridge, macvlan or ipvlan.</summary>
    [Parameter]
    [ValidateSet("bridge", "macvlan", "ipvlan")]
    public string Driver { get; set; } = "bridge";

    /// <summary>Ranges of addresses, at most one of each family.</summary>
    [Parameter]
    public string[]? Subnet { get; set; }

    /// <summary>The host's addresses in them.</summary>
    [Parameter]
    public string[]? Gateway { get; set; }

    /// <summary>The parts of the subnets that containers get addresses from.</summary>
    [Parameter]
    [Alias("IPRange")]
    public string[]? Range { get; set; }

    /// <summary>The device of the host that a macvlan or ipvlan is on; the name of the bridge otherwise.</summary>
    [Parameter]
    [Alias("Parent")]
    [ValidateNotNullOrEmpty]
    public string? Interface { get; set; }

    /// <summary>Also a free subnet of IPv6.</summary>
    [Parameter]
    public SwitchParameter IPv6 { get; set; }

    /// <summary>No way out.</summary>
    [Parameter]
    public SwitchParameter Internal { get; set; }

    /// <summary>Other networks' containers do not reach its own; the default.</summary>
    [Parameter]
    public SwitchParameter IsolateFromOtherNetworks { get; set; } = true;

    /// <summary>Largest packet in bytes.</summary>
    [Parameter]
    public int? Mtu { get; set; }

    /// <summary>Labels: a table, or key=value each.</summary>
    [Parameter]
    [Alias("l")]
    [NameValue]
    public string[]? Label { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (string name in Name)
        {
            if (!ShouldProcess(name, "New network")) continue;
            ContainerNetwork? made = null;
            Attempt(name, () => made = Await(Engine.Networks.CreateAsync(Options(name), Cancellation)));
            if (made is null) continue;
            foreach (string warning in made.Warnings) WriteWarning(warning);
            WriteObject(made);
        }
    }

    private NetworkCreateOptions Options(string name) => new()
    {
        Name = name,
        Driver = Driver,
        Subnets = [.. (Subnet ?? []).Select(ParseSubnet)],
        Gateways = [.. (Gateway ?? []).Select(ParseAddress)],
        Ranges = [.. (Range ?? []).Select(ParseSubnet)],
        Interface = Interface,
        IPv6 = IPv6,
        Internal = Internal,
        IsolateFromOtherNetworks = IsolateFromOtherNetworks,
        Mtu = Mtu,
        Labels = (Label ?? []).Select(static pair => pair.Split('=', 2)).ToDictionary(static pair => pair[0], static pair => pair.Length == 2 ? pair[1] : "", StringComparer.Ordinal),
    };

    private static IPNetwork ParseSubnet(string text) => IPNetwork.TryParse(text, out IPNetwork subnet)
        ? subnet
        : throw new ContainerException(ErrorCode.InvalidArgument, $"'{text}' is no subnet; write an address and the number of its fixed bits, with all others zero: 10.1.2.0/24.", text);

    private static IPAddress ParseAddress(string text) => AddressText.TryParse(text, out IPAddress? address)
        ? address
        : throw new ContainerException(ErrorCode.InvalidArgument, $"'{text}' is no address.", text);
}
