using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace ContainerTools.Bench.Processes;

/// <summary>
/// A program with its arguments and environment, laid out once in unmanaged memory, so that running it again and again costs
/// a posix_spawn and a wait4 and nothing else.
/// </summary>
internal sealed unsafe class Command
{
    private readonly byte* _path;
    private readonly byte** _arguments;
    private readonly byte** _environment;
    private readonly void* _fileActions;
    private readonly void* _attributes;
    private readonly string _output;
    private readonly string _text;

    /// <param name="workspace">Where the output goes.</param>
    /// <param name="environment">Added to the driver's own environment.</param>
    /// <param name="program">The program's path.</param>
    /// <param name="arguments">Its arguments.</param>
    public Command(Workspace workspace, IReadOnlyDictionary<string, string>? environment, string program, params string[] arguments)
    {
        _text = string.Join(' ', [Path.GetFileName(program), .. arguments]);
        _output = workspace.NewFile("output");
        _path = Text(program);
        _arguments = List([program, .. arguments]);
        _environment = List(Environment(environment));

        _fileActions = NativeMemory.AllocZeroed(Libc.SpawnStructureSize);
        _attributes = NativeMemory.AllocZeroed(Libc.SpawnStructureSize);
        Check(Libc.FileActionsInit(_fileActions));
        Check(Libc.FileActionsOpen(_fileActions, 0, Text("/dev/null"), 0, 0));
        const int Write = Libc.OpenWrite | Libc.OpenCreate | Libc.OpenTruncate;
        Check(Libc.FileActionsOpen(_fileActions, 1, Text(_output), Write, 0x1a4));
        Check(Libc.FileActionsOpen(_fileActions, 2, Text(_output + ".err"), Write, 0x1a4));

        // The .NET runtime ignores SIGPIPE, and what is ignored stays ignored in a new program.
        Check(Libc.AttributesInit(_attributes));
        byte* signals = stackalloc byte[128];
        _ = Libc.SignalSetEmpty(signals);
        _ = Libc.SignalSetAdd(signals, Libc.SignalPipe);
        Check(Libc.AttributesDefaultSignals(_attributes, signals));
        Check(Libc.AttributesFlags(_attributes, Libc.SpawnSetSignalDefault));
    }

    /// <summary>Runs it to its end: the wall clock time from before posix_spawn until after wait4.</summary>
    /// <exception cref="BenchException">It ended with another status than <paramref name="expected"/>.</exception>
    public Run Time(int expected = 0)
    {
        Libc.ResourceUsage usage;
        long start = Stopwatch.GetTimestamp();
        int pid = Spawn();
        int status = Wait(pid, &usage);
        long end = Stopwatch.GetTimestamp();
        if (status != expected) throw Failed(status);
        double cpu = (usage.UserSeconds + usage.SystemSeconds) * 1000.0 + (usage.UserMicroseconds + usage.SystemMicroseconds) / 1000.0;
        return new Run((end - start) * 1000.0 / Stopwatch.Frequency, cpu);
    }

    /// <summary>Runs it and returns what it wrote to standard output.</summary>
    public string Read()
    {
        Time();
        return File.ReadAllText(_output);
    }

    /// <summary>As <see cref="Read"/>; null where it fails.</summary>
    public string? TryRead()
    {
        try
        {
            return Read();
        }
        catch (BenchException)
        {
            return null;
        }
    }

    /// <summary>Starts it and returns its process id; the caller ends it.</summary>
    public int Start() => Spawn();

    /// <summary>What it has written to standard error.</summary>
    public string Errors() => File.Exists(_output + ".err") ? File.ReadAllText(_output + ".err").Trim() : "";

    /// <summary>Waits for a process that <see cref="Start"/> started: its exit status, or 128 + the signal's number.</summary>
    public static int Wait(int pid)
    {
        Libc.ResourceUsage usage;
        return Wait(pid, &usage);
    }

    /// <summary>Whether a process that <see cref="Start"/> started has ended (and reaps it).</summary>
    public static bool HasEnded(int pid)
    {
        Libc.ResourceUsage usage;
        return Libc.Wait(pid, out _, Libc.WaitNoHang, &usage) != 0;
    }

    private static int Wait(int pid, Libc.ResourceUsage* usage)
    {
        int status;
        while (Libc.Wait(pid, out status, 0, usage) < 0)
        {
            int error = Marshal.GetLastPInvokeError();
            if (error != Libc.Interrupted) throw new BenchException($"wait4({pid}): {Marshal.GetPInvokeErrorMessage(error)}");
        }

        int signal = status & 0x7f;
        return signal == 0 ? status >> 8 & 0xff : 128 + signal;
    }

    private int Spawn()
    {
        int error = Libc.Spawn(out int pid, _path, _fileActions, _attributes, _arguments, _environment);
        if (error != 0) throw new BenchException($"{_text}: {Marshal.GetPInvokeErrorMessage(error)}");
        return pid;
    }

    private BenchException Failed(int status)
    {
        string errors = Errors();
        if (errors.Length > 600) errors = "… " + errors[^600..];
        return new BenchException(string.Create(CultureInfo.InvariantCulture, $"'{_text}' ended with status {status}: {errors}"));
    }

    private static IEnumerable<string> Environment(IReadOnlyDictionary<string, string>? added)
    {
        foreach (System.Collections.DictionaryEntry entry in System.Environment.GetEnvironmentVariables())
        {
            if (added?.ContainsKey((string)entry.Key) != true) yield return $"{entry.Key}={entry.Value}";
        }

        foreach ((string name, string value) in added ?? new Dictionary<string, string>()) yield return $"{name}={value}";
    }

    // Never freed: commands live as long as the driver.
    private static byte* Text(string value)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(value);
        byte* memory = (byte*)NativeMemory.AllocZeroed((nuint)bytes.Length + 1);
        bytes.CopyTo(new Span<byte>(memory, bytes.Length));
        return memory;
    }

    private static byte** List(IEnumerable<string> values)
    {
        string[] all = [.. values];
        byte** memory = (byte**)NativeMemory.AllocZeroed((nuint)all.Length + 1, (nuint)sizeof(byte*));
        for (int i = 0; i < all.Length; i++) memory[i] = Text(all[i]);
        return memory;
    }

    private static void Check(int error)
    {
        if (error != 0) throw new BenchException($"posix_spawn's preparation: {Marshal.GetPInvokeErrorMessage(error)}");
    }
}

/// <summary>One run of a program.</summary>
/// <param name="Milliseconds">Wall clock time.</param>
/// <param name="CpuMilliseconds">User and system time of the program and of the children it waited for.</param>
internal readonly record struct Run(double Milliseconds, double CpuMilliseconds);
