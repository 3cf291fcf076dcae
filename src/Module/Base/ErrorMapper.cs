using System.Management.Automation;

namespace ContainerTools.Module;

/// <summary>
/// Turns what the engine throws into PowerShell's error records. The first part of <c>FullyQualifiedErrorId</c> is the name of the
/// <see cref="ErrorCode"/>, so scripts can match on it.
/// </summary>
internal static class ErrorMapper
{
    /// <summary>The error id of an exception that is no <see cref="ContainerException"/>: a defect of ours.</summary>
    public const string UnexpectedId = "UnexpectedError";

    /// <summary>Makes the record.</summary>
    /// <param name="error">What was thrown.</param>
    /// <param name="target">What the cmdlet was working on; where null, what the exception says it concerns.</param>
    public static ErrorRecord ToRecord(Exception error, object? target)
    {
        if (error is AggregateException { InnerExceptions.Count: 1 } aggregate) error = aggregate.InnerExceptions[0];
        ErrorCode? code = CodeOf(error);
        if (code == ErrorCode.StorageFull && error is IOException)
        {
            error = new ContainerException(ErrorCode.StorageFull, $"The disk is full, or a quota is used up: {error.Message}", null, error);
        }

        object? about = target ?? (error as ContainerException)?.Target;
        if (code is null) return new ErrorRecord(error, UnexpectedId, ErrorCategory.NotSpecified, about);

        ErrorRecord record = new(error, code.Value.ToString(), CategoryOf(code.Value), about);
        // PowerShell shows the recommendation below the message: it must not say again what the message says after its semicolon.
        if (!error.Message.Contains("; ", StringComparison.Ordinal) && ActionFor(code.Value) is { } action)
        {
            record.ErrorDetails = new ErrorDetails(error.Message) { RecommendedAction = action };
        }

        return record;
    }

    /// <summary>The engine's kind of an error, also of the framework's exceptions that mean the same; null for any other.</summary>
    public static ErrorCode? CodeOf(Exception error) => error switch
    {
        ContainerException container => container.Code,
        UnauthorizedAccessException => ErrorCode.PermissionDenied,
        FileNotFoundException or DirectoryNotFoundException => ErrorCode.FileNotFound,
        // As everywhere in .NET on Unix, HResult is the errno: ENOSPC, EDQUOT.
        IOException { HResult: 28 or 122 } => ErrorCode.StorageFull,
        TimeoutException => ErrorCode.Timeout,
        _ => null,
    };

    /// <summary>PowerShell's category for a kind of error.</summary>
    public static ErrorCategory CategoryOf(ErrorCode code) => code switch
    {
        ErrorCode.ContainerNotFound or ErrorCode.ImageNotFound or ErrorCode.VolumeNotFound or ErrorCode.NetworkNotFound or ErrorCode.RegistryNotFound or ErrorCode.FileNotFound or ErrorCode.CommandNotFound
            or ErrorCode.UserNotFound => ErrorCategory.ObjectNotFound,
        ErrorCode.ContainerIdAmbiguous or ErrorCode.ImageIdAmbiguous or ErrorCode.ImageNameAmbiguous or ErrorCode.CapabilityUnknown or ErrorCode.SignalUnknown
            or ErrorCode.LimitInvalid or ErrorCode.InvalidArgument => ErrorCategory.InvalidArgument,
        ErrorCode.ContainerNameInUse or ErrorCode.VolumeNameInUse or ErrorCode.NetworkNameInUse or ErrorCode.NetworkAlreadyConnected or ErrorCode.FileExists => ErrorCategory.ResourceExists,
        ErrorCode.RegistryUnreachable => ErrorCategory.ConnectionError,
        ErrorCode.RegistryUnauthorized => ErrorCategory.AuthenticationError,
        ErrorCode.RegistryRateLimited => ErrorCategory.LimitsExceeded,
        ErrorCode.SizeLimitExceeded => ErrorCategory.LimitsExceeded,
        ErrorCode.RegistryResponseInvalid => ErrorCategory.ProtocolError,
        ErrorCode.RegistryFailed => ErrorCategory.ResourceUnavailable,
        ErrorCode.RegistryCertificateInvalid or ErrorCode.SignatureInvalid or ErrorCode.DigestRequired or ErrorCode.ImageRejected
            or ErrorCode.RegistryBlocked => ErrorCategory.SecurityError,
        ErrorCode.CredentialHelperFailed => ErrorCategory.FromStdErr,
        ErrorCode.ContainerRunning or ErrorCode.ContainerNotRunning or ErrorCode.ContainerPaused or ErrorCode.ContainerNotPaused
            or ErrorCode.NetworkNotConnected or ErrorCode.NetworkNotConnectable or ErrorCode.LimitBelowUsage => ErrorCategory.InvalidOperation,
        ErrorCode.ContainerRemoving or ErrorCode.ImageInUse or ErrorCode.VolumeInUse or ErrorCode.NetworkInUse or ErrorCode.AddressInUse
            or ErrorCode.PortInUse or ErrorCode.SubnetOverlaps => ErrorCategory.ResourceBusy,
        ErrorCode.ImageCorrupt or ErrorCode.DigestMismatch or ErrorCode.ArchiveCorrupt or ErrorCode.InvalidConfiguration
            or ErrorCode.StateCorrupt => ErrorCategory.InvalidData,
        ErrorCode.HookFailed => ErrorCategory.InvalidResult,
        ErrorCode.ArchiveUnsafe => ErrorCategory.SecurityError,
        ErrorCode.ImageUnsupported or ErrorCode.NotSupported => ErrorCategory.NotImplemented,
        ErrorCode.CommandNotExecutable or ErrorCode.PermissionDenied => ErrorCategory.PermissionDenied,
        ErrorCode.StorageFull => ErrorCategory.WriteError,
        ErrorCode.KernelError or ErrorCode.LaunchFailed => ErrorCategory.NotSpecified,
        ErrorCode.MonitorLost => ErrorCategory.ResourceUnavailable,
        ErrorCode.Timeout => ErrorCategory.OperationTimeout,
        ErrorCode.ToolMissing => ErrorCategory.NotInstalled,
        _ => ErrorCategory.NotSpecified,
    };

