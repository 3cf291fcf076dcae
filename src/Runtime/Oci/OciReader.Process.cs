using System.Text.Json;

namespace ContainerTools.Runtime.Oci;

/// <summary>The process.</summary>
internal static partial class OciReader
{
    private static OciProcess Process(ref JsonCursor cursor)
    {
        bool terminal = false, noNewPrivileges = false;
        OciBox? consoleSize = null;
        OciUser? user = null;
        IReadOnlyList<string>? args = null, env = null;
        string? cwd = null, apparmorProfile = null, selinuxLabel = null;
        OciCapabilities? capabilities = null;
        IReadOnlyList<OciRlimit>? rlimits = null;
        int? oomScoreAdj = null;
        OciIoPriority? ioPriority = null;
        OciScheduler? scheduler = null;
        OciExecCpuAffinity? affinity = null;
        Dictionary<string, JsonElement>? unknown = null;
        while (cursor.Member())
        {
            if (cursor.Is("terminal"u8)) terminal = cursor.Flag() ?? false;
            else if (cursor.Is("consoleSize"u8)) consoleSize = cursor.Object() ? Box(ref cursor) : null;
            else if (cursor.Is("user"u8)) user = cursor.Object() ? User(ref cursor) : null;
            else if (cursor.Is("args"u8)) args = cursor.Texts();
            else if (cursor.Is("env"u8)) env = cursor.Texts();
            else if (cursor.Is("cwd"u8)) cwd = cursor.Text();
            else if (cursor.Is("capabilities"u8)) capabilities = cursor.Object() ? Capabilities(ref cursor) : null;
            else if (cursor.Is("rlimits"u8)) rlimits = cursor.Objects(static (ref JsonCursor item) => Rlimit(ref item));
            else if (cursor.Is("noNewPrivileges"u8)) noNewPrivileges = cursor.Flag() ?? false;
            else if (cursor.Is("apparmorProfile"u8)) apparmorProfile = cursor.Text();
            else if (cursor.Is("oomScoreAdj"u8)) oomScoreAdj = cursor.Int32();
            else if (cursor.Is("selinuxLabel"u8)) selinuxLabel = cursor.Text();
            else if (cursor.Is("ioPriority"u8)) ioPriority = cursor.Object() ? IoPriority(ref cursor) : null;
            else if (cursor.Is("scheduler"u8)) scheduler = cursor.Object() ? Scheduler(ref cursor) : null;
            else if (cursor.Is("execCPUAffinity"u8)) affinity = cursor.Object() ? ExecCpuAffinity(ref cursor) : null;
            else cursor.Keep(ref unknown);
        }

        return new OciProcess
        {
            Terminal = terminal,
            ConsoleSize = consoleSize,
            User = user ?? new OciUser(),
            Args = args,
            Env = env,
            Cwd = cwd ?? throw cursor.Missing("cwd"),
            Capabilities = capabilities,
            Rlimits = rlimits,
            NoNewPrivileges = noNewPrivileges,
            ApparmorProfile = apparmorProfile,
            OomScoreAdj = oomScoreAdj,
            SelinuxLabel = selinuxLabel,
            IoPriority = ioPriority,
            Scheduler = scheduler,
            ExecCPUAffinity = affinity,
            Unknown = unknown,
        };
    }

    private static OciBox Box(ref JsonCursor cursor)
    {
        uint height = 0, width = 0;
        while (cursor.Member())
        {
            if (cursor.Is("height"u8)) height = cursor.UInt32() ?? 0;
            else if (cursor.Is("width"u8)) width = cursor.UInt32() ?? 0;
            else cursor.Skip();
        }

        return new OciBox(height, width);
    }

