using System.Buffers;
using System.Net;
using System.Text.Json;
using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Networks;

/// <summary>Reads and writes network.json without the serializer, whose first use would cost every monitor time and memory.</summary>
internal static class NetworkPlanFormat
{
    /// <summary>The plan of a run folder; null where there is none: the container is in no network of the engine's.</summary>
    /// <exception cref="ContainerException"><see cref="ErrorCode.InvalidConfiguration"/>.</exception>
    public static NetworkPlan? TryLoad(string runFolder, string fileName = NetworkPlan.FileName)
    {
        string path = Path.Combine(runFolder, fileName);
        byte[] document = Libc.ReadWholeKernelFile(path, out int errno);
        if (errno == Errno.ENOENT) return null;
        if (errno != 0) throw KernelError.From("read", errno, path);
        try
        {
            return Read(document);
        }
        catch (Exception error) when (error is JsonException or FormatException)
        {
            throw new ContainerException(ErrorCode.InvalidConfiguration, $"{path} is not valid: {error.Message}", path, error);
        }
    }

    /// <summary>Replaces a run folder's plan.</summary>
    public static void Save(string runFolder, NetworkPlan plan, string fileName = NetworkPlan.FileName)
        => AtomicFile.Write(Path.Combine(runFolder, fileName), Write(plan).Span, durable: false);

    /// <summary>The document of a plan.</summary>
    public static ReadOnlyMemory<byte> Write(NetworkPlan plan)
    {
        ArrayBufferWriter<byte> buffer = new(1024);
        using (Utf8JsonWriter writer = new(buffer))
        {
            writer.WriteStartObject();
            writer.WriteString("id"u8, plan.Id);
            writer.WriteString("networksRun"u8, plan.NetworksRun);
            if (plan.SharedRun is { } shared) writer.WriteString("sharedRun"u8, shared);
            writer.WriteStartArray("endpoints"u8);
            foreach (EndpointPlan endpoint in plan.Endpoints) Write(writer, endpoint);
            writer.WriteEndArray();
            writer.WriteStartArray("ports"u8);
            foreach (PortMapping port in plan.Ports) Write(writer, port);
            writer.WriteEndArray();
            Texts(writer, "servers"u8, plan.Servers);
            writer.WriteNumber("serverTimeout"u8, plan.ServerTimeout);
            writer.WriteNumber("serverAttempts"u8, plan.ServerAttempts);
            writer.WriteEndObject();
        }

        return buffer.WrittenMemory;
    }

    /// <summary>The plan of a document.</summary>
    /// <exception cref="JsonException">With a sentence as message.</exception>
    public static NetworkPlan Read(ReadOnlySpan<byte> document)
    {
        JsonCursor cursor = new(document);
        if (!cursor.Object()) throw cursor.Wrong("an object");
        string? id = null, run = null, shared = null;
        int? timeout = null, attempts = null;
        IReadOnlyList<EndpointPlan>? endpoints = null;
        IReadOnlyList<PortMapping>? ports = null;
        IReadOnlyList<string>? servers = null;
        while (cursor.Member())
        {
            if (cursor.Is("id"u8)) id = cursor.Text();
            else if (cursor.Is("networksRun"u8)) run = cursor.Text();
            else if (cursor.Is("sharedRun"u8)) shared = cursor.Text();
            else if (cursor.Is("endpoints"u8)) endpoints = cursor.Objects(Endpoint);
            else if (cursor.Is("ports"u8)) ports = cursor.Objects(Port);
            else if (cursor.Is("serverTimeout"u8)) timeout = cursor.Int32();
            else if (cursor.Is("serverAttempts"u8)) attempts = cursor.Int32();
            else if (cursor.Is("servers"u8)) servers = cursor.Texts();
            else cursor.Skip();
        }

        NetworkPlan plan = new()
        {
            Id = id ?? throw cursor.Missing("id"),
            NetworksRun = run ?? throw cursor.Missing("networksRun"),
            SharedRun = shared,
            Endpoints = endpoints ?? [],
            Ports = ports ?? [],
            Servers = servers ?? [],
            ServerTimeout = timeout ?? 4,
            ServerAttempts = attempts ?? 2,
        };
        cursor.End();
        return plan;
    }

