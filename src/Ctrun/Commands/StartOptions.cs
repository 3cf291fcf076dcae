using System.Globalization;
using ContainerTools.Runtime.Containers.Runs;
using ContainerTools.Runtime.Linux;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Ctrun.Commands;

/// <summary>The options that create, run and exec have in common.</summary>
internal sealed class StartOptions
{
    // F_GETFD
    private const int GetFlags = 1;

    private string _bundle = ".";
    private int? _brokenStep;
    private bool _movesRoot;
    private bool _keepsKeyring;

    /// <summary>The socket that gets the terminal.</summary>
    public string? ConsoleSocket { get; private set; }

    /// <summary>The socket that gets the process's pidfd.</summary>
    public string? PidFdSocket { get; private set; }

    /// <summary>The file that gets the process id.</summary>
    public string? PidFile { get; private set; }

    /// <summary>How many descriptors from 3 on the process keeps: --preserve-fds, and those of socket activation (sd_listen_fds(3)).</summary>
    public int PreservedDescriptors { get; private set; } = ListenDescriptors;

    private static int ListenDescriptors
        => int.TryParse(Environment.GetEnvironmentVariable("LISTEN_FDS"), NumberStyles.None, CultureInfo.InvariantCulture, out int count) ? count : 0;

    /// <summary>Takes an option of create or run; false if it is none of them.</summary>
    public bool Take(string option, ArgumentReader reader)
    {
        switch (option)
        {
            case "bundle" or "b":
                _bundle = reader.Text();
                return true;
            case "break-step":
                // For tests of what a failure leaves behind; `ctrun plan` numbers the steps.
                _brokenStep = reader.Number();
                return true;
            case "no-pivot":
                _movesRoot = reader.Flag();
                return true;
            case "no-new-keyring":
                _keepsKeyring = reader.Flag();
                return true;
            default:
                return TakeShared(option, reader);
        }
    }

    /// <summary>Takes an option of create, run or exec; false if it is none of them.</summary>
    public bool TakeShared(string option, ArgumentReader reader)
    {
        switch (option)
        {
            case "console-socket":
                ConsoleSocket = reader.Text();
                return true;
            case "pid-file":
                PidFile = reader.Text();
                return true;
            case "pidfd-socket":
                PidFdSocket = reader.Text();
                return true;
            case "preserve-fds":
                PreservedDescriptors = reader.Number() + ListenDescriptors;
                return true;
            case "no-subreaper":
                // Orphans of the container are never ctrun's children.
                reader.Flag();
                return true;
            default:
                return false;
        }
    }

    /// <summary>
    /// Makes sure that all descriptors to keep are there: a number that nobody passed would be taken by one of ctrun's own, which must not get into a
    /// container. So this comes before anything is opened.
    /// </summary>
    public void CheckDescriptors()
    {
        for (int number = 3; number < 3 + PreservedDescriptors; number++)
        {
            using SafeFileHandle file = new(number, ownsHandle: false);
            if (Libc.Control(file, GetFlags, 0) >= 0) continue;
            throw new ContainerException(
                ErrorCode.InvalidArgument,
                string.Create(CultureInfo.InvariantCulture, $"Descriptor {number} is to be kept, but is not open; --preserve-fds and LISTEN_FDS count from 3."), "--preserve-fds");
        }
    }

    /// <summary>What create or run asks for.</summary>
    public RunRequest Request(GlobalOptions options, string id, bool gate, bool detached) => new()
    {
        Id = id,
        BundleFolder = _bundle,
        Gate = gate,
        Detached = detached,
        SystemdCgroup = options.SystemdCgroup,
        NoCgroup = options.NoCgroup,
        ConsoleSocket = Given(ConsoleSocket),
        PidFile = Given(PidFile),
        PreservedDescriptors = PreservedDescriptors,
        PidFdSocket = Given(PidFdSocket),
        MovesRoot = _movesRoot,
        KeepsKeyring = _keepsKeyring,
        BrokenStep = _brokenStep,
        Warn = options.Log.Warning,
    };

    // Engines pass an empty text where they have nothing to say.
    public static string? Given(string? text) => string.IsNullOrEmpty(text) ? null : text;
}
