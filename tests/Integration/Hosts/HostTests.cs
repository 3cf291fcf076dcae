using ContainerTools.Runtime;
using ContainerTools.Runtime.Hosts;
using ContainerTools.Runtime.Linux;
using Xunit;

namespace ContainerTools.Integration.Tests.Hosts;

/// <summary>The probes on this machine, compared with what the kernel itself reports.</summary>
public sealed class HostTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("host-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private async Task<Dictionary<string, HostCapability>> ProbeAsync()
    {
        LocalHostOperations host = new(new EnginePaths(_folder + "/data", _folder + "/run"));
        Dictionary<string, HostCapability> found = [];
        await foreach (HostCapability capability in host.TestAsync(TestContext.Current.CancellationToken)) found.Add(capability.Name, capability);
        return found;
    }

    [Fact]
    public async Task What_is_said_is_what_the_kernel_reports()
    {
        Dictionary<string, HostCapability> found = await ProbeAsync();
        Assert.Contains(File.ReadAllText("/proc/sys/kernel/osrelease").Trim(), found["version"].Reason, StringComparison.Ordinal);
        Assert.Equal(Capability.AvailableMask() == Capability.KernelMask(), found["capabilities"].Status == HostCapabilityStatus.Available);
        Assert.Equal(File.ReadAllText("/proc/filesystems").Contains("\toverlay\n", StringComparison.Ordinal), found["overlay"].Status == HostCapabilityStatus.Available);
        Assert.Equal(Environment.IsPrivilegedProcess, found["privileges"].Status == HostCapabilityStatus.Available);
        Assert.Equal(File.Exists("/proc/sys/kernel/seccomp/actions_avail"), found["system call filters"].Status != HostCapabilityStatus.Missing);
        Assert.Equal(File.ReadAllText("/proc/sys/net/ipv4/ip_forward").Trim() != "0", found["forwarding"].Status == HostCapabilityStatus.Available);
        Assert.Equal(File.Exists("/usr/sbin/nft"), found["nft"].Status == HostCapabilityStatus.Available);
        Assert.Equal(HostCapabilityStatus.Available, found["clone3"].Status);
        Assert.Empty(Directory.GetFileSystemEntries(_folder));
    }

    [Fact]
    public async Task As_root_and_with_ctrun_everything_is_tried()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "namespaces and mounts are tried as root only");
        try
        {
            EngineTools.Ctrun();
        }
        catch (ContainerException error)
        {
            Assert.Skip($"needs ctrun: {error.Message}");
        }

        Dictionary<string, HostCapability> found = await ProbeAsync();
        foreach (HostCapability capability in found.Values.Where(capability => capability.Category is "Namespace"))
        {
            Assert.StartsWith("Tried", capability.Reason, StringComparison.Ordinal);
        }

        foreach (string name in (string[])["overlay", "id-mapped mounts", "id-mapped layers", "bridge", "veth", "macvlan", "ipvlan", "packet filter"])
        {
            Assert.StartsWith("Tried", found[name].Reason, StringComparison.Ordinal);
        }

        // Nothing of it is left in this machine's own namespaces.
        Assert.DoesNotContain(_folder, File.ReadAllText("/proc/self/mountinfo"), StringComparison.Ordinal);
        string links = File.ReadAllText("/proc/net/dev");
        foreach (string name in (string[])["parent:", "tbridge:", "tveth:", "tmacvlan:"]) Assert.DoesNotContain(name, links, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(_folder));
    }
}
