using System.Text.Json.Serialization;
using ContainerTools.Runtime.Networks;

namespace ContainerTools.Runtime.Containers;

/// <summary>Source-generated JSON of <see cref="ContainerRecord"/>.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true,
    Converters = [typeof(AddressConverter)])]
[JsonSerializable(typeof(ContainerRecord))]
[JsonSerializable(typeof(System.Text.Json.Nodes.JsonObject))]
internal sealed partial class ContainerJson : JsonSerializerContext;
