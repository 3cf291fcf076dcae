namespace ContainerTools.Runtime.Layers;

/// <summary>Paths in a layer: raw bytes, relative to its root, components separated by single slashes, empty for the root itself.</summary>
internal static class LayerPath
{
    /// <summary>
    /// Cleans a path as an archive writes it. Absolute paths start at the layer's root, as they will in the container (build
    /// packs write such layers). False when <c>..</c> leads above it.
    /// </summary>
    public static bool TryNormalize(ReadOnlySpan<byte> name, out byte[] path)
    {
        byte[] buffer = new byte[name.Length];
        int length = 0;
        path = [];
        while (!name.IsEmpty)
        {
            int slash = name.IndexOf((byte)'/');
            ReadOnlySpan<byte> component = slash < 0 ? name : name[..slash];
            name = slash < 0 ? [] : name[(slash + 1)..];
            if (component.IsEmpty || component.SequenceEqual("."u8)) continue;
            if (component.SequenceEqual(".."u8))
            {
                if (length == 0) return false;
                length = Math.Max(0, buffer.AsSpan(0, length).LastIndexOf((byte)'/'));
                continue;
            }

            if (length > 0) buffer[length++] = (byte)'/';
            component.CopyTo(buffer.AsSpan(length));
            length += component.Length;
        }

        path = length == buffer.Length ? buffer : buffer[..length];
        return true;
    }

    /// <summary>The path of the folder an entry is in.</summary>
    public static ReadOnlySpan<byte> Parent(ReadOnlySpan<byte> path)
    {
        int slash = path.LastIndexOf((byte)'/');
        return slash < 0 ? [] : path[..slash];
    }

    /// <summary>An entry's own name.</summary>
    public static ReadOnlySpan<byte> Name(ReadOnlySpan<byte> path) => path[(path.LastIndexOf((byte)'/') + 1)..];
}
