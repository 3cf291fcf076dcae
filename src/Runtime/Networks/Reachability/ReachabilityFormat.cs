using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using ContainerTools.Runtime.Linux;

namespace ContainerTools.Runtime.Networks.Reachability;

/// <summary>The lines of JSON that <c>ctrun network-probe</c> writes, one for each result; or one that says why there are none.</summary>
internal static class ReachabilityFormat
{
    private const string Code = "code";
    private const string Error = "error";

    /// <summary>Writes a result.</summary>
    public static void Write(Utf8JsonWriter writer, ReachabilityResult result)
    {
        ResolvedTarget name = result.Name;
        writer.WriteStartObject();
        if (result.Port is { } port) writer.WriteNumber("port", port);
        writer.WriteNumber("round", result.Round);
        writer.WriteString("status", result.Status.ToString());
        writer.WriteString("source", name.Source.ToString());
        writer.WriteStartArray("addresses");
        foreach (IPAddress address in name.Addresses) writer.WriteStringValue(address.ToString());
        writer.WriteEndArray();
        Write(writer, "server", name.Server?.ToString());
        Write(writer, "name", name.FullName);
        Write(writer, "resolveTime", name.Elapsed);
        Write(writer, "address", result.Address?.ToString());
        Write(writer, "interface", result.Route?.Interface);
        Write(writer, "sourceAddress", result.Route?.Source?.ToString());
        Write(writer, "gateway", result.Route?.Gateway?.ToString());
        Write(writer, "connectTime", result.Elapsed);
        Write(writer, Error, result.Error);
        writer.WriteEndObject();
    }

    /// <summary>Writes why there are none.</summary>
    public static void WriteFailure(Utf8JsonWriter writer, ContainerException failure)
    {
        writer.WriteStartObject();
        writer.WriteString(Code, failure.Code.ToString());
        writer.WriteString(Error, failure.Message);
        writer.WriteEndObject();
    }

    /// <summary>Reads a line.</summary>
    /// <exception cref="ContainerException">The one that was written.</exception>
    /// <exception cref="JsonException">The line is neither.</exception>
    public static ReachabilityResult Read(string line)
    {
        using JsonDocument document = JsonDocument.Parse(Encoding.UTF8.GetBytes(line));
        JsonElement root = document.RootElement;
        if (root.ValueKind != JsonValueKind.Object) throw new JsonException("a line is no object");
        if (Text(root, Code) is { } code) throw new ContainerException(Parse<ErrorCode>(code), Text(root, Error) ?? code);
        return new ReachabilityResult
        {
            Port = Number(root, "port") is { } port ? (int)port : null,
            Round = (int)(Number(root, "round") ?? 1),
            Status = Parse<NetworkTestStatus>(Text(root, "status")),
            Name = new ResolvedTarget
            {
                Source = Parse<NameSource>(Text(root, "source")),
                Addresses = root.TryGetProperty("addresses", out JsonElement addresses) ? [.. addresses.EnumerateArray().Select(static item => IPAddress.Parse(item.GetString()!))] : [],
                Server = Address(root, "server"),
                FullName = Text(root, "name"),
                Elapsed = Time(root, "resolveTime"),
            },
            Address = Address(root, "address"),
            Route = Text(root, "interface") is { } device ? new NetworkRoute(device, Address(root, "sourceAddress"), Address(root, "gateway")) : null,
            Elapsed = Time(root, "connectTime"),
            Error = Text(root, Error),
        };
    }

    private static void Write(Utf8JsonWriter writer, string name, string? value)
    {
        if (value is not null) writer.WriteString(name, value);
    }

    // In ticks of 100 ns.
    private static void Write(Utf8JsonWriter writer, string name, TimeSpan? value)
    {
        if (value is { } time) writer.WriteNumber(name, time.Ticks);
    }

    private static string? Text(JsonElement element, string name) => element.TryGetProperty(name, out JsonElement value) ? value.GetString() : null;

    private static long? Number(JsonElement element, string name) => element.TryGetProperty(name, out JsonElement value) ? value.GetInt64() : null;

    private static TimeSpan? Time(JsonElement element, string name) => Number(element, name) is { } ticks ? TimeSpan.FromTicks(ticks) : null;

    private static IPAddress? Address(JsonElement element, string name) => Text(element, name) is { } text ? IPAddress.Parse(text) : null;

    private static T Parse<T>(string? text)
        where T : struct, Enum
        => Enum.TryParse(text, out T value) ? value : throw new JsonException(string.Create(CultureInfo.InvariantCulture, $"'{text}' is no {typeof(T).Name}"));
}
