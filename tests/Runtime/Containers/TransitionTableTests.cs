using ContainerTools.Runtime.Containers;
using Xunit;

namespace ContainerTools.Runtime.Tests.Containers;

public sealed class TransitionTableTests
{
    // One line per operation; columns: Created, Running, Paused, Restarting, Exited, Removing. "+" allowed, "-" nothing to do, else the error.
    private const string Table =
        """
        Start          + ContainerRunning ContainerPaused ContainerRunning + ContainerRemoving
        Stop           - + + + - ContainerRemoving
        Pause          ContainerNotRunning + ContainerPaused ContainerNotRunning ContainerNotRunning ContainerRemoving
        Resume         ContainerNotPaused ContainerNotPaused + ContainerNotPaused ContainerNotPaused ContainerRemoving
        Signal         ContainerNotRunning + + ContainerNotRunning ContainerNotRunning ContainerRemoving
        Remove         + ContainerRunning ContainerRunning ContainerRunning + ContainerRemoving
        Rename         + + + + + ContainerRemoving
        SetLimit       + + + + + ContainerRemoving
        ChangeNetwork  + + + + + ContainerRemoving
        Exec           ContainerNotRunning + ContainerPaused ContainerNotRunning ContainerNotRunning ContainerRemoving
        Attach         ContainerNotRunning + ContainerPaused ContainerNotRunning ContainerNotRunning ContainerRemoving
        ReadProcesses  ContainerNotRunning + + ContainerNotRunning ContainerNotRunning ContainerRemoving
        TestNetwork    ContainerNotRunning + + ContainerNotRunning ContainerNotRunning ContainerRemoving
        """;

    [Fact]
    public void Every_operation_has_its_verdict_in_every_state()
    {
        string[] lines = Table.Split('\n');
        Assert.Equal(Enum.GetNames<ContainerOperation>().Order(), lines.Select(line => line.Split(' ')[0]).Order());
        foreach (string line in lines)
        {
            string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            ContainerOperation operation = Enum.Parse<ContainerOperation>(words[0]);
            foreach (ContainerState state in Enum.GetValues<ContainerState>())
            {
                (TransitionTable.Verdict verdict, ErrorCode error) = TransitionTable.Look(operation, state);
                string found = verdict switch
                {
                    TransitionTable.Verdict.Allowed => "+",
                    TransitionTable.Verdict.Nothing => "-",
                    _ => error.ToString(),
                };
                Assert.Equal((operation, state, words[1 + (int)state]), (operation, state, found));
            }
        }
    }

    [Fact]
    public void A_refusal_is_an_error_with_the_container_as_target()
    {
        ContainerException error = Assert.Throws<ContainerException>(
            () => TransitionTable.Check(ContainerOperation.Remove, ContainerState.Running, "web"));
        Assert.Equal((ErrorCode.ContainerRunning, "web"), (error.Code, error.Target));
        Assert.Equal("The container 'web' is running; stop it first, or remove it by force.", error.Message);
    }

    [Fact]
    public void Nothing_to_do_is_no_error() => Assert.False(TransitionTable.Check(ContainerOperation.Stop, ContainerState.Exited, "web"));
}
