using System.Text;
using ContainerTools.Runtime.Layers;
using ContainerTools.Tests.Archives;
using Xunit;

namespace ContainerTools.Runtime.Tests.Layers;

public sealed class TarReaderTests
{
    [Fact]
    public void Reads_what_ustar_says_of_a_file()
    {
        byte[] tar = new TarBuilder().File("etc/motd", "hello", 0x9ED, 1000, 100, 1700000000).Build();
        (TarEntry entry, byte[] content) = Assert.Single(ReadAll(tar));
        Assert.Equal("etc/motd", entry.DisplayName);
        Assert.Equal(TarEntryType.File, entry.Type);
        Assert.Equal(0x9EDu, entry.Mode);
        Assert.Equal(1000u, entry.Uid);
        Assert.Equal(100u, entry.Gid);
        Assert.Equal(1700000000, entry.ModifiedSeconds);
        Assert.Equal("hello", Encoding.UTF8.GetString(content));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(511)]
    [InlineData(513)]
    [InlineData(65536)]
    public void Buffers_of_any_size_give_the_same_entries(int bufferSize)
    {
        byte[] tar = new TarBuilder().Folder("a/").File("a/b", new string('x', 1500)).Pax(("path", "a/long")).File("short", "y").SymbolicLink("a/c", "b").Build();
        (TarEntry Entry, byte[] Content)[] entries = [.. ReadAll(tar, bufferSize)];
        Assert.Equal(["a/", "a/b", "a/long", "a/c"], entries.Select(entry => entry.Entry.DisplayName));
        Assert.Equal(1500, entries[1].Content.Length);
        Assert.Equal("y", Encoding.UTF8.GetString(entries[2].Content));
        Assert.Equal("b"u8.ToArray(), entries[3].Entry.LinkName);
    }

    [Fact]
    public void Content_that_is_not_read_is_skipped()
    {
        TarReader tar = Reader(new TarBuilder().File("a", new string('x', 5000)).File("b", "y").Build());
        Assert.Equal("a", tar.ReadEntry()!.DisplayName);
        Assert.Equal("b", tar.ReadEntry()!.DisplayName);
        Assert.Null(tar.ReadEntry());
        Assert.True(tar.Closed);
    }

    [Fact]
    public void Names_that_are_not_utf8_keep_their_bytes()
    {
        byte[] name = [(byte)'a', 0xFF, 0xFE];
        byte[] tar = new TarBuilder().Header(name, '0', 0, 0x1A4, 0, 0, 0, [], 0, 0, null).Build();
        Assert.Equal(name, Assert.Single(ReadAll(tar)).Entry.Name);
    }

    [Fact]
    public void The_prefix_of_ustar_comes_before_the_name()
    {
        byte[] tar = new TarBuilder().Header("name", '0', edit: block => "some/prefix"u8.CopyTo(block.AsSpan(345))).Build();
        Assert.Equal("some/prefix/name", Assert.Single(ReadAll(tar)).Entry.DisplayName);
    }

    [Fact]
    public void Gnu_headers_have_no_prefix()
    {
        byte[] tar = new TarBuilder().Header("name", '0', edit: block =>
        {
            "ustar  \0"u8.CopyTo(block.AsSpan(257));
            "14000000000"u8.CopyTo(block.AsSpan(345)); // the access time
        }).Build();
        Assert.Equal("name", Assert.Single(ReadAll(tar)).Entry.DisplayName);
    }

    [Fact]
    public void Gnu_long_names_and_links()
    {
        string name = string.Join('/', Enumerable.Repeat("folder", 40));
        string target = string.Join('/', Enumerable.Repeat("target", 40));
        byte[] tar = new TarBuilder().GnuLong('L', Encoding.UTF8.GetBytes(name)).GnuLong('K', Encoding.UTF8.GetBytes(target)).SymbolicLink("folder", "target").Build();
        TarEntry entry = Assert.Single(ReadAll(tar)).Entry;
        Assert.Equal(name, Encoding.UTF8.GetString(entry.Name));
        // Messages are cut.
        Assert.Equal($"{name[..200]}…", entry.DisplayName);
        Assert.Equal(target, Encoding.UTF8.GetString(entry.LinkName));
    }

    [Fact]
    public void Pax_records_win_over_the_header()
    {
        string name = new('n', 300);
        byte[] capability = [1, 0, 0, 2, 0, 4, 0, 0, (byte)'\n', 0, 0, 0];
        byte[] tar = new TarBuilder()
            .Pax(
                ("path", Encoding.UTF8.GetBytes(name)), ("uid", "3000000"u8.ToArray()), ("gid", "4000000"u8.ToArray()), ("mtime", "1700000000.123456789"u8.ToArray()),
                ("SCHILY.xattr.security.capability", capability), ("SCHILY.xattr.user.empty", []))
            .File("n", "x").Build();
        TarEntry entry = Assert.Single(ReadAll(tar)).Entry;
        Assert.Equal(name, Encoding.UTF8.GetString(entry.Name));
        Assert.Equal(3000000u, entry.Uid);
        Assert.Equal(4000000u, entry.Gid);
        Assert.Equal(1700000000, entry.ModifiedSeconds);
        Assert.Equal(123456789, entry.ModifiedNanoseconds);
        Assert.Equal(["security.capability", "user.empty"], entry.Attributes.Select(attribute => Encoding.UTF8.GetString(attribute.Name)));
        Assert.Equal(capability, entry.Attributes[0].Value);
    }

