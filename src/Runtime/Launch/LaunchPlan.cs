using System.Globalization;
using System.Text;
using ContainerTools.Runtime.Linux;

namespace ContainerTools.Runtime.Launch;

/// <summary>
/// What a new process does between clone3 and execve: a flat list of system calls in unmanaged memory, and beside it, in
/// ordinary memory, the words that say what each is for. Contributors append steps; <see cref="Interpreter"/> walks them.
/// </summary>
internal sealed unsafe class LaunchPlan : IDisposable
{
    // Large enough for what Docker specifies, with all hierarchies of cgroup v1: growing would touch fresh pages for every copy.
    private const int UsualSteps = 512;

    // struct statx (statx(2)).
    private const int SizeOfStatus = 256;

    // struct clone_args (clone(2)).
    private const int SizeOfCloneArguments = 88;
    private const ulong CLONE_PARENT = 0x8000;
    private readonly StepList steps = new();
    private readonly List<Note> notes = new(UsualSteps);
    private readonly List<PlanArgument[]> keptArguments = [];
    private readonly List<string> slotNames = new(128);
    private readonly List<long> slotValues = new(128);
    private string section = "";
    private PlanArgument? itself;

    /// <summary>Whether the plan is to be printed: only then are arguments kept as they were given.</summary>
    public bool KeepsArguments { get; init; }

    /// <summary>The strings and structures that steps point to.</summary>
    public PlanMemory Memory { get; } = new();

    /// <summary>Namespaces that clone3 makes (CLONE_NEW…).</summary>
    public ulong CloneFlags { get; set; }

    /// <summary>How many steps there are so far; a mark for <see cref="SkipFrom(int)"/>.</summary>
    public int Count => steps.Count;

    /// <summary>The part of the specification, or manual page, that the following steps come from.</summary>
    public void Section(string source) => section = source;

    /// <summary>A slot whose descriptor is known before the launch (-1: not yet).</summary>
    public Slot NewSlot(string name, long value = -1)
    {
        slotNames.Add(name);
        slotValues.Add(value);
        return new Slot(slotNames.Count - 1);
    }

    /// <summary>A slot's descriptor before the launch.</summary>
    public void SetSlot(Slot slot, long value) => slotValues[slot.Index] = value;

    /// <summary>A string argument.</summary>
    public PlanArgument Text(string text) => PlanArgument.Text(Memory, text);

    /// <summary>The empty string, with which a call means the descriptor itself (AT_EMPTY_PATH).</summary>
    public PlanArgument Itself => itself ??= Text("");

    /// <summary>A structure's address as an argument.</summary>
    public PlanArgument Structure<T>(in T value, string word)
        where T : unmanaged
        => PlanArgument.Pointer(Memory.Structure(value), word);

    /// <summary>Appends a system call.</summary>
    /// <param name="call">Which.</param>
    /// <param name="what">What it is for, as an error message says it: <c>mount proc on</c>.</param>
    /// <param name="subject">What it is done to: <c>/proc</c>.</param>
    /// <param name="arguments">At most six.</param>
    /// <returns>The step's index, for the <c>…If</c> members.</returns>
    public int Call(SystemCall call, string what, string subject, params ReadOnlySpan<PlanArgument> arguments)
    {
        Step step = new() { Number = call.Number, Result = -1 };
        for (int i = 0; i < arguments.Length; i++)
        {
            step.Arguments[i] = arguments[i].Value;
            if (arguments[i].IsSlot) step.SlotArguments |= (byte)(1 << i);
        }

        return Append(step, new Note(call.Name, what, subject, section), KeepsArguments ? arguments.ToArray() : []);
    }

    /// <summary>Appends a step that writes a slot's descriptor to memory, as an int.</summary>
    public void Store(Slot slot, long address, string word)
    {
        Step step = new() { Kind = StepKind.Store, Result = -1 };
        step.Arguments[0] = address;
        step.Arguments[1] = slot.Index;
        Append(step, new Note("store", word, "", section), KeepsArguments ? [slot] : []);
    }