    private static OciUser User(ref JsonCursor cursor)
    {
        uint uid = 0, gid = 0;
        uint? umask = null;
        IReadOnlyList<uint>? additionalGids = null;
        string? username = null;
        IReadOnlyList<string>? additionalGroupNames = null;
        while (cursor.Member())
        {
            if (cursor.Is("uid"u8)) uid = cursor.UInt32() ?? 0;
            else if (cursor.Is("gid"u8)) gid = cursor.UInt32() ?? 0;
            else if (cursor.Is("umask"u8)) umask = cursor.UInt32();
            else if (cursor.Is("additionalGids"u8)) additionalGids = cursor.UInt32s();
            else if (cursor.Is("username"u8)) username = cursor.Text();
            else if (cursor.Is("additionalGroupNames"u8)) additionalGroupNames = cursor.Texts();
            else cursor.Skip();
        }

        return new OciUser { Uid = uid, Gid = gid, Umask = umask, AdditionalGids = additionalGids, Username = username, AdditionalGroupNames = additionalGroupNames };
    }

    private static OciCapabilities Capabilities(ref JsonCursor cursor)
    {
        IReadOnlyList<string>? bounding = null, effective = null, inheritable = null, permitted = null, ambient = null;
        while (cursor.Member())
        {
            if (cursor.Is("bounding"u8)) bounding = cursor.Texts();
            else if (cursor.Is("effective"u8)) effective = cursor.Texts();
            else if (cursor.Is("inheritable"u8)) inheritable = cursor.Texts();
            else if (cursor.Is("permitted"u8)) permitted = cursor.Texts();
            else if (cursor.Is("ambient"u8)) ambient = cursor.Texts();
            else cursor.Skip();
        }

        return new OciCapabilities { Bounding = bounding, Effective = effective, Inheritable = inheritable, Permitted = permitted, Ambient = ambient };
    }

    private static OciRlimit Rlimit(ref JsonCursor cursor)
    {
        string? type = null;
        ulong soft = 0, hard = 0;
        while (cursor.Member())
        {
            if (cursor.Is("type"u8)) type = cursor.Text();
            else if (cursor.Is("soft"u8)) soft = cursor.UInt64() ?? 0;
            else if (cursor.Is("hard"u8)) hard = cursor.UInt64() ?? 0;
            else cursor.Skip();
        }

        return new OciRlimit(type ?? throw cursor.Missing("type"), soft, hard);
    }

    private static OciIoPriority IoPriority(ref JsonCursor cursor)
    {
        string? group = null;
        int priority = 0;
        while (cursor.Member())
        {
            if (cursor.Is("class"u8)) group = cursor.Text();
            else if (cursor.Is("priority"u8)) priority = cursor.Int32() ?? 0;
            else cursor.Skip();
        }

        return new OciIoPriority(group ?? throw cursor.Missing("class"), priority);
    }

    private static OciScheduler Scheduler(ref JsonCursor cursor)
    {
        string? policy = null;
        int? nice = null, priority = null;
        IReadOnlyList<string>? flags = null;
        ulong? runtime = null, deadline = null, period = null;
        while (cursor.Member())
        {
            if (cursor.Is("policy"u8)) policy = cursor.Text();
            else if (cursor.Is("nice"u8)) nice = cursor.Int32();
            else if (cursor.Is("priority"u8)) priority = cursor.Int32();
            else if (cursor.Is("flags"u8)) flags = cursor.Texts();
            else if (cursor.Is("runtime"u8)) runtime = cursor.UInt64();
            else if (cursor.Is("deadline"u8)) deadline = cursor.UInt64();
            else if (cursor.Is("period"u8)) period = cursor.UInt64();
            else cursor.Skip();
        }

        return new OciScheduler
        {
            Policy = policy ?? throw cursor.Missing("policy"),
            Nice = nice,
            Priority = priority,
            Flags = flags,
            Runtime = runtime,
            Deadline = deadline,
            Period = period,
        };
    }

    private static OciExecCpuAffinity ExecCpuAffinity(ref JsonCursor cursor)
    {
        string? initial = null, final = null;
        while (cursor.Member())
        {
            if (cursor.Is("initial"u8)) initial = cursor.Text();
            else if (cursor.Is("final"u8)) final = cursor.Text();
            else cursor.Skip();
        }

        return new OciExecCpuAffinity(initial, final);
    }
}
