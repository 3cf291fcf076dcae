using System.Text;

namespace ContainerTools.Runtime.Logs;

/// <summary>
/// One entry of Docker's json-file log: <c>{"log":"text\n","stream":"stdout","time":"2024-05-01T10:00:00.123456789Z"}</c> and a line end.
/// Written byte for byte as Docker's own encoder writes it, straight from the container's bytes: nothing is allocated.
/// </summary>
internal static class JsonLogEncoding
{
    /// <summary>The longest piece of a line that goes into one entry, as in Docker; a longer line becomes several entries.</summary>
    public const int MaximumText = 16 * 1024;

    /// <summary>The most bytes that an entry can take: every byte of its text escaped as six, and the words around it.</summary>
    public const int MaximumEntry = (MaximumText * 6) + 128;

    /// <summary>The most bytes that <see cref="FormatTime"/> writes.</summary>
    public const int MaximumTime = 30;

    /// <summary>Writes one entry with its line end.</summary>
    /// <param name="destination">At least <see cref="MaximumEntry"/> bytes.</param>
    /// <param name="text">At most <see cref="MaximumText"/> bytes; a line end belongs to the text.</param>
    /// <param name="stream">Where the text was written.</param>
    /// <param name="time">The time, as <see cref="FormatTime"/> wrote it.</param>
    /// <returns>The number of bytes written.</returns>
    public static int WriteEntry(Span<byte> destination, ReadOnlySpan<byte> text, OutputStream stream, ReadOnlySpan<byte> time)
    {
        int length = 0;
        Append(destination, ref length, "{\"log\":\""u8);
        length += Escape(destination[length..], text);
        Append(destination, ref length, stream == OutputStream.StandardError ? "\",\"stream\":\"stderr\",\"time\":\""u8 : "\",\"stream\":\"stdout\",\"time\":\""u8);
        Append(destination, ref length, time);
        Append(destination, ref length, "\"}\n"u8);
        return length;
    }

    /// <summary>Writes a time as Go's RFC3339Nano: UTC, a fraction without zeros at its end, none where it is zero.</summary>
    /// <param name="destination">At least <see cref="MaximumTime"/> bytes.</param>
    /// <param name="time">The time, in UTC.</param>
    /// <returns>The number of bytes written.</returns>
    public static int FormatTime(Span<byte> destination, DateTime time)
    {
        Digits(destination, time.Year, 4);
        destination[4] = (byte)'-';
        Digits(destination[5..], time.Month, 2);
        destination[7] = (byte)'-';
        Digits(destination[8..], time.Day, 2);
        destination[10] = (byte)'T';
        Digits(destination[11..], time.Hour, 2);
        destination[13] = (byte)':';
        Digits(destination[14..], time.Minute, 2);
        destination[16] = (byte)':';
        Digits(destination[17..], time.Second, 2);
        int length = 19;
        int fraction = (int)(time.Ticks % TimeSpan.TicksPerSecond);
        if (fraction != 0)
        {
            int width = 7;
            while (fraction % 10 == 0)
            {
                fraction /= 10;
                width--;
            }

            destination[length++] = (byte)'.';
            Digits(destination[length..], fraction, width);
            length += width;
        }

        destination[length++] = (byte)'Z';
        return length;
    }

    /// <summary>
    /// The length of a text without the first bytes of a character whose last ones are still to come: where a text that is too long may
    /// be cut. (Docker cuts characters in two, and logs the halves as U+FFFD.)
    /// </summary>
    public static int WholeCharacters(ReadOnlySpan<byte> text)
    {
        for (int back = 1; back <= 3 && back <= text.Length; back++)
        {
            byte value = text[^back];
            if ((value & 0xC0) == 0x80) continue;
            int size = value switch { >= 0xF0 => 4, >= 0xE0 => 3, >= 0xC0 => 2, _ => 1 };
            return size > back ? text.Length - back : text.Length;
        }

        return text.Length;
    }

    private static int Escape(Span<byte> destination, ReadOnlySpan<byte> text)
    {
        int length = 0;
        int start = 0;
        int index = 0;
        while (index < text.Length)
        {
            byte value = text[index];
            if (value < 0x80)
            {
                if (value >= 0x20 && value is not ((byte)'\\' or (byte)'"' or (byte)'<' or (byte)'>' or (byte)'&'))
                {
                    index++;
                    continue;
                }

                Append(destination, ref length, text[start..index]);
                EscapeByte(destination, ref length, value);
                start = ++index;
                continue;
            }

            if (Rune.DecodeFromUtf8(text[index..], out Rune rune, out int size) != System.Buffers.OperationStatus.Done)
            {
                // As Go does it: each byte that does not belong to a character counts for one.
                Append(destination, ref length, text[start..index]);
                Append(destination, ref length, "\\ufffd"u8);
                start = ++index;
                continue;
            }

            if (rune.Value is 0x2028 or 0x2029)
            {
                Append(destination, ref length, text[start..index]);
                Append(destination, ref length, rune.Value == 0x2028 ? "\\u2028"u8 : "\\u2029"u8);
                start = index + size;
            }

            index += size;
        }

        Append(destination, ref length, text[start..]);
        return length;
    }

    private static void EscapeByte(Span<byte> destination, ref int length, byte value)
    {
        switch (value)
        {
            case (byte)'\\' or (byte)'"':
                destination[length++] = (byte)'\\';
                destination[length++] = value;
                break;
            case (byte)'\n':
                Append(destination, ref length, "\\n"u8);
                break;
            case (byte)'\r':
                Append(destination, ref length, "\\r"u8);
                break;
            default:
                ReadOnlySpan<byte> digits = "0123456789abcdef"u8;
                Append(destination, ref length, "\\u00"u8);
                destination[length++] = digits[value >> 4];
                destination[length++] = digits[value & 0xF];
                break;
        }
    }

    private static void Append(Span<byte> destination, ref int length, ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(destination[length..]);
        length += bytes.Length;
    }

    private static void Digits(Span<byte> destination, int value, int width)
    {
        for (int i = width - 1; i >= 0; i--)
        {
            destination[i] = (byte)('0' + (value % 10));
            value /= 10;
        }
    }
}