    /// <summary>
    /// Appends a fork: what follows is done by a child of the launcher (CLONE_PARENT), whose process id is reported; the process itself ends. For a pid namespace that
    /// was joined, which only children are in, and for new namespaces that come after joined ones.
    /// </summary>
    /// <param name="report">The report pipe.</param>
    /// <param name="namespaces">New namespaces for the child, CLONE_NEW….</param>
    public void Fork(Slot report, ulong namespaces = 0)
    {
        ulong* arguments = (ulong*)Memory.Take(SizeOfCloneArguments);
        arguments[0] = CLONE_PARENT | namespaces;
        string shown = namespaces == 0 ? "{CLONE_PARENT}" : $"{{CLONE_PARENT|0x{namespaces:x}}}";
        int fork = Call(
            SystemCall.Clone3, "make", namespaces == 0 ? "the process in the pid namespace" : "the process in the new namespaces",
            PlanArgument.Pointer((long)arguments, shown), SizeOfCloneArguments);
        Slot child = Result("child");
        StepFailure* message = (StepFailure*)Memory.Structure(new StepFailure(Handshake.HasForked, 0));
        Store(child, (long)message + sizeof(int), "put the child into the report");
        Call(SystemCall.Write, "report", "the child", report, PlanArgument.Pointer((long)message, "forked"), sizeof(StepFailure));
        Call(SystemCall.ExitGroup, "end", "", 0);
        int skip = steps.Count - 1 - fork;
        Change(fork, (ref Step step) => step.SkipZero = (ushort)skip);
    }

    /// <summary>Appends the end of the plan: execve of the first candidate that exists.</summary>
    public void Execute(IReadOnlyList<string> candidates, IReadOnlyList<string> arguments, IReadOnlyList<string> environment)
    {
        Step step = new() { Kind = StepKind.Execute, Result = -1 };
        step.Arguments[0] = Memory.Strings(candidates);
        step.Arguments[1] = Memory.Strings(arguments);
        step.Arguments[2] = Memory.Strings(environment);
        Append(step, new Note("execve", "execute", arguments[0], section), !KeepsArguments ? [] : [
            PlanArgument.Pointer(step.Arguments[0], string.Join(':', candidates)),
            PlanArgument.Pointer(step.Arguments[1], string.Join(' ', arguments)),
            PlanArgument.Pointer(step.Arguments[2], $"{environment.Count.ToString(CultureInfo.InvariantCulture)} variables")]);
    }

    /// <summary>Appends a look for the program: fails as <see cref="Execute"/> would where none of the candidates can be executed.</summary>
    public void Find(IReadOnlyList<string> candidates, string program)
    {
        Step step = new() { Kind = StepKind.Find, Result = -1 };
        step.Arguments[0] = Memory.Strings(candidates);
        step.Arguments[1] = (long)Memory.Take(SizeOfStatus);
        Append(step, new Note("find", "find", program, section), !KeepsArguments ? [] : [PlanArgument.Pointer(step.Arguments[0], string.Join(':', candidates))]);
    }

    /// <summary>Keeps the last step's result.</summary>
    public Slot Result(string name)
    {
        Slot slot = NewSlot(name);
        Result(slot);
        return slot;
    }

    /// <summary>Keeps the last step's result in a slot that is there already.</summary>
    public void Result(Slot slot) => Change(steps.Count - 1, (ref Step step) => step.Result = (short)slot.Index);

    /// <summary>An errno of the last step is no failure; so many steps are skipped then. At most two a step.</summary>
    public void Ignore(int errno, int skip = 0) => Ignore(steps.Count - 1, errno, skip);

    /// <summary>The last step's result must not be 0.</summary>
    public void NotZero() => Change(steps.Count - 1, static (ref Step step) => step.NotZero = 1);

    /// <summary>The last step is repeated on EAGAIN.</summary>
    public void RetryAgain() => Change(steps.Count - 1, static (ref Step step) => step.Again = 1);

    /// <summary>When the step at <paramref name="index"/> succeeds, everything appended since is skipped.</summary>
    public void SkipFrom(int index)
    {
        int skip = steps.Count - 1 - index;
        Change(index, (ref Step step) => step.SkipDone = checked((ushort)skip));
    }

    /// <summary>When the step at <paramref name="index"/> fails with <paramref name="errno"/>, everything appended since is skipped.</summary>
    public void SkipFrom(int index, int errno) => Ignore(index, errno, steps.Count - 1 - index);

    /// <summary>Makes a step fail with ENOSYS: how tests see to it that a failure anywhere is reported and leaves nothing.</summary>
    /// <exception cref="ContainerException"><see cref="ErrorCode.InvalidArgument"/> when there is no such step.</exception>
    public void Break(int index)
    {
        if (index < 0 || index >= steps.Count)
        {
            throw new ContainerException(ErrorCode.InvalidArgument, $"There is no step {index}; the plan has {steps.Count}.", null);
        }

        Change(index, static (ref Step step) =>
        {
            step.Kind = StepKind.Call;
            step.Number = -1;
            step.Ignored = step.IgnoredToo = 0;
        });
    }

