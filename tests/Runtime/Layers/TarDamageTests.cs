using System.Text;
using ContainerTools.Runtime.Layers;
using ContainerTools.Tests.Archives;
using Xunit;

namespace ContainerTools.Runtime.Tests.Layers;

public sealed class TarDamageTests
{
    public static TheoryData<string, byte[]> Damaged => new()
    {
        { "cut in a header", new TarBuilder().File("a", "x").Build()[..300] },
        { "cut in the content", new TarBuilder().File("a", new string('x', 3000)).Build()[..1500] },
        { "no tar at all", Encoding.UTF8.GetBytes(new string('n', 2048)) },
        { "a wrong check sum", Flip(new TarBuilder().File("a", "x").Build(), 0) },
        { "an unknown type", new TarBuilder().Header("a", 'M').Build() },
        { "a number that is not octal", new TarBuilder().Header("a", '0', edit: block => block[108] = (byte)'z').Build() },
        { "a negative size", new TarBuilder().Header("a", '0', edit: block => block.AsSpan(124, 12).Fill(0xFF)).Build() },
        { "an impossible owner", new TarBuilder().Pax(("uid", "4294967295")).File("a", "").Build() },
        { "no name", new TarBuilder().Header("", '0').Build() },
        { "a header for nothing", new TarBuilder().Pax(("path", "a")).Build() },
        { "a long name for nothing", new TarBuilder().GnuLong('L', "a"u8.ToArray()).Build(closed: false) },
        { "a PAX record without a length", new TarBuilder().Header("x", 'x', 8).Content("path=abc"u8.ToArray()).File("a", "").Build() },
        { "a PAX record that is too long", new TarBuilder().Header("x", 'x', 12).Content("99 path=abc\n"u8.ToArray()).File("a", "").Build() },
        { "a PAX record without a line end", new TarBuilder().Header("x", 'x', 12).Content("12 path=abcd"u8.ToArray()).File("a", "").Build() },
        { "a PAX name with a NUL", new TarBuilder().Pax(("path", new byte[] { 97, 0, 98 })).File("a", "").Build() },
        { "a PAX size that is none", new TarBuilder().Pax(("size", "12x")).File("a", "").Build() },
        { "a PAX time that is none", new TarBuilder().Pax(("mtime", "now")).File("a", "").Build() },
        { "an enormous PAX header", new TarBuilder().Header("x", 'x', 1L << 40).Build() },
        { "an enormous long name", new TarBuilder().Header("x", 'L', 1L << 32).Build() },
        { "a sparse file whose pieces overlap", Sparse(("GNU.sparse.map", "0,512,100,512"), ("GNU.sparse.size", "2000")) },
        { "a sparse file whose pieces leave it", Sparse(("GNU.sparse.map", "0,512,5000,512"), ("GNU.sparse.size", "2000")) },
        { "a sparse file whose pieces are missing", Sparse(("GNU.sparse.map", "0,512"), ("GNU.sparse.size", "2000")) },
        { "a sparse file with half a piece", Sparse(("GNU.sparse.map", "0,512,600"), ("GNU.sparse.size", "2000")) },
        { "a sparse file without a size", Sparse(("GNU.sparse.map", "0,512,1024,512")) },
        { "a sparse map that does not end", new TarBuilder().Pax(("GNU.sparse.major", "1"), ("GNU.sparse.realsize", "9")).File("s", new byte[512]).Build() },
        { "a sparse map that is no number", new TarBuilder().Pax(("GNU.sparse.major", "1"), ("GNU.sparse.realsize", "9")).File("s", "x\ny\n" + new string('z', 508)).Build() },
    };

    [Theory]
    [MemberData(nameof(Damaged))]
    public void Damage_is_told(string what, byte[] tar)
    {
        ContainerException error = Assert.Throws<ContainerException>(() => TarReaderTests.ReadAll(tar).ToList());
        Assert.True(error.Code == ErrorCode.ArchiveCorrupt, $"{what}: {error.Code}");
        Assert.StartsWith("test.tar is damaged: at byte ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Any_bytes_give_entries_or_an_error_and_nothing_else()
    {
        byte[] seed = new TarBuilder()
            .Folder("d/").File("d/f", "content").Pax(("path", "long"), ("mtime", "1.5"), ("SCHILY.xattr.user.a", "b")).File("x", "y").SymbolicLink("l", "t")
            .GnuLong('L', "name"u8.ToArray()).HardLink("h", "d/f").Pax(("GNU.sparse.map", "0,1,5,1"), ("GNU.sparse.size", "9")).File("s", "ab").Build();
        Random random = new(4711);
        for (int round = 0; round < 20_000; round++)
        {
            byte[] tar = (byte[])seed.Clone();
            for (int changes = random.Next(1, 6); changes > 0; changes--)
            {
                int block = random.Next(tar.Length / 512) * 512;
                tar[block + random.Next(512)] = (byte)random.Next(256);
                // With a right check sum, the damage gets further.
                if (random.Next(3) > 0) Reseal(tar, block);
            }

            if (random.Next(4) == 0) tar = tar[..random.Next(tar.Length)];
            try
            {
                foreach ((TarEntry entry, _) in TarReaderTests.ReadAll(tar, random.Next(1, 2000)))
                {
                    Assert.NotEmpty(entry.Name);
                    Assert.InRange(entry.ModifiedNanoseconds, 0, 999_999_999);
                }
            }
            catch (ContainerException error)
            {
                Assert.Equal(ErrorCode.ArchiveCorrupt, error.Code);
            }
        }
    }

    private static void Reseal(byte[] tar, int offset)
    {
        byte[] block = tar[offset..(offset + 512)];
        TarBuilder.Seal(block);
        block.CopyTo(tar, offset);
    }

    private static byte[] Sparse(params (string, string)[] records) => new TarBuilder().Pax(records).File("s", new byte[1024]).Build();

    private static byte[] Flip(byte[] tar, int at)
    {
        tar[at] ^= 1;
        return tar;
    }
}
