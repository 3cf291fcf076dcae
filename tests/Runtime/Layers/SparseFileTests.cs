using System.Text;
using ContainerTools.Runtime.Layers;
using ContainerTools.Tests.Archives;
using Xunit;

namespace ContainerTools.Runtime.Tests.Layers;

/// <summary>The four ways in which tar writes files with holes (GNU tar manual, "Storing Sparse Files").</summary>
public sealed class SparseFileTests
{
    private static readonly TarFragment[] Expected = [new(1024, 3), new(8192, 2)];

    [Fact]
    public void The_old_format_of_gnu()
    {
        byte[] tar = new TarBuilder().Header("s", 'S', 5, edit: block =>
        {
            "ustar  \0"u8.CopyTo(block.AsSpan(257));
            TarBuilder.Octal(block, 386, 12, 1024);
            TarBuilder.Octal(block, 398, 12, 3);
            TarBuilder.Octal(block, 410, 12, 8192);
            TarBuilder.Octal(block, 422, 12, 2);
            TarBuilder.Octal(block, 483, 12, 10000);
        }).Content("abcde"u8.ToArray()).File("next", "x").Build();
        Check(tar);
    }

    [Fact]
    public void The_old_format_of_gnu_with_more_pieces_than_the_header_holds()
    {
        byte[] extension = new byte[512];
        TarBuilder.Octal(extension, 0, 12, 400);
        TarBuilder.Octal(extension, 12, 12, 1);
        byte[] tar = new TarBuilder().Header("s", 'S', 5, edit: block =>
        {
            "ustar  \0"u8.CopyTo(block.AsSpan(257));
            for (int i = 0; i < 4; i++)
            {
                TarBuilder.Octal(block, 386 + (24 * i), 12, 100 * i);
                TarBuilder.Octal(block, 398 + (24 * i), 12, 1);
            }

            block[482] = 1;
            TarBuilder.Octal(block, 483, 12, 500);
        }).Raw(extension).Content("abcde"u8.ToArray()).File("next", "x").Build();
        (TarEntry Entry, byte[] Content)[] entries = [.. TarReaderTests.ReadAll(tar, 512)];
        Assert.Equal([0, 100, 200, 300, 400], entries[0].Entry.Fragments!.Select(fragment => fragment.Offset));
        Assert.Equal("s", entries[0].Entry.DisplayName);
        Assert.Equal(0x1A4u, entries[0].Entry.Mode);
        Assert.Equal("next", entries[1].Entry.DisplayName);
    }

    [Fact]
    public void Format_0_0_of_pax()
        => Check(new TarBuilder().Pax(
            ("GNU.sparse.size", "10000"), ("GNU.sparse.numblocks", "2"), ("GNU.sparse.offset", "1024"), ("GNU.sparse.numbytes", "3"),
            ("GNU.sparse.offset", "8192"), ("GNU.sparse.numbytes", "2")).File("s", "abcde").File("next", "x").Build());

    [Fact]
    public void Format_0_1_of_pax()
        => Check(new TarBuilder().Pax(("GNU.sparse.size", "10000"), ("GNU.sparse.name", "s"), ("GNU.sparse.map", "1024,3,8192,2"))
            .File("GNUSparseFile.1/s", "abcde").File("next", "x").Build());

    [Fact]
    public void Format_1_0_of_pax()
    {
        byte[] map = new byte[512];
        "2\n1024\n3\n8192\n2\n"u8.CopyTo(map);
        Check(new TarBuilder()
            .Pax(("GNU.sparse.major", "1"), ("GNU.sparse.minor", "0"), ("GNU.sparse.name", "s"), ("GNU.sparse.realsize", "10000"))
            .File("GNUSparseFile.1/s", [.. map, .. "abcde"u8]).File("next", "x").Build());
    }

    private static void Check(byte[] tar)
    {
        foreach (int bufferSize in new[] { 100, 512, 100_000 })
        {
            (TarEntry Entry, byte[] Content)[] entries = [.. TarReaderTests.ReadAll(tar, bufferSize)];
            Assert.Equal("s", entries[0].Entry.DisplayName);
            Assert.Equal(10000, entries[0].Entry.Size);
            Assert.Equal(5, entries[0].Entry.StoredSize);
            Assert.Equal(Expected, entries[0].Entry.Fragments);
            Assert.Equal("abcde", Encoding.UTF8.GetString(entries[0].Content));
            Assert.Equal("next", entries[1].Entry.DisplayName);
        }
    }
}