    /// <summary>The plan as the interpreter reads it. The memory belongs to the plan.</summary>
    /// <param name="report">The report pipe's write end.</param>
    public Interpreter.Program* Build(int report)
    {
        Interpreter.Program* program = (Interpreter.Program*)Memory.Take(sizeof(Interpreter.Program));
        program->Steps = steps.First;
        program->Count = steps.Count;
        program->Slots = (long*)Memory.Array<long>(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(slotValues));
        program->Report = report;
        program->WriteNumber = SystemCall.Write.Number;
        program->ExitNumber = SystemCall.ExitGroup.Number;
        program->ExecuteNumber = SystemCall.Execve.Number;
        program->AccessNumber = SystemCall.Faccessat2.Number;
        program->StatusNumber = SystemCall.Statx.Number;
        program->CloneNumber = SystemCall.Clone3.Number;
        return program;
    }

    /// <summary>A step's failure in words: <c>mount proc on /proc: EPERM (operation not permitted)</c>.</summary>
    public KernelException Explain(StepFailure failure)
    {
        if (failure.Step < 0 || failure.Step >= notes.Count)
        {
            return new KernelException("execve", 0, "0", "The plan ended without executing a program.", null, ErrorCode.LaunchFailed);
        }

        Note note = notes[failure.Step];
        if (steps[failure.Step].Kind != StepKind.Call) return ExecutionFailure.Explain(note.Subject, failure.Errno);
        string name = Errno.Name(failure.Errno);
        string subject = note.Subject.Length > 0 ? " " + note.Subject : "";
        // mount(2): the type is not known to the kernel.
        string hint = failure.Errno == Errno.ENODEV && note.Call is ("mount" or "fsopen") ? "; the kernel has no such file system, or its module is not loaded" : "";
        return new KernelException(
            note.Call, failure.Errno, name, $"{note.What}{subject}: {name} ({Errno.Meaning(failure.Errno)}{hint})", note.Subject, ErrorCode.LaunchFailed);
    }

    /// <summary>
    /// One line a step: index, call, arguments, where its result goes, which outcomes are no failure and where they lead, what it is for, and behind # the part of the
    /// specification, or the manual page, that it comes from.
    /// </summary>
    public override string ToString()
    {
        StringBuilder text = new();
        for (int i = 0; i < notes.Count; i++)
        {
            Note note = notes[i];
            Step step = steps[i];
            text.Append(CultureInfo.InvariantCulture, $"{i,4}  {note.Call}(");
            PlanArgument[] arguments = KeepsArguments ? keptArguments[i] : [];
            for (int a = 0; a < arguments.Length; a++)
            {
                if (a > 0) text.Append(", ");
                text.Append(arguments[a].Print(slotNames));
            }

            text.Append(')');
            if (step.Result >= 0) text.Append(" -> $").Append(PlanArgument.OneLine(slotNames[step.Result]));
            if (step.SkipZero > 0) text.Append(CultureInfo.InvariantCulture, $"  [0: to {i + 1 + step.SkipZero}]");
            if (step.SkipDone > 0) text.Append(CultureInfo.InvariantCulture, $"  [done: to {i + 1 + step.SkipDone}]");
            AppendIgnored(text, i, step.Ignored, step.SkipIgnored);
            AppendIgnored(text, i, step.IgnoredToo, step.SkipIgnoredToo);
            text.Append("  ; ").Append(PlanArgument.OneLine(note.What));
            if (note.Subject.Length > 0) text.Append(' ').Append(PlanArgument.OneLine(note.Subject));
            text.Append("  # ").AppendLine(note.Section);
        }

        return text.ToString();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        steps.Dispose();
        Memory.Dispose();
    }

    private static void AppendIgnored(StringBuilder text, int index, int errno, int skip)
    {
        if (errno == 0) return;
        text.Append("  [").Append(Errno.Name(errno));
        if (skip > 0) text.Append(CultureInfo.InvariantCulture, $": to {index + 1 + skip}");
        text.Append(']');
    }

    private delegate void StepChange(ref Step step);

    private void Change(int index, StepChange change) => change(ref steps[index]);

    /// <summary>An errno of the step at an index is no failure; so many steps are skipped then.</summary>
    public void IgnoreAt(int index, int errno, int skip) => Ignore(index, errno, skip);

    private void Ignore(int index, int errno, int skip) => Change(index, (ref Step step) =>
    {
        if (step.Ignored == 0)
        {
            step.Ignored = (ushort)errno;
            step.SkipIgnored = checked((ushort)skip);
        }
        else
        {
            step.IgnoredToo = (ushort)errno;
            step.SkipIgnoredToo = checked((ushort)skip);
        }
    });

    private int Append(in Step step, in Note note, PlanArgument[] arguments)
    {
        steps.Add(step);
        notes.Add(note);
        if (KeepsArguments) keptArguments.Add(arguments);
        return steps.Count - 1;
    }

    private readonly record struct Note(string Call, string What, string Subject, string Section);
}
