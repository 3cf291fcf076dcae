namespace ContainerTools.Runtime.DBus;

/// <summary>The bus, or who was called on it, answered with an error, with nonsense, or not at all.</summary>
/// <param name="message">What went wrong, as a part of a sentence.</param>
/// <param name="name">The error's name, <c>org.freedesktop.systemd1.UnitExists</c>; null where it is none of the bus's.</param>
internal sealed class DBusException(string message, string? name = null) : Exception(message)
{
    /// <summary>The error's name on the bus, or null.</summary>
    public string? ErrorName { get; } = name;
}
