using System.Runtime.InteropServices;

namespace ContainerTools.Runtime.Launch.Seccomp;

/// <summary>One instruction of classic BPF, struct sock_filter of linux/filter.h.</summary>
/// <param name="Code">Operation.</param>
/// <param name="Jt">Instructions to skip when a conditional jump's test holds.</param>
/// <param name="Jf">Instructions to skip when it does not.</param>
/// <param name="K">Operand.</param>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct SockFilter(ushort Code, byte Jt, byte Jf, uint K)
{
    /// <summary>A = word at K of struct seccomp_data.</summary>
    public const ushort LoadWord = 0x20;
    /// <summary>A = A &amp; K.</summary>
    public const ushort And = 0x54;
    /// <summary>Skip K instructions.</summary>
    public const ushort JumpAlways = 0x05;
    /// <summary>Jump on A == K.</summary>
    public const ushort JumpEqual = 0x15;
    /// <summary>Jump on A &gt; K, unsigned.</summary>
    public const ushort JumpGreater = 0x25;
    /// <summary>Jump on A &gt;= K, unsigned.</summary>
    public const ushort JumpGreaterOrEqual = 0x35;
    /// <summary>Jump on (A &amp; K) != 0.</summary>
    public const ushort JumpSet = 0x45;
    /// <summary>End with K.</summary>
    public const ushort Return = 0x06;
}
