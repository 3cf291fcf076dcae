using ContainerTools.Runtime.Containers.Runs;
using Xunit;

namespace ContainerTools.Runtime.Tests.Containers.Runs;

public sealed class RunTransitionsTests
{
    // Rows: operations. Columns: creating, created, running, paused, stopped.
    private static readonly Dictionary<RunOperation, string> s_table = new()
    {
        [RunOperation.Start] = "-+---",
        [RunOperation.Execute] = "-++--",
        [RunOperation.Kill] = "-+++-",
        [RunOperation.Pause] = "-++--",
        [RunOperation.Resume] = "---+-",
        [RunOperation.Update] = "-+++-",
        [RunOperation.Inspect] = "-+++-",
        [RunOperation.Delete] = "++--+",
    };

    [Fact]
    public void Operations_are_possible_in_the_phases_that_runc_allows()
    {
        Assert.Equal(Enum.GetValues<RunOperation>().Length, s_table.Count);
        foreach ((RunOperation operation, string row) in s_table)
        {
            foreach (RunPhase phase in Enum.GetValues<RunPhase>())
            {
                bool allowed = row[(int)phase] == '+';
                Assert.Equal(allowed, RunTransitions.Allows(operation, phase));
                if (allowed)
                {
                    RunTransitions.Check(operation, phase, "x");
                    continue;
                }

                ContainerException error = Assert.Throws<ContainerException>(() => RunTransitions.Check(operation, phase, "x"));
                Assert.Equal("x", error.Target);
                Assert.Contains("'x'", error.Message, StringComparison.Ordinal);
            }
        }
    }

    [Theory]
    [InlineData("Start", "Running", ErrorCode.ContainerRunning)]
    [InlineData("Start", "Stopped", ErrorCode.ContainerNotRunning)]
    [InlineData("Execute", "Paused", ErrorCode.ContainerPaused)]
    [InlineData("Execute", "Stopped", ErrorCode.ContainerNotRunning)]
    [InlineData("Kill", "Stopped", ErrorCode.ContainerNotRunning)]
    [InlineData("Pause", "Paused", ErrorCode.ContainerPaused)]
    [InlineData("Resume", "Running", ErrorCode.ContainerNotPaused)]
    [InlineData("Delete", "Running", ErrorCode.ContainerRunning)]
    [InlineData("Delete", "Paused", ErrorCode.ContainerRunning)]
    public void The_error_says_what_stands_in_the_way(string operation, string phase, ErrorCode code)
        => Assert.Equal(code, Assert.Throws<ContainerException>(() => RunTransitions.Check(Enum.Parse<RunOperation>(operation), Enum.Parse<RunPhase>(phase), "x")).Code);
}
