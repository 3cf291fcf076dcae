using System.Buffers.Binary;
using System.Text;
using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Monitoring;
using Microsoft.Win32.SafeHandles;
using Xunit;

namespace ContainerTools.Runtime.Tests.Monitoring;

/// <summary>The monitor's side of the control socket, with the tests as clients at the other end of socket pairs. One thread does both.</summary>
public sealed class ControlServerTests : IDisposable
{
    private readonly EventLoop _loop = new();
    private readonly ControlServer _server;

    public ControlServerTests() => _server = new ControlServer(_loop, null);

    public void Dispose()
    {
        _server.Dispose();
        _loop.Dispose();
    }

    [Fact]
    public void A_client_joins_and_gets_output_in_frames()
    {
        using Client client = Connect(new ControlRequest { Verb = ControlVerb.Attach });
        _server.Broadcast(OutputStream.StandardOutput, "out"u8);
        _server.Broadcast(OutputStream.StandardError, "err"u8);
        _server.SendExit([0, 0, 0, 7]);
        Assert.Equal((ControlFrameKind.Joined, 16), client.ReadHeader());
        client.ReadPayload(16);
        Assert.Equal((ControlFrameKind.StandardOutput, 3), client.ReadHeader());
        Assert.Equal("out"u8, client.ReadPayload(3));
        Assert.Equal((ControlFrameKind.StandardError, 3), client.ReadHeader());
        Assert.Equal("err"u8, client.ReadPayload(3));
        Assert.Equal((ControlFrameKind.Exit, 4), client.ReadHeader());
        Assert.Equal([0, 0, 0, 7], client.ReadPayload(4));
        Assert.True(client.IsAtEnd);
    }

    [Fact]
    public void A_client_that_does_not_read_is_disconnected_and_the_others_go_on()
    {
        using Client slow = Connect(new ControlRequest { Verb = ControlVerb.Attach });
        using Client quick = Connect(new ControlRequest { Verb = ControlVerb.Attach });
        byte[] data = new byte[32 * 1024];
        long received = 0;
        for (int i = 0; i < 200; i++)
        {
            _server.Broadcast(OutputStream.StandardOutput, data);
            Dispatch();
            received += quick.ReadAll();
        }

        long sent = 200 * (data.Length + 8) + 8 + 16;
        Assert.Equal(sent, received);
        Assert.False(_server.HasPending);
        long kept = slow.ReadAll();
        Assert.InRange(kept, ControlFrame.HeaderSize, sent / 2);
        Assert.True(slow.IsAtEnd);
    }

    [Fact]
    public void A_client_that_falls_behind_a_little_gets_everything()
    {
        using Client client = Connect(new ControlRequest { Verb = ControlVerb.Attach });
        byte[] data = [.. Enumerable.Range(0, 30_000).Select(i => (byte)i)];
        // Beyond what the kernel holds, below what the monitor does.
        for (int i = 0; i < 30; i++) _server.Broadcast(OutputStream.StandardOutput, data);
        Assert.True(_server.HasPending);
        Assert.False(_server.IsHeld);
        _server.SendExit([0, 0, 0, 0]);
        client.ReadHeader();
        client.ReadPayload(16);
        for (int i = 0; i < 30; i++)
        {
            Assert.Equal((ControlFrameKind.StandardOutput, data.Length), client.ReadHeader(Dispatch));
            Assert.Equal(data, client.ReadPayload(data.Length, Dispatch));
        }

        Assert.Equal((ControlFrameKind.Exit, 4), client.ReadHeader(Dispatch));
    }

    [Fact]
    public void A_client_that_holds_is_waited_for_and_the_wait_ends_with_it()
    {
        Client client = Connect(new ControlRequest { Verb = ControlVerb.Attach, Hold = true });
        int changes = 0;
        _server.Changed = () => changes++;
        byte[] data = new byte[32 * 1024];
        int count = 0;
        while (!_server.IsHeld)
        {
            _server.Broadcast(OutputStream.StandardOutput, data);
            Assert.InRange(++count, 1, 1000);
        }

        long all = client.ReadAll();
        Dispatch();
        all += client.ReadAll();
        Assert.False(_server.IsHeld);
        Assert.Equal(1, changes);
        Assert.Equal(24 + (count * (data.Length + 8L)), all);

        while (!_server.IsHeld) _server.Broadcast(OutputStream.StandardOutput, data);
        client.Dispose();
        Dispatch();
        Assert.False(_server.IsHeld);
        Assert.Equal(2, changes);
    }

    [Fact]
    public void Standard_input_goes_to_the_container_in_any_pieces()
    {
        (SafeFileHandle reader, SafeFileHandle writer) = Libc.CreatePipe();
        using (reader)
        {
            Libc.SetNonBlocking(writer);
            Libc.SetNonBlocking(reader);
            _server.Input = new ContainerInput(_loop, writer, isTerminal: false);
            using Client client = Connect(new ControlRequest { Verb = ControlVerb.Attach, StandardInput = true });
            byte[] frames = [.. Frame(ControlFrameKind.StandardInput, "hello "u8), .. Frame((ControlFrameKind)99, "skipped"u8), .. Frame(ControlFrameKind.StandardInput, "world"u8)];
            foreach (byte value in frames)
            {
                client.Write([value]);
                Dispatch();
            }

            Assert.Equal("hello world", Drain(reader));
            client.Write(Frame(ControlFrameKind.StandardInput, default));
            Dispatch();
            Assert.Equal(0, Libc.Read(reader, new byte[1]));
        }
    }

