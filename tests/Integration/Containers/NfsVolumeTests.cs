using Xunit;
using static ContainerTools.Integration.Tests.Containers.TestToken;

namespace ContainerTools.Integration.Tests.Containers;

/// <summary>Volumes on another machine, as far as one machine can show it.</summary>
public sealed class NfsVolumeTests(EngineFixture engine) : IClassFixture<EngineFixture>
{
    [Fact]
    public async Task A_kernel_without_nfs_is_told_as_such_and_the_container_stays()
    {
        Assert.SkipWhen(engine.SkipReason is not null, engine.SkipReason ?? "");
        Assert.SkipWhen((await File.ReadAllTextAsync("/proc/filesystems", Cancel)).Contains("\tnfs\n", StringComparison.Ordinal), "this kernel has nfs");
        await engine.Engine.Volumes.CreateAsync(
            new VolumeCreateOptions { Name = "remote", DriverOptions = new Dictionary<string, string> { ["type"] = "nfs", ["device"] = "localhost:/export", ["o"] = "vers=4" } }, Cancel);
        Container made = await engine.Containers.CreateAsync(
            engine.Options("true") with { Mounts = [new ContainerMount { Type = ContainerMountType.Volume, Source = "remote", Destination = "/data" }] }, Cancel);
        ContainerException error = await Assert.ThrowsAnyAsync<ContainerException>(() => engine.Containers.StartAsync(made.Id, Cancel));
        Assert.Equal(ErrorCode.LaunchFailed, error.Code);
        Assert.Contains("nfs", error.Message, StringComparison.Ordinal);
        Assert.Contains("the kernel has no such file system", error.Message, StringComparison.Ordinal);
        Assert.Equal(ContainerState.Exited, (await engine.Containers.GetAsync(made.Id, Cancel)).State);
    }
}
