using System.Text;
using ContainerTools.Runtime.Layers;
using Xunit;

namespace ContainerTools.Runtime.Tests.Layers;

public sealed class TarWriterTests
{
    public static TheoryData<string> Names => new()
    {
        "a",
        new string('n', 100),
        new string('n', 101),
        string.Join('/', Enumerable.Repeat("folder", 60)),
        "\u00e4\u00f6\u00fc",
        // Latin-1 stands for raw bytes here: no UTF-8.
        "bad\u00ff\u00fe",
        new string('\u00ff', 140),
    };

    [Theory]
    [MemberData(nameof(Names))]
    public void Names_of_all_kinds_come_back(string name)
    {
        byte[] raw = Encoding.Latin1.GetBytes(name);
        TarEntry entry = Assert.Single(Round([(new TarEntry { Type = TarEntryType.SymbolicLink, Name = raw, LinkName = raw, Mode = 0x1FF }, [])])).Entry;
        Assert.Equal(raw, entry.Name);
        Assert.Equal(raw, entry.LinkName);
        entry = Assert.Single(Round([(new TarEntry { Type = TarEntryType.File, Name = Encoding.UTF8.GetBytes(name), Mode = 0x1A4 }, [])])).Entry;
        Assert.Equal(Encoding.UTF8.GetBytes(name), entry.Name);
    }

    [Fact]
    public void What_a_file_has_comes_back()
    {
        TarEntry entry = new()
        {
            Type = TarEntryType.File,
            Name = "f"u8.ToArray(),
            Mode = 0xDED,
            Uid = 3_000_000,
            Gid = 4_000_000_000,
            ModifiedSeconds = -5,
            ModifiedNanoseconds = 250_000_000,
            StoredSize = 3,
            Size = 3,
            Attributes = [new TarAttribute("security.capability"u8.ToArray(), [1, 0, 10, 255]), new TarAttribute("user.b"u8.ToArray(), [])],
        };
        (TarEntry read, byte[] content) = Assert.Single(Round([(entry, [1, 2, 3])]));
        Assert.Equal((0xDEDu, 3_000_000u, 4_000_000_000u, -5L, 250_000_000), (read.Mode, read.Uid, read.Gid, read.ModifiedSeconds, read.ModifiedNanoseconds));
        Assert.Equal([1, 2, 3], content);
        Assert.Equal(["security.capability", "user.b"], read.Attributes.Select(attribute => Encoding.UTF8.GetString(attribute.Name)));
        Assert.Equal([1, 0, 10, 255], read.Attributes[0].Value);
        Assert.Empty(read.Attributes[1].Value);
    }

    [Theory]
    [InlineData(nameof(TarEntryType.Folder))]
    [InlineData(nameof(TarEntryType.Fifo))]
    [InlineData(nameof(TarEntryType.CharacterDevice))]
    [InlineData(nameof(TarEntryType.BlockDevice))]
    [InlineData(nameof(TarEntryType.HardLink))]
    public void Entries_without_content_come_back(string typeName)
    {
        TarEntryType type = Enum.Parse<TarEntryType>(typeName);
        bool device = type is TarEntryType.BlockDevice or TarEntryType.CharacterDevice;
        TarEntry entry = new()
        {
            Type = type,
            Name = "n"u8.ToArray(),
            LinkName = type == TarEntryType.HardLink ? "m"u8.ToArray() : [],
            DeviceMajor = device ? 259u : 0,
            DeviceMinor = device ? 1_000_000u : 0,
        };
        TarEntry read = Assert.Single(Round([(entry, [])])).Entry;
        Assert.Equal((type, entry.DeviceMajor, entry.DeviceMinor), (read.Type, read.DeviceMajor, read.DeviceMinor));
        Assert.Equal(entry.LinkName, read.LinkName);
    }

    [Theory]
    [InlineData(5L << 30)]
    [InlineData(20L << 30)]
    public void A_file_with_holes_is_as_small_as_what_is_in_it(long size)
    {
        TarEntry entry = new()
        {
            Type = TarEntryType.File,
            Name = "sparse"u8.ToArray(),
            Size = size,
            StoredSize = 5,
            Fragments = [new TarFragment(4096, 2), new TarFragment(size - 100, 3)],
        };
        MemoryStream tar = Write([(entry, [1, 2, 3, 4, 5]), (new TarEntry { Type = TarEntryType.Folder, Name = "after"u8.ToArray() }, [])]);
        Assert.True(tar.Length < 10_000);
        (TarEntry Entry, byte[] Content)[] read = Read(tar);
        Assert.Equal(size, read[0].Entry.Size);
        Assert.Equal([new TarFragment(4096, 2), new TarFragment(size - 100, 3), new TarFragment(size, 0)], read[0].Entry.Fragments!);
        Assert.Equal([1, 2, 3, 4, 5], read[0].Content);
        Assert.Equal("after", read[1].Entry.DisplayName);
    }

    [Fact]
    public void A_file_that_is_shorter_than_announced_is_filled_and_a_longer_one_refused()
    {
        MemoryStream tar = new();
        TarWriter writer = new(tar);
        TarEntry entry = new() { Type = TarEntryType.File, Name = "f"u8.ToArray(), StoredSize = 100_000, Size = 100_000 };
        writer.WriteEntry(entry);
        writer.WriteContent([1]);
        writer.WriteMissing();
        writer.WriteEntry(entry);
        Assert.Throws<InvalidOperationException>(() => writer.WriteContent(new byte[100_001]));
        Assert.Throws<InvalidOperationException>(writer.Close);
        writer.WriteMissing();
        writer.Close();
        Assert.Equal([1, 0], Read(tar)[0].Content[..2]);
    }

    [Fact]
    public void A_record_whose_length_makes_itself_longer_is_counted_right()
    {
        for (int length = 60; length < 130; length++)
        {
            byte[] value = new byte[length];
            TarEntry read = Assert.Single(Round([(new TarEntry { Type = TarEntryType.File, Name = "f"u8.ToArray(), Attributes = [new TarAttribute("user.a"u8.ToArray(), value)] }, [])])).Entry;
            Assert.Equal(length, Assert.Single(read.Attributes).Value.Length);
        }
    }

    private static (TarEntry Entry, byte[] Content)[] Round((TarEntry, byte[])[] entries) => Read(Write(entries));

    private static MemoryStream Write((TarEntry Entry, byte[] Content)[] entries)
    {
        MemoryStream tar = new();
        TarWriter writer = new(tar);
        foreach ((TarEntry entry, byte[] content) in entries)
        {
            writer.WriteEntry(entry);
            writer.WriteContent(content);
        }

        writer.Close();
        return tar;
    }

    private static (TarEntry Entry, byte[] Content)[] Read(MemoryStream tar)
    {
        tar.Position = 0;
        TarReader reader = new(new StreamSource(tar), "test");
        List<(TarEntry, byte[])> entries = [];
        while (reader.ReadEntry() is { } entry)
        {
            List<byte> content = [];
            for (ReadOnlySpan<byte> part = reader.ReadContent(); !part.IsEmpty; part = reader.ReadContent()) content.AddRange(part);
            entries.Add((entry, [.. content]));
        }

        Assert.True(reader.Closed);
        return [.. entries];
    }
}