    [Fact]
    public void Standard_input_that_is_not_taken_waits_in_the_client()
    {
        (SafeFileHandle reader, SafeFileHandle writer) = Libc.CreatePipe();
        using (reader)
        {
            Libc.SetNonBlocking(writer);
            Libc.SetNonBlocking(reader);
            _server.Input = new ContainerInput(_loop, writer, isTerminal: false);
            using Client client = Connect(new ControlRequest { Verb = ControlVerb.Attach, StandardInput = true });
            byte[] data = new byte[3_000_000];
            Random.Shared.NextBytes(data);
            byte[] stream = [.. Frame(ControlFrameKind.StandardInput, data), .. Frame(ControlFrameKind.StandardInput, default)];
            int sent = 0;
            int stalls = 0;
            using MemoryStream received = new();
            byte[] buffer = new byte[50_000];
            while (true)
            {
                int count = sent < stream.Length ? client.TryWrite(stream.AsSpan(sent)) : 0;
                sent += Math.Max(0, count);
                Dispatch();
                if (count > 0) continue;
                // The client's writes wait: only now the container reads a little.
                stalls++;
                int read = Libc.Read(reader, buffer);
                if (read == 0) break;
                if (read > 0) received.Write(buffer, 0, read);
            }

            Assert.Equal(data, received.ToArray());
            Assert.InRange(stalls, 10, int.MaxValue);
        }
    }

    [Fact]
    public void Standard_input_for_a_process_that_does_not_read_is_thrown_away()
    {
        (SafeFileHandle reader, SafeFileHandle writer) = Libc.CreatePipe();
        Libc.SetNonBlocking(writer);
        _server.Input = new ContainerInput(_loop, writer, isTerminal: false);
        using Client client = Connect(new ControlRequest { Verb = ControlVerb.Attach, StandardInput = true });
        reader.Dispose();
        byte[] stream = Frame(ControlFrameKind.StandardInput, new byte[1_000_000]);
        int sent = 0;
        while (sent < stream.Length)
        {
            int count = client.TryWrite(stream.AsSpan(sent));
            Dispatch();
            sent += Math.Max(0, count);
        }

        _server.Broadcast(OutputStream.StandardOutput, "still here"u8);
        client.ReadHeader();
        client.ReadPayload(16);
        Assert.Equal((ControlFrameKind.StandardOutput, 10), client.ReadHeader());
    }

    [Fact]
    public void A_client_that_did_not_ask_for_standard_input_cannot_send_it()
    {
        (SafeFileHandle reader, SafeFileHandle writer) = Libc.CreatePipe();
        using (reader)
        {
            Libc.SetNonBlocking(writer);
            Libc.SetNonBlocking(reader);
            _server.Input = new ContainerInput(_loop, writer, isTerminal: false);
            using Client client = Connect(new ControlRequest { Verb = ControlVerb.Attach });
            client.Write([.. Frame(ControlFrameKind.StandardInput, "hello"u8), .. Frame(ControlFrameKind.StandardInput, default)]);
            Dispatch();
            Assert.Equal(-Errno.EAGAIN, Libc.Read(reader, new byte[10]));
        }
    }

    [Fact]
    public void What_is_no_request_is_disconnected()
    {
        using Client client = Connect(null);
        client.Write("what\n"u8);
        Dispatch();
        Assert.True(client.IsAtEnd);
    }

    [Fact]
    public void A_frame_of_negative_length_is_the_end()
    {
        using Client client = Connect(new ControlRequest { Verb = ControlVerb.Attach });
        client.Write([0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF]);
        Dispatch();
        client.ReadAll();
        Assert.True(client.IsAtEnd);
    }

    [Fact]
    public void A_request_that_does_not_end_is_not_gathered_for_ever()
    {
        using Client client = Connect(null);
        client.Write(new byte[ControlRequest.MaximumLine - 1]);
        Dispatch();
        Assert.True(_server.HasUndecided);
        client.Write(new byte[100]);
        Dispatch();
        Assert.True(client.IsAtEnd);
        Assert.False(_server.HasUndecided);
    }

    [Fact]
    public void A_waiter_gets_the_end_only_also_when_it_comes_late()
    {
        using Client early = Connect(new ControlRequest { Verb = ControlVerb.Wait });
        _server.Broadcast(OutputStream.StandardOutput, "out"u8);
        _server.SendExit([0, 0, 0, 1]);
        _server.SendEnd([0, 0, 0, 1, (byte)'{', (byte)'}']);
        using Client late = Connect(new ControlRequest { Verb = ControlVerb.Wait });
        foreach (Client client in new[] { early, late })
        {
            Assert.Equal((ControlFrameKind.Exit, 6), client.ReadHeader());
            Assert.Equal([0, 0, 0, 1, (byte)'{', (byte)'}'], client.ReadPayload(6));
            Assert.False(client.IsAtEnd);
        }

        using Client attached = Connect(new ControlRequest { Verb = ControlVerb.Attach });
        attached.ReadHeader();
        attached.ReadPayload(16);
        Assert.Equal((ControlFrameKind.Exit, 4), attached.ReadHeader());
    }

