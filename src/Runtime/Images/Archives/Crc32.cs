namespace ContainerTools.Runtime.Images.Archives;

/// <summary>
/// The check value of gzip (RFC 1952, section 8), eight bytes at a time ("slicing-by-8"). The framework has it inside of its streams only, which
/// cannot be asked for the sum over several of them.
/// </summary>
internal sealed class Crc32
{
    private static readonly uint[] Tables = MakeTables();

    private uint _state = uint.MaxValue;

    /// <summary>The value of what has come.</summary>
    public uint Value => ~_state;

    /// <summary>More bytes.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<uint> tables = Tables;
        uint state = _state;
        for (; bytes.Length >= 8; bytes = bytes[8..])
        {
            uint low = state ^ System.Buffers.Binary.BinaryPrimitives.ReadUInt32LittleEndian(bytes);
            uint high = System.Buffers.Binary.BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]);
            state = tables[(int)(0x700 + (low & 0xFF))] ^ tables[(int)(0x600 + ((low >> 8) & 0xFF))]
                ^ tables[(int)(0x500 + ((low >> 16) & 0xFF))] ^ tables[(int)(0x400 + (low >> 24))]
                ^ tables[(int)(0x300 + (high & 0xFF))] ^ tables[(int)(0x200 + ((high >> 8) & 0xFF))]
                ^ tables[(int)(0x100 + ((high >> 16) & 0xFF))] ^ tables[(int)(high >> 24)];
        }

        foreach (byte value in bytes) state = tables[(int)((state ^ value) & 0xFF)] ^ (state >> 8);
        _state = state;
    }

    private static uint[] MakeTables()
    {
        uint[] tables = new uint[8 * 256];
        for (uint i = 0; i < 256; i++)
        {
            uint value = i;
            for (int bit = 0; bit < 8; bit++) value = (value & 1) != 0 ? 0xEDB88320 ^ (value >> 1) : value >> 1;
            tables[i] = value;
        }

        for (int i = 256; i < tables.Length; i++) tables[i] = tables[tables[i - 256] & 0xFF] ^ (tables[i - 256] >> 8);
        return tables;
    }
}
