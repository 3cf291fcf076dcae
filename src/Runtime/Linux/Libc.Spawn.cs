using System.Runtime.InteropServices;

namespace ContainerTools.Runtime.Linux;

/// <summary>
/// posix_spawn(3): the one way in which a process with threads of a managed runtime makes another. The C library runs its few lines
/// between clone and execve; no managed code does.
/// </summary>
internal static unsafe partial class Libc
{
    private const short POSIX_SPAWN_SETSIGDEF = 0x04;
    private const short POSIX_SPAWN_SETSIGMASK = 0x08;
    private const short POSIX_SPAWN_SETSID = 0x80;

    // Larger than the C libraries' own structures: posix_spawnattr_t has 336 bytes, posix_spawn_file_actions_t 80.
    private const int SpawnStructureSize = 512;

    /// <summary>
    /// Starts a program in a session of its own, with all signals at their defaults and all but the synchronous ones blocked. It has
    /// /dev/null as 0, 1 and 2, the given descriptors from 3 on, and no other.
    /// </summary>
    /// <param name="path">The program.</param>
    /// <param name="arguments">argv, argv[0] included.</param>
    /// <param name="environment">The environment, <c>NAME=value</c>.</param>
    /// <param name="descriptors">What it gets as 3, 4 … Their own numbers must be above all of these.</param>
    /// <returns>The process id.</returns>
    public static int SpawnDetached(
        string path, IReadOnlyList<string> arguments, IReadOnlyList<string> environment, params ReadOnlySpan<SafeHandle> descriptors)
        => SpawnConnected(path, arguments, environment, null, null, null, descriptors);

    /// <summary>As <see cref="SpawnDetached"/>, with given descriptors as 0, 1 and 2; null is /dev/null.</summary>
    /// <returns>The process id.</returns>
    public static int SpawnConnected(
        string path,
        IReadOnlyList<string> arguments,
        IReadOnlyList<string> environment,
        SafeHandle? input,
        SafeHandle? output,
        SafeHandle? error,
        params ReadOnlySpan<SafeHandle> descriptors)
    {
        byte* actions = stackalloc byte[SpawnStructureSize];
        byte* attributes = stackalloc byte[SpawnStructureSize];
        byte* signals = stackalloc byte[SignalSetSize];
        nint* argv = StringArray(arguments);
        nint* envp = StringArray(environment);
        CheckSpawn(posix_spawn_file_actions_init(actions), path);
        CheckSpawn(posix_spawnattr_init(attributes), path);
        try
        {
            new Span<byte>(signals, SignalSetSize).Fill(0xFF);
            CheckSpawn(posix_spawnattr_setsigdefault(attributes, signals), path);
            *(ulong*)signals = DetachedSignalMask;
            CheckSpawn(posix_spawnattr_setsigmask(attributes, signals), path);
            CheckSpawn(posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSID), path);
            CheckSpawn(posix_spawn_file_actions_addopen(actions, 0, "/dev/null", O_RDWR, 0), path);
            CheckSpawn(posix_spawn_file_actions_adddup2(actions, 0, 1), path);
            CheckSpawn(posix_spawn_file_actions_adddup2(actions, 0, 2), path);
            if (input is not null) CheckSpawn(posix_spawn_file_actions_adddup2(actions, (int)input.DangerousGetHandle(), 0), path);
            if (output is not null) CheckSpawn(posix_spawn_file_actions_adddup2(actions, (int)output.DangerousGetHandle(), 1), path);
            if (error is not null) CheckSpawn(posix_spawn_file_actions_adddup2(actions, (int)error.DangerousGetHandle(), 2), path);
            for (int i = 0; i < descriptors.Length; i++)
            {
                CheckSpawn(posix_spawn_file_actions_adddup2(actions, (int)descriptors[i].DangerousGetHandle(), 3 + i), path);
            }

            CloseOthers(actions, 3 + descriptors.Length, path);
            int processId;
            CheckSpawn(posix_spawn(&processId, path, actions, attributes, argv, envp), path);
            return processId;
        }
        finally
        {
            posix_spawn_file_actions_destroy(actions);
            posix_spawnattr_destroy(attributes);
            FreeStringArray(argv, arguments.Count);
            FreeStringArray(envp, environment.Count);
        }
    }

    /// <summary>
    /// What a supervisor blocks: every signal but those that an error in the program itself raises, and the real-time ones, one of which
    /// the .NET runtime sends to its own threads.
    /// </summary>
    public static ulong DetachedSignalMask
    {
        get
        {
            const int SIGILL = 4, SIGTRAP = 5, SIGABRT = 6, SIGBUS = 7, SIGFPE = 8, SIGSEGV = 11, SIGSYS = 31;
            ulong mask = SignalBit(32) - 1;
            foreach (int signal in (ReadOnlySpan<int>)[SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGSYS]) mask &= ~SignalBit(signal);
            return mask;
        }
    }

    private static void CloseOthers(byte* actions, int first, string path)
    {
        try
        {
            CheckSpawn(posix_spawn_file_actions_addclosefrom_np(actions, first), path);
        }
        catch (EntryPointNotFoundException)
        {
            // Older C libraries (glibc before 2.34, musl) do not have it. It is a second line of defence: all of .NET's descriptors, and
            // ours, are close-on-exec.
        }
    }

    private static void CheckSpawn(int errno, string path)
    {
        if (errno != 0) throw KernelError.From("posix_spawn", errno, path);
    }

    private static nint* StringArray(IReadOnlyList<string> strings)
    {
        nint* array = (nint*)NativeMemory.Alloc((nuint)(strings.Count + 1), (nuint)sizeof(nint));
        for (int i = 0; i < strings.Count; i++) array[i] = Marshal.StringToCoTaskMemUTF8(strings[i]);
        array[strings.Count] = 0;
        return array;
    }

    private static void FreeStringArray(nint* array, int count)
    {
        for (int i = 0; i < count; i++) Marshal.FreeCoTaskMem(array[i]);
        NativeMemory.Free(array);
    }

    [LibraryImport(Library)]
    private static partial int posix_spawn_file_actions_init(byte* actions);

    [LibraryImport(Library)]
    private static partial int posix_spawn_file_actions_destroy(byte* actions);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int posix_spawn_file_actions_addopen(byte* actions, int fd, string path, int flags, uint mode);

    [LibraryImport(Library)]
    private static partial int posix_spawn_file_actions_adddup2(byte* actions, int fd, int newFd);

    [LibraryImport(Library)]
    private static partial int posix_spawn_file_actions_addclosefrom_np(byte* actions, int first);

    [LibraryImport(Library)]
    private static partial int posix_spawnattr_init(byte* attributes);

    [LibraryImport(Library)]
    private static partial int posix_spawnattr_destroy(byte* attributes);

    [LibraryImport(Library)]
    private static partial int posix_spawnattr_setflags(byte* attributes, short flags);

    [LibraryImport(Library)]
    private static partial int posix_spawnattr_setsigmask(byte* attributes, byte* signals);

    [LibraryImport(Library)]
    private static partial int posix_spawnattr_setsigdefault(byte* attributes, byte* signals);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int posix_spawn(int* processId, string path, byte* actions, byte* attributes, nint* argv, nint* envp);
}
