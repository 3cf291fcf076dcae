namespace ContainerTools.Runtime.Logs;

/// <summary>A place in a log that stays the same when the log is rotated.</summary>
/// <param name="Inode">The file's inode number; 0 for a log without a file.</param>
/// <param name="Offset">Bytes from its beginning.</param>
internal readonly record struct LogPosition(ulong Inode, long Offset);
