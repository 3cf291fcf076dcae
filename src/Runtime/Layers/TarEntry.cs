using System.Text;

namespace ContainerTools.Runtime.Layers;

/// <summary>One entry of a tar archive, as its headers say. Names are raw bytes: they need not be UTF-8.</summary>
internal sealed class TarEntry
{
    /// <summary>What it is.</summary>
    public required TarEntryType Type { get; init; }
    /// <summary>Its path, as written in the archive.</summary>
    public required byte[] Name { get; init; }
    /// <summary>The text of a symbolic link, or the path of a hard link's other name.</summary>
    public byte[] LinkName { get; init; } = [];
    /// <summary>Permission bits, set-id and sticky bits included.</summary>
    public uint Mode { get; init; }
    /// <summary>Owner.</summary>
    public uint Uid { get; init; }
    /// <summary>Group.</summary>
    public uint Gid { get; init; }
    /// <summary>Time of the last modification, seconds since 1970.</summary>
    public long ModifiedSeconds { get; init; }
    /// <summary>Its fraction, 0 to 999,999,999.</summary>
    public int ModifiedNanoseconds { get; init; }
    /// <summary>Bytes of content that follow in the archive.</summary>
    public long StoredSize { get; init; }
    /// <summary>Bytes of the file; more than <see cref="StoredSize"/> where it has holes.</summary>
    public long Size { get; init; }
    /// <summary>Where the stored bytes belong in a file with holes; null for one without.</summary>
    public IReadOnlyList<TarFragment>? Fragments { get; init; }
    /// <summary>A device's major number.</summary>
    public uint DeviceMajor { get; init; }
    /// <summary>A device's minor number.</summary>
    public uint DeviceMinor { get; init; }
    /// <summary>Extended attributes.</summary>
    public IReadOnlyList<TarAttribute> Attributes { get; init; } = [];

    /// <summary>The name for messages.</summary>
    public string DisplayName => Display(Name);

    /// <summary>A path for messages: what is not UTF-8 or not printable is replaced.</summary>
    public static string Display(ReadOnlySpan<byte> path)
    {
        StringBuilder text = new(Encoding.UTF8.GetString(path));
        for (int i = 0; i < text.Length; i++)
        {
            if (char.IsControl(text[i])) text[i] = '\uFFFD';
        }

        // A damaged archive may have a path of thousands of letters.
        return text.Length > 255 ? $"{text.ToString(0, 200)}…" : text.ToString();
    }
}

/// <summary>A piece of a file with holes.</summary>
/// <param name="Offset">Where it is in the file.</param>
/// <param name="Length">How many bytes.</param>
internal readonly record struct TarFragment(long Offset, long Length);

/// <summary>An extended attribute.</summary>
/// <param name="Name">With its namespace, <c>security.capability</c>.</param>
/// <param name="Value">Raw bytes.</param>
internal readonly record struct TarAttribute(byte[] Name, byte[] Value);
