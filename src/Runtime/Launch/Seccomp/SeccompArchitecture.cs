namespace ContainerTools.Runtime.Launch.Seccomp;

/// <summary>The system call interfaces that a kernel of x86-64 or arm64 can have. All are little-endian.</summary>
internal enum SeccompArchitecture
{
    /// <summary>SCMP_ARCH_X86_64.</summary>
    X86_64,
    /// <summary>SCMP_ARCH_X86: 32-bit programs on x86-64.</summary>
    X86,
    /// <summary>SCMP_ARCH_X32: 32-bit pointers on x86-64; the same audit architecture, marked by a bit in the number.</summary>
    X32,
    /// <summary>SCMP_ARCH_AARCH64.</summary>
    Aarch64,
    /// <summary>SCMP_ARCH_ARM: 32-bit programs (EABI) on arm64.</summary>
    Arm,
}
