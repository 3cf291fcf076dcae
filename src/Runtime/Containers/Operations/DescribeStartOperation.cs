using ContainerTools.Runtime.Cgroups;
using ContainerTools.Runtime.Containers.Runs;
using ContainerTools.Runtime.Launch;
using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Containers.Operations;

/// <summary>Shows the launch plan that a start would carry out. Nothing is written and no lock is taken: it is a look at what is asked for now.</summary>
internal static class DescribeStartOperation
{
    /// <summary>The plan, a line for each step.</summary>
    /// <param name="services">The services.</param>
    /// <param name="container">A name, an id, or the unique beginning of an id.</param>
    public static string Run(ContainerServices services, string container)
    {
        ContainerRecord record = services.Store.TryRead(services.Store.Resolve(container)) ?? throw ContainerStore.NotFound(container);
        OciSpec spec = SpecBuilder.Build(services.SpecInput(record));
        return Launcher.Describe(new LaunchRequest
        {
            Spec = spec,
            Bundle = services.Store.Files(record.Id).RunFolder,
            Cgroup = CgroupHost.Current.Open(RunCgroup.PathOf(spec, record.Id), RunCgroup.ScopeOf(spec)),
            DieWithParent = true,
        });
    }
}
