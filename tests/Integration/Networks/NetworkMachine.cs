using System.Diagnostics;
using System.Runtime.CompilerServices;
using ContainerTools.Runtime.Linux;
using Microsoft.Win32.SafeHandles;
using Xunit;

namespace ContainerTools.Integration.Tests.Networks;

/// <summary>
/// Runs a test in a network namespace that goes with it: this program is executed again there, for that one test. So engine, monitors, bridges and packet filter are
/// all in it, and the machine's own network is never touched. It has a mount namespace of its own too, so that a test can give the machine other files (<see cref="HostFile"/>).
/// </summary>
internal static class NetworkMachine
{
    private const string Variable = "CONTAINERTOOLS_TEST_NETWORK";

    /// <summary>Runs the calling test there.</summary>
    public static async Task RunAsync(Func<Task> test, [CallerMemberName] string name = "")
    {
        Assert.SkipWhen(Probe() is not null, Probe() ?? "");
        if (Environment.GetEnvironmentVariable(Variable) == "1")
        {
            Ip("link", "set", "lo", "up");
            await test();
            return;
        }

        ProcessStartInfo start = new("unshare", ["-n", "-m", Environment.ProcessPath!, "-method", "*." + name]) { RedirectStandardOutput = true };
        start.Environment[Variable] = "1";
        using Process inner = Process.Start(start)!;
        string output;
        try
        {
            output = await inner.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            await inner.WaitForExitAsync(TestContext.Current.CancellationToken);
        }
        finally
        {
            // Given up from outside, it would go on beside the next.
            if (!inner.HasExited) inner.Kill(entireProcessTree: true);
        }

        // What it needs and has not got is said there, and is no success here.
        Assert.SkipWhen(inner.ExitCode == 0 && output.Contains("Skipped: 1", StringComparison.Ordinal), output);
        Assert.True(inner.ExitCode == 0 && output.Contains("Failed: 0", StringComparison.Ordinal), output);
    }

    /// <summary>Puts a file in the place of one of the machine's, for this test alone.</summary>
    public static void HostFile(string path, string content, string scratch)
    {
        if (!File.Exists(path))
        {
            // Only below /run, where a file system of the test's own hides nothing that a test needs.
            Assert.StartsWith("/run/", path, StringComparison.Ordinal);
            Tool("mount", "-t", "tmpfs", "tmpfs", "/run");
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, "");
        }

        string source = Path.Combine(scratch, Path.GetRandomFileName());
        File.WriteAllText(source, content);
        Tool("mount", "--bind", source, path);
    }

    /// <summary>Whether an address is reached from the network namespace of a process; on a busy machine not with the first packet.</summary>
    public static bool Reaches(string processId, string address)
    {
        const int mostPackets = 60;
        for (int i = 0; i < mostPackets; i++)
        {
            if (TryTool("nsenter", "-n", "-t", processId, "busybox", "ping", "-c", "1", "-W", "1", address).Code == 0) return true;
        }

        return false;
    }

    /// <summary>Does something on a thread of its own in the network namespace of a process: a socket that is made there stays there.</summary>
    public static T Within<T>(int processId, Func<T> action)
    {
        T? result = default;
        Exception? failure = null;
        Thread thread = new(() =>
        {
            try
            {
                using SafeFileHandle target = File.OpenHandle($"/proc/{processId}/ns/net");
                Libc.JoinNamespace(target, 0x4000_0000 /* CLONE_NEWNET */, "the namespace of a container");
                result = action();
            }
            catch (Exception error)
            {
                failure = error;
            }
        });
        thread.Start();
        thread.Join();
        return failure is null ? result! : throw new InvalidOperationException(failure.Message, failure);
    }

    /// <summary>ip(8).</summary>
    public static string Ip(params string[] arguments) => Tool("ip", arguments);

    /// <summary>A tool's output; it must succeed.</summary>
    public static string Tool(string tool, params string[] arguments)
    {
        (int code, string output) = TryTool(tool, arguments);
        Assert.True(code == 0, $"{tool} {string.Join(' ', arguments)}: {output}");
        return output;
    }

    /// <summary>A tool's exit code and output.</summary>
    public static (int Code, string Output) TryTool(string tool, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(tool, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output + error.Result);
    }

    private static string? Probe()
    {
        if (!Environment.IsPrivilegedProcess) return "needs root: network namespaces";
        foreach (string tool in (string[])["nft", "ip", "unshare", "nsenter"])
        {
            if (!((string[])["/usr/sbin", "/sbin", "/usr/bin", "/bin"]).Any(folder => File.Exists(Path.Combine(folder, tool)))) return $"needs {tool}, which is not installed";
        }

        (int code, string output) = TryTool("unshare", "-n", "sh", "-c", "ip link add br0 type bridge && ip link add ve0 type veth peer name ve1 && nft add table inet t");
        return code == 0 ? null : $"needs bridges, veth and nftables: {output}";
    }
}
