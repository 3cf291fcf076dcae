using System.Diagnostics;
using System.Runtime.CompilerServices;
using Xunit;

namespace ContainerTools.Integration.Tests.Networks;

/// <summary>
/// Runs a test in a network namespace that goes with it: this program is executed again there, for that one test. So engine, monitors, bridges and packet filter are
/// all in it, and the machine's own network is never touched.
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

        ProcessStartInfo start = new("unshare", ["-n", Environment.ProcessPath!, "-method", "*." + name]) { RedirectStandardOutput = true };
        start.Environment[Variable] = "1";
        using Process inner = Process.Start(start)!;
        string output = await inner.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await inner.WaitForExitAsync(TestContext.Current.CancellationToken);
        // What it needs and has not got is said there, and is no success here.
        Assert.SkipWhen(inner.ExitCode == 0 && output.Contains("Skipped: 1", StringComparison.Ordinal), output);
        Assert.True(inner.ExitCode == 0 && output.Contains("Failed: 0", StringComparison.Ordinal), output);
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
