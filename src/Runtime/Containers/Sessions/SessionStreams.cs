using ContainerTools.Runtime.Linux;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Containers.Sessions;

/// <summary>The pipes of a command's standard streams: its ends, which it inherits, and the engine's, which do not wait.</summary>
internal sealed class SessionStreams : IDisposable
{
    private SafeFileHandle? _input;
    private SafeFileHandle? _output;
    private SafeFileHandle? _error;

    /// <summary>The command's standard input; null is /dev/null.</summary>
    public SafeFileHandle? CommandInput { get; private set; }
    /// <summary>The command's standard output; null is /dev/null.</summary>
    public SafeFileHandle? CommandOutput { get; private set; }
    /// <summary>The command's standard error; null is /dev/null.</summary>
    public SafeFileHandle? CommandError { get; private set; }

    /// <summary>No pipes: for a command with a terminal, or one that is left alone.</summary>
    public static SessionStreams None() => new();

    /// <summary>Pipes for output and error, and for input if it is wanted.</summary>
    public static SessionStreams Create(bool withInput)
    {
        SessionStreams streams = new();
        try
        {
            (streams._output, streams.CommandOutput) = Libc.CreatePipe();
            (streams._error, streams.CommandError) = Libc.CreatePipe();
            Libc.SetNonBlocking(streams._output);
            Libc.SetNonBlocking(streams._error);
            if (withInput)
            {
                (streams.CommandInput, streams._input) = Libc.CreatePipe();
                Libc.SetNonBlocking(streams._input);
            }

            return streams;
        }
        catch
        {
            streams.Dispose();
            throw;
        }
    }

    /// <summary>Closes the command's ends: the command has copies of them, and these would keep the pipes open after its end.</summary>
    public void CloseCommandEnds()
    {
        CommandInput?.Dispose();
        CommandOutput?.Dispose();
        CommandError?.Dispose();
    }

    /// <summary>Hands the engine's ends over.</summary>
    public (SafeFileHandle? Input, SafeFileHandle? Output, SafeFileHandle? Error) Take()
    {
        (SafeFileHandle?, SafeFileHandle?, SafeFileHandle?) taken = (_input, _output, _error);
        (_input, _output, _error) = (null, null, null);
        return taken;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        CloseCommandEnds();
        _input?.Dispose();
        _output?.Dispose();
        _error?.Dispose();
    }
}
