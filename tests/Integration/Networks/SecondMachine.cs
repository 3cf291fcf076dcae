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

    /// <summary>Joins it to this one by a cable, <c>up0</c> here with the address 1 of a network of 24 bits, <c>up1</c> there with 2; and fd00:2::1 and ::2.</summary>
    public void Join(string network)
    {
        NetworkMachine.Ip("link", "add", "up0", "type", "veth", "peer", "name", "up1", "netns", ProcessId);
        NetworkMachine.Ip("addr", "add", network + ".1/24", "dev", "up0");
        NetworkMachine.Ip("addr", "add", "fd00:2::1/64", "dev", "up0", "nodad");
        NetworkMachine.Ip("link", "set", "up0", "up");
        Run("ip", "link", "set", "lo", "up");
        Run("ip", "addr", "add", network + ".2/24", "dev", "up1");
        Run("ip", "addr", "add", "fd00:2::2/64", "dev", "up1", "nodad");
        Run("ip", "link", "set", "up1", "up");
    }

    public string Run(string tool, params string[] arguments) => NetworkMachine.Tool("nsenter", ["-n", "-t", ProcessId, tool, .. arguments]);

    public (int Code, string Output) TryRun(string tool, params string[] arguments) => NetworkMachine.TryTool("nsenter", ["-n", "-t", ProcessId, tool, .. arguments]);

    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }
}
