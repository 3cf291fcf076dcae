using System.Globalization;
using ContainerTools.Bench;
using ContainerTools.Bench.Measurements;
using ContainerTools.Bench.Sampling;
using ContainerTools.Bench.Subjects;

// Called by bench.ps1, which has made the mount namespace and everything that is named here.
Dictionary<string, string> options = [];
List<PowerShellHost> hosts = [];
for (int i = 0; i + 1 < args.Length; i += 2)
{
    if (args[i] == "--shell")
    {
        string[] parts = args[i + 1].Split('=', 2);
        hosts.Add(new PowerShellHost(parts[0], parts[1]));
    }
    else
    {
        options[args[i]] = args[i + 1];
    }
}

Workspace workspace = new(options["--work"]);
BenchContext context = new()
{
    Workspace = workspace,
    Rounds = int.Parse(options["--rounds"], CultureInfo.InvariantCulture),
    Module = options["--module"],
    Scripts = options["--scripts"],
    Natives = options["--natives"],
    Cgroup = options["--cgroup"],
    Hosts = hosts,
    Ctrun = File.Exists(options["--ctrun"]) ? new Tool("ctrun", options["--ctrun"]) : null,
};
string[] only = options["--only"].Split(',');
Report report = new(Console.Out);

string[] machine = [.. Machine.Describe()];
report.Write("Machine", machine);
IEnumerable<Tool?> tools = new[] { context.Ctrun }.Concat(
    ((string[])["crun", "runc", "podman", "conmon", "dockerd", "skopeo", "umoci"]).Select(Tool.Find));
string[] versions =
[
    .. tools.OfType<Tool>().Select(tool => $"{tool.Name,-8} {tool.Version(workspace)}"),
    .. hosts.Select(host => $"{"shell",-8} {host.Name}: {new Tool(host.Name, host.Path).Version(workspace)}"),
];
report.Write("Versions", versions);

IMeasurement[] measurements =
[
    new LaunchMeasurement(), new ExecMeasurement(), new EnginesMeasurement(), new SessionMeasurement(), new MemoryMeasurement(), new ListMeasurement(),
    new ImportMeasurement(), new PullMeasurement(), new PullMemoryMeasurement(), new CommitMeasurement(), new ImagesMeasurement(),
    new NetworkMeasurement(), new ThroughputMeasurement(), new ParallelMeasurement(), new PortsMeasurement(),
    new ModuleMeasurement(),
];
foreach (IMeasurement measurement in measurements.Where(measurement => only.Contains("*") || only.Contains(measurement.Name)))
{
    try
    {
        foreach (Comparison comparison in measurement.Measure(context)) report.Add(comparison);
    }
    catch (BenchException exception)
    {
        report.Fail(measurement.Name, exception.Message);
    }
}

report.WriteTargets();
report.WriteJson(options["--json"], machine, versions);
return report.HasFailed ? 1 : 0;
