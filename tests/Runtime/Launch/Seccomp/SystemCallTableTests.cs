using System.Globalization;
using System.Text.RegularExpressions;
using ContainerTools.Runtime.Launch.Seccomp;
using Xunit;

namespace ContainerTools.Runtime.Tests.Launch.Seccomp;

public sealed class SystemCallTableTests
{
    [Fact]
    public void Every_name_is_found_at_its_index()
    {
        Assert.InRange(SystemCallTable.Count, 480, 600);
        for (int index = 0; index < SystemCallTable.Count; index++) Assert.Equal(index, SystemCallTable.IndexOf(SystemCallTable.Name(index)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("rea")]
    [InlineData("reads")]
    [InlineData("READ")]
    [InlineData("ŕead")]
    [InlineData("riscv_hwprobe")]
    public void What_no_architecture_has_is_not_found(string name) => Assert.Equal(-1, SystemCallTable.IndexOf(name));

    [Theory]
    [InlineData("X86_64", "clone", 56)]
    [InlineData("X86_64", "fork", 57)]
    [InlineData("X86_64", "statmount", 457)]
    [InlineData("X86", "clone", 120)]
    [InlineData("X86", "socketcall", 102)]
    [InlineData("X32", "execve", 520)]
    [InlineData("X32", "read", 0)]
    [InlineData("Aarch64", "clone", 220)]
    [InlineData("Aarch64", "newfstatat", 79)]
    [InlineData("Aarch64", "fork", -1)]
    [InlineData("Arm", "clone", 120)]
    [InlineData("Arm", "set_tls", 0x0f0005)]
    [InlineData("Arm", "sync_file_range2", 341)]
    [InlineData("Arm", "arm_sync_file_range", 341)]
    [InlineData("Arm", "listxattrat", 465)]
    public void Numbers_differ_by_architecture(string architecture, string name, int number)
        => Assert.Equal(number, SystemCallTable.Numbers(Enum.Parse<SeccompArchitecture>(architecture))[SystemCallTable.IndexOf(name)]);

    [Theory]
    [InlineData("X86_64", "unistd_64.h")]
    [InlineData("X86", "unistd_32.h")]
    [InlineData("X32", "unistd_x32.h")]
    public void The_numbers_are_those_of_the_kernel_headers(string architecture, string header)
    {
        string path = Path.Combine("/usr/include/x86_64-linux-gnu/asm", header);
        if (!File.Exists(path)) Assert.Skip($"{path} is not installed (linux-libc-dev).");
        ReadOnlySpan<int> numbers = SystemCallTable.Numbers(Enum.Parse<SeccompArchitecture>(architecture));
        MatchCollection defines = Regex.Matches(File.ReadAllText(path), @"#define __NR_(\w+) (?:\(__X32_SYSCALL_BIT \+ )?(\d+)\)?$", RegexOptions.Multiline);
        Assert.True(defines.Count > 300);
        foreach (Match define in defines)
        {
            int index = SystemCallTable.IndexOf(define.Groups[1].Value);
            // A newer kernel's headers have calls that the table does not have yet.
            int number = int.Parse(define.Groups[2].Value, CultureInfo.InvariantCulture);
            if (index < 0) Assert.True(number > 469, define.Value);
            else Assert.Equal(number, numbers[index]);
        }
    }
}
