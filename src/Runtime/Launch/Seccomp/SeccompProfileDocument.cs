using System.Text.Json.Serialization;
using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Launch.Seccomp;

/// <summary>A seccomp profile as Docker's <c>--security-opt seccomp=FILE</c> takes it: the OCI form with conditions.</summary>
internal sealed record SeccompProfileDocument
{
    /// <inheritdoc cref="OciSeccomp.DefaultAction"/>
    public string? DefaultAction { get; init; }
    /// <inheritdoc cref="OciSeccomp.DefaultErrnoRet"/>
    public uint? DefaultErrnoRet { get; init; }
    /// <inheritdoc cref="OciSeccomp.Architectures"/>
    public IReadOnlyList<string>? Architectures { get; init; }
    /// <summary>Instead of <see cref="Architectures"/>: by the machine's architecture, those that come along with it.</summary>
    public IReadOnlyList<SeccompProfileArchitecture>? ArchMap { get; init; }
    /// <inheritdoc cref="OciSeccomp.Flags"/>
    public IReadOnlyList<string>? Flags { get; init; }
    /// <inheritdoc cref="OciSeccomp.ListenerPath"/>
    public string? ListenerPath { get; init; }
    /// <inheritdoc cref="OciSeccomp.ListenerMetadata"/>
    public string? ListenerMetadata { get; init; }
    /// <summary>The rules.</summary>
    public IReadOnlyList<SeccompProfileRule>? Syscalls { get; init; }
}

/// <summary>An architecture and those whose programs its kernel runs as well.</summary>
internal sealed record SeccompProfileArchitecture
{
    /// <summary><c>SCMP_ARCH_…</c>.</summary>
    public required string Architecture { get; init; }
    /// <summary><c>SCMP_ARCH_…</c>.</summary>
    public IReadOnlyList<string>? SubArchitectures { get; init; }
}

/// <summary>A rule with conditions.</summary>
internal sealed record SeccompProfileRule
{
    /// <summary>System calls.</summary>
    public IReadOnlyList<string>? Names { get; init; }
    /// <summary>One system call: an older form.</summary>
    public string? Name { get; init; }
    /// <inheritdoc cref="OciSyscall.Action"/>
    public string? Action { get; init; }
    /// <inheritdoc cref="OciSyscall.ErrnoRet"/>
    public uint? ErrnoRet { get; init; }
    /// <inheritdoc cref="OciSyscall.Args"/>
    public IReadOnlyList<OciSeccompArg>? Args { get; init; }
    /// <summary>The rule counts only where all of this is so.</summary>
    public SeccompProfileCondition? Includes { get; init; }
    /// <summary>The rule does not count where any of this is so.</summary>
    public SeccompProfileCondition? Excludes { get; init; }
}

/// <summary>What a rule can depend on.</summary>
internal sealed record SeccompProfileCondition
{
    /// <summary>Capabilities of the bounding set.</summary>
    public IReadOnlyList<string>? Caps { get; init; }
    /// <summary>Machine architectures, <c>amd64</c>, <c>arm64</c>, ….</summary>
    public IReadOnlyList<string>? Arches { get; init; }
    /// <summary>Kernel version, <c>4.8</c>.</summary>
    public string? MinKernel { get; init; }
}

/// <summary>Source-generated JSON of seccomp profiles; like Docker, names are taken in any case and null means absent.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, PropertyNameCaseInsensitive = true)]
[JsonSerializable(typeof(SeccompProfileDocument))]
internal sealed partial class SeccompProfileJson : JsonSerializerContext;
