using ContainerTools.Bench.Processes;
using ContainerTools.Bench.Sampling;
using ContainerTools.Bench.Subjects;

namespace ContainerTools.Bench.Measurements;

/// <summary>What Import-Module adds to the start of a shell.</summary>
internal sealed class ModuleMeasurement : IMeasurement
{
    private const string Without = "the shell alone", With = "with Import-Module", Cost = "the module";

    /// <inheritdoc/>
    public string Name => "module";

    /// <inheritdoc/>
    public IEnumerable<Comparison> Measure(BenchContext context)
    {
        foreach (PowerShellHost host in context.Hosts)
        {
            Command without = Shell(context, host, "exit 0");
            Command with = Shell(context, host, $"Import-Module '{context.Module}'; exit 0");
            // The module's own cost is a difference of two neighbours, measured as a contender like the others.
            yield return new Comparison
            {
                Title = $"Import-Module in a new shell, {host.Name}",
                Gaps = Gap.None,
                Contenders =
                [
                    new Contender(Without, () => without.Time().Milliseconds),
                    new Contender(With, () => with.Time().Milliseconds),
                    new Contender(Cost, () =>
                    {
                        double alone = without.Time().Milliseconds;
                        return with.Time().Milliseconds - alone;
                    }),
                ],
                Targets = [new(Cost, 300)],
            }.Measure(Math.Min(context.Rounds, 50));
        }
    }

    private static Command Shell(BenchContext context, PowerShellHost host, string script) =>
        new(context.Workspace, Session.EngineEnvironment(context.Workspace.NewFolder("engine-module")), host.Path, "-NoProfile", "-NonInteractive", "-Command", script);
}
