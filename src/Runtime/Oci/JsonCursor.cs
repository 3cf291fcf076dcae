using System.Globalization;
using System.Text;
using System.Text.Json;

namespace ContainerTools.Runtime.Oci;

/// <summary>
/// Reads a JSON document member by member. ctrun reads its configuration with this and not with a serializer: the serializer first
/// builds a description of every type, which takes 2 ms of a start that takes 10. null stands for an absent member everywhere, as it does for
/// the Go programs that write these documents. Mistakes are <see cref="JsonException"/>s with the path and a sentence.
/// </summary>
internal ref struct JsonCursor
{
    private readonly ReadOnlySpan<byte> _document;
    private Utf8JsonReader _reader;

    /// <summary>Begins at a document's start.</summary>
    public JsonCursor(ReadOnlySpan<byte> document)
    {
        // A byte order mark is no JSON, but editors write it.
        if (document.StartsWith("\uFEFF"u8)) document = document[3..];
        _document = document;
        _reader = new Utf8JsonReader(document);
    }

    /// <summary>Reads one value of a list or map.</summary>
    public delegate T Item<T>(ref JsonCursor cursor);

    /// <summary>Enters the object that is the next value; false for null.</summary>
    public bool Object() => Enter(JsonTokenType.StartObject, "an object");

    /// <summary>Goes to the next member of the object; false at its end.</summary>
    public bool Member()
    {
        _reader.Read();
        return _reader.TokenType == JsonTokenType.PropertyName;
    }

    /// <summary>Whether the member has this name.</summary>
    public readonly bool Is(ReadOnlySpan<byte> name) => _reader.ValueTextEquals(name);

    /// <summary>Keeps a member that is not known.</summary>
    public void Keep(ref Dictionary<string, JsonElement>? unknown)
    {
        unknown ??= [];
        string name = _reader.GetString()!;
        _reader.Read();
        unknown[name] = JsonElement.ParseValue(ref _reader);
    }

    /// <summary>Passes over a member that is not known, where the record has no place for it.</summary>
    public void Skip()
    {
        _reader.Read();
        _reader.Skip();
    }

    /// <summary>Throws unless only white space follows.</summary>
    public void End() => _reader.Read();

    /// <summary>A string.</summary>
    public string? Text()
    {
        _reader.Read();
        return _reader.TokenType switch
        {
            JsonTokenType.String => _reader.GetString(),
            JsonTokenType.Null => null,
            _ => throw Wrong("a text"),
        };
    }

    /// <summary>A point of time (RFC 3339).</summary>
    public DateTimeOffset? Time()
    {
        _reader.Read();
        if (_reader.TokenType == JsonTokenType.Null) return null;
        return _reader.TokenType == JsonTokenType.String && _reader.TryGetDateTimeOffset(out DateTimeOffset time) ? time : throw Wrong("a time");
    }

    /// <summary>true or false.</summary>
    public bool? Flag()
    {
        _reader.Read();
        return _reader.TokenType switch
        {
            JsonTokenType.True => true,
            JsonTokenType.False => false,
            JsonTokenType.Null => null,
            _ => throw Wrong("true or false"),
        };
    }

    /// <summary>A whole number.</summary>
    public long? Int64()
    {
        if (!Number()) return null;
        return _reader.TryGetInt64(out long value) ? value : throw Wrong("a whole number");
    }

    /// <summary>A whole number from 0 on.</summary>
    public ulong? UInt64()
    {
        if (!Number()) return null;
        return _reader.TryGetUInt64(out ulong value) ? value : throw Wrong("a whole number from 0 on");
    }

    /// <summary>A whole number of 32 bits.</summary>
    public int? Int32()
    {
        if (!Number()) return null;
        return _reader.TryGetInt32(out int value) ? value : throw Wrong("a whole number of 32 bits");
    }

    /// <summary>A whole number from 0 to 4294967295.</summary>
    public uint? UInt32()
    {
        if (!Number()) return null;
        return _reader.TryGetUInt32(out uint value) ? value : throw Wrong("a whole number from 0 to 4294967295");
    }

    /// <summary>A whole number from 0 to 65535.</summary>
    public ushort? UInt16()
    {
        if (!Number()) return null;
        return _reader.TryGetUInt16(out ushort value) ? value : throw Wrong("a whole number from 0 to 65535");
    }

    /// <summary>A list of strings.</summary>
    public IReadOnlyList<string>? Texts() => List(static (ref JsonCursor cursor) => cursor._reader.TokenType == JsonTokenType.String
        ? cursor._reader.GetString()!
        : throw cursor.Wrong("a text"));

    /// <summary>A list of whole numbers from 0 to 4294967295.</summary>
    public IReadOnlyList<uint>? UInt32s() => List(static (ref JsonCursor cursor) =>
        cursor._reader.TokenType == JsonTokenType.Number && cursor._reader.TryGetUInt32(out uint value)
            ? value
            : throw cursor.Wrong("a whole number from 0 to 4294967295"));

    /// <summary>A list of objects; <paramref name="read"/> is called inside each.</summary>
    public IReadOnlyList<T>? Objects<T>(Item<T> read)
    {
        if (!Enter(JsonTokenType.StartArray, "a list")) return null;
        List<T> items = [];
        while (Next())
        {
            if (_reader.TokenType != JsonTokenType.StartObject) throw Wrong("an object");
            items.Add(read(ref this));
        }

        return items;
    }

    /// <summary>A map of strings.</summary>
    public IReadOnlyDictionary<string, string>? TextMap() => Map(static (ref JsonCursor cursor) => cursor.Text() ?? throw cursor.Wrong("a text"));

    /// <summary>A map of objects; <paramref name="read"/> is called inside each.</summary>
    public IReadOnlyDictionary<string, T>? ObjectMap<T>(Item<T> read) => Map((ref JsonCursor cursor) => cursor.Object() ? read(ref cursor) : throw cursor.Wrong("an object"));

    /// <summary>The error for a member that must be there; to be called at the object's end.</summary>
    public readonly JsonException Missing(string member) => Error($"{member} is missing");

    /// <summary>The error for the value just read.</summary>
    public readonly JsonException Wrong(string expected) => Error($"expected {expected}");

    private readonly JsonException Error(string what)
    {
        string path = PathTo(_reader.TokenStartIndex);
        return new JsonException($"{(path.Length == 0 ? "the document" : path)}: {what}", path, null, null);
    }

    private bool Enter(JsonTokenType start, string what)
    {
        _reader.Read();
        if (_reader.TokenType == JsonTokenType.Null) return false;
        return _reader.TokenType == start ? true : throw Wrong(what);
    }

    private bool Next()
    {
        _reader.Read();
        return _reader.TokenType != JsonTokenType.EndArray;
    }

    private bool Number()
    {
        _reader.Read();
        if (_reader.TokenType == JsonTokenType.Null) return false;
        return _reader.TokenType == JsonTokenType.Number ? true : throw Wrong("a number");
    }

    private List<T>? List<T>(Item<T> read)
    {
        if (!Enter(JsonTokenType.StartArray, "a list")) return null;
        List<T> items = [];
        while (Next()) items.Add(read(ref this));
        return items;
    }

    private Dictionary<string, T>? Map<T>(Item<T> read)
    {
        if (!Object()) return null;
        Dictionary<string, T> map = [];
        while (Member())
        {
            string name = _reader.GetString()!;
            map[name] = read(ref this);
        }

        return map;
    }

    // Nothing is kept for this while reading: a mistake costs a second reading instead.
    private readonly string PathTo(long position)
    {
        Utf8JsonReader reader = new(_document);
        List<(string? Name, int Index)> path = [];
        string? name = null;
        while (reader.Read() && reader.TokenStartIndex <= position)
        {
            bool isValue = reader.TokenType is not (JsonTokenType.PropertyName or JsonTokenType.EndObject or JsonTokenType.EndArray);
            if (isValue && path.Count > 0 && path[^1].Index >= -1 && path[^1].Name is null) path[^1] = (null, path[^1].Index + 1);
            if (reader.TokenStartIndex == position && isValue) return Join(path, name);
            switch (reader.TokenType)
            {
                case JsonTokenType.PropertyName:
                    name = reader.GetString();
                    break;
                case JsonTokenType.StartObject:
                    path.Add((name ?? "", int.MinValue));
                    name = null;
                    break;
                case JsonTokenType.StartArray:
                    path.Add((name ?? "", int.MinValue));
                    path.Add((null, -1));
                    name = null;
                    break;
                case JsonTokenType.EndArray:
                    path.RemoveRange(path.Count - 2, 2);
                    name = null;
                    break;
                case JsonTokenType.EndObject when reader.TokenStartIndex != position:
                    path.RemoveAt(path.Count - 1);
                    name = null;
                    break;
                case JsonTokenType.EndObject:
                    return Join(path, null);
                default:
                    name = null;
                    break;
            }
        }

        return Join(path, name);
    }

    private static string Join(List<(string? Name, int Index)> path, string? last)
    {
        StringBuilder text = new();
        foreach ((string? name, int index) in path)
        {
            if (name is null) text.Append(CultureInfo.InvariantCulture, $"[{index}]");
            else if (name.Length > 0) Separate(text).Append(name);
        }

        if (last is not null) Separate(text).Append(last);
        return text.ToString();
    }

    private static StringBuilder Separate(StringBuilder text) => text.Length > 0 ? text.Append('.') : text;
}
