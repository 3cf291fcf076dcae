using System.Management.Automation;
using System.Reflection;

namespace ContainerTools.Shell.Objects;

/// <summary>
/// Variables by scope (<c>Global</c>, <c>Script</c>, <c>Local</c>, or a number of scopes outwards). The engine's public surface knows the
/// named scopes only; for numbers its session state is asked directly.
/// </summary>
internal sealed class VariableScope(PSCmdlet cmdlet, string? scope)
{
    private const BindingFlags Internals = BindingFlags.Instance | BindingFlags.NonPublic;

    private readonly object _state = typeof(SessionState).GetProperty("Internal", Internals)!.GetValue(cmdlet.SessionState)!;

    public PSVariable? Get(string name) => scope is null
        ? cmdlet.SessionState.PSVariable.Get(name)
        : (PSVariable?)Call("GetVariableAtScope", [typeof(string), typeof(string)], name, scope);

    /// <summary>All that can be seen from here, or all of the one scope.</summary>
    public IEnumerable<PSVariable> All() => ((IDictionary<string, PSVariable>)(scope is null
        ? Call("GetVariableTable", [])
        : Call("GetVariableTableAtScope", [typeof(string)], scope))!).Values;

    public void Set(PSVariable variable, bool force)
    {
        if (scope is null)
            cmdlet.SessionState.PSVariable.Set(variable);
        else
            Call("SetVariableAtScope", [typeof(PSVariable), typeof(string), typeof(bool), typeof(CommandOrigin)], variable, scope, force, CommandOrigin.Internal);
    }

    public void Remove(PSVariable variable, bool force)
    {
        if (scope is null)
            Call("RemoveVariable", [typeof(PSVariable), typeof(bool)], variable, force);
        else
            Call("RemoveVariableAtScope", [typeof(PSVariable), typeof(string), typeof(bool)], variable, scope, force);
    }

    private object? Call(string method, Type[] types, params object?[] arguments)
    {
        MethodInfo found = _state.GetType().GetMethod(method, Internals, types)
            ?? throw new MissingMethodException(_state.GetType().FullName, method);
        try
        {
            return found.Invoke(_state, arguments);
        }
        catch (TargetInvocationException e) when (e.InnerException is not null)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(e.InnerException);
            throw;
        }
    }
}
