using System.Globalization;
using System.Text;
using ContainerTools.Runtime.Linux;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.DBus;

/// <summary>
/// A client's connection to a bus, or to a service without a bus between (D-Bus Specification 0.43). Small and synchronous: it is for the handful of calls
/// that start a container, in a process that lives for milliseconds.
/// </summary>
internal sealed class DBusConnection : IDisposable
{
    /// <summary>How long an answer may take. systemd answers in a millisecond; only one that hangs takes this long.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private const int MostLine = 16 * 1024;

    private readonly SafeFileHandle _socket;
    private readonly Queue<DBusMessage> _signals = new();
    private uint _serial;

    private DBusConnection(SafeFileHandle socket) => _socket = socket;

    /// <summary>Connects to a bus.</summary>
    /// <param name="address">As in DBUS_SYSTEM_BUS_ADDRESS: <c>unix:path=/run/dbus/system_bus_socket</c>; of several, the first of a kind known here.</param>
    /// <exception cref="KernelException">Nobody listens.</exception>
    /// <exception cref="DBusException">It refuses.</exception>
    public static DBusConnection ConnectBus(string address)
    {
        DBusConnection connection = ConnectPeer(PathOf(address));
        try
        {
            connection.Call("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "Hello");
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Connects to a service that listens itself, such as systemd at /run/systemd/private.</summary>
    /// <exception cref="KernelException">Nobody listens.</exception>
    /// <exception cref="DBusException">It refuses.</exception>
    public static DBusConnection ConnectPeer(string path)
    {
        DBusConnection connection = new(Libc.ConnectLocal(path));
        try
        {
            connection.Authenticate();
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Calls a method and waits for its answer. Signals that come meanwhile are kept for <see cref="WaitForSignal"/>.</summary>
    /// <exception cref="DBusException">With the error's name where the other side refused.</exception>
    public DBusMessage Call(string destination, string path, string service, string method, string signature = "", Action<DBusWriter>? arguments = null)
    {
        DBusWriter body = new();
        arguments?.Invoke(body);
        uint serial = ++_serial;
        Send(new DBusMessage
        {
            Kind = DBusMessageKind.Call,
            Serial = serial,
            Destination = destination,
            Path = path,
            Interface = service,
            Member = method,
            Signature = signature,
            Body = body.Written.ToArray(),
        }.ToBytes());
        long end = Environment.TickCount64 + (long)Patience.TotalMilliseconds;
        while (true)
        {
            DBusMessage message = Receive(end);
            if (message.Kind == DBusMessageKind.Signal)
            {
                _signals.Enqueue(message);
                continue;
            }

            if (message.ReplySerial != serial) continue;
            if (message.Kind != DBusMessageKind.Error) return message;
            string text = message.FirstText;
            throw new DBusException(text.Length > 0 ? text : message.ErrorName ?? method, message.ErrorName);
        }
    }

    /// <summary>Waits for a signal that fits; others are dropped.</summary>
    public DBusMessage WaitForSignal(Func<DBusMessage, bool> fits)
    {
        long end = Environment.TickCount64 + (long)Patience.TotalMilliseconds;
        while (true)
        {
            DBusMessage message = _signals.TryDequeue(out DBusMessage? kept) ? kept : Receive(end);
            if (message.Kind == DBusMessageKind.Signal && fits(message)) return message;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();

    private static string PathOf(string address)
    {
        foreach (string one in address.Split(';', StringSplitOptions.RemoveEmptyEntries))
        {
            if (!one.StartsWith("unix:", StringComparison.Ordinal)) continue;
            foreach (string pair in one["unix:".Length..].Split(','))
            {
                if (pair.StartsWith("path=", StringComparison.Ordinal)) return Uri.UnescapeDataString(pair["path=".Length..]);
            }
        }

        throw new DBusException($"'{address}' names no socket of the form unix:path=…");
    }

    // SASL's EXTERNAL: the kernel tells the other side who this is; the name is the user id in digits, and those in hexadecimal. BEGIN goes with it and not with the
    // first message: systemd's own socket leaves a message that it reads together with BEGIN until something else comes.
    private void Authenticate()
    {
        string answer;
        if (Libc.IsInFirstUserNamespace)
        {
            string user = Convert.ToHexStringLower(Encoding.ASCII.GetBytes(Libc.EffectiveUserId.ToString(CultureInfo.InvariantCulture)));
            Send(Encoding.ASCII.GetBytes($"\0AUTH EXTERNAL {user}\r\nBEGIN\r\n"));
            answer = ReadLine();
        }
        else
        {
            // The other side knows this user by another id: it is to take the one that the kernel tells, and asks for the name all the same.
            Send("\0AUTH EXTERNAL\r\nDATA\r\nBEGIN\r\n"u8);
            answer = ReadLine();
            if (answer.TrimEnd() == "DATA") answer = ReadLine();
        }

        if (!answer.StartsWith("OK ", StringComparison.Ordinal)) throw new DBusException($"it does not accept this user (it answered '{answer}')");
    }

    private string ReadLine()
    {
        long end = Environment.TickCount64 + (long)Patience.TotalMilliseconds;
        List<byte> line = [];
        Span<byte> one = stackalloc byte[1];
        while (line.Count < MostLine)
        {
            Fill(one, end);
            if (one[0] == '\n') return Encoding.ASCII.GetString([.. line]).TrimEnd('\r');
            line.Add(one[0]);
        }

        throw new DBusException("it answers with something else than D-Bus's authentication");
    }

    private DBusMessage Receive(long end)
    {
        Span<byte> start = stackalloc byte[DBusMessage.FixedLength];
        Fill(start, end);
        byte[] message = new byte[DBusMessage.LengthOf(start)];
        start.CopyTo(message);
        Fill(message.AsSpan(DBusMessage.FixedLength), end);
        return DBusMessage.Parse(message);
    }

    private void Send(ReadOnlySpan<byte> bytes)
    {
        long end = Environment.TickCount64 + (long)Patience.TotalMilliseconds;
        while (!bytes.IsEmpty)
        {
            int count = Libc.Send(_socket, bytes, default);
            if (count == -Errno.EAGAIN) Wait(Libc.POLLOUT, end);
            else if (count < 0) throw KernelError.From("sendmsg", -count, "the bus");
            else bytes = bytes[count..];
        }
    }

    private void Fill(Span<byte> buffer, long end)
    {
        while (!buffer.IsEmpty)
        {
            int count = Libc.Read(_socket, buffer);
            if (count == -Errno.EAGAIN) Wait(Libc.POLLIN, end);
            else if (count < 0) throw KernelError.From("read", -count, "the bus");
            else if (count == 0) throw new DBusException("it closed the connection");
            else buffer = buffer[count..];
        }
    }

    private void Wait(short events, long end)
    {
        long left = end - Environment.TickCount64;
        if (left <= 0 || !Libc.Poll(_socket, events, TimeSpan.FromMilliseconds(left)))
        {
            throw new DBusException(string.Create(CultureInfo.InvariantCulture, $"it has not answered for {Patience.TotalSeconds:0} seconds"));
        }
    }
}