    [Fact]
    public void Attributes_of_libarchive_are_decoded()
    {
        byte[] tar = new TarBuilder().Pax(("LIBARCHIVE.xattr.user.a%20b", "aGVsbG8")).File("f", "x").Build();
        TarAttribute attribute = Assert.Single(Assert.Single(ReadAll(tar)).Entry.Attributes);
        Assert.Equal("user.a b", Encoding.UTF8.GetString(attribute.Name));
        Assert.Equal("hello", Encoding.UTF8.GetString(attribute.Value));
    }

    [Theory]
    [InlineData("5", 5, 0)]
    [InlineData("5.5", 5, 500000000)]
    [InlineData("5.1234567891", 5, 123456789)]
    [InlineData("-1.25", -2, 750000000)]
    [InlineData("-3", -3, 0)]
    public void Times_of_pax(string text, long seconds, int nanoseconds)
    {
        TarEntry entry = Assert.Single(ReadAll(new TarBuilder().Pax(("mtime", text)).File("f", "").Build())).Entry;
        Assert.Equal((seconds, nanoseconds), (entry.ModifiedSeconds, entry.ModifiedNanoseconds));
    }

    [Fact]
    public void Global_headers_hold_for_all_that_follow_and_are_no_entries()
    {
        byte[] records = "12 uid=1234\n"u8.ToArray();
        byte[] tar = new TarBuilder().Header("pax_global_header", 'g', records.Length).Content(records).File("a", "").Pax(("uid", "7")).File("b", "").File("c", "").Build();
        Assert.Equal([1234u, 7u, 1234u], ReadAll(tar).Select(entry => entry.Entry.Uid));
    }

    [Fact]
    public void Numbers_in_base_256()
    {
        byte[] tar = new TarBuilder().Header("f", '0', edit: block =>
        {
            block.AsSpan(108, 8).Clear();
            block[108] = 0x80;
            block[112] = 0x80; // 2^31
            block.AsSpan(136, 12).Fill(0xFF); // -1
        }).Build();
        TarEntry entry = Assert.Single(ReadAll(tar)).Entry;
        Assert.Equal(2147483648u, entry.Uid);
        Assert.Equal(-1, entry.ModifiedSeconds);
    }

    [Fact]
    public void Devices_and_fifos()
    {
        byte[] tar = new TarBuilder().Header("null", '3', major: 1, minor: 3).Header("sda", '4', major: 8).Header("pipe", '6').Build();
        TarEntry[] entries = [.. ReadAll(tar).Select(entry => entry.Entry)];
        Assert.Equal([TarEntryType.CharacterDevice, TarEntryType.BlockDevice, TarEntryType.Fifo], entries.Select(entry => entry.Type));
        Assert.Equal((1u, 3u), (entries[0].DeviceMajor, entries[0].DeviceMinor));
        Assert.Equal((8u, 0u), (entries[1].DeviceMajor, entries[1].DeviceMinor));
    }

    [Fact]
    public void The_size_of_a_hard_link_is_not_content()
    {
        byte[] tar = new TarBuilder().File("a", "x").Header("b", '1', 1, linkName: "a").File("c", "y").Build();
        Assert.Equal(["a", "b", "c"], ReadAll(tar).Select(entry => entry.Entry.DisplayName));
    }

    [Fact]
    public void A_trailing_slash_marks_a_folder_of_V7()
    {
        byte[] tar = new TarBuilder().Header("old/", '\0', edit: block => block.AsSpan(257, 8).Clear()).Build();
        Assert.Equal(TarEntryType.Folder, Assert.Single(ReadAll(tar)).Entry.Type);
    }

    [Fact]
    public void The_end_mark_tells_a_whole_archive_from_a_truncated_one()
    {
        TarReader tar = Reader(new TarBuilder().File("a", "x").Build(closed: false));
        Assert.NotNull(tar.ReadEntry());
        Assert.Null(tar.ReadEntry());
        Assert.False(tar.Closed);
    }

    [Fact]
    public void An_archive_of_nothing_has_no_entries() => Assert.Empty(ReadAll(new TarBuilder().Build()));

    private static TarReader Reader(byte[] tar, int bufferSize = 4096) => new(new StreamSource(new MemoryStream(tar), bufferSize), "test.tar");

    internal static IEnumerable<(TarEntry Entry, byte[] Content)> ReadAll(byte[] tar, int bufferSize = 4096)
    {
        TarReader reader = Reader(tar, bufferSize);
        while (reader.ReadEntry() is { } entry)
        {
            using MemoryStream content = new();
            for (ReadOnlySpan<byte> part = reader.ReadContent(); !part.IsEmpty; part = reader.ReadContent()) content.Write(part);
            yield return (entry, content.ToArray());
        }
    }
}
