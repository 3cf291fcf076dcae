using ContainerTools.Runtime.Cgroups;
using ContainerTools.Runtime.Containers.Runs;
using ContainerTools.Runtime.Launch;
using ContainerTools.Runtime.Oci;

namespace ContainerTools.Ctrun.Commands;

/// <summary><c>ctrun plan</c>: what create or run would do, without doing it.</summary>
internal static class PlanCommand
{
    private const string Usage = "plan [--bundle|-b FOLDER] [--create] [--no-pivot] [--no-new-keyring] [ID]";

    public static int Run(ArgumentReader reader)
    {
        string bundle = ".";
        bool gate = false, movesRoot = false, keepsKeyring = false;
        while (reader.Next(out string option))
        {
            if (option is "bundle" or "b") bundle = reader.Text();
            else if (option == "create") gate = reader.Flag();
            else if (option == "no-pivot") movesRoot = reader.Flag();
            else if (option == "no-new-keyring") keepsKeyring = reader.Flag();
            else if (reader.Other(Usage)) return 0;
        }

        string[] words = reader.Rest();
        if (words.Length > 1) throw reader.Error($"'{words[1]}' is one word too many");
        bundle = Path.GetFullPath(bundle);
        (OciSpec spec, _) = Bundle.Read(bundle);
        string id = words.Length == 1 ? words[0] : Path.GetFileName(bundle);
        Output.Write(Launcher.Describe(new LaunchRequest
        {
            Spec = spec,
            Id = id,
            MovesRoot = movesRoot,
            KeepsKeyring = keepsKeyring,
            Bundle = bundle,
            Cgroup = CgroupHost.Current.Open(RunCgroup.PathOf(spec, id), RunCgroup.ScopeOf(spec)),
            GateFolder = gate ? Path.Combine(RunStore.DefaultRoot, id) : null,
        }));
        return 0;
    }
}
