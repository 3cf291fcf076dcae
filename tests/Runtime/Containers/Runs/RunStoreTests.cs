using ContainerTools.Runtime.Containers;
using ContainerTools.Runtime.Containers.Runs;
using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Oci;
using Xunit;

namespace ContainerTools.Runtime.Tests.Containers.Runs;

public sealed class RunStoreTests : IDisposable
{
    private readonly string _root = Path.Combine(Path.GetTempPath(), $"runs-{Guid.NewGuid():n}");

    private RunStore Store => new(_root);

    public void Dispose()
    {
        if (Directory.Exists(_root)) Directory.Delete(_root, recursive: true);
    }

    private static RunRecord Record(string id) => new()
    {
        Id = id,
        Status = RunStatus.Running,
        Bundle = "/b",
        MonitorProcessId = 0,
        MonitorStartTime = 0,
        BootId = BootId.Current,
    };

    private static ErrorCode CodeOf(Action action) => Assert.ThrowsAny<ContainerException>(action).Code;

    [Fact]
    public void A_run_is_made_found_and_removed()
    {
        using (RunFolder folder = Store.Create("one"))
        {
            folder.WriteConfiguration("""{"hostname":"h"}"""u8);
            folder.WriteRecord(Record("one"));
        }

        Assert.Equal(["one"], Store.Ids());
        using (RunFolder folder = Store.Open("one"))
        {
            Assert.Equal("h", folder.ReadSpec().Hostname);
            Assert.Equal("/b", folder.ReadRecord().Bundle);
        }

        Assert.Equal(ErrorCode.ContainerNameInUse, CodeOf(() => Store.Create("one").Dispose()));
        using (RunFolder folder = Store.Lock("one")) folder.Remove();
        Assert.Empty(Store.Ids());
        Assert.Equal(ErrorCode.ContainerNotFound, CodeOf(() => Store.Open("one").Dispose()));
        Assert.Equal(ErrorCode.ContainerNotFound, CodeOf(() => Store.Lock("one").Dispose()));
    }

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("a/b")]
    [InlineData("../b")]
    [InlineData("a b")]
    [InlineData("a\0b")]
    public void An_id_cannot_lead_out_of_the_root(string id)
    {
        Assert.Equal(ErrorCode.InvalidArgument, CodeOf(() => Store.Create(id).Dispose()));
        Assert.Equal(ErrorCode.InvalidArgument, CodeOf(() => Store.Lock(id).Dispose()));
        Assert.Equal(ErrorCode.InvalidArgument, CodeOf(() => Store.Open(id).Dispose()));
    }

    [Fact]
    public void What_a_dead_creation_left_gives_way_to_a_new_one()
    {
        // No configuration yet, so no cgroup can have been made.
        Store.Create("one").Dispose();
        Assert.Equal(ErrorCode.ContainerNotFound, CodeOf(() => Store.Open("one").ReadRecord()));
        using RunFolder folder = Store.Create("one");
        folder.WriteRecord(Record("one"));
        Assert.Equal("one", folder.ReadRecord().Id);
    }

    [Fact]
    public void A_locked_run_keeps_others_waiting()
    {
        RunFolder first = Store.Create("one");
        first.WriteRecord(Record("one"));
        using ManualResetEventSlim waiting = new();
        RunRecord? seen = null;
        Thread other = new(() =>
        {
            waiting.Set();
            using RunFolder second = Store.Lock("one");
            seen = second.ReadRecord();
        });
        other.Start();
        waiting.Wait(TestContext.Current.CancellationToken);
        first.WriteRecord(Record("one") with { ProcessId = 5 });
        first.Dispose();
        Assert.True(other.Join(TimeSpan.FromMinutes(2)));
        Assert.Equal(5, seen!.ProcessId);
    }

    [Fact]
    public void Who_waited_for_a_run_that_was_removed_does_not_find_it()
    {
        RunFolder first = Store.Create("one");
        first.WriteRecord(Record("one"));
        ContainerException? error = null;
        using ManualResetEventSlim waiting = new();
        Thread other = new(() =>
        {
            waiting.Set();
            error = Assert.ThrowsAny<ContainerException>(() => Store.Lock("one").Dispose());
        });
        other.Start();
        waiting.Wait(TestContext.Current.CancellationToken);
        first.Remove();
        first.Dispose();
        Assert.True(other.Join(TimeSpan.FromMinutes(2)));
        Assert.Equal(ErrorCode.ContainerNotFound, error!.Code);
    }

    [Fact]
    public void Of_many_who_create_the_same_run_one_has_it()
    {
        for (int round = 0; round < 50; round++)
        {
            string id = $"r{round}";
            int made = 0, refused = 0;
            Thread[] threads = [.. Enumerable.Range(0, 8).Select(_ => new Thread(() =>
            {
                try
                {
                    using RunFolder folder = Store.Create(id);
                    Thread.Yield();
                    folder.WriteRecord(Record(id));
                    Interlocked.Increment(ref made);
                }
                catch (ContainerException error) when (error.Code == ErrorCode.ContainerNameInUse)
                {
                    Interlocked.Increment(ref refused);
                }
            }))];
            foreach (Thread thread in threads) thread.Start();
            foreach (Thread thread in threads) Assert.True(thread.Join(TimeSpan.FromMinutes(2)));
            Assert.Equal((1, 7), (made, refused));
        }
    }

    [Fact]
    public void A_damaged_record_is_told_and_force_removes_it()
    {
        using (RunFolder folder = Store.Create("one")) File.WriteAllText(Path.Combine(folder.FolderPath, "state.json"), "{");
        Assert.Equal(ErrorCode.StateCorrupt, CodeOf(() => RunStatusReader.Read(Store, "one")));
        List<ContainerException> reported = [];
        Assert.Empty(RunListing.List(Store, reported.Add));
        Assert.Equal(ErrorCode.StateCorrupt, Assert.Single(reported).Code);
        Assert.Equal(ErrorCode.StateCorrupt, CodeOf(() => RunDeletion.Delete(Store, "one", force: false, Fail)));
        RunDeletion.Delete(Store, "one", force: true, Fail);
        Assert.Empty(Store.Ids());
        RunDeletion.Delete(Store, "one", force: true, Fail);
    }

    [Fact]
    public void A_process_with_the_same_number_but_another_start_is_not_the_containers()
    {
        using RunFolder folder = Store.Create("one");
        ulong start = ProcessStat.StartTimeOf(Environment.ProcessId)!.Value;
        RunRecord alive = Record("one") with { ProcessId = Environment.ProcessId, ProcessStartTime = start };
        Assert.Equal(RunPhase.Running, RunStatusReader.PhaseOf(folder, alive));
        Assert.Equal(RunPhase.Stopped, RunStatusReader.PhaseOf(folder, alive with { ProcessStartTime = start + 1 }));
        Assert.Equal(RunPhase.Stopped, RunStatusReader.PhaseOf(folder, alive with { BootId = "another" }));
        Assert.Equal(RunPhase.Stopped, RunStatusReader.PhaseOf(folder, alive with { ProcessId = 0 }));
        Assert.Equal(RunPhase.Creating, RunStatusReader.PhaseOf(folder, null));
        Assert.False(RunKill.SignalProcess(Environment.ProcessId, start + 1, 0));
        Assert.True(RunKill.SignalProcess(Environment.ProcessId, start, 0));
    }

    [Fact]
    public void Created_means_that_the_gate_is_closed()
    {
        using RunFolder folder = Store.Create("one");
        RunRecord record = Record("one") with
        {
            Status = RunStatus.Created,
            ProcessId = Environment.ProcessId,
            ProcessStartTime = ProcessStat.StartTimeOf(Environment.ProcessId)!.Value,
        };
        File.WriteAllText(Path.Combine(folder.FolderPath, "start.fifo"), "");
        Assert.Equal(RunPhase.Created, RunStatusReader.PhaseOf(folder, record));
        File.Delete(Path.Combine(folder.FolderPath, "start.fifo"));
        Assert.Equal(RunPhase.Running, RunStatusReader.PhaseOf(folder, record));
    }

    [Fact]
    public void The_state_is_the_specifications()
    {
        using (RunFolder folder = Store.Create("one"))
        {
            folder.WriteConfiguration("""{"ociVersion":"1.0.2","root":{"path":"rootfs"},"annotations":{"a":"b"}}"""u8);
            folder.WriteRecord(Record("one"));
        }

        OciState state = RunStatusReader.Read(Store, "one");
        Assert.Equal(("1.0.2", "one", "stopped", 0, "/b", "/b/rootfs"), (state.OciVersion, state.Id, state.Status, state.Pid, state.Bundle, state.Rootfs));
        Assert.Equal("b", state.Annotations!["a"]);
    }

    private static void Fail(string message) => Assert.Fail(message);
}
