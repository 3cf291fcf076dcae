namespace ContainerTools.Runtime.Images.Registry;

/// <summary>A connection that could not be made, was cut or stalled: worth another attempt. It never leaves the client.</summary>
internal sealed class RegistryTransferException(string message, Exception? cause = null) : IOException(message, cause);
