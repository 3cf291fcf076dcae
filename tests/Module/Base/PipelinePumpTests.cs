using Xunit;

namespace ContainerTools.Module.Tests.Base;

public sealed class PipelinePumpTests
{
    [Fact]
    public async Task Actions_run_on_the_waiting_thread_in_the_order_of_posting()
    {
        using PipelinePump pump = new();
        List<(int Number, int Thread)> ran = [];
        int waiting = 0;
        Thread thread = new(() =>
        {
            waiting = Environment.CurrentManagedThreadId;
            pump.Wait(Task.Run(() =>
            {
                for (int i = 0; i < 1000; i++)
                {
                    int number = i;
                    pump.Post(() => ran.Add((number, Environment.CurrentManagedThreadId)));
                }
            }));
        });
        thread.Start();
        await Task.Run(thread.Join, TestContext.Current.CancellationToken);

        Assert.Equal(Enumerable.Range(0, 1000), ran.Select(entry => entry.Number));
        Assert.All(ran, entry => Assert.Equal(waiting, entry.Thread));
    }

    [Fact]
    public void What_is_posted_before_a_task_fails_is_run_before_its_exception_comes()
    {
        using PipelinePump pump = new();
        bool ran = false;

        InvalidOperationException error = Assert.Throws<InvalidOperationException>(() => pump.Wait(Task.Run(() =>
        {
            pump.Post(() => ran = true);
            throw new InvalidOperationException("broken");
        }, TestContext.Current.CancellationToken)));

        Assert.Equal("broken", error.Message);
        Assert.True(ran);
    }

    [Fact]
    public void A_finished_task_is_not_waited_for()
    {
        using PipelinePump pump = new();
        bool ran = false;
        pump.Post(() => ran = true);

        pump.Wait(Task.CompletedTask);

        Assert.True(ran);
    }

    [Fact]
    public void An_action_may_wait_itself()
    {
        using PipelinePump pump = new();
        List<int> ran = [];
        pump.Post(() =>
        {
            pump.Wait(Task.Run(() => pump.Post(() => ran.Add(1))));
            ran.Add(2);
        });

        pump.RunNext();

        Assert.Equal([1, 2], ran);
    }

    [Fact]
    public async Task No_wake_up_is_lost()
    {
        using PipelinePump pump = new();
        for (int i = 0; i < 5000; i++)
        {
            bool ran = false;
            Task posting = Task.Run(() => pump.Post(() => ran = true), TestContext.Current.CancellationToken);
            pump.RunNext();
            Assert.True(ran);
            await posting;
        }
    }

    [Fact]
    public void A_post_after_the_end_does_no_harm()
    {
        PipelinePump pump = new();
        pump.Dispose();

        pump.Post(() => { });
    }
}
