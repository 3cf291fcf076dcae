namespace ContainerTools.Runtime.Cgroups;

/// <summary>What was done to a block device.</summary>
/// <param name="Major">The device's major number.</param>
/// <param name="Minor">Its minor number.</param>
/// <param name="Operation">Read, Write, Sync, Async, Discard or Total.</param>
/// <param name="Value">How many bytes, or how many times.</param>
internal readonly record struct BlockIOCount(uint Major, uint Minor, string Operation, long Value);
