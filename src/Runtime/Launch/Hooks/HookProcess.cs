using System.Globalization;
using System.Text;
using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Oci;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Launch.Hooks;

/// <summary>
/// What a hook has in common wherever it runs (config.md, POSIX-platform Hooks): the container's state on standard input, its output kept for the
/// message of a failure, a time-out. Both are files without a name rather than pipes: a hook that does not read, or writes much, holds nothing up.
/// </summary>
internal sealed class HookProcess : IDisposable
{
    private const int ShownOutput = 1000;

    private readonly OciHook hook;
    private readonly string name;
    private readonly SafeFileHandle output;

    /// <summary>Prepares the streams.</summary>
    /// <param name="hook">The hook.</param>
    /// <param name="name">What messages call it: <c>prestart hook #0</c>.</param>
    /// <param name="state">What it reads.</param>
    public HookProcess(OciHook hook, string name, OciState state)
    {
        this.hook = hook;
        this.name = name;
        Check(hook, name);
        using SafeFileHandle document = Libc.CreateMemoryFile("state");
        int errno = Libc.WriteAll(document, StateText.Document(state));
        if (errno != 0) throw KernelError.From("write", errno, "the hook's standard input");
        Input = Libc.Reopen(document);
        output = Libc.CreateMemoryFile("output");
    }

    /// <summary>Throws where a hook can never be run.</summary>
    public static void Check(OciHook hook, string name)
    {
        if (!hook.Path.StartsWith('/')) throw LaunchContext.Invalid($"The path '{hook.Path}' of the {name} is not absolute.", hook.Path);
        if (hook.Timeout is <= 0) throw LaunchContext.Invalid($"The time-out of the {name} ({hook.Path}) is {hook.Timeout} seconds; it must be above zero.", hook.Path);
    }

    /// <summary>Its standard input.</summary>
    public SafeFileHandle Input { get; }

    /// <summary>Its standard output and error.</summary>
    public SafeFileHandle Output => output;

    /// <summary>Waits for the hook's end.</summary>
    /// <exception cref="ContainerException"><see cref="ErrorCode.HookFailed"/> when it did not end with status 0 in time.</exception>
    public void Complete(SafeFileHandle process)
    {
        bool inTime = hook.Timeout is not { } seconds || Libc.Poll(process, Libc.POLLIN, TimeSpan.FromSeconds(seconds));
        if (!inTime) Libc.SendSignal(process, Signal.SIGKILL);
        ProcessEnd end = Libc.WaitForExit(process);
        if (!inTime) throw Failed($"did not end within {hook.Timeout} seconds");
        if (end is { Code: 0, Signaled: false }) return;
        throw Failed(end.Signaled
            ? string.Create(CultureInfo.InvariantCulture, $"was ended by the signal {end.Code}")
            : string.Create(CultureInfo.InvariantCulture, $"ended with status {end.Code}"));
    }

    /// <summary>The error of a hook that could not be executed.</summary>
    public ContainerException Failed(ContainerException cause) => new(ErrorCode.HookFailed, $"The {name} ({hook.Path}) could not be run: {cause.Message}", hook.Path, cause);

    /// <inheritdoc/>
    public void Dispose()
    {
        Input.Dispose();
        output.Dispose();
    }

    private ContainerException Failed(string what)
    {
        string said = Said();
        return new ContainerException(ErrorCode.HookFailed, $"The {name} ({hook.Path}) {what}{(said.Length == 0 ? "" : ": " + said)}.", hook.Path);
    }

    private string Said()
    {
        byte[] start = new byte[ShownOutput];
        using SafeFileHandle reader = Libc.Reopen(output);
        int length = Math.Max(0, Libc.Read(reader, start));
        return Encoding.UTF8.GetString(start, 0, length).ReplaceLineEndings(" ").Trim().TrimEnd('.');
    }
}
