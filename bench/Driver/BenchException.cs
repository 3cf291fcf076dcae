namespace ContainerTools.Bench;

/// <summary>A measurement cannot go on; the message is for the person who reads the table.</summary>
internal sealed class BenchException(string message) : Exception(message);
