using System.Globalization;
using System.Text;

namespace ContainerTools.Runtime.Launch;

/// <summary>An argument of a planned system call, with what is needed to print it.</summary>
internal readonly struct PlanArgument
{
    private readonly string? text;

    private PlanArgument(long value, bool isSlot, string? text)
    {
        Value = value;
        IsSlot = isSlot;
        this.text = text;
    }

    /// <summary>The number, the address, or the slot's index.</summary>
    public long Value { get; }

    /// <summary>Whether <see cref="Value"/> is a slot's index.</summary>
    public bool IsSlot { get; }

    /// <summary>A string argument: printed as it is, not as an address.</summary>
    public static PlanArgument Text(PlanMemory memory, string text) => new(memory.String(text), false, text);

    /// <summary>The address of something that is printed by a word.</summary>
    public static PlanArgument Pointer(long address, string word) => new(address, false, "{" + word + "}");

    /// <summary>Flags printed by their names.</summary>
    public static PlanArgument Flags(long value, string names) => new(value, false, names);

    /// <summary>A number.</summary>
    public static implicit operator PlanArgument(long value) => new(value, false, null);

    /// <summary>A descriptor.</summary>
    public static implicit operator PlanArgument(Slot slot) => new(slot.Index, true, null);

    /// <summary>As <c>ctrun plan</c> prints it.</summary>
    public string Print(IReadOnlyList<string> slotNames)
    {
        if (IsSlot) return "$" + OneLine(slotNames[(int)Value]);
        if (text is null && Value == Linux.Libc.AT_FDCWD) return "AT_FDCWD";
        if (text is null) return Value is > 0xffff ? "0x" + Value.ToString("x", CultureInfo.InvariantCulture) : Value.ToString(CultureInfo.InvariantCulture);
        string shown = OneLine(text);
        return text.StartsWith('{') || Value is > 0 and < 0x1_0000_0000 || Value == 0 || text.Contains('|', StringComparison.Ordinal) ? shown : $"\"{shown}\"";
    }

    /// <summary>A text of the configuration as a part of a line: control characters, and the backslash, are written as in C.</summary>
    public static string OneLine(string text)
    {
        if (!text.AsSpan().ContainsAnyInRange('\0', '\x1f') && !text.Contains('\\', StringComparison.Ordinal)) return text;
        StringBuilder line = new();
        foreach (char letter in text)
        {
            if (letter == '\n') line.Append("\\n");
            else if (letter == '\\') line.Append("\\\\");
            else if (letter < ' ') line.Append(CultureInfo.InvariantCulture, $"\\x{(int)letter:x2}");
            else line.Append(letter);
        }

        return line.ToString();
    }
}

/// <summary>A register of the interpreter that holds a descriptor.</summary>
/// <param name="Index">Its index.</param>
internal readonly record struct Slot(int Index);
