using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace ContainerTools.Runtime.Containers;

/// <summary>A list of processors or memory nodes as the kernel writes it, <c>0-2,4</c> (cpuset(7), "List format").</summary>
internal sealed class CpuList
{
    private const int Most = 8192;
    private readonly string _text;
    private readonly HashSet<int> _numbers;

    private CpuList(string text, HashSet<int> numbers)
    {
        _text = text;
        _numbers = numbers;
    }

    /// <summary>The processors that are in use.</summary>
    public static CpuList Processors { get; } = ReadSystem("/sys/devices/system/cpu/online");

    /// <summary>The memory nodes; <c>0</c> on a machine that does not tell them apart.</summary>
    public static CpuList MemoryNodes { get; } = ReadSystem("/sys/devices/system/node/online");

    /// <summary>The numbers.</summary>
    public IReadOnlyCollection<int> Numbers => _numbers;

    /// <summary>How many there are.</summary>
    public int Count => _numbers.Count;

    /// <summary>Whether all of them are in another list.</summary>
    public bool IsSubsetOf(CpuList other) => _numbers.IsSubsetOf(other._numbers);

    /// <inheritdoc/>
    public override string ToString() => _text;

    /// <summary>Reads a list.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out CpuList? list)
    {
        list = null;
        HashSet<int> numbers = [];
        foreach (string part in text.Trim().Split(','))
        {
            string[] ends = part.Split('-');
            if (ends.Length > 2 || !Number(ends[0], out int first) || !Number(ends[^1], out int last) || last < first) return false;
            for (int number = first; number <= last; number++) numbers.Add(number);
        }

        list = new CpuList(text.Trim(), numbers);
        return true;
    }

    private static bool Number(string text, out int number)
        => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number < Most;

    private static CpuList ReadSystem(string path)
        => File.Exists(path) && TryParse(File.ReadAllText(path), out CpuList? list) ? list : new CpuList("0", [0]);
}
