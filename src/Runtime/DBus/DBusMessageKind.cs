namespace ContainerTools.Runtime.DBus;

/// <summary>What a message is (D-Bus Specification, "Message Types").</summary>
internal enum DBusMessageKind : byte
{
    /// <summary>A call.</summary>
    Call = 1,
    /// <summary>The answer to a call.</summary>
    Return = 2,
    /// <summary>The refusal of a call.</summary>
    Error = 3,
    /// <summary>Something that happened.</summary>
    Signal = 4,
}
