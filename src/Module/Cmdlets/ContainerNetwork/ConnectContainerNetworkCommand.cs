using System.Management.Automation;
using System.Net;

namespace ContainerTools.Module.Cmdlets;

/// <summary>Connect-ContainerNetwork: puts containers into one more network, also while they run.</summary>
[Cmdlet(VerbsCommunications.Connect, "ContainerNetwork", DefaultParameterSetName = NameSet, SupportsShouldProcess = true)]
[OutputType(typeof(Container))]
public sealed class ConnectContainerNetworkCommand : NetworkConnectionCmdlet
{
    private const int IPv4Size = 4;
    private NetworkAttachment? _attachment;

    /// <summary>More names in the network.</summary>
    [Parameter]
    [Alias("NetworkAlias")]
    [ValidateNotNullOrEmpty]
    public string[] Alias { get; set; } = [];

    /// <summary>Fixed addresses, at most one of each family.</summary>
    [Parameter]
    [Alias("IP", "IPv4Address", "IPv6Address")]
    [ValidateNotNullOrEmpty]
    public string[] IPAddress { get; set; } = [];

    /// <summary>A fixed hardware address.</summary>
    [Parameter]
    [Alias("HardwareAddress")]
    [ValidateNotNullOrEmpty]
    public string? MacAddress { get; set; }

    /// <summary>The default route goes through the network with the highest.</summary>
    [Parameter]
    [Alias("GatewayPriority")]
    public int Priority { get; set; }

    private protected override string Action => $"Connect to network {Network}";

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        try
        {
            IPAddress[] addresses = [.. IPAddress.Select(Parse)];
            if (addresses.GroupBy(static address => address.AddressFamily).Any(static group => group.Count() > 1)) ThrowInvalidArgument("Give at most one address of each family.", IPAddress);
            _attachment = new NetworkAttachment
            {
                Network = Network,
                Aliases = Alias,
                Address = Array.Find(addresses, static address => address.GetAddressBytes().Length == IPv4Size),
                IPv6Address = Array.Find(addresses, static address => address.GetAddressBytes().Length != IPv4Size),
                HardwareAddress = MacAddress is null ? null : NetworkAttachment.ParseHardwareAddress(MacAddress),
                Priority = Priority,
            };
        }
        catch (ContainerException error)
        {
            ThrowTerminatingError(ErrorMapper.ToRecord(error, error.Target));
        }
    }

    private protected override Task<Container> ChangeAsync(Container container, CancellationToken cancellationToken)
        => Engine.Networks.ConnectAsync(container.Id, _attachment!, cancellationToken);

    private static IPAddress Parse(string text) => AddressText.TryParse(text, out IPAddress? address)
        ? address
        : throw new ContainerException(ErrorCode.InvalidArgument, $"'{text}' is no address.", text);
}
