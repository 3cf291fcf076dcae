using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Monitoring;
using Microsoft.Win32.SafeHandles;
using Xunit;

namespace ContainerTools.Runtime.Tests.Monitoring;

public sealed class EventLoopTests
{
    [Fact]
    public void A_handler_that_was_removed_in_the_same_batch_is_not_called()
    {
        using EventLoop loop = new();
        using Pipe first = new();
        using Pipe second = new();
        using Pipe third = new();
        List<string> calls = [];
        EventLoop.Registration? a = null, b = null;
        Handler onThird = new(() =>
        {
            calls.Add("third");
            loop.Stop();
        });
        Handler onFirst = new(() => Remove("first", ref b));
        Handler onSecond = new(() => Remove("second", ref a));
        a = loop.Add(first.Reader, Libc.EPOLLIN, onFirst);
        b = loop.Add(second.Reader, Libc.EPOLLIN, onSecond);
        first.Fill();
        second.Fill();
        loop.Run();
        // Whichever came first has taken the other's place away and given it to the third, whose own event comes in a later batch.
        Assert.Equal(2, calls.Count);
        Assert.Equal("third", calls[1]);

        void Remove(string name, ref EventLoop.Registration? other)
        {
            calls.Add(name);
            other!.Dispose();
            (name == "first" ? a : b)!.Change(0);
            loop.Add(third.Reader, Libc.EPOLLIN, onThird);
            third.Fill();
        }
    }

    [Fact]
    public void More_files_than_places_are_watched()
    {
        using EventLoop loop = new();
        Pipe[] pipes = [.. Enumerable.Range(0, 50).Select(_ => new Pipe())];
        int calls = 0;
        foreach (Pipe pipe in pipes)
        {
            EventLoop.Registration? registration = null;
            registration = loop.Add(pipe.Reader, Libc.EPOLLIN, new Handler(() =>
            {
                registration!.Dispose();
                if (++calls == pipes.Length) loop.Stop();
            }));
            pipe.Fill();
        }

        loop.Run();
        Assert.Equal(50, calls);
        foreach (Pipe pipe in pipes) pipe.Dispose();
    }

    [Fact]
    public void A_file_watched_for_nothing_does_not_report_its_hang_up()
    {
        using EventLoop loop = new();
        using Pipe pipe = new();
        using EventLoop.Registration registration = loop.Add(pipe.Reader, Libc.EPOLLIN, new Handler(() => Assert.Fail("It was not to be watched.")));
        registration.Change(0);
        pipe.Writer.Dispose();
        loop.SetDeadline(TimeSpan.FromMilliseconds(20), loop.Stop);
        loop.Run();
    }

    [Fact]
    public void A_deadline_comes_once_and_the_later_one_counts()
    {
        using EventLoop loop = new();
        int calls = 0;
        loop.SetDeadline(TimeSpan.Zero, () => Assert.Fail("It was replaced."));
        loop.SetDeadline(TimeSpan.FromMilliseconds(1), () =>
        {
            calls++;
            loop.SetDeadline(TimeSpan.FromMilliseconds(20), loop.Stop);
        });
        loop.Run();
        Assert.Equal(1, calls);
    }

    private sealed class Handler(Action action) : IEventHandler
    {
        public void OnReady(uint events) => action();
    }

    private sealed class Pipe : IDisposable
    {
        public Pipe() => (Reader, Writer) = Libc.CreatePipe();

        public SafeFileHandle Reader { get; }

        public SafeFileHandle Writer { get; }

        public void Fill() => Libc.Write(Writer, [1]);

        public void Dispose()
        {
            Reader.Dispose();
            Writer.Dispose();
        }
    }
}
