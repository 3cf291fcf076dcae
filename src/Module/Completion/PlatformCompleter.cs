namespace ContainerTools.Module.Completion;

/// <summary>Completes platforms of images.</summary>
public sealed class PlatformCompleter : WordCompleter
{
    private protected override IReadOnlyList<(string Word, string Hint)> Words { get; } =
    [
        ("linux/amd64", "64-bit Intel and AMD processors"),
        ("linux/arm64", "64-bit Arm processors"),
        ("linux/arm/v7", "32-bit Arm processors with hardware floating point"),
        ("linux/arm/v6", "32-bit Arm processors, the first Raspberry Pi for example"),
        ("linux/386", "32-bit Intel and AMD processors"),
        ("linux/ppc64le", "64-bit POWER processors, little endian"),
        ("linux/riscv64", "64-bit RISC-V processors"),
        ("linux/s390x", "IBM Z"),
    ];
}
