using ContainerTools.Integration.Tests.Containers;
using ContainerTools.Runtime.Cgroups;
using ContainerTools.Runtime.Linux;
using Microsoft.Win32.SafeHandles;
using Xunit;

namespace ContainerTools.Integration.Tests.Monitoring;

/// <summary>Monitors that are killed, while they start a container, while it runs, and while they tidy up after it; the engine repairs.</summary>
public sealed class MonitorLossTests(EngineFixture engine) : IClassFixture<EngineFixture>
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("sleep 1000", false)]
    [InlineData("echo done", false)]
    [InlineData("echo done", true)]
    public async Task Killed_at_any_moment_it_leaves_what_the_next_command_repairs(string script, bool autoRemove)
    {
        Assert.SkipWhen(engine.SkipReason is not null, engine.SkipReason ?? "");
        Random random = new(4712);
        for (int round = 0; round < 25; round++)
        {
            Container made = await engine.Containers.CreateAsync(engine.Options("sh", "-c", script) with { AutoRemove = autoRemove }, Cancelled);
            Task<Container> starting = Task.Run(() => engine.Containers.StartAsync(made.Id, Cancelled), Cancelled);
            bool killed = await KillMonitorAsync(made.Id, TimeSpan.FromMilliseconds(random.NextDouble() * 20), starting);
            bool started = true;
            try
            {
                await starting;
            }
            catch (ContainerException error)
            {
                Assert.Equal(ErrorCode.MonitorLost, error.Code);
                started = false;
            }

            if (!killed)
            {
                await RemoveByForceAsync(made.Id);
                continue;
            }

            await FindAsync(made.Id);
            // Where the engine watches the end, as it does for auto-remove, it may be repairing already; a reader does not wait for it.
            while (autoRemove && IsLeft(made.Id)) await FindAsync(made.Id);
            Container? found = await FindAsync(made.Id);
            if (found is null)
            {
                Assert.True(autoRemove, $"round {round}: the container is lost");
                AssertNothingIsLeft(made.Id);
                continue;
            }

            // It never runs without its monitor. What has not run is as it was; what has run has an exit code: its own or that of a loss.
            Assert.True(
                found.State == ContainerState.Exited ? found.ExitCode is 0 or 137 : found.State == ContainerState.Created && !started,
                $"round {round}: {found.State} {found.ExitCode}, started: {started}");
            Assert.False(IsLeft(made.Id));
            if (script != "sleep 1000" && !autoRemove)
            {
                await engine.Containers.StartAsync(made.Id, Cancelled);
                Container ended = await engine.Containers.WaitAsync(made.Id, Cancelled);
                Assert.Equal((0, null), (ended.ExitCode, ended.Error));
            }

            await engine.Containers.RemoveAsync(made.Id, new ContainerRemoveOptions(), Cancelled);
            AssertNothingIsLeft(made.Id);
        }
    }

    private async Task RemoveByForceAsync(string id)
    {
        try
        {
            await engine.Containers.RemoveAsync(id, new ContainerRemoveOptions { Force = true }, Cancelled);
        }
        catch (ContainerException error) when (error.Code == ErrorCode.ContainerNotFound)
        {
            // It has removed itself.
        }
    }

    private static async Task<bool> KillMonitorAsync(string id, TimeSpan after, Task starting)
    {
        SafeFileHandle? monitor;
        while ((monitor = FindMonitor(id)) is null)
        {
            // It may have ended, or the start be over, before it is seen.
            if (starting.IsCompleted) return false;
            await Task.Yield();
        }

        using (monitor)
        {
            if (after > TimeSpan.FromMilliseconds(2)) await Task.Delay(after, Cancelled);
            if (Libc.SendSignal(monitor, Signal.SIGKILL)) await DescriptorWaiter.WaitReadableAsync(monitor, Cancelled);
            return true;
        }
    }

    private static SafeFileHandle? FindMonitor(string id)
    {
        foreach (string task in Directory.GetDirectories("/proc/self/task"))
        {
            foreach (string child in Read(task + "/children").Split(' ', StringSplitOptions.RemoveEmptyEntries))
            {
                int processId = int.Parse(child, System.Globalization.CultureInfo.InvariantCulture);
                SafeFileHandle? process = Libc.OpenProcess(processId);
                if (process is not null && Read($"/proc/{processId}/cmdline").Contains(id, StringComparison.Ordinal)) return process;
                process?.Dispose();
            }
        }

        return null;
    }

    private static string Read(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (IOException)
        {
            // The thread or the process has ended meanwhile.
            return "";
        }
    }

    private async Task<Container?> FindAsync(string id)
    {
        try
        {
            return await engine.Containers.GetAsync(id, Cancelled);
        }
        catch (ContainerException error) when (error.Code == ErrorCode.ContainerNotFound)
        {
            return null;
        }
    }

    private void AssertNothingIsLeft(string id)
    {
        Assert.False(Directory.Exists(engine.Paths.Container(id)));
        Assert.False(IsLeft(id));
    }

    /// <summary>Whether something is there that belongs to a run.</summary>
    private bool IsLeft(string id)
        => Directory.Exists(engine.Paths.ContainerRun(id)) || CgroupHost.Current.Open("/containertools/" + id).Exists;
}
