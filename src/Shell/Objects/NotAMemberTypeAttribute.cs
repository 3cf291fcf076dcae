using System.Management.Automation;
using System.Reflection;

namespace ContainerTools.Shell.Objects;

/// <summary>
/// Refuses the name of a member type as a property's name, so that the binder goes on to the parameter set in which the first
/// word of Add-Member is the type. The exception that only turns the binder elsewhere has a constructor that is internal.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class NotAMemberTypeAttribute : ValidateArgumentsAttribute
{
    private static readonly ConstructorInfo? Constructor = typeof(ValidationMetadataException)
        .GetConstructor(BindingFlags.Instance | BindingFlags.NonPublic, [typeof(string), typeof(bool)]);

    protected override void Validate(object arguments, EngineIntrinsics engineIntrinsics)
    {
        if (arguments is not string text || !Enum.TryParse(text, ignoreCase: true, out PSMemberTypes _))
            return;
        string message = $"'{text}' is the type of a member, not the name of a property.";
        throw (Exception?)Constructor?.Invoke([message, true]) ?? new ValidationMetadataException(message);
    }
}
