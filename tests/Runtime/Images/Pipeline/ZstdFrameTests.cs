using ContainerTools.Runtime.Images.Archives;
using ContainerTools.Runtime.Images.Pipeline;
using ContainerTools.Tests.Archives;
using Microsoft.Win32.SafeHandles;
using Xunit;

namespace ContainerTools.Runtime.Tests.Images.Pipeline;

public sealed class ZstdFrameTests : IDisposable
{
    private readonly string _file = Path.GetTempFileName();

    public void Dispose() => File.Delete(_file);

    [Theory]
    [InlineData(10)]
    [InlineData(23)]
    [InlineData(27)]
    [InlineData(41)]
    public void The_window_that_a_header_tells(int log) => Assert.Equal(1L << log, Window(ZstdBuilder.Frame(log, "x"u8)));

    [Fact]
    public void A_window_between_two_powers_of_two()
    {
        byte[] frame = ZstdBuilder.Frame(20, "x"u8);
        frame[5] |= 3;
        Assert.Equal((1 << 20) + (3 << 17), Window(frame));
    }

    [Theory]
    [InlineData(100)]
    [InlineData(1000)]
    [InlineData(200_000)]
    public void A_single_segment_needs_its_whole_content(int size)
    {
        byte[] frame = ImageBuilder.Zstd(new byte[size]);
        Assert.NotEqual(0, frame[4] & 0x20);
        Assert.Equal(size, Window(frame));
    }

    [Fact]
    public void A_size_of_eight_bytes_behind_a_dictionary_id()
        => Assert.Equal(0x0123_4567_89AB, Window([0x28, 0xB5, 0x2F, 0xFD, 0xE1, 7, 0xAB, 0x89, 0x67, 0x45, 0x23, 0x01, 0, 0]));

    [Fact]
    public void What_is_to_be_skipped_tells_nothing()
        => Assert.Equal(1 << 24, Window([.. ZstdBuilder.Skippable(0), .. ZstdBuilder.Skippable(5000), .. ZstdBuilder.Frame(24, "x"u8)]));

    [Fact]
    public void Without_a_whole_header_there_is_no_window()
    {
        byte[] frame = ImageBuilder.Zstd(new byte[200_000]);
        for (int length = 0; length < 8; length++) Assert.Equal(0, Window(frame[..length]));
        Assert.Equal(0, Window(ZstdBuilder.Skippable(100)));
        Assert.Equal(0, Window(ZstdBuilder.Skippable(100)[..50]));
        Assert.Equal(0, Window([.. ZstdBuilder.Skippable(0), .. new byte[100]]));
        Assert.Equal(0, Window([.. Enumerable.Repeat(ZstdBuilder.Skippable(0), 10_000).SelectMany(skipped => skipped), .. ZstdBuilder.Frame(24, "x"u8)]));
    }

    private long Window(byte[] content)
    {
        File.WriteAllBytes(_file, content);
        using SafeFileHandle file = File.OpenHandle(_file);
        return ZstdFrame.Window(new ByteRange(file, 0, content.Length, "the test"));
    }
}
