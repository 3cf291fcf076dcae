using ContainerTools.Runtime.Containers;
using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Networks;
using Xunit;

namespace ContainerTools.Runtime.Tests.Networks;

/// <summary>The namespace of another container's run: of that very process, and not of one that has its number now.</summary>
public sealed class SharedNamespaceTests : IDisposable
{
    private readonly string _run = Directory.CreateTempSubdirectory("containertools-shared-").FullName;
    private readonly ulong _startTime = ProcessStat.StartTimeOf(Environment.ProcessId)!.Value;

    public void Dispose() => Directory.Delete(_run, recursive: true);

    [Fact]
    public void The_process_that_runs_is_joined()
    {
        Write(Environment.ProcessId, _startTime, BootId.Current);
        using var file = SharedNamespace.Open(_run);
        Assert.Equal(new FileInfo("/proc/self/ns/net").LinkTarget, Libc.ReadLink($"/proc/self/fd/{file.DangerousGetHandle()}"));
    }

    [Fact]
    public void A_process_that_has_the_number_of_one_that_ended_is_not()
    {
        Write(Environment.ProcessId, _startTime - 1, BootId.Current);
        Refuse(ErrorCode.ContainerNotRunning);
        Write(Environment.ProcessId, _startTime, "another-boot");
        Refuse(ErrorCode.ContainerNotRunning);
        // It rests before its next start; and its run is over.
        Write(0, 0, BootId.Current);
        Refuse(ErrorCode.ContainerNotRunning);
        File.Delete(Path.Combine(_run, "state.json"));
        Refuse(ErrorCode.ContainerNotRunning);
        File.WriteAllText(Path.Combine(_run, "state.json"), "{");
        Refuse(ErrorCode.InvalidConfiguration);
    }

    private void Refuse(ErrorCode code) => Assert.Equal(code, Assert.Throws<ContainerException>(() => SharedNamespace.Open(_run).Dispose()).Code);

    private void Write(int processId, ulong startTime, string boot) => File.WriteAllBytes(Path.Combine(_run, "state.json"), RunRecordFormat.Write(new RunRecord
    {
        Id = "other",
        Status = RunStatus.Running,
        ProcessId = processId,
        ProcessStartTime = startTime,
        Bundle = _run,
        CreatedAt = DateTimeOffset.UnixEpoch,
        MonitorProcessId = 1,
        MonitorStartTime = 1,
        BootId = boot,
        StartedAt = DateTimeOffset.UnixEpoch,
    }).ToArray());
}
