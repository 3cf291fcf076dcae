using ContainerTools.Runtime.Images.Archives;
using ContainerTools.Runtime.Images.Pipeline;
using Xunit;

namespace ContainerTools.Runtime.Tests.Images.Pipeline;

public sealed class ZstdDecodersTests : IDisposable
{
    private readonly ZstdDecoders _decoders = new();

    public void Dispose() => _decoders.Dispose();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public void More_than_the_largest_window_is_refused_in_words()
    {
        ContainerException error = Assert.Throws<ContainerException>(() => _decoders.Lend(ZstdDecoders.LargestWindow + 1, "The layer x", Token));
        Assert.Equal(ErrorCode.ImageUnsupported, error.Code);
        Assert.Contains("The layer x", error.Message, StringComparison.Ordinal);
        Assert.Contains("32 MiB", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_later_frame_may_not_take_more_than_the_first_has_said()
    {
        using ZstdDecoder decoder = _decoders.Lend(1 << 20, "The layer x", Token);
        using Stream stream = decoder.Open(new MemoryStream([.. ZstdBuilder.Frame(20, "first"u8), .. ZstdBuilder.Frame(24, "second"u8)]));
        Assert.Throws<ZstdWindowException>(() => stream.CopyTo(Stream.Null));
    }

    [Fact]
    public async Task A_large_window_waits_until_it_is_alone_and_others_wait_for_it()
    {
        List<ZstdDecoder> usual = [.. Enumerable.Range(0, 4).Select(_ => _decoders.Lend(ZstdDecoders.UsualWindow, "x", Token))];
        Task<ZstdDecoder> large = Start(ZstdDecoders.UsualWindow + 1);
        foreach (ZstdDecoder decoder in usual.Skip(1)) decoder.Dispose();
        Assert.False(large.IsCompleted);
        usual[0].Dispose();
        ZstdDecoder alone = await large;
        Task<ZstdDecoder> next = Start(1);
        Task<ZstdDecoder> other = Start(ZstdDecoders.LargestWindow);
        Assert.False(next.IsCompleted || other.IsCompleted);
        alone.Dispose();
        (await await Task.WhenAny(next, other)).Dispose();
        (await next).Dispose();
        (await other).Dispose();
    }

    [Fact]
    public async Task Who_gives_up_waiting_keeps_nothing()
    {
        ZstdDecoder one = _decoders.Lend(1, "x", Token);
        using CancellationTokenSource given = new();
        Task waiting = Task.Run(() => _decoders.Lend(ZstdDecoders.LargestWindow, "x", given.Token), Token);
        await given.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        one.Dispose();
        one.Dispose();
        _decoders.Lend(ZstdDecoders.LargestWindow, "x", Token).Dispose();
    }

    [Fact]
    public void What_was_left_off_in_the_middle_does_not_go_on_in_the_next()
    {
        byte[] frame = ZstdBuilder.Frame(20, new byte[100_000]);
        using (ZstdDecoder decoder = _decoders.Lend(1 << 20, "x", Token))
        using (Stream stream = decoder.Open(new MemoryStream(frame[..50_000])))
        {
            Assert.Throws<EndOfStreamException>(() => stream.CopyTo(Stream.Null));
        }

        using ZstdDecoder again = _decoders.Lend(1 << 20, "x", Token);
        using Stream whole = again.Open(new MemoryStream(frame));
        using MemoryStream result = new();
        whole.CopyTo(result);
        Assert.Equal(100_000, result.Length);
    }

    private Task<ZstdDecoder> Start(long window) => Task.Run(() => _decoders.Lend(window, "x", Token), Token);
}
