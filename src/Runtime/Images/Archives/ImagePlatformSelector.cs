using System.Runtime.InteropServices;
using ContainerTools.Runtime.Images.Registry;
using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Images.Archives;

/// <summary>Which platform of a multi-platform image is meant.</summary>
/// <param name="Os">The operating system.</param>
/// <param name="Architecture">In Go's words.</param>
/// <param name="Variant">The variant, or null for any.</param>
/// <param name="Explicit">Whether the user asked for it.</param>
internal sealed record ImagePlatformSelector(string Os, string Architecture, string? Variant, bool Explicit)
{
    /// <summary>This machine.</summary>
    public static ImagePlatformSelector Host { get; } = new("linux", HostArchitecture, RuntimeInformation.OSArchitecture == System.Runtime.InteropServices.Architecture.Arm ? "v7" : null, false);

    private static string HostArchitecture => RuntimeInformation.OSArchitecture switch
    {
        System.Runtime.InteropServices.Architecture.X64 => "amd64",
        System.Runtime.InteropServices.Architecture.X86 => "386",
        System.Runtime.InteropServices.Architecture.Arm64 => "arm64",
        System.Runtime.InteropServices.Architecture.Arm => "arm",
        var other => other.ToString().ToLowerInvariant(),
    };

    /// <summary>Reads <c>linux/arm64</c>, <c>linux/arm/v7</c> or <c>arm64</c>; null means this machine.</summary>
    /// <exception cref="ContainerException"><see cref="ErrorCode.InvalidArgument"/>.</exception>
    public static ImagePlatformSelector Parse(string? text)
    {
        if (string.IsNullOrEmpty(text)) return Host;
        string[] parts = text.ToLowerInvariant().Split('/');
        if (parts.Length > 3 || parts.Any(part => part.Length == 0))
        {
            throw new ContainerException(ErrorCode.InvalidArgument, $"'{text}' is not a platform; write it as linux/amd64 or linux/arm/v7.", text);
        }

        string os = parts.Length == 1 ? "linux" : parts[0];
        string architecture = Normalize(parts.Length == 1 ? parts[0] : parts[1]);
        return new ImagePlatformSelector(os, architecture, parts.Length == 3 ? parts[2] : null, true);
    }

    /// <summary>Whether an image is for this platform.</summary>
    public bool Matches(string? os, string? architecture, string? variant)
        => (os ?? "linux") == Os && Normalize(architecture ?? "") == Architecture
            && (Variant is null || Variant == (variant ?? DefaultVariant(Architecture)));

    /// <summary>A platform that a document names, as people write it.</summary>
    public static string Text(ImagePlatform? platform) => Text(platform?.Os, platform?.Architecture, platform?.Variant);

    /// <inheritdoc cref="Text(ImagePlatform?)"/>
    public static string Text(string? os, string? architecture, string? variant)
        => RegistryText.Clean($"{os ?? "linux"}/{architecture ?? "unknown"}{(string.IsNullOrEmpty(variant) ? "" : "/" + variant)}");

    /// <inheritdoc/>
    public override string ToString() => Variant is null ? $"{Os}/{Architecture}" : $"{Os}/{Architecture}/{Variant}";

    private static string Normalize(string architecture) => architecture switch
    {
        "x86_64" or "x86-64" => "amd64",
        "aarch64" => "arm64",
        "i386" => "386",
        "armhf" => "arm",
        _ => architecture,
    };

    private static string? DefaultVariant(string architecture) => architecture switch
    {
        "arm64" => "v8",
        "arm" => "v7",
        _ => null,
    };
}
