using System.Globalization;
using ContainerTools.Runtime.Containers.Runs;
using ContainerTools.Runtime.Launch;
using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Oci;

namespace ContainerTools.Ctrun.Commands;

/// <summary><c>ctrun exec</c>.</summary>
internal static class ExecCommand
{
    private const string Usage =
        "exec [--process|-p FILE] [--user|-u USER[:GROUP]] [--additional-gids|-g GID] [--cwd FOLDER] [--env|-e NAME=VALUE] [--cap NAME]\n" +
        "                  [--tty|-t] [--no-new-privs] [--apparmor PROFILE] [--process-label LABEL] [--detach|-d] [--console-socket PATH]\n" +
        "                  [--pid-file FILE] [--pidfd-socket PATH] [--preserve-fds N] [--ignore-paused] ID COMMAND…";

    public static int Run(GlobalOptions options, ArgumentReader reader)
    {
        StartOptions start = new();
        Changes changes = new();
        bool detach = false, ignorePaused = false;
        string? document = null;
        while (reader.Next(out string option))
        {
            switch (option)
            {
                case "detach" or "d":
                    detach = reader.Flag();
                    break;
                case "ignore-paused":
                    ignorePaused = reader.Flag();
                    break;
                case "cgroup":
                    if (reader.Text() is not ("" or "/")) throw new ContainerException(ErrorCode.NotSupported, "--cgroup is not supported: a process is always executed in the container's own cgroup.", "--cgroup");
                    break;
                case "process" or "p":
                    document = reader.Text();
                    break;
                default:
                    if (!changes.Take(option, reader) && !start.TakeShared(option, reader) && reader.Other(Usage)) return 0;
                    break;
            }
        }

        start.CheckDescriptors();
        ProtectedExecutable.Ensure();
        string[] words = reader.Rest();
        if (words.Length == 0) throw reader.Error("the container's id is missing");
        if (document is null && words.Length == 1) throw reader.Error("the command is missing");
        Func<OciProcess, OciProcess> process = document is null
            ? first => changes.Apply(first, words[1..])
            : _ => Bundle.ParseProcess(Bundle.ReadDocument(document), document);
        using Foreground? foreground = detach ? null : new Foreground();
        using LaunchedProcess launched = RunExecution.Execute(options.Store, new ExecutionRequest
        {
            Id = words[0],
            Process = process,
            Detached = detach,
            IgnorePaused = ignorePaused,
            ConsoleSocket = StartOptions.Given(start.ConsoleSocket),
            PidFile = StartOptions.Given(start.PidFile),
            PidFdSocket = StartOptions.Given(start.PidFdSocket),
            PreservedDescriptors = start.PreservedDescriptors,
        });
        return foreground?.Wait(launched).ExitCode ?? 0;
    }

    /// <summary>How the process differs from the container's first one.</summary>
    private sealed class Changes
    {
        private readonly List<string> _environment = [];
        private readonly List<string> _capabilities = [];
        private readonly List<uint> _groups = [];
        private string? _user;
        private string? _folder;
        private string? _apparmor;
        private string? _label;
        private bool _terminal;
        private bool? _noNewPrivileges;

        public bool Take(string option, ArgumentReader reader)
        {
            switch (option)
            {
                case "user" or "u":
                    _user = reader.Text();
                    return true;
                case "additional-gids" or "g":
                    _groups.Add((uint)reader.Number());
                    return true;
                case "cwd":
                    _folder = reader.Text();
                    return true;
                case "env" or "e":
                    _environment.Add(reader.Text());
                    return true;
                case "cap" or "c":
                    foreach (string name in reader.Text().Split(',')) _capabilities.Add(Capability.Name(Capability.Number(name)));
                    return true;
                case "tty" or "t":
                    _terminal = reader.Flag();
                    return true;
                case "no-new-privs":
                    _noNewPrivileges = reader.Flag();
                    return true;
                case "apparmor":
                    _apparmor = reader.Text();
                    return true;
                case "process-label":
                    _label = reader.Text();
                    return true;
                default:
                    return false;
            }
        }

        public OciProcess Apply(OciProcess first, string[] command) => first with
        {
            Args = command,
            Terminal = _terminal,
            ConsoleSize = null,
            Cwd = _folder ?? first.Cwd,
            Env = [.. first.Env ?? [], .. _environment],
            User = User(first.User),
            Capabilities = _capabilities.Count == 0 ? first.Capabilities : Add(first.Capabilities ?? new OciCapabilities()),
            NoNewPrivileges = _noNewPrivileges ?? first.NoNewPrivileges,
            ApparmorProfile = _apparmor ?? first.ApparmorProfile,
            SelinuxLabel = _label ?? first.SelinuxLabel,
        };

        private OciUser User(OciUser first)
        {
            OciUser user = _groups.Count == 0 ? first : first with { AdditionalGids = [.. first.AdditionalGids ?? [], .. _groups] };
            if (_user is null) return user;
            int colon = _user.IndexOf(':', StringComparison.Ordinal);
            string name = colon < 0 ? _user : _user[..colon];
            string? group = colon < 0 ? null : _user[(colon + 1)..];
            if (uint.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out uint uid))
            {
                if (group is null) return user with { Uid = uid, Username = null };
                if (uint.TryParse(group, NumberStyles.None, CultureInfo.InvariantCulture, out uint gid)) return user with { Uid = uid, Gid = gid, Username = null };
            }

            return user with { Username = _user };
        }

        private OciCapabilities Add(OciCapabilities first) => first with
        {
            Bounding = [.. first.Bounding ?? [], .. _capabilities],
            Effective = [.. first.Effective ?? [], .. _capabilities],
            Permitted = [.. first.Permitted ?? [], .. _capabilities],
        };
    }
}