    [Fact]
    public void Who_is_told_that_a_client_is_gone_may_disconnect_the_others()
    {
        using Client first = Connect(new ControlRequest { Verb = ControlVerb.Attach });
        using Client second = Connect(new ControlRequest { Verb = ControlVerb.Attach });
        using Client stuck = Connect(new ControlRequest { Verb = ControlVerb.Attach });
        byte[] data = new byte[32 * 1024];
        while (!_server.HasPending)
        {
            _server.Broadcast(OutputStream.StandardOutput, data);
            first.ReadAll();
            second.ReadAll();
        }

        int told = 0;
        _server.Changed = () =>
        {
            told++;
            _server.SendExit([0, 0, 0, 9]);
        };
        _server.DropPending();
        Assert.InRange(told, 1, 2);
        foreach (Client client in new[] { first, second })
        {
            Assert.Equal((ControlFrameKind.Exit, 4), client.ReadHeader());
            Assert.Equal([0, 0, 0, 9], client.ReadPayload(4));
            Assert.True(client.IsAtEnd);
        }

        Assert.False(_server.HasPending);
    }

    [Fact]
    public void Output_that_is_being_sent_is_sent_to_all_before_anybody_hears_that_a_client_is_gone()
    {
        using Client other = Connect(new ControlRequest { Verb = ControlVerb.Attach });
        Client gone = Connect(new ControlRequest { Verb = ControlVerb.Attach });
        other.ReadHeader();
        other.ReadPayload(16);
        gone.Dispose();
        bool told = false;
        _server.Changed = () =>
        {
            if (told) return;
            told = true;
            _server.Broadcast(OutputStream.StandardOutput, "later"u8);
        };
        _server.Broadcast(OutputStream.StandardOutput, "first"u8);
        Assert.True(told);
        other.ReadHeader();
        Assert.Equal("first"u8, other.ReadPayload(5));
        other.ReadHeader();
        Assert.Equal("later"u8, other.ReadPayload(5));
    }

    private static byte[] Frame(ControlFrameKind kind, ReadOnlySpan<byte> payload)
    {
        byte[] frame = new byte[ControlFrame.HeaderSize + payload.Length];
        ControlFrame.WriteHeader(frame, kind, payload.Length);
        payload.CopyTo(frame.AsSpan(ControlFrame.HeaderSize));
        return frame;
    }

    private static string Drain(SafeFileHandle reader)
    {
        byte[] buffer = new byte[1000];
        int count = Libc.Read(reader, buffer);
        return Encoding.UTF8.GetString(buffer, 0, Math.Max(0, count));
    }

    private Client Connect(ControlRequest? request)
    {
        (SafeFileHandle one, SafeFileHandle other) = Libc.CreateSocketPair();
        Client client = new(one);
        if (request is not null) client.Write(request.ToLine());
        _server.Adopt(other);
        return client;
    }

    /// <summary>Lets the server do what there is to be done now.</summary>
    private void Dispatch()
    {
        _loop.SetDeadline(TimeSpan.Zero, _loop.Stop);
        _loop.Run();
    }

    private sealed class Client : IDisposable
    {
        private readonly SafeFileHandle _socket;

        public Client(SafeFileHandle socket)
        {
            _socket = socket;
            Libc.SetNonBlocking(socket);
        }

        public bool IsAtEnd => Libc.Read(_socket, new byte[1]) is 0 or < 0 and not -11;

        public void Write(ReadOnlySpan<byte> data) => Assert.Equal(data.Length, TryWrite(data));

        public int TryWrite(ReadOnlySpan<byte> data) => Libc.Send(_socket, data, default);

        public (ControlFrameKind Kind, int Length) ReadHeader(Action? whenEmpty = null)
        {
            byte[] header = ReadPayload(ControlFrame.HeaderSize, whenEmpty);
            Assert.Equal([0, 0, 0], header[1..4]);
            return ((ControlFrameKind)header[0], BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(4)));
        }

        public byte[] ReadPayload(int length, Action? whenEmpty = null)
        {
            byte[] payload = new byte[length];
            int got = 0;
            while (got < length)
            {
                int count = Libc.Read(_socket, payload.AsSpan(got));
                if (count == -Errno.EAGAIN && whenEmpty is not null)
                {
                    whenEmpty();
                    continue;
                }

                Assert.InRange(count, 1, length);
                got += count;
            }

            return payload;
        }

        public long ReadAll()
        {
            long all = 0;
            byte[] buffer = new byte[100_000];
            int count;
            while ((count = Libc.Read(_socket, buffer)) > 0) all += count;
            return all;
        }

        public void Dispose() => _socket.Dispose();
    }
}
