namespace ContainerTools;

/// <summary>
/// What went wrong, in the engine's words. The names are stable: they appear as the first part of
/// <c>FullyQualifiedErrorId</c> and as the <c>code</c> of an API error, so scripts may match on them.
/// </summary>
public enum ErrorCode
{
    /// <summary>No container has this name, id or id prefix.</summary>
    ContainerNotFound,
    /// <summary>An id prefix fits more than one container.</summary>
    ContainerIdAmbiguous,
    /// <summary>Another container has this name already.</summary>
    ContainerNameInUse,
    /// <summary>The container runs, and the operation needs one that does not.</summary>
    ContainerRunning,
    /// <summary>The container does not run, and the operation needs one that does.</summary>
    ContainerNotRunning,
    /// <summary>The container is paused, and the operation needs one that is not.</summary>
    ContainerPaused,
    /// <summary>The container is not paused, and the operation needs one that is.</summary>
    ContainerNotPaused,
    /// <summary>The container is being removed.</summary>
    ContainerRemoving,
    /// <summary>No volume has this name.</summary>
    VolumeNotFound,
    /// <summary>Another volume has this name.</summary>
    VolumeNameInUse,
    /// <summary>A container uses this volume.</summary>
    VolumeInUse,
    /// <summary>No image has this reference, id or id prefix.</summary>
    ImageNotFound,
    /// <summary>An image id prefix fits more than one image.</summary>
    ImageIdAmbiguous,
    /// <summary>A short name may mean images of several registries.</summary>
    ImageNameAmbiguous,
    /// <summary>A container still uses this image.</summary>
    ImageInUse,
    /// <summary>There is no network of this name.</summary>
    NetworkNotFound,
    /// <summary>Another network has this name already.</summary>
    NetworkNameInUse,
    /// <summary>A container is in this network.</summary>
    NetworkInUse,
    /// <summary>The container is in this network already.</summary>
    NetworkAlreadyConnected,
    /// <summary>The container is not in this network.</summary>
    NetworkNotConnected,
    /// <summary>The container has the host's network, another container's or none: it cannot be in one of the engine's.</summary>
    NetworkNotConnectable,
    /// <summary>A subnet overlaps with another network or a route of the host.</summary>
    SubnetOverlaps,
    /// <summary>An address is taken, or a subnet has none left.</summary>
    AddressInUse,
    /// <summary>A port of the host is taken.</summary>
    PortInUse,
    /// <summary>An image or archive document is damaged or incomplete.</summary>
    ImageCorrupt,
    /// <summary>The image is of a kind this engine cannot use (platform, media type, compression).</summary>
    ImageUnsupported,
    /// <summary>The content does not have the digest that was promised for it.</summary>
    DigestMismatch,
    /// <summary>An archive holds an entry that would be written outside the root file system.</summary>
    ArchiveUnsafe,
    /// <summary>An archive is damaged, truncated or of no known kind.</summary>
    ArchiveCorrupt,
    /// <summary>Content is larger than is allowed: a document, or a layer once it is decompressed.</summary>
    SizeLimitExceeded,
    /// <summary>A reference has no digest where one is required.</summary>
    DigestRequired,
    /// <summary>An image is not signed with the key that it must be signed with.</summary>
    SignatureInvalid,
    /// <summary>This machine's policy of trust does not let the image in.</summary>
    ImageRejected,
    /// <summary>No credentials are kept for this registry.</summary>
    RegistryNotFound,
    /// <summary>A registry cannot be reached.</summary>
    RegistryUnreachable,
    /// <summary>A registry wants credentials, does not accept those it got, or does not allow this to their owner.</summary>
    RegistryUnauthorized,
    /// <summary>A registry asks to be left alone for a while.</summary>
    RegistryRateLimited,
    /// <summary>A registry answers what no registry may: another kind of document, a wrong length, redirects without end.</summary>
    RegistryResponseInvalid,
    /// <summary>A registry's certificate is not trusted, or a certificate file cannot be used.</summary>
    RegistryCertificateInvalid,
    /// <summary>The configuration of registries forbids this one.</summary>
    RegistryBlocked,
    /// <summary>A registry has failed.</summary>
    RegistryFailed,
    /// <summary>A credential helper has failed.</summary>
    CredentialHelperFailed,
    /// <summary>A file the user named does not exist.</summary>
    FileNotFound,
    /// <summary>A file that was to be made is there already.</summary>
    FileExists,
    /// <summary>The command does not exist in the container (exit code 127).</summary>
    CommandNotFound,
    /// <summary>The command exists in the container but cannot be executed (exit code 126).</summary>
    CommandNotExecutable,
    /// <summary>The image has no such user or group.</summary>
    UserNotFound,
    /// <summary>The kernel has no such capability.</summary>
    CapabilityUnknown,
    /// <summary>There is no such signal.</summary>
    SignalUnknown,
    /// <summary>A limit is not a number, or outside what the kernel accepts.</summary>
    LimitInvalid,
    /// <summary>A limit is below what the container uses now.</summary>
    LimitBelowUsage,
    /// <summary>An argument has a value the engine does not accept.</summary>
    InvalidArgument,
    /// <summary>A configuration document (OCI bundle, saved state) is not valid.</summary>
    InvalidConfiguration,
    /// <summary>The disk is full, or a quota is used up.</summary>
    StorageFull,
    /// <summary>The user may not do this.</summary>
    PermissionDenied,
    /// <summary>This kernel or machine cannot do this.</summary>
    NotSupported,
    /// <summary>The kernel refused a system call.</summary>
    KernelError,
    /// <summary>The container's first process could not be started.</summary>
    LaunchFailed,
    /// <summary>A hook of the container's configuration failed or took too long.</summary>
    HookFailed,
    /// <summary>The container's monitor ended or does not answer.</summary>
    MonitorLost,
    /// <summary>Saved state is damaged and could not be repaired.</summary>
    StateCorrupt,
    /// <summary>What was waited for did not happen in the time allowed.</summary>
    Timeout,
    /// <summary>A file needed by the engine (ctrun, nft, …) is not installed.</summary>
    ToolMissing,
}
