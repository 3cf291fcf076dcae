using System.Text.Json;

namespace ContainerTools.Runtime.Monitoring;

/// <summary>The one line of JSON with which a client begins.</summary>
internal sealed record ControlRequest
{
    /// <summary>Bytes that a request may have, its line end included.</summary>
    public const int MaximumLine = 1024;

    /// <summary>What is wanted.</summary>
    public required ControlVerb Verb { get; init; }

    /// <summary>Attach: the client sends standard input.</summary>
    public bool StandardInput { get; init; }

    /// <summary>
    /// Attach: when the client does not read, the container's writes wait, as they do in a pipe; otherwise a client that falls behind
    /// is disconnected. For a foreground run, whose output must be complete.
    /// </summary>
    public bool Hold { get; init; }

    /// <summary>Reads a line, without its line end; null where it is no request.</summary>
    public static ControlRequest? Parse(ReadOnlySpan<byte> line)
    {
        ControlVerb? verb = null;
        bool standardInput = false;
        bool hold = false;
        try
        {
            Utf8JsonReader reader = new(line);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject) return null;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                bool isVerb = reader.ValueTextEquals("verb"u8);
                bool isInput = reader.ValueTextEquals("stdin"u8);
                bool isHold = reader.ValueTextEquals("hold"u8);
                if (!reader.Read()) return null;
                if (isVerb && reader.TokenType == JsonTokenType.String)
                {
                    if (reader.ValueTextEquals("attach"u8)) verb = ControlVerb.Attach;
                    else if (reader.ValueTextEquals("wait"u8)) verb = ControlVerb.Wait;
                    else if (reader.ValueTextEquals("network"u8)) verb = ControlVerb.Network;
                }
                else if (isInput && reader.TokenType is (JsonTokenType.True or JsonTokenType.False))
                {
                    standardInput = reader.GetBoolean();
                }
                else if (isHold && reader.TokenType is (JsonTokenType.True or JsonTokenType.False))
                {
                    hold = reader.GetBoolean();
                }
                else
                {
                    reader.Skip();
                }
            }
        }
        catch (JsonException)
        {
            return null;
        }

        return verb is null ? null : new ControlRequest { Verb = verb.Value, StandardInput = standardInput, Hold = hold };
    }

    /// <summary>The line, with its line end.</summary>
    public ReadOnlySpan<byte> ToLine() => this switch
    {
        { Verb: ControlVerb.Network } => "{\"verb\":\"network\"}\n"u8,
        { Verb: ControlVerb.Wait } => "{\"verb\":\"wait\"}\n"u8,
        { StandardInput: true, Hold: true } => "{\"verb\":\"attach\",\"stdin\":true,\"hold\":true}\n"u8,
        { StandardInput: true } => "{\"verb\":\"attach\",\"stdin\":true}\n"u8,
        { Hold: true } => "{\"verb\":\"attach\",\"stdin\":false,\"hold\":true}\n"u8,
        _ => "{\"verb\":\"attach\",\"stdin\":false}\n"u8,
    };
}
