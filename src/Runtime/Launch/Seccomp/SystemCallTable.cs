using System.Text;

namespace ContainerTools.Runtime.Launch.Seccomp;

/// <summary>
/// System calls by name, with their number on each architecture. All of it is constant data in the executable: there is
/// nothing to set up, and a look-up costs some nanoseconds.
/// </summary>
internal static partial class SystemCallTable
{
    /// <summary>The bit that marks an x32 call's number (__X32_SYSCALL_BIT).</summary>
    public const uint X32Bit = 0x40000000;

    /// <summary>How many names there are.</summary>
    public static int Count => NameStarts.Length - 1;

    /// <summary>The index of a name, or -1 if no architecture has it.</summary>
    public static int IndexOf(ReadOnlySpan<char> name)
    {
        int bucket = Bucket(name);
        while (Buckets[bucket] != 0)
        {
            int index = Buckets[bucket] - 1;
            if (Ascii.Equals(NameText[NameStarts[index]..NameStarts[index + 1]], name)) return index;
            bucket = (bucket + 1) & (Buckets.Length - 1);
        }

        return -1;
    }

    /// <summary>The name at an index.</summary>
    public static string Name(int index) => Encoding.ASCII.GetString(NameText[NameStarts[index]..NameStarts[index + 1]]);

    /// <summary>The numbers of one architecture by name's index, -1 where it has no such call; those of x32 without <see cref="X32Bit"/>.</summary>
    public static ReadOnlySpan<int> Numbers(SeccompArchitecture architecture) => architecture switch
    {
        SeccompArchitecture.X86_64 => X86_64Numbers,
        SeccompArchitecture.X86 => X86Numbers,
        SeccompArchitecture.X32 => X32Numbers,
        SeccompArchitecture.Aarch64 => Aarch64Numbers,
        SeccompArchitecture.Arm => ArmNumbers,
        _ => throw new ArgumentOutOfRangeException(nameof(architecture)),
    };

    // FNV-1a; build/GenerateSystemCallTable.cs fills the buckets by the same function.
    private static int Bucket(ReadOnlySpan<char> name)
    {
        uint hash = 2166136261;
        foreach (char letter in name) hash = (hash ^ letter) * 16777619;
        return (int)((hash ^ (hash >> 15)) & (uint)(Buckets.Length - 1));
    }
}