    private static void Write(Utf8JsonWriter writer, EndpointPlan endpoint)
    {
        writer.WriteStartObject();
        writer.WriteString("network"u8, endpoint.Network);
        writer.WriteString("driver"u8, endpoint.Driver);
        writer.WriteString("parent"u8, endpoint.Parent);
        writer.WriteString("device"u8, endpoint.Device);
        writer.WriteString("hostDevice"u8, endpoint.HostDevice);
        Texts(writer, "addresses"u8, endpoint.Addresses);
        Texts(writer, "gateways"u8, endpoint.Gateways);
        if (endpoint.FixedHardwareAddress.Length > 0) writer.WriteString("hardwareAddress"u8, endpoint.FixedHardwareAddress);
        writer.WriteNumber("mtu"u8, endpoint.Mtu);
        writer.WriteBoolean("internal"u8, endpoint.Internal);
        Texts(writer, "names"u8, endpoint.Names);
        writer.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter writer, PortMapping port)
    {
        writer.WriteStartObject();
        if (port.HostAddress is { } address) writer.WriteString("hostAddress"u8, address.ToString());
        writer.WriteNumber("hostPort"u8, port.HostPort);
        writer.WriteNumber("containerPort"u8, port.ContainerPort);
        writer.WriteNumber("protocol"u8, (int)port.Protocol);
        writer.WriteEndObject();
    }

    private static void Texts(Utf8JsonWriter writer, ReadOnlySpan<byte> name, IReadOnlyList<string> texts)
    {
        writer.WriteStartArray(name);
        foreach (string text in texts) writer.WriteStringValue(text);
        writer.WriteEndArray();
    }

    private static EndpointPlan Endpoint(ref JsonCursor cursor)
    {
        string? network = null, driver = null, parent = null, device = null, hostDevice = null, hardwareAddress = null;
        IReadOnlyList<string>? addresses = null, gateways = null, names = null;
        int mtu = 0;
        bool isInternal = false;
        while (cursor.Member())
        {
            if (cursor.Is("network"u8)) network = cursor.Text();
            else if (cursor.Is("driver"u8)) driver = cursor.Text();
            else if (cursor.Is("parent"u8)) parent = cursor.Text();
            else if (cursor.Is("device"u8)) device = cursor.Text();
            else if (cursor.Is("hostDevice"u8)) hostDevice = cursor.Text();
            else if (cursor.Is("addresses"u8)) addresses = cursor.Texts();
            else if (cursor.Is("gateways"u8)) gateways = cursor.Texts();
            else if (cursor.Is("hardwareAddress"u8)) hardwareAddress = cursor.Text();
            else if (cursor.Is("mtu"u8)) mtu = cursor.Int32() ?? 0;
            else if (cursor.Is("internal"u8)) isInternal = cursor.Flag() ?? false;
            else if (cursor.Is("names"u8)) names = cursor.Texts();
            else cursor.Skip();
        }

        return new EndpointPlan
        {
            Network = network ?? throw cursor.Missing("network"),
            Driver = driver ?? throw cursor.Missing("driver"),
            Parent = parent ?? throw cursor.Missing("parent"),
            Device = device ?? throw cursor.Missing("device"),
            HostDevice = hostDevice ?? "",
            Addresses = addresses is { Count: > 0 } ? addresses : throw cursor.Missing("addresses"),
            Gateways = gateways ?? [],
            FixedHardwareAddress = hardwareAddress ?? "",
            Mtu = mtu,
            Internal = isInternal,
            Names = names ?? [],
        };
    }

    private static PortMapping Port(ref JsonCursor cursor)
    {
        IPAddress? address = null;
        int hostPort = 0, containerPort = 0, protocol = 0;
        while (cursor.Member())
        {
            if (cursor.Is("hostAddress"u8)) address = cursor.Text() is { } text ? IPAddress.Parse(text) : null;
            else if (cursor.Is("hostPort"u8)) hostPort = cursor.Int32() ?? 0;
            else if (cursor.Is("containerPort"u8)) containerPort = cursor.Int32() ?? 0;
            else if (cursor.Is("protocol"u8)) protocol = cursor.Int32() ?? 0;
            else cursor.Skip();
        }

        return new PortMapping { HostAddress = address, HostPort = hostPort, ContainerPort = containerPort, Protocol = (PortProtocol)protocol };
    }
}
