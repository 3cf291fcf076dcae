using System.Globalization;
using ContainerTools.Runtime.DBus;
using ContainerTools.Runtime.Linux;

namespace ContainerTools.Runtime.Cgroups.Systemd;

/// <summary>systemd's manager over D-Bus: the system's for root, the user's own for everybody else, also behind a user namespace (org.freedesktop.systemd1(5)).</summary>
internal sealed class SystemdManager : IDisposable
{
    private const string Service = "org.freedesktop.systemd1";
    private const string ManagerPath = "/org/freedesktop/systemd1";
    private const string ManagerInterface = "org.freedesktop.systemd1.Manager";
    private const string SystemBus = "unix:path=/run/dbus/system_bus_socket";
    private const string PrivateSocket = "/run/systemd/private";

    private readonly DBusConnection _connection;

    private SystemdManager(DBusConnection connection, bool isUser)
    {
        _connection = connection;
        IsUser = isUser;
    }

    /// <summary>Whether it is a user's own manager, which has a cgroup of its own below the system's.</summary>
    public bool IsUser { get; }

    /// <summary>The slice for what is put in none.</summary>
    public string UsualSlice => IsUser ? "user.slice" : "system.slice";

    /// <summary>Its version, 252; 0 where it does not say.</summary>
    public int Version
    {
        get
        {
            // "252.5-2", "v249", "255 (255.4-1)".
            ReadOnlySpan<char> text = Property("Version").AsSpan().TrimStart("v\"");
            int digits = 0;
            while (digits < text.Length && char.IsAsciiDigit(text[digits])) digits++;
            return int.TryParse(text[..digits], NumberStyles.None, CultureInfo.InvariantCulture, out int version) ? version : 0;
        }
    }

    /// <summary>The path of its own cgroup; empty for the system's manager, which has the root.</summary>
    public string ControlGroup => IsUser ? Property("ControlGroup").TrimEnd('/') : "";

    /// <summary>Connects.</summary>
    /// <exception cref="ContainerException"><see cref="ErrorCode.NotSupported"/> where no systemd answers.</exception>
    public static SystemdManager Connect()
    {
        bool isUser = Libc.EffectiveUserId != 0 || (!Libc.IsInFirstUserNamespace && HasUserBus);
        string? given = Environment.GetEnvironmentVariable(isUser ? "DBUS_SESSION_BUS_ADDRESS" : "DBUS_SYSTEM_BUS_ADDRESS");
        string address = given is { Length: > 0 } ? given : isUser ? UserBus() : SystemBus;
        try
        {
            return new SystemdManager(DBusConnection.ConnectBus(address), isUser);
        }
        catch (KernelException error)
        {
            // Without a bus daemon there is systemd's own socket, for root.
            if (address != SystemBus || !File.Exists(PrivateSocket)) throw Unreachable(address, error);
        }
        catch (DBusException error)
        {
            throw Unreachable(address, error);
        }

        try
        {
            return new SystemdManager(DBusConnection.ConnectPeer(PrivateSocket), isUser);
        }
        catch (Exception error) when (error is KernelException or DBusException)
        {
            throw Unreachable(PrivateSocket, error);
        }
    }

    /// <summary>Starts a unit made of properties alone, and waits until systemd has done it.</summary>
    /// <exception cref="ContainerException"><see cref="ErrorCode.LaunchFailed"/>.</exception>
    public void StartTransientUnit(string name, IReadOnlyList<SystemdProperty> properties)
    {
        // Before the call, so that the end of a job that is quick is not missed. systemd's own socket has no bus to tell.
        TryCall(() => _connection.Call(
            "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "AddMatch", "s",
            arguments => arguments.Text($"type='signal',interface='{ManagerInterface}',member='JobRemoved'")));
        try
        {
            Start();
        }
        catch (DBusException error) when (error.ErrorName == Service + ".UnitExists")
        {
            // What is left of one that failed holds the name.
            TryCall(() => Manager("ResetFailedUnit", "s", arguments => arguments.Text(name)));
            Start();
        }

        void Start() => Job("StartTransientUnit", name, "ssa(sv)a(sa(sv))", arguments =>
        {
            SystemdProperty.Write(arguments, properties);
            arguments.Array(8, static _ => { });
        });
    }

