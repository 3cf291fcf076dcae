using System.Collections.ObjectModel;
using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Reflection;

namespace ContainerTools.Shell.Hosting;

/// <summary>
/// Puts our everyday cmdlets into the session under the names of the modules that bring them in pwsh. The engine itself calls some
/// by their full name (<c>Microsoft.PowerShell.Management\Resolve-Path</c>, for completion), so they have to answer to it.
/// </summary>
internal static class CmdletTable
{
    private static readonly MethodInfo SetPSSnapIn =
        typeof(InitialSessionStateEntry).GetMethod("SetPSSnapIn", BindingFlags.Instance | BindingFlags.NonPublic)!;

    public static void AddTo(InitialSessionState state)
    {
        PSSnapInInfo management = Describe("Microsoft.PowerShell.Management");
        PSSnapInInfo utility = Describe("Microsoft.PowerShell.Utility");
        foreach (Type type in typeof(CmdletTable).Assembly.GetTypes())
        {
            if (type.GetCustomAttribute<CmdletAttribute>() is not { } cmdlet || type.IsAbstract)
                continue;
            SessionStateCmdletEntry entry = new($"{cmdlet.VerbName}-{cmdlet.NounName}", type, helpFileName: null);
            SetPSSnapIn.Invoke(entry, [type.IsDefined(typeof(ManagementAttribute)) ? management : utility]);
            state.Commands.Add(entry);
        }
    }

    private static PSSnapInInfo Describe(string name)
    {
        ConstructorInfo constructor = typeof(PSSnapInInfo).GetConstructors(BindingFlags.Instance | BindingFlags.NonPublic)
            .First(c => c.GetParameters() is { Length: 11 } p && p[^2].ParameterType == typeof(string));
        Assembly assembly = typeof(CmdletTable).Assembly;
        return (PSSnapInInfo)constructor.Invoke(
        [
            name, true, AppContext.BaseDirectory, assembly.GetName().Name, name, new Version(7, 0), new Version(7, 0, 0, 0),
            new Collection<string>(), new Collection<string>(), "", "",
        ]);
    }
}
