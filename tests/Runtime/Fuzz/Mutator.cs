using System.Text;

namespace ContainerTools.Runtime.Tests.Fuzz;

/// <summary>Changes an input in a few places, the same way for the same random numbers.</summary>
/// <param name="random">Where the changes come from.</param>
/// <param name="corpus">Other inputs, of which pieces are put in.</param>
internal sealed class Mutator(Random random, byte[][] corpus)
{
    // What parsers stumble over: ends of ranges, in the notations of tar, JSON and HTTP.
    private static readonly byte[][] s_words =
    [
        .. ((string[])[
            "0", "-1", "1", "00000000000", "77777777777", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "4294967296", "1e400", "0x10", "null", "true", "{}", "[]",
            "\"\"", "\"\\ud800\"", "[[[[[[[[", "{\"a\":", "..", "../..", "/", "//", ".wh.", ".wh..wh..opq", ".wh...", "sha256:", "sha512:00", ",", ";", "=", "\"", "\\", "\r", "\n", "\t", "\0",
            "GNU.sparse.map=0,1", "GNU.sparse.size=9", "99999 path=x\n", "0 a=b\n", "ustar  \0", "ustar\0" + "00",
        ]).Select(Encoding.UTF8.GetBytes),
        [0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], [0xff], [0xc3], [0xed, 0xa0, 0x80],
    ];

    /// <summary>A changed input.</summary>
    public byte[] Next()
    {
        List<byte> bytes = [.. corpus[random.Next(corpus.Length)]];
        for (int change = random.Next(1, 5); change > 0; change--)
        {
            int at = random.Next(bytes.Count + 1);
            int length = Math.Min(random.Next(1, random.Next(2) == 0 ? 8 : 700), bytes.Count - at);
            switch (random.Next(8))
            {
                case 0 when at < bytes.Count:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1 when at < bytes.Count:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 2:
                    bytes.RemoveRange(at, length);
                    break;
                case 3:
                    bytes.InsertRange(at, bytes.GetRange(at, length));
                    break;
                case 4:
                    bytes.RemoveRange(at, bytes.Count - at);
                    break;
                case 5:
                    bytes.InsertRange(at, s_words[random.Next(s_words.Length)]);
                    break;
                case 6:
                    // In the place of what is there: the length of a block stays.
                    byte[] word = s_words[random.Next(s_words.Length)];
                    for (int i = 0; i < word.Length && at + i < bytes.Count; i++) bytes[at + i] = word[i];
                    break;
                default:
                    byte[] other = corpus[random.Next(corpus.Length)];
                    int from = random.Next(other.Length + 1);
                    bytes.InsertRange(at, other[from..Math.Min(other.Length, from + random.Next(1, 1100))]);
                    break;
            }
        }

        return [.. bytes];
    }

    /// <summary>A changed tar archive: most of its headers get right check sums again, or nothing behind the sum would ever be tried.</summary>
    public byte[] NextTar()
    {
        byte[] archive = Next();
        if (random.Next(8) == 0) return archive;
        for (int block = 0; block + 512 <= archive.Length; block += 512)
        {
            Span<byte> header = archive.AsSpan(block, 512);
            if (!header.Slice(257, 5).SequenceEqual("ustar"u8)) continue;
            header.Slice(148, 8).Fill((byte)' ');
            int sum = 0;
            foreach (byte value in header) sum += value;
            Encoding.ASCII.GetBytes(Convert.ToString(sum, 8).PadLeft(6, '0') + "\0", header[148..]);
        }

        return archive;
    }
}
