using System.Management.Automation;
using System.Reflection;

namespace ContainerTools.Shell.Objects;

/// <summary>
/// Ends the commands before this one when no more input is wanted (<c>Select-Object -First</c>). The engine has an exception for it
/// that only its own modules can make.
/// </summary>
internal static class PipelineEnd
{
    private static readonly ConstructorInfo? Constructor = typeof(PSObject).Assembly
        .GetType("System.Management.Automation.StopUpstreamCommandsException")
        ?.GetConstructors(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)
        .FirstOrDefault(c => c.GetParameters() is [{ ParameterType.Name: "InternalCommand" }]);

    public static void StopUpstream(Cmdlet cmdlet)
    {
        // Without it the rest of the input is read and thrown away.
        if (Constructor?.Invoke([cmdlet]) is Exception exception)
            throw exception;
    }
}
