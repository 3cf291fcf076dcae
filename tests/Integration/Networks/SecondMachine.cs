using System.Diagnostics;
using System.Globalization;

namespace ContainerTools.Integration.Tests.Networks;

/// <summary>Another machine on the network: a network namespace that lives as long as a process in it, which goes with this.</summary>
internal sealed class SecondMachine : IDisposable
{
    private readonly Process _process;

    public SecondMachine()
    {
        _process = Process.Start(new ProcessStartInfo("unshare", ["-n", "sh", "-c", "echo ready; exec sleep 100000"]) { RedirectStandardOutput = true })!;
        _process.StandardOutput.ReadLine();
    }

    public string ProcessId => _process.Id.ToString(CultureInfo.InvariantCulture);

    public string Run(string tool, params string[] arguments) => NetworkMachine.Tool("nsenter", ["-n", "-t", ProcessId, tool, .. arguments]);

    public (int Code, string Output) TryRun(string tool, params string[] arguments) => NetworkMachine.TryTool("nsenter", ["-n", "-t", ProcessId, tool, .. arguments]);

    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }
}
