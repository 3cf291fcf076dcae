// Makes src/Runtime/Launch/Seccomp/SystemCallTable.Data.cs from the kernel's headers. To run it again, with newer headers:
//
//   apt-get download linux-libc-dev linux-libc-dev-arm64-cross linux-libc-dev-armhf-cross    (into an empty folder)
//   for p in *.deb; do dpkg -x $p root; done
//   dotnet run build/GenerateSystemCallTable.cs -- root src/Runtime/Launch/Seccomp/SystemCallTable.Data.cs
//
// It needs a C preprocessor (cc). Calls that are newer than the headers are listed in Newer below: since Linux 5.1 a new call
// has the same number everywhere.
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

if (args.Length != 2)
{
    Console.Error.WriteLine("usage: GenerateSystemCallTable <folder with the unpacked headers> <output file>");
    return 2;
}

string usr = Path.Combine(args[0], "usr");
string x86 = Path.Combine(usr, "include", "x86_64-linux-gnu");
SortedDictionary<string, int[]> table = new(StringComparer.Ordinal);

// The order of SeccompArchitecture.
Read(0, [x86, Path.Combine(usr, "include")], "asm/unistd_64.h");
Read(1, [x86, Path.Combine(usr, "include")], "asm/unistd_32.h");
Read(2, [x86, Path.Combine(usr, "include")], "asm/unistd_x32.h", "-D__X32_SYSCALL_BIT=0");
Read(3, [Path.Combine(usr, "aarch64-linux-gnu", "include")], "asm/unistd.h", "-D__aarch64__", "-D__LP64__");
Read(4, [Path.Combine(usr, "arm-linux-gnueabihf", "include")], "asm/unistd.h", "-D__ARM_EABI__");

bool[] everywhere = [true, true, true, true, true];
(string Name, int Number, bool[] Has)[] newer =
[
    ("uretprobe", 335, [true, false, false, false, false]),
    ("uprobe", 336, [true, false, false, false, false]),
    ("cachestat", 451, everywhere),
    ("fchmodat2", 452, everywhere),
    ("map_shadow_stack", 453, [true, true, false, true, true]),
    ("futex_wake", 454, everywhere),
    ("futex_wait", 455, everywhere),
    ("futex_requeue", 456, everywhere),
    ("statmount", 457, everywhere),
    ("listmount", 458, everywhere),
    ("lsm_get_self_attr", 459, everywhere),
    ("lsm_set_self_attr", 460, everywhere),
    ("lsm_list_modules", 461, everywhere),
    ("mseal", 462, everywhere),
    ("setxattrat", 463, everywhere),
    ("getxattrat", 464, everywhere),
    ("listxattrat", 465, everywhere),
    ("removexattrat", 466, everywhere),
    ("open_tree_attr", 467, everywhere),
    ("file_getattr", 468, everywhere),
    ("file_setattr", 469, everywhere),
];
foreach ((string name, int number, bool[] has) in newer)
{
    for (int column = 0; column < has.Length; column++)
    {
        if (has[column]) Add(name, column, number);
    }
}

File.WriteAllText(args[1], Write());
Console.WriteLine($"{table.Count} names");
return 0;

void Add(string name, int column, int number)
{
    if (!table.TryGetValue(name, out int[]? row)) table[name] = row = [-1, -1, -1, -1, -1];
    row[column] = number;
}

void Read(int column, string[] include, string header, params string[] defines)
{
    ProcessStartInfo start = new("cc") { RedirectStandardInput = true, RedirectStandardOutput = true };
    foreach (string argument in (string[])["-E", "-dM", "-nostdinc", "-undef", .. defines, .. include.Select(folder => "-I" + folder), "-"])
        start.ArgumentList.Add(argument);
    using Process compiler = Process.Start(start)!;
    compiler.StandardInput.WriteLine($"#include <{header}>");
    compiler.StandardInput.Close();
    Dictionary<string, string> macros = [];
    while (compiler.StandardOutput.ReadLine() is { } line)
    {
        Match define = Regex.Match(line, @"^#define (\w+) (.+)$");
        if (define.Success) macros[define.Groups[1].Value] = define.Groups[2].Value;
    }

    compiler.WaitForExit();
    if (compiler.ExitCode != 0) throw new InvalidOperationException($"cc failed on {header}");
    int before = table.Count;
    foreach (string macro in macros.Keys)
    {
        Match name = Regex.Match(macro, "^__(?:ARM_)?NR_([a-z_]\\w*)$");
        // arch_specific_syscall marks the place where an architecture's own calls start; it is no call.
        if (!name.Success || name.Groups[1].Value is "arch_specific_syscall" or "syscalls") continue;
        Add(name.Groups[1].Value, column, Evaluate(macros, macro));
    }

    Console.WriteLine($"{header}: {table.Values.Count(row => row[column] >= 0)} calls, {table.Count - before} new names");
}

