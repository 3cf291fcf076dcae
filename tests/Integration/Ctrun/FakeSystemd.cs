using System.Net.Sockets;
using System.Text;
using ContainerTools.Runtime.Cgroups;
using ContainerTools.Runtime.Cgroups.Systemd;
using ContainerTools.Runtime.DBus;

namespace ContainerTools.Integration.Tests.Ctrun;

/// <summary>
/// A bus with a systemd on it, as far as a container runtime sees them: it makes the cgroup of a transient scope around the processes it is given, and tells when the
/// job is done. The machine needs neither; tests/Vm asks the real ones.
/// </summary>
internal sealed class FakeSystemd : IDisposable
{
    private readonly Socket _listener;
    private readonly Thread _thread;
    private readonly List<string> _calls = [];

    public FakeSystemd(string path)
    {
        Address = "unix:path=" + path;
        _listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        _listener.Bind(new UnixDomainSocketEndPoint(path));
        _listener.Listen();
        _thread = new Thread(Serve) { IsBackground = true };
        _thread.Start();
    }

    /// <summary>As in DBUS_SYSTEM_BUS_ADDRESS.</summary>
    public string Address { get; }

    /// <summary>The methods that were called, those of the bus itself left out, with their unit.</summary>
    public IReadOnlyList<string> Calls
    {
        get { lock (_calls) return [.. _calls]; }
    }

    /// <summary>The properties of the last call that had some.</summary>
    public IReadOnlyDictionary<string, object> Properties { get; private set; } = new Dictionary<string, object>();

    /// <summary>The descriptions of the units that were made.</summary>
    public Dictionary<string, string> Descriptions { get; } = [];

    /// <summary>How a job ends.</summary>
    public string JobResult { get; set; } = "done";

    /// <summary>Refuses the next start with this error.</summary>
    public string? Refusal { get; set; }

    /// <summary>Closes the connection instead of answering a start.</summary>
    public bool HangsUp { get; set; }

    public void Dispose()
    {
        _listener.Dispose();
        _thread.Join();
    }

    private void Serve()
    {
        while (true)
        {
            Socket client;
            try
            {
                client = _listener.Accept();
            }
            catch (SocketException)
            {
                return; // disposed
            }
            catch (ObjectDisposedException)
            {
                return;
            }

            using (client)
            using (NetworkStream stream = new(client)) Serve(stream);
        }
    }

    private void Serve(NetworkStream stream)
    {
        string user = Convert.ToHexStringLower(Encoding.ASCII.GetBytes("0"));
        if (stream.ReadByte() != 0 || Line(stream) != "AUTH EXTERNAL " + user) return;
        stream.Write("OK 0123456789abcdef0123456789abcdef\r\n"u8);
        if (Line(stream) != "BEGIN") return;
        byte[] start = new byte[DBusMessage.FixedLength];
        while (stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false) == start.Length)
        {
            byte[] bytes = new byte[DBusMessage.LengthOf(start)];
            start.CopyTo(bytes, 0);
            stream.ReadExactly(bytes.AsSpan(start.Length));
            DBusMessage call = DBusMessage.Parse(bytes);
            foreach (DBusMessage answer in Answer(call)) stream.Write(answer.ToBytes());
            if (HangsUp && call.Member == "StartTransientUnit") return;
        }
    }

    private static string Line(Stream stream)
    {
        StringBuilder line = new();
        for (int next = stream.ReadByte(); next is not (-1 or '\n'); next = stream.ReadByte()) line.Append((char)next);
        return line.ToString().TrimEnd('\r');
    }

    private IEnumerable<DBusMessage> Answer(DBusMessage call)
    {
        if (call.Interface == "org.freedesktop.DBus") return [Return(call, "", null)];
        DBusReader reader = new(call.Body);
        if (call.Member == "ListUnitsByNames")
        {
            reader.UInt32();
            string name = reader.Text();
            return [Return(call, "a(ssssssouso)", body => body.Array(8, list =>
            {
                list.Align(8);
                foreach (string text in (string[])[name, Descriptions.GetValueOrDefault(name, name), "loaded", "active", "running", "", "/unit"]) list.Text(text);
                list.UInt32(0);
                list.Text("");
                list.Text("/");
            }))];
        }

        string unit = reader.Text();
        lock (_calls) _calls.Add($"{call.Member} {unit}");
        switch (call.Member)
        {
            case "Get":
                return [Return(call, "v", static body => { body.Signature("s"); body.Text("252 (252.5-2)"); })];
            case "StartTransientUnit":
                if (HangsUp) return [];
                if (Refusal is { } refusal)
                {
                    Refusal = null;
                    return [new DBusMessage { Kind = DBusMessageKind.Error, ReplySerial = call.Serial, ErrorName = refusal, Signature = "s", Body = Body(static body => body.Text("No, thank you.")) }];
                }

                reader.Text();
                Read(ref reader);
                if (JobResult == "done")
                {
                    Make(unit);
                    Descriptions[unit] = (string)Properties["Description"];
                }

                return
                [
                    Signal("uoss", body => { body.UInt32(1); body.Text("/job/other"); body.Text("other.scope"); body.Text("failed"); }),
                    Return(call, "o", static body => body.Text("/job/7")),
                    Signal("uoss", body => { body.UInt32(7); body.Text("/job/7"); body.Text(unit); body.Text(JobResult); }),
                ];
            case "SetUnitProperties":
                reader.UInt32();
                Read(ref reader);
                return [Return(call, "", null)];
            default:
                return [Return(call, "", null)];
        }
    }

    private void Make(string unit)
    {
        ICgroup cgroup = CgroupHost.Current.Open(new SystemdUnit(unit, (string)Properties["Slice"]).Path);
        cgroup.Create();
        foreach (uint process in (uint[])Properties["PIDs"]) cgroup.Attach((int)process);
    }

    private void Read(ref DBusReader reader)
    {
        Dictionary<string, object> properties = [];
        int end = (int)reader.UInt32();
        reader.Align(8);
        end += reader.Position;
        while (reader.Position < end)
        {
            reader.Align(8);
            string name = reader.Text();
            string type = reader.Signature();
            switch (type)
            {
                case "s":
                    properties[name] = reader.Text();
                    break;
                case "b":
                    properties[name] = reader.UInt32() == 1;
                    break;
                case "t":
                    reader.Align(8);
                    ulong low = reader.UInt32();
                    properties[name] = low | ((ulong)reader.UInt32() << 32);
                    break;
                case "au":
                    properties[name] = new uint[reader.UInt32() / 4];
                    for (int i = 0; i < ((uint[])properties[name]).Length; i++) ((uint[])properties[name])[i] = reader.UInt32();
                    break;
                default:
                    reader.Skip(type);
                    properties[name] = type;
                    break;
            }
        }

        Properties = properties;
    }

    private static DBusMessage Return(DBusMessage call, string signature, Action<DBusWriter>? body) => new()
    {
        Kind = DBusMessageKind.Return,
        Serial = 1,
        ReplySerial = call.Serial,
        Signature = signature,
        Body = body is null ? [] : Body(body),
    };

    private static DBusMessage Signal(string signature, Action<DBusWriter> body) => new()
    {
        Kind = DBusMessageKind.Signal,
        Serial = 1,
        Path = "/org/freedesktop/systemd1",
        Interface = "org.freedesktop.systemd1.Manager",
        Member = "JobRemoved",
        Signature = signature,
        Body = Body(body),
    };

    private static byte[] Body(Action<DBusWriter> write)
    {
        DBusWriter writer = new();
        write(writer);
        return writer.Written.ToArray();
    }
}
