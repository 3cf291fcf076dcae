using System.Runtime.InteropServices;

namespace ContainerTools.Runtime.Linux;

/// <summary>struct bpf_insn (linux/bpf.h): one eBPF instruction of 8 bytes.</summary>
/// <param name="Code">Class, operation and source.</param>
/// <param name="Registers">Destination in the low four bits, source in the high four.</param>
/// <param name="Offset">Of a load, or of a jump in instructions.</param>
/// <param name="Immediate">A constant.</param>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal readonly record struct BpfInstruction(byte Code, byte Registers, short Offset, int Immediate)
{
    /// <summary>BPF_LDX | BPF_MEM | BPF_W.</summary>
    public const byte Load32 = 0x61;
    /// <summary>BPF_ALU | BPF_MOV | BPF_X: the upper half becomes zero.</summary>
    public const byte Move32 = 0xbc;
    /// <summary>BPF_ALU64 | BPF_MOV | BPF_K.</summary>
    public const byte Set = 0xb7;
    /// <summary>BPF_ALU | BPF_AND | BPF_K.</summary>
    public const byte And32 = 0x54;
    /// <summary>BPF_ALU | BPF_RSH | BPF_K.</summary>
    public const byte ShiftRight32 = 0x74;
    /// <summary>BPF_JMP32 | BPF_JNE | BPF_K.</summary>
    public const byte JumpIfNot32 = 0x56;
    /// <summary>BPF_JMP32 | BPF_JNE | BPF_X.</summary>
    public const byte JumpIfNotEqual32 = 0x5e;
    /// <summary>BPF_JMP32 | BPF_JEQ | BPF_K.</summary>
    public const byte JumpIf32 = 0x16;
    /// <summary>BPF_JMP | BPF_EXIT.</summary>
    public const byte Exit = 0x95;

    /// <summary>An instruction by its parts.</summary>
    public static BpfInstruction Of(byte code, int destination = 0, int source = 0, short offset = 0, int immediate = 0)
        => new(code, (byte)(destination | (source << 4)), offset, immediate);

    /// <summary>The same with another offset.</summary>
    public BpfInstruction To(int offset) => this with { Offset = (short)offset };
}
