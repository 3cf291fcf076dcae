using System.Management.Automation;
using System.Reflection;
using Microsoft.PowerShell.Commands.Internal.Format;

namespace ContainerTools.Shell.Objects;

/// <summary>
/// Reaches the formatting that the engine package holds: views, groups, calculated columns and alignment come from there, as
/// they do in pwsh. The base classes are public; the objects that do the work are not, so they are made by reflection.
/// </summary>
internal static class EngineFormatting
{
    private const BindingFlags Internals = BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public;
    private static readonly Assembly Engine = typeof(PSObject).Assembly;
    private static readonly FieldInfo Implementation = typeof(FrontEndCommandBase).GetField("implementation", Internals)!;

    /// <summary>Lets a Format- cmdlet format as <paramref name="shape"/>: Table, List, Wide or Complex.</summary>
    public static void UseShape(FrontEndCommandBase command, string shape)
    {
        Type inner = Find("InnerFormatShapeCommand");
        object value = Enum.Parse(Find("FormatShape"), shape);
        Implementation.SetValue(command, inner.GetConstructors(Internals)[0].Invoke([value]));
    }

    /// <summary>Lets an Out- cmdlet write what it gets, formatted, as lines.</summary>
    public static void UseWriter(FrontEndCommandBase command) =>
        Implementation.SetValue(command, Activator.CreateInstance(Find("OutCommandInner"), nonPublic: true));

    /// <summary>Says where an Out- cmdlet writes to, and how wide a line is.</summary>
    public static void SetWriter(FrontEndCommandBase command, TextWriter writer, int columns)
    {
        Type lineOutput = Find("TextWriterLineOutput");
        object output = lineOutput.GetConstructors(Internals).First(c => c.GetParameters().Length == 2).Invoke([writer, columns]);
        object implementation = Implementation.GetValue(command)!;
        implementation.GetType().GetProperty("LineOutput", Internals)!.SetValue(implementation, output);
    }

    private static Type Find(string name) => Engine.GetType("Microsoft.PowerShell.Commands.Internal.Format." + name, throwOnError: true)!;
}