static int Evaluate(Dictionary<string, string> macros, string expression)
{
    int sum = 0;
    foreach (string term in expression.Replace("(", "", StringComparison.Ordinal).Replace(")", "", StringComparison.Ordinal).Split('+'))
    {
        string word = term.Trim();
        sum += macros.TryGetValue(word, out string? value) ? Evaluate(macros, value)
            : word.StartsWith("0x", StringComparison.Ordinal) ? int.Parse(word.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture)
            : int.Parse(word, CultureInfo.InvariantCulture);
    }

    return sum;
}

string Write()
{
    string[] names = [.. table.Keys];
    const int BucketCount = 2048;
    int[] buckets = new int[BucketCount];
    for (int index = 0; index < names.Length; index++)
    {
        // The same as SystemCallTable.Bucket.
        uint hash = 2166136261;
        foreach (char letter in names[index]) hash = (hash ^ letter) * 16777619;
        uint bucket = (hash ^ (hash >> 15)) & (BucketCount - 1);
        while (buckets[bucket] != 0) bucket = (bucket + 1) & (BucketCount - 1);
        buckets[bucket] = index + 1;
    }

    List<int> offsets = [0];
    foreach (string name in names) offsets.Add(offsets[^1] + name.Length);
    StringBuilder text = new();
    text.AppendLine("// Made by build/GenerateSystemCallTable.cs from the kernel's headers; do not edit.");
    text.AppendLine("namespace ContainerTools.Runtime.Launch.Seccomp;");
    text.AppendLine();
    text.AppendLine("internal static partial class SystemCallTable");
    text.AppendLine("{");
    text.AppendLine("    // All names, in ordinal order, one after another.");
    text.AppendLine("    private static ReadOnlySpan<byte> NameText =>");
    string all = string.Concat(names);
    const int Width = 120;
    for (int at = 0; at < all.Length; at += Width)
    {
        string part = all.Substring(at, Math.Min(Width, all.Length - at));
        text.Append($"        \"{part}\"u8").AppendLine(at + Width < all.Length ? " +" : ";");
    }

    Array("// Where each name starts in NameText, and where the last ends.", "ushort", "NameStarts", offsets);
    Array("// The hash table: 1 + the name's index, 0 for an empty bucket; a taken bucket leads to the next.", "ushort", "Buckets", buckets);
    string[] columns = ["X86_64Numbers", "X86Numbers", "X32Numbers", "Aarch64Numbers", "ArmNumbers"];
    for (int column = 0; column < columns.Length; column++)
        Array("// By name's index; -1 where there is no such call.", "int", columns[column], [.. table.Values.Select(row => row[column])]);
    text.AppendLine("}");
    return text.ToString();

    void Array(string comment, string type, string name, IReadOnlyList<int> values)
    {
        text.AppendLine();
        text.AppendLine($"    {comment}");
        text.AppendLine($"    private static ReadOnlySpan<{type}> {name} =>");
        text.AppendLine("    [");
        StringBuilder line = new("       ");
        foreach (int value in values)
        {
            string word = string.Create(CultureInfo.InvariantCulture, $" {value},");
            if (line.Length + word.Length > 138)
            {
                text.Append(line).AppendLine();
                line.Clear().Append("       ");
            }

            line.Append(word);
        }

        text.Append(line).AppendLine();
        text.AppendLine("    ];");
    }
}
