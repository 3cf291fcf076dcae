using ContainerTools.Runtime.Monitoring;
using Xunit;

namespace ContainerTools.Runtime.Tests.Monitoring;

public sealed class RestartBackoffTests
{
    private static readonly TimeSpan s_short = TimeSpan.FromSeconds(1);

    [Fact]
    public void The_pause_doubles_to_a_minute()
    {
        RestartBackoff backoff = new();
        double[] pauses = [.. Enumerable.Range(0, 13).Select(_ => backoff.Next(RestartCondition.Always, 0, 0, s_short, stopped: false)!.Value.TotalMilliseconds)];
        Assert.Equal([100, 200, 400, 800, 1600, 3200, 6400, 12800, 25600, 51200, 60000, 60000, 60000], pauses);
        Assert.Equal(13, backoff.Count);
    }

    [Fact]
    public void A_run_of_ten_seconds_begins_it_anew()
    {
        RestartBackoff backoff = new();
        for (int i = 0; i < 5; i++) backoff.Next(RestartCondition.Always, 0, 0, s_short, stopped: false);
        Assert.Equal(TimeSpan.FromMilliseconds(100), backoff.Next(RestartCondition.Always, 0, 0, TimeSpan.FromSeconds(10), stopped: false));
        Assert.Equal(TimeSpan.FromMilliseconds(200), backoff.Next(RestartCondition.Always, 0, 0, TimeSpan.FromSeconds(9.9), stopped: false));
        Assert.Equal(7, backoff.Count);
    }

    [Theory]
    [InlineData(RestartCondition.None, 1, false, false)]
    [InlineData(RestartCondition.OnFailure, 0, false, false)]
    [InlineData(RestartCondition.OnFailure, 137, false, true)]
    [InlineData(RestartCondition.Always, 0, false, true)]
    [InlineData(RestartCondition.UnlessStopped, 0, false, true)]
    [InlineData(RestartCondition.OnFailure, 1, true, false)]
    [InlineData(RestartCondition.Always, 1, true, false)]
    [InlineData(RestartCondition.UnlessStopped, 1, true, false)]
    public void The_condition_decides_and_a_stop_overrules_it(RestartCondition condition, int exitCode, bool stopped, bool again)
        => Assert.Equal(again, new RestartBackoff().Next(condition, 0, exitCode, s_short, stopped) is not null);

    [Fact]
    public void The_maximum_counts_restarts()
    {
        RestartBackoff backoff = new();
        Assert.NotNull(backoff.Next(RestartCondition.OnFailure, 2, 1, s_short, stopped: false));
        Assert.NotNull(backoff.Next(RestartCondition.OnFailure, 2, 1, s_short, stopped: false));
        Assert.Null(backoff.Next(RestartCondition.OnFailure, 2, 1, s_short, stopped: false));
        Assert.Equal(2, backoff.Count);
    }
}