    private static string? ActionFor(ErrorCode code) => code switch
    {
        ErrorCode.ContainerNotFound => "Look for the container with Get-Container.",
        ErrorCode.ContainerIdAmbiguous => "Give more digits of the id, or the container's name.",
        ErrorCode.ContainerNameInUse => "Choose another name, or remove or rename the container that has it.",
        ErrorCode.ContainerRunning => "Stop the container with Stop-Container first.",
        ErrorCode.ContainerNotRunning => "Start the container with Start-Container.",
        ErrorCode.ContainerPaused => "Let the container go on with Resume-Container.",
        ErrorCode.ContainerNotPaused => "Look at the container's state with Get-Container.",
        ErrorCode.ContainerRemoving => "Wait until the container is gone.",
        ErrorCode.ImageNotFound => "Look for the image with Get-ContainerImage, or bring it in with Receive-ContainerImage or Import-ContainerImage.",
        ErrorCode.ImageIdAmbiguous or ErrorCode.ImageNameAmbiguous => "Give more digits of the id, or the image's reference.",
        ErrorCode.VolumeInUse => "Remove the containers that use the volume.",
        ErrorCode.ImageInUse => "Remove the containers that use the image, or use -Force.",
        ErrorCode.NetworkNotFound => "Look for the network with Get-ContainerNetwork.",
        ErrorCode.NetworkNameInUse => "Choose another name, or remove the network that has it.",
        ErrorCode.NetworkInUse => "Look at the network's containers with Get-ContainerNetwork.",
        ErrorCode.NetworkAlreadyConnected => "Disconnect it with Disconnect-ContainerNetwork first, to connect it in another way.",
        ErrorCode.NetworkNotConnected => "Look at the container's networks with Get-Container.",
        ErrorCode.NetworkNotConnectable => "Make the container with -Network and the name of a network.",
        ErrorCode.SubnetOverlaps => "Choose another subnet, or leave it out to get a free one.",
        ErrorCode.AddressInUse => "Choose another address, or leave it out to get a free one.",
        ErrorCode.PortInUse => "Choose another port of the host, or leave it out to get a free one.",
        ErrorCode.ImageCorrupt => "Import the image again.",
        ErrorCode.DigestMismatch or ErrorCode.ArchiveCorrupt => "Get the archive again from where it came from.",
        ErrorCode.RegistryUnreachable => "Check the registry's name and the network, and try again.",
        ErrorCode.RegistryUnauthorized => "Connect with Connect-ContainerRegistry, as a user who may do this.",
        ErrorCode.RegistryRateLimited => "Wait, or connect with Connect-ContainerRegistry: known users may do more.",
        ErrorCode.RegistryCertificateInvalid => "Put the authority's certificate into certs.d, or give its folder with -CertificateFolder.",
        ErrorCode.DigestRequired => "Look the digest up with Get-ContainerImage -Remote, and give it as name@sha256:…",
        ErrorCode.ArchiveUnsafe => "Do not use this archive unless you trust where it came from and have repaired it.",
        ErrorCode.CommandNotFound => "Give the path of a program that the image has.",
        ErrorCode.CommandNotExecutable => "Check the program's mode and format in the image.",
        ErrorCode.UserNotFound => "Use a name from the image's /etc/passwd, or a number.",
        ErrorCode.CapabilityUnknown => "See capabilities(7) for the names, or complete them with the Tab key.",
        ErrorCode.SignalUnknown => "See signal(7) for the names, or complete them with the Tab key.",
        ErrorCode.LimitBelowUsage => "Choose a higher limit, or have the container use less first.",
        ErrorCode.StorageFull => "Free some space and try again.",
        ErrorCode.PermissionDenied => "Run PowerShell as root.",
        ErrorCode.NotSupported => "See what this machine provides with Test-ContainerHost.",
        ErrorCode.MonitorLost => "Look at the container's state with Get-Container and start it again.",
        ErrorCode.ToolMissing => "See what is missing with Test-ContainerHost.",
        _ => null,
    };
}
