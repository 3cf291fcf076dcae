using System.Text;
using ContainerTools.Runtime.Images;
using ContainerTools.Runtime.Layers;
using ContainerTools.Tests.Archives;
using Xunit;

namespace ContainerTools.Runtime.Tests.Layers;

/// <summary>Whatever is fed to the parsers, they read it or say in their own words that they cannot. The corpus is changed the same way on every run.</summary>
public sealed class TarFuzzTests
{
    private const int Rounds = 4000;

    private static readonly byte[][] s_archives =
    [
        new TarBuilder().Folder("etc").File("etc/file", "content", 0x9ED, 3, 4, 1600000000).SymbolicLink("link", "etc/file").HardLink("hard", "etc/file").Build(),
        new TarBuilder().Pax(("path", new string('p', 300)), ("SCHILY.xattr.user.a", "b"), ("mtime", "1600000000.5")).File("short", "x").Build(),
        new TarBuilder().GnuLong('L', Encoding.ASCII.GetBytes(new string('g', 300))).File("short", "x").Build(),
        new TarBuilder().Pax(("GNU.sparse.map", "0,512,1024,512"), ("GNU.sparse.size", "2000"), ("GNU.sparse.numblocks", "2")).File("s", new byte[1024]).Build(),
        new TarBuilder().File("dir/.wh.gone", "").File("dir/.wh..wh..opq", "").File(".wh.never-there", "").Build(),
    ];

    private static readonly string[] s_references =
    [
        "busybox", "docker.io/library/busybox:latest", "localhost:5000/a/b:tag", "[::1]:5000/a@sha256:" + new string('a', 64), "a.b/c_d/e--f:g.h-i",
    ];

    [Fact]
    public void A_changed_archive_is_read_or_refused()
    {
        Random random = new(4711);
        int read = 0;
        int refused = 0;
        for (int round = 0; round < Rounds; round++)
        {
            byte[] archive = Change(s_archives[round % s_archives.Length], random);
            try
            {
                TarReader tar = new(new StreamSource(new MemoryStream(archive)), "test.tar");
                // An archive of so few bytes cannot have more entries than blocks.
                int entries = 0;
                while (tar.ReadEntry() is { } entry)
                {
                    Assert.True(entry.Name.Length > 0 && entry.Size >= 0 && entry.StoredSize >= 0);
                    Assert.True(++entries <= archive.Length / TarReader.BlockSize);
                    LayerPath.TryNormalize(entry.Name, out _);
                }

                read++;
            }
            catch (ContainerException error) when (error.Code is ErrorCode.ArchiveCorrupt)
            {
                refused++;
            }
        }

        // Both must happen, or nothing was tried.
        Assert.InRange(read, 1, Rounds - 1);
        Assert.Equal(Rounds, read + refused);
    }

    [Fact]
    public void A_changed_reference_is_read_or_refused_and_read_again_as_the_same()
    {
        Random random = new(4711);
        int read = 0;
        for (int round = 0; round < Rounds; round++)
        {
            byte[] text = Change(Encoding.UTF8.GetBytes(s_references[round % s_references.Length]), random);
            if (!ImageReference.TryParse(Encoding.UTF8.GetString(text), out ImageReference? reference)) continue;
            read++;
            Assert.True(ImageReference.TryParse(reference.ToString(), out ImageReference? again), reference.ToString());
            Assert.Equal(reference.ToString(), again.ToString());
        }

        Assert.InRange(read, 1, Rounds - 1);
    }

    private static byte[] Change(byte[] original, Random random)
    {
        byte[] changed = [.. original];
        for (int change = random.Next(1, 4); change > 0 && changed.Length > 0; change--)
        {
            int place = random.Next(changed.Length);
            switch (random.Next(4))
            {
                case 0:
                    changed[place] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    changed[place] = (byte)random.Next(256);
                    break;
                case 2:
                    changed = changed[..place];
                    break;
                default:
                    int length = Math.Min(random.Next(1, 600), changed.Length - place);
                    changed = [.. changed[..place], .. changed.AsSpan(place, length), .. changed[place..]];
                    break;
            }
        }

        // Most changes would only break a check sum: half of the archives get right ones again.
        if (random.Next(2) == 0)
        {
            for (int block = 0; block + TarReader.BlockSize <= changed.Length; block += TarReader.BlockSize)
            {
                if (changed.AsSpan(block + 257, 5).SequenceEqual("ustar"u8)) Sum(changed.AsSpan(block, TarReader.BlockSize));
            }
        }

        return changed;
    }

    private static void Sum(Span<byte> header)
    {
        header.Slice(148, 8).Fill((byte)' ');
        int sum = 0;
        foreach (byte value in header) sum += value;
        Encoding.ASCII.GetBytes(Convert.ToString(sum, 8).PadLeft(6, '0') + "\0", header[148..]);
    }
}
