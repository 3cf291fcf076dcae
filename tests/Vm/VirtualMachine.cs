using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using ContainerTools.Runtime;
using Xunit;

namespace ContainerTools.Vm.Tests;

/// <summary>How a check in the machine ended.</summary>
internal sealed record CheckResult(int ExitCode, string Output);

/// <summary>
/// Boots a distribution's kernel with cgroup v2 alone under an emulator, with a system in its memory, and runs all checks of a folder in this one boot.
/// Nothing of this machine is touched.
/// </summary>
public abstract class VirtualMachine : IAsyncLifetime
{
    /// <summary>The exit code of a check that says what it misses.</summary>
    public const int NotToBeHad = 77;

    /// <summary>No limit on behaviour: it ends an emulator that hangs. A run takes two or three minutes, and several times that where others want the processors as well.</summary>
    private static readonly TimeSpan s_guard = TimeSpan.FromMinutes(25);

    private readonly Dictionary<string, CheckResult> _results = [];
    private string _end = "";

    /// <summary>Why there is no machine; null if there is one.</summary>
    public string? SkipReason { get; private set; }

    /// <summary>The kernel's release.</summary>
    public string Release { get; private set; } = "";

    /// <summary>The files that all machines have in /guest.</summary>
    protected static string Guest => Path.Combine(AppContext.BaseDirectory, "Guest");

    /// <summary>Megabytes of memory.</summary>
    protected abstract int Memory { get; }

    /// <summary>A disk, which is written to in this run only; null where everything is in memory.</summary>
    private protected virtual string? Disk => null;

    /// <summary>The names of the checks in a folder of Guest.</summary>
    public static IEnumerable<TheoryDataRow<string>> ChecksIn(string folder)
        => Directory.EnumerateFiles(Path.Combine(Guest, folder), "*.sh").Order(StringComparer.Ordinal).Select(file => new TheoryDataRow<string>(Path.GetFileNameWithoutExtension(file)));

    /// <summary>Looks for what the system in the machine is made of.</summary>
    /// <returns>Why it cannot be had; null if it can.</returns>
    private protected abstract string? Prepare();

    /// <summary>The first process, a file of <see cref="Guest"/>. It finds busybox and ctrun in /bin, the checks in /guest and the kernel's modules in /modules.</summary>
    private protected abstract string Init { get; }

    /// <summary>How a check ended.</summary>
    internal CheckResult Result(string check)
        => _results.GetValueOrDefault(check) ?? new CheckResult(-1, $"The machine ended without reporting on it. {_end}");

    public async ValueTask InitializeAsync()
    {
        SkipReason = Probe(out string kernel, out string ctrun) ?? Prepare();
        if (SkipReason is not null) return;
        string work = Directory.CreateTempSubdirectory("vm-").FullName;
        try
        {
            string memory = Path.Combine(work, "initramfs");
            using (FileStream output = File.Create(memory))
            using (var archive = new CpioArchive(output))
            {
                archive.AddFile("init", Path.Combine(Guest, Init));
                archive.AddFile("bin/busybox", VmTools.Busybox);
                archive.AddFile("bin/ctrun", ctrun);
                archive.AddFolder("guest", Guest);
                foreach (string module in VmTools.Modules(kernel)) archive.AddFile("modules/" + Path.GetFileName(module), module);
            }

            await BootAsync(kernel, memory, work);
        }
        finally
        {
            Directory.Delete(work, recursive: true);
        }
    }

    public ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    private static string? Probe(out string kernel, out string ctrun)
    {
        kernel = ctrun = "";
        if (RuntimeInformation.ProcessArchitecture != Architecture.X64) return "the virtual machine is for x86-64";
        if (!VmTools.Has(VmTools.Emulator)) return $"{VmTools.Emulator} is not installed (package qemu-system-x86)";
        if (!File.Exists(VmTools.Busybox)) return "busybox-static is not installed";
        try
        {
            ctrun = EngineTools.Ctrun();
        }
        catch (ContainerException error)
        {
            return $"needs ctrun: {error.Message}";
        }

        kernel = VmTools.Kernel(out string reason) ?? "";
        return kernel.Length == 0 ? reason : null;
    }

    private async Task BootAsync(string kernel, string memory, string work)
    {
        string console = Path.Combine(work, "console"), report = Path.Combine(work, "report");
        // Emulated even where there is KVM: nested virtualization fails in ways that have nothing to do with what is tested. Five-level page
        // tables are slow to emulate and of no use here.
        string[] arguments =
        [
            "-accel", "tcg,thread=multi", "-cpu", "max,la57=off", "-smp", "2", "-m", Memory.ToString(CultureInfo.InvariantCulture), "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
            "-kernel", kernel, "-initrd", memory, "-append", "console=ttyS0 quiet panic=-1 cgroup_no_v1=all", "-serial", $"file:{console}", "-serial", $"file:{report}",
            .. Disk is null ? Array.Empty<string>() : ["-drive", $"if=none,id=disk,format=raw,snapshot=on,file={Disk}", "-device", "nvme,drive=disk,serial=disk"],
        ];
        using Process emulator = Process.Start(new ProcessStartInfo(VmTools.Emulator, arguments) { RedirectStandardError = true })!;
        Task<string> errors = emulator.StandardError.ReadToEndAsync();
        using var guard = new CancellationTokenSource(s_guard);
        try
        {
            await emulator.WaitForExitAsync(guard.Token);
        }
        catch (OperationCanceledException)
        {
            emulator.Kill();
            await emulator.WaitForExitAsync(CancellationToken.None);
            _end = $"The emulator hung for {s_guard.TotalMinutes} minutes. ";
        }

        _end += $"Emulator: {(await errors).Trim()} Console: {Tail(console)}";
        if (File.Exists(report)) Read(File.ReadLines(report));
    }

    private void Read(IEnumerable<string> lines)
    {
        var output = new List<string>();
        foreach (string line in lines.Select(line => line.TrimEnd('\r')))
        {
            if (line.StartsWith("| ", StringComparison.Ordinal)) output.Add(line[2..]);
            else if (line.StartsWith("begin ", StringComparison.Ordinal)) output.Clear();
            else if (line.StartsWith("kernel ", StringComparison.Ordinal)) Release = line["kernel ".Length..];
            else if (line.Split(' ') is ["end", string name, string code])
                _results[name] = new CheckResult(int.Parse(code, CultureInfo.InvariantCulture), string.Join('\n', output));
        }
    }

    private static string Tail(string file) => File.Exists(file) ? string.Join('\n', File.ReadLines(file).TakeLast(15)) : "";
}
