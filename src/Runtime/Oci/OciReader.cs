using System.Text.Json;

namespace ContainerTools.Runtime.Oci;

/// <summary>
/// Reads the specification's documents into the same records as <see cref="OciJson"/>, quicker (<see cref="JsonCursor"/> says why), and with
/// messages that name the place.
/// </summary>
internal static partial class OciReader
{
    /// <summary>A container's configuration.</summary>
    /// <exception cref="JsonException">With a sentence as message.</exception>
    public static OciSpec ReadSpec(ReadOnlySpan<byte> document) => Read(document, static (ref JsonCursor cursor) => Spec(ref cursor));

    /// <summary>A process, the document of <c>ctrun exec --process</c>.</summary>
    /// <exception cref="JsonException">With a sentence as message.</exception>
    public static OciProcess ReadProcess(ReadOnlySpan<byte> document) => Read(document, static (ref JsonCursor cursor) => Process(ref cursor));

    /// <summary>Limits, the document of <c>ctrun update --resources</c>.</summary>
    /// <exception cref="JsonException">With a sentence as message.</exception>
    public static OciResources ReadResources(ReadOnlySpan<byte> document) => Read(document, static (ref JsonCursor cursor) => Resources(ref cursor));

    private static T Read<T>(ReadOnlySpan<byte> document, JsonCursor.Item<T> read)
    {
        JsonCursor cursor = new(document);
        if (!cursor.Object()) throw cursor.Wrong("an object");
        T value = read(ref cursor);
        cursor.End();
        return value;
    }

    private static OciSpec Spec(ref JsonCursor cursor)
    {
        OciSpec spec = new();
        string? version = null, hostname = null, domainname = null;
        OciRoot? root = null;
        IReadOnlyList<OciMount>? mounts = null;
        OciProcess? process = null;
        OciHooks? hooks = null;
        IReadOnlyDictionary<string, string>? annotations = null;
        OciLinux? linux = null;
        Dictionary<string, JsonElement>? unknown = null;
        while (cursor.Member())
        {
            if (cursor.Is("ociVersion"u8)) version = cursor.Text();
            else if (cursor.Is("root"u8)) root = cursor.Object() ? Root(ref cursor) : null;
            else if (cursor.Is("mounts"u8)) mounts = cursor.Objects(static (ref JsonCursor item) => Mount(ref item));
            else if (cursor.Is("process"u8)) process = cursor.Object() ? Process(ref cursor) : null;
            else if (cursor.Is("hostname"u8)) hostname = cursor.Text();
            else if (cursor.Is("domainname"u8)) domainname = cursor.Text();
            else if (cursor.Is("hooks"u8)) hooks = cursor.Object() ? Hooks(ref cursor) : null;
            else if (cursor.Is("annotations"u8)) annotations = cursor.TextMap();
            else if (cursor.Is("linux"u8)) linux = cursor.Object() ? Linux(ref cursor) : null;
            else cursor.Keep(ref unknown);
        }

        return new OciSpec
        {
            OciVersion = version ?? spec.OciVersion,
            Root = root,
            Mounts = mounts,
            Process = process,
            Hostname = hostname,
            Domainname = domainname,
            Hooks = hooks,
            Annotations = annotations,
            Linux = linux,
            Unknown = unknown,
        };
    }

    private static OciRoot Root(ref JsonCursor cursor)
    {
        string? path = null;
        bool isReadonly = false;
        Dictionary<string, JsonElement>? unknown = null;
        while (cursor.Member())
        {
            if (cursor.Is("path"u8)) path = cursor.Text();
            else if (cursor.Is("readonly"u8)) isReadonly = cursor.Flag() ?? false;
            else cursor.Keep(ref unknown);
        }

        return new OciRoot { Path = path ?? throw cursor.Missing("path"), Readonly = isReadonly, Unknown = unknown };
    }

    private static OciMount Mount(ref JsonCursor cursor)
    {
        string? destination = null, type = null, source = null;
        IReadOnlyList<string>? options = null;
        IReadOnlyList<OciIdMapping>? uidMappings = null, gidMappings = null;
        Dictionary<string, JsonElement>? unknown = null;
        while (cursor.Member())
        {
            if (cursor.Is("destination"u8)) destination = cursor.Text();
            else if (cursor.Is("type"u8)) type = cursor.Text();
            else if (cursor.Is("source"u8)) source = cursor.Text();
            else if (cursor.Is("options"u8)) options = cursor.Texts();
            else if (cursor.Is("uidMappings"u8)) uidMappings = IdMappings(ref cursor);
            else if (cursor.Is("gidMappings"u8)) gidMappings = IdMappings(ref cursor);
            else cursor.Keep(ref unknown);
        }

        return new OciMount
        {
            Destination = destination ?? throw cursor.Missing("destination"),
            Type = type,
            Source = source,
            Options = options,
            UidMappings = uidMappings,
            GidMappings = gidMappings,
            Unknown = unknown,
        };
    }

    private static IReadOnlyList<OciIdMapping>? IdMappings(ref JsonCursor cursor) => cursor.Objects(static (ref JsonCursor item) =>
    {
        uint containerId = 0, hostId = 0, size = 0;
        while (item.Member())
        {
            if (item.Is("containerID"u8)) containerId = item.UInt32() ?? 0;
            else if (item.Is("hostID"u8)) hostId = item.UInt32() ?? 0;
            else if (item.Is("size"u8)) size = item.UInt32() ?? 0;
            else item.Skip();
        }

        return new OciIdMapping(containerId, hostId, size);
    });

    private static OciHooks Hooks(ref JsonCursor cursor)
    {
        IReadOnlyList<OciHook>? prestart = null, createRuntime = null, createContainer = null, startContainer = null, poststart = null, poststop = null;
        while (cursor.Member())
        {
            if (cursor.Is("prestart"u8)) prestart = HookList(ref cursor);
            else if (cursor.Is("createRuntime"u8)) createRuntime = HookList(ref cursor);
            else if (cursor.Is("createContainer"u8)) createContainer = HookList(ref cursor);
            else if (cursor.Is("startContainer"u8)) startContainer = HookList(ref cursor);
            else if (cursor.Is("poststart"u8)) poststart = HookList(ref cursor);
            else if (cursor.Is("poststop"u8)) poststop = HookList(ref cursor);
            else cursor.Skip();
        }

        return new OciHooks
        {
            Prestart = prestart,
            CreateRuntime = createRuntime,
            CreateContainer = createContainer,
            StartContainer = startContainer,
            Poststart = poststart,
            Poststop = poststop,
        };
    }

    private static IReadOnlyList<OciHook>? HookList(ref JsonCursor cursor) => cursor.Objects(static (ref JsonCursor item) =>
    {
        string? path = null;
        IReadOnlyList<string>? args = null, env = null;
        int? timeout = null;
        while (item.Member())
        {
            if (item.Is("path"u8)) path = item.Text();
            else if (item.Is("args"u8)) args = item.Texts();
            else if (item.Is("env"u8)) env = item.Texts();
            else if (item.Is("timeout"u8)) timeout = item.Int32();
            else item.Skip();
        }

        return new OciHook { Path = path ?? throw item.Missing("path"), Args = args, Env = env, Timeout = timeout };
    });
}
