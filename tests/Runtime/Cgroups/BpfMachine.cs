using ContainerTools.Runtime.Linux;

namespace ContainerTools.Runtime.Tests.Cgroups;

/// <summary>
/// Runs eBPF programs of the few instructions that device programs are made of (kernel Documentation/bpf/standardization/instruction-set.rst).
/// As strict as the verifier in what matters: no read of a register before it is written, no jump backwards or outside, no end without exit.
/// </summary>
internal static class BpfMachine
{
    public static ulong Run(ReadOnlySpan<BpfInstruction> program, uint accessType, uint major, uint minor)
    {
        uint[] context = [accessType, major, minor];
        var registers = new ulong?[11];
        bool contextInOne = true;
        int at = 0;
        while (true)
        {
            BpfInstruction instruction = program[at++];
            int destination = instruction.Registers & 15;
            int source = instruction.Registers >> 4;
            ulong Value(int register) => registers[register] ?? throw new InvalidOperationException($"r{register} is read before it is written");
            switch (instruction.Code)
            {
                case BpfInstruction.Load32:
                    if (source != 1 || !contextInOne) throw new InvalidOperationException("loads only from the context");
                    registers[destination] = context[instruction.Offset / 4];
                    break;
                case BpfInstruction.Move32:
                    registers[destination] = (uint)Value(source);
                    if (destination == 1) contextInOne = false;
                    break;
                case BpfInstruction.Set:
                    registers[destination] = (ulong)instruction.Immediate;
                    break;
                case BpfInstruction.And32:
                    registers[destination] = (uint)Value(destination) & (uint)instruction.Immediate;
                    break;
                case BpfInstruction.ShiftRight32:
                    registers[destination] = (uint)Value(destination) >> instruction.Immediate;
                    break;
                case BpfInstruction.JumpIfNot32:
                    if ((uint)Value(destination) != (uint)instruction.Immediate) at += Forward(instruction.Offset);
                    break;
                case BpfInstruction.JumpIf32:
                    if ((uint)Value(destination) == (uint)instruction.Immediate) at += Forward(instruction.Offset);
                    break;
                case BpfInstruction.JumpIfNotEqual32:
                    if ((uint)Value(destination) != (uint)Value(source)) at += Forward(instruction.Offset);
                    break;
                case BpfInstruction.Exit:
                    return Value(0);
                default:
                    throw new InvalidOperationException($"no such instruction: {instruction}");
            }
        }
    }

    private static short Forward(short offset) => offset > 0 ? offset : throw new InvalidOperationException("a jump must lead forward");
}
