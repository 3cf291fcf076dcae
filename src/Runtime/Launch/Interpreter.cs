using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace ContainerTools.Runtime.Launch;

/// <summary>
/// The only code that runs between clone3 and execve. It walks a plan with raw system calls on memory that was laid out before:
/// nothing here allocates, throws, takes a lock, has a static constructor or leaves the "no GC transition" mode, because in
/// the new process there is one thread, and the runtime's other threads, locks and signal handlers are dead copies.
/// <code>
///   launcher                                   first process
///   ────────                                   ─────────────
///   compile the plan, open what it needs
///   block signals
///   clone3 ──────────────────────────────────▶ walk the plan:
///   write the id maps, then "go" ───────────▶    wait for "go" (user namespaces only)
///   receive the terminal ◀───────────────────    send the terminal's master (terminals only)
///   run the hooks, then "go" ◀──────────────▶    wait before pivot_root (hooks of the creation only)
///   wait on the child instead ◀───────────    fork, report the child (where namespaces are to be joined first)
///   fetch and send the listener, "go" ◀─────▶    wait after the filter (SCMP_ACT_NOTIFY only)
///   read the report pipe ◀────── (step, errno)   on a failure: report, _exit
///   end of file: executed ◀──────────────────    execve closes the report pipe
/// </code>
/// </summary>
internal static unsafe partial class Interpreter
{
    [LibraryImport("libc"), SuppressGCTransition]
    private static partial nint syscall(nint number, nint a0, nint a1, nint a2, nint a3, nint a4, nint a5);

    [LibraryImport("libc"), SuppressGCTransition]
    private static partial int* __errno_location();

    /// <summary>The numbers and addresses that the interpreter itself needs, besides the steps.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Program
    {
        /// <summary>The steps.</summary>
        public Step* Steps;
        /// <summary>How many.</summary>
        public int Count;
        /// <summary>The report pipe's write end.</summary>
        public int Report;
        /// <summary>The slots.</summary>
        public long* Slots;
        /// <summary>write(2).</summary>
        public int WriteNumber;
        /// <summary>exit_group(2).</summary>
        public int ExitNumber;
        /// <summary>execve(2).</summary>
        public int ExecuteNumber;
        /// <summary>faccessat2(2).</summary>
        public int AccessNumber;
        /// <summary>statx(2).</summary>
        public int StatusNumber;
        /// <summary>clone3(2).</summary>
        public int CloneNumber;
        /// <summary>Where a failure is put together for the report.</summary>
        public StepFailure Failure;
    }

    /// <summary>
    /// Makes the process and, in it, runs the program. Returns in the caller only: the new process's id, or the negative errno.
    /// </summary>
    /// <param name="program">What to run.</param>
    /// <param name="cloneArguments">struct clone_args (clone(2)).</param>
    /// <param name="cloneSize">Its size.</param>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static int Launch(Program* program, void* cloneArguments, int cloneSize)
    {
        // Both imports are bound now, so that nothing is looked up in the new process.
        int* errno = __errno_location();
        nint pid = syscall(program->CloneNumber, (nint)cloneArguments, cloneSize, 0, 0, 0, 0);
        if (pid != 0) return pid > 0 ? (int)pid : -*errno;
        Run(program);
        return 0;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Run(Program* program)
    {
        long* slots = program->Slots;
        int* errnoLocation = __errno_location();
        for (int index = 0; index < program->Count; index++)
        {
            Step* step = program->Steps + index;
            int errno = 0;
            switch (step->Kind)
            {
                case StepKind.Store:
                    *(int*)step->Arguments[0] = (int)slots[step->Arguments[1]];
                    continue;
                case StepKind.Execute:
                case StepKind.Find:
                    errno = TryAll(program, step);
                    if (errno == 0) continue;
                    break;
                default:
                    nint result;
                    do
                    {
                        result = syscall(
                            step->Number, Argument(step, 0, slots), Argument(step, 1, slots), Argument(step, 2, slots),
                            Argument(step, 3, slots), Argument(step, 4, slots), Argument(step, 5, slots));
                        errno = result == -1 ? *errnoLocation : 0;
                    }
                    while (errno == EINTR || (errno == EAGAIN && step->Again != 0));

                    if (result == 0 && step->NotZero != 0) errno = ECANCELED;
                    if (errno == 0)
                    {
                        if (step->Result >= 0) slots[step->Result] = result;
                        index += result == 0 ? step->SkipDone + step->SkipZero : step->SkipDone;
                        continue;
                    }

                    break;
            }

            if (errno == step->Ignored)
            {
                index += step->SkipIgnored;
            }
            else if (errno == step->IgnoredToo)
            {
                index += step->SkipIgnoredToo;
            }
            else
            {
                Fail(program, index, errno);
            }
        }

        Fail(program, program->Count, 0);
    }

    private static nint Argument(Step* step, int index, long* slots)
        => (nint)((step->SlotArguments & (1 << index)) != 0 ? slots[step->Arguments[index]] : step->Arguments[index]);

    /// <summary>As execvp(3): the first candidate that exists; a candidate that may not be executed is remembered and passed over.</summary>
    private static int TryAll(Program* program, Step* step)
    {
        int errno = ENOENT;
        for (nint* path = (nint*)step->Arguments[0]; *path != 0; path++)
        {
            int failure = step->Kind == StepKind.Find ? Look(program, *path, (nint)step->Arguments[1]) : Execute(program, *path, step);
            if (failure == EACCES) errno = EACCES;
            else if (failure != ENOENT && failure != ENOTDIR) return failure;
        }

        return errno;
    }

    private static int Execute(Program* program, nint path, Step* step)
    {
        syscall(program->ExecuteNumber, path, (nint)step->Arguments[1], (nint)step->Arguments[2], 0, 0, 0);
        return *__errno_location();
    }

    /// <summary>What execve would say of a path: only a regular file can be executed, while a folder is "executable" for access(2).</summary>
    private static int Look(Program* program, nint path, nint status)
    {
        if (syscall(program->AccessNumber, AT_FDCWD, path, X_OK, 0, 0, 0) != 0) return *__errno_location();
        if (syscall(program->StatusNumber, AT_FDCWD, path, 0, STATX_TYPE, status, 0) != 0) return *__errno_location();
        return (*(ushort*)(status + StatusMode) & S_IFMT) == S_IFREG ? 0 : EACCES;
    }

    private static void Fail(Program* program, int index, int errno)
    {
        program->Failure = new StepFailure(index, errno);
        syscall(program->WriteNumber, program->Report, (nint)(&program->Failure), sizeof(StepFailure), 0, 0, 0);
        while (true) syscall(program->ExitNumber, 127, 0, 0, 0, 0, 0);
    }

    // These have one number on every architecture that .NET runs on.
    private const int ENOENT = 2;
    private const int EINTR = 4;
    private const int EAGAIN = 11;
    private const int EACCES = 13;
    private const int ENOTDIR = 20;
    private const int ECANCELED = 125;
    private const int AT_FDCWD = -100;
    private const int X_OK = 1;
    private const int STATX_TYPE = 1;
    private const int S_IFMT = 0xf000;
    private const int S_IFREG = 0x8000;

    // stx_mode in struct statx (statx(2)).
    private const int StatusMode = 28;
}
