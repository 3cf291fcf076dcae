using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace ContainerTools.Runtime.Networks;

/// <summary>Source-generated JSON of networks.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    Converters = [typeof(AddressConverter), typeof(SubnetConverter), typeof(MembersConverter)])]
[JsonSerializable(typeof(ContainerNetwork))]
internal sealed partial class NetworkJson : JsonSerializerContext;

/// <summary>Who is in a network is not on its record: the addresses in use say it.</summary>
internal sealed class MembersConverter : JsonConverter<IReadOnlyList<NetworkContainer>>
{
    /// <inheritdoc/>
    public override IReadOnlyList<NetworkContainer> Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        reader.Skip();
        return [];
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, IReadOnlyList<NetworkContainer> value, JsonSerializerOptions options)
    {
        writer.WriteStartArray();
        writer.WriteEndArray();
    }
}

/// <summary>An address as its text.</summary>
internal sealed class AddressConverter : JsonConverter<IPAddress>
{
    /// <inheritdoc/>
    public override IPAddress Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        => IPAddress.TryParse(reader.GetString(), out IPAddress? address) ? address : throw new JsonException("expected an address");

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, IPAddress value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
}

/// <summary>A subnet as its text, <c>10.90.0.0/16</c>.</summary>
internal sealed class SubnetConverter : JsonConverter<IPNetwork>
{
    /// <inheritdoc/>
    public override IPNetwork Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        => IPNetwork.TryParse(reader.GetString(), out IPNetwork subnet) ? subnet : throw new JsonException("expected a subnet");

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, IPNetwork value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
}