    /// <summary>Changes properties of a unit, until it ends.</summary>
    public void SetUnitProperties(string name, IReadOnlyList<SystemdProperty> properties) => Manager("SetUnitProperties", "sba(sv)", arguments =>
    {
        arguments.Text(name);
        arguments.Boolean(true);
        SystemdProperty.Write(arguments, properties);
    });

    /// <summary>A unit's description; the unit's name where systemd knows no such unit.</summary>
    public string DescriptionOf(string name)
    {
        // One call for what GetUnit and a property would take two for.
        DBusMessage reply = Manager("ListUnitsByNames", "as", arguments => arguments.Array(4, list => list.Text(name)));
        DBusReader reader = new(reply.Body);
        if (reader.UInt32() == 0) return name;
        reader.Align(8);
        reader.Text();
        return reader.Text();
    }

    /// <summary>Has systemd forget a unit that has ended, if it has not yet. Its processes must be gone.</summary>
    public void StopUnit(string name)
    {
        try
        {
            Manager("StopUnit", "ss", arguments =>
            {
                arguments.Text(name);
                arguments.Text("replace");
            });
        }
        catch (DBusException error) when (error.ErrorName is Service + ".NoSuchUnit" or Service + ".LoadFailed")
        {
            return;
        }

        TryCall(() => Manager("ResetFailedUnit", "s", arguments => arguments.Text(name)));
    }

    /// <inheritdoc/>
    public void Dispose() => _connection.Dispose();

    // Root of a user namespace is either a user whom Podman has put there, with a session of the own outside, or the root of a container that has a systemd inside.
    private static bool HasUserBus
        => Environment.GetEnvironmentVariable("DBUS_SESSION_BUS_ADDRESS") is { Length: > 0 } || (Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR") is { Length: > 0 } folder && File.Exists(folder + "/bus"));

    private static string UserBus()
    {
        string folder = Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR") is { Length: > 0 } runtime
            ? runtime
            : string.Create(CultureInfo.InvariantCulture, $"/run/user/{Libc.EffectiveUserId}");
        return $"unix:path={folder}/bus";
    }

    private static ContainerException Unreachable(string where, Exception error) => new(
        ErrorCode.NotSupported, $"The systemd cgroup driver needs systemd, which does not answer at {where} ({error.Message}); use the cgroupfs driver.", "--systemd-cgroup", error);

    // Errors on the way to something that works without it; what matters fails in its own right.
    private static void TryCall(Func<DBusMessage> call)
    {
        try
        {
            call();
        }
        catch (DBusException error) when (error.ErrorName is not null)
        {
        }
    }

    private void Job(string method, string unit, string signature, Action<DBusWriter> arguments)
    {
        DBusMessage reply = Manager(method, signature, writer =>
        {
            writer.Text(unit);
            writer.Text("replace");
            arguments(writer);
        });
        string job = new DBusReader(reply.Body).Text();
        string result = "";
        _connection.WaitForSignal(signal =>
        {
            // uoss: number, job, unit, result.
            if (signal.Member != "JobRemoved" || signal.Interface != ManagerInterface || signal.Signature != "uoss") return false;
            DBusReader reader = new(signal.Body);
            reader.UInt32();
            if (reader.Text() != job) return false;
            reader.Text();
            result = reader.Text();
            return true;
        });
        if (result != "done") throw new DBusException($"the job ended with '{result}'");
    }

    private DBusMessage Manager(string method, string signature, Action<DBusWriter> arguments)
        => _connection.Call(Service, ManagerPath, ManagerInterface, method, signature, arguments);

    private string Property(string name)
    {
        DBusMessage reply = _connection.Call(Service, ManagerPath, "org.freedesktop.DBus.Properties", "Get", "ss", arguments =>
        {
            arguments.Text(ManagerInterface);
            arguments.Text(name);
        });
        DBusReader reader = new(reply.Body);
        return reader.Signature() == "s" ? reader.Text() : throw new DBusException($"its property {name} is no text");
    }
}
