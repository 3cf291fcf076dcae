using System.IO.Compression;
using ContainerTools.Runtime.Images.Archives;
using ContainerTools.Tests.Archives;
using Microsoft.Win32.SafeHandles;
using Xunit;

namespace ContainerTools.Runtime.Tests.Images;

/// <summary>What is compressed block by block is one stream to whoever reads it.</summary>
public sealed class ParallelCompressionTests : IDisposable
{
    private readonly string _file = Path.GetTempFileName();

    public void Dispose() => File.Delete(_file);

    [Theory]
    [InlineData(1)]
    [InlineData(1024 * 1024)]
    [InlineData((1024 * 1024) + 1)]
    [InlineData(9_876_543)]
    public async Task Gzip_is_one_member_with_the_right_check(int size)
    {
        byte[] content = Content(size);
        (byte[] result, string input, string output) = await CompressAsync(Compression.Gzip, content);
        Assert.Equal((ImageBuilder.Digest(content), ImageBuilder.Digest(result)), (input, output));
        using MemoryStream all = new();
        // The framework checks the sum and the size.
        await using (GZipStream gzip = new(new MemoryStream(result), CompressionMode.Decompress)) await gzip.CopyToAsync(all, TestContext.Current.CancellationToken);
        Assert.Equal(content, all.ToArray());
        // Without header and trailer it is one run of deflate: no second member begins in it.
        using MemoryStream one = new();
        await using (DeflateStream deflate = new(new MemoryStream(result, 10, result.Length - 18), CompressionMode.Decompress)) await deflate.CopyToAsync(one, TestContext.Current.CancellationToken);
        Assert.Equal(content.Length, one.Length);
        result[^5] ^= 1;
        Assert.Throws<InvalidDataException>(() => new GZipStream(new MemoryStream(result), CompressionMode.Decompress).CopyTo(Stream.Null));
    }

    [Fact]
    public async Task What_does_not_compress_is_stored()
    {
        byte[] content = new byte[(3 * 1024 * 1024) + 70_000];
        new Random(1).NextBytes(content);
        byte[] result = (await CompressAsync(Compression.Gzip, content)).Result;
        Assert.InRange(result.Length, content.Length, content.Length + (content.Length / 1000));
        using MemoryStream all = new();
        await using (GZipStream gzip = new(new MemoryStream(result), CompressionMode.Decompress)) await gzip.CopyToAsync(all, TestContext.Current.CancellationToken);
        Assert.Equal(content, all.ToArray());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2 * 1024 * 1024)]
    [InlineData(9_876_543)]
    public async Task Zstd_is_read_as_a_whole(int size)
    {
        byte[] content = Content(size);
        (byte[] result, string input, string output) = await CompressAsync(Compression.Zstd, content);
        Assert.Equal((ImageBuilder.Digest(content), ImageBuilder.Digest(result)), (input, output));
        using MemoryStream all = new();
        await using (ZstdSharp.DecompressionStream zstd = new(new MemoryStream(result))) await zstd.CopyToAsync(all, TestContext.Current.CancellationToken);
        Assert.Equal(content, all.ToArray());
    }

    [Theory]
    [InlineData(Compression.Gzip)]
    [InlineData(Compression.Zstd)]
    internal async Task The_same_comes_of_the_same(Compression compression)
        => Assert.Equal((await CompressAsync(compression, Content(5_000_000))).Output, (await CompressAsync(compression, Content(5_000_000))).Output);

    [Fact]
    public void The_check_value_is_that_of_the_specification()
    {
        Crc32 check = new();
        check.Append("12345"u8);
        check.Append("6789"u8);
        Assert.Equal(0xCBF43926, check.Value);
    }

    /// <summary>Some of it compresses, some does not.</summary>
    private static byte[] Content(int size)
    {
        byte[] content = new byte[size];
        new Random(size).NextBytes(content.AsSpan(0, size / 2));
        for (int i = size / 2; i < size; i++) content[i] = (byte)(i / 1000);
        return content;
    }

    private async Task<(byte[] Result, string Input, string Output)> CompressAsync(Compression compression, byte[] content)
    {
        await File.WriteAllBytesAsync(_file, content, TestContext.Current.CancellationToken);
        using SafeFileHandle file = File.OpenHandle(_file);
        using MemoryStream result = new();
        (string input, string output, long size) = await new ParallelCompression(compression).RunAsync(file, result, TestContext.Current.CancellationToken);
        Assert.Equal(size, result.Length);
        return (result.ToArray(), input, output);
    }
}
