using System.Collections;
using System.Globalization;
using System.Management.Automation;
using System.Numerics;
using System.Reflection;
using Newtonsoft.Json;

namespace ContainerTools.Shell.Objects;

/// <summary>Objects to JSON and back, by the library that pwsh uses for it, so that numbers, dates and escapes come out alike.</summary>
internal static class Json
{
    public static string Write(object? value, int depth, bool compress, bool enumsAsStrings, Action<string> warn)
    {
        using StringWriter text = new(CultureInfo.InvariantCulture);
        using (JsonTextWriter writer = new(text) { Formatting = compress ? Formatting.None : Formatting.Indented })
        {
            JsonOutput output = new(writer, depth, enumsAsStrings);
            output.Write(value, 0);
            if (output.IsTruncated)
                warn($"Resulting JSON is truncated as serialization has exceeded the set depth of {depth}.");
        }
        return text.ToString();
    }

    public static object? Read(string text, bool asHashtable, int maxDepth, bool convertDates)
    {
        using JsonTextReader reader = new(new StringReader(text))
        {
            MaxDepth = maxDepth,
            DateParseHandling = convertDates ? DateParseHandling.DateTime : DateParseHandling.None,
        };
        if (!reader.Read())
            return null;
        object? value = ReadValue(reader, asHashtable);
        while (reader.Read())
        {
            if (reader.TokenType != JsonToken.Comment)
                throw new JsonReaderException($"Additional text encountered after finished reading JSON content: {reader.Value}.");
        }
        return value;
    }

    private static object? ReadValue(JsonTextReader reader, bool asHashtable)
    {
        switch (reader.TokenType)
        {
            case JsonToken.Comment:
                Next(reader);
                return ReadValue(reader, asHashtable);
            case JsonToken.StartArray:
                List<object?> items = [];
                while (Next(reader) != JsonToken.EndArray)
                {
                    if (reader.TokenType != JsonToken.Comment)
                        items.Add(ReadValue(reader, asHashtable));
                }
                return items.ToArray();
            case JsonToken.StartObject:
                return asHashtable ? ReadTable(reader) : ReadObject(reader);
            default:
                return reader.Value;
        }
    }

    private static JsonToken Next(JsonTextReader reader) => reader.Read()
        ? reader.TokenType
        : throw new JsonReaderException($"Unexpected end of the text. Path '{reader.Path}', line {reader.LineNumber}, position {reader.LinePosition}.");

    private static PSObject ReadObject(JsonTextReader reader)
    {
        PSObject result = new();
        while (Next(reader) != JsonToken.EndObject)
        {
            if (reader.TokenType != JsonToken.PropertyName)
                continue;
            string name = (string)reader.Value!;
            Next(reader);
            if (name.Length == 0)
                throw new InvalidOperationException("The provided JSON includes a property whose name is an empty string, this is only supported using the -AsHashTable switch.");
            if (result.Properties[name] is { } clash)
                throw new InvalidOperationException(
                    $"Cannot convert the JSON string because it contains keys with different casing. Please use the -AsHashTable switch instead. The key that was attempted to be added to the existing key '{clash.Name}' was '{name}'.");
            result.Properties.Add(new PSNoteProperty(name, ReadValue(reader, asHashtable: false)));
        }
        return result;
    }

    private static OrderedHashtable ReadTable(JsonTextReader reader)
    {
        OrderedHashtable result = [];
        while (Next(reader) != JsonToken.EndObject)
        {
            if (reader.TokenType != JsonToken.PropertyName)
                continue;
            string name = (string)reader.Value!;
            Next(reader);
            result[name] = ReadValue(reader, asHashtable: true);
        }
        return result;
    }

    private sealed class JsonOutput(JsonTextWriter writer, int maxDepth, bool enumsAsStrings)
    {
        public bool IsTruncated { get; private set; }

        public void Write(object? value, int depth)
        {
            PSObject? wrapper = value as PSObject;
            object? plain = wrapper is null ? value : wrapper.BaseObject;
            switch (plain)
            {
                case null or DBNull: writer.WriteNull(); return;
                case Enum number:
                    if (enumsAsStrings)
                        writer.WriteValue(number.ToString());
                    else
                        writer.WriteValue(Convert.ChangeType(number, Enum.GetUnderlyingType(number.GetType()), CultureInfo.InvariantCulture));
                    return;
                case BigInteger big: writer.WriteRawValue(big.ToString(CultureInfo.InvariantCulture)); return;
                case string or char or bool or decimal or DateTime or DateTimeOffset or Guid or Uri:
                    writer.WriteValue(plain);
                    return;
            }
            if (plain.GetType().IsPrimitive)
            {
                writer.WriteValue(plain);
                return;
            }
            if (depth > maxDepth)
            {
                IsTruncated = true;
                writer.WriteValue(plain is PSCustomObject ? wrapper!.ToString() : LanguagePrimitives.ConvertTo<string>(plain));
                return;
            }
            switch (plain)
            {
                case IDictionary table:
                    writer.WriteStartObject();
                    foreach (DictionaryEntry entry in table)
                        WriteMember(LanguagePrimitives.ConvertTo<string>(entry.Key), entry.Value, depth);
                    WriteNotes(wrapper, depth);
                    writer.WriteEndObject();
                    break;
                case IEnumerable items:
                    writer.WriteStartArray();
                    foreach (object? item in items)
                        Write(item, depth + 1);
                    writer.WriteEndArray();
                    break;
                case PSCustomObject:
                    writer.WriteStartObject();
                    foreach (PSPropertyInfo property in wrapper!.Properties)
                        WriteMember(property.Name, Value(property), depth);
                    writer.WriteEndObject();
                    break;
                default:
                    WriteClrObject(plain, wrapper, depth);
                    break;
            }
        }

        private void WriteClrObject(object value, PSObject? wrapper, int depth)
        {
            writer.WriteStartObject();
            const BindingFlags Public = BindingFlags.Instance | BindingFlags.Public;
            foreach (FieldInfo field in value.GetType().GetFields(Public))
                WriteMember(field.Name, field.GetValue(value), depth);
            foreach (PropertyInfo property in value.GetType().GetProperties(Public))
            {
                if (property.GetIndexParameters().Length > 0 || property.GetMethod is null)
                    continue;
                object? member;
                try
                {
                    member = property.GetValue(value);
                }
                catch (TargetInvocationException)
                {
                    // A getter that throws has no value, as in pwsh.
                    member = null;
                }
                WriteMember(property.Name, member, depth);
            }
            WriteNotes(wrapper, depth);
            writer.WriteEndObject();
        }

        // What was added with Add-Member to an object that is not a custom one.
        private void WriteNotes(PSObject? wrapper, int depth)
        {
            if (wrapper is null)
                return;
            foreach (PSNoteProperty note in wrapper.Properties.OfType<PSNoteProperty>())
                WriteMember(note.Name, note.Value, depth);
        }

        private void WriteMember(string name, object? value, int depth)
        {
            writer.WritePropertyName(name);
            Write(value, depth + 1);
        }

        private static object? Value(PSPropertyInfo property)
        {
            try
            {
                return property.Value;
            }
            catch (GetValueException)
            {
                return null;
            }
        }
    }
}
