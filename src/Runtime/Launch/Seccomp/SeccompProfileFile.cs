using System.Globalization;
using System.Text.Json;
using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Launch.Seccomp;

/// <summary>Reads a seccomp profile in Docker's form from a file and settles its conditions for this machine and a container's capabilities.</summary>
internal static class SeccompProfileFile
{
    /// <summary>Reads a profile for the running kernel.</summary>
    /// <param name="path">The file.</param>
    /// <param name="capabilities">The container's bounding set, names as <c>CAP_CHOWN</c>.</param>
    /// <exception cref="ContainerException">
    /// <see cref="ErrorCode.FileNotFound"/>; <see cref="ErrorCode.InvalidConfiguration"/> that names the file and the place in it.
    /// </exception>
    public static OciSeccomp Load(string path, IReadOnlyCollection<string> capabilities)
        => Load(path, capabilities, SeccompCompiler.Native, Environment.OSVersion.Version);

    /// <summary>Reads a profile for a given kernel.</summary>
    /// <param name="path">The file.</param>
    /// <param name="capabilities">The container's bounding set.</param>
    /// <param name="native">The kernel's architecture.</param>
    /// <param name="kernel">The kernel's version; two numbers count.</param>
    public static OciSeccomp Load(string path, IReadOnlyCollection<string> capabilities, SeccompArchitecture native, Version kernel)
    {
        SeccompProfileDocument? document;
        try
        {
            using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            document = JsonSerializer.Deserialize(stream, SeccompProfileJson.Default.SeccompProfileDocument);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ContainerException(ErrorCode.FileNotFound, $"There is no seccomp profile {path}.", path, error);
        }
        catch (UnauthorizedAccessException error)
        {
            throw new ContainerException(ErrorCode.PermissionDenied, $"The seccomp profile {path} cannot be read: permission denied.", path, error);
        }
        catch (JsonException error)
        {
            string where = error.LineNumber is { } line ? string.Create(CultureInfo.InvariantCulture, $", line {line + 1}") : "";
            throw Invalid(path, $"it is not a JSON document of the expected form ({error.Path ?? "$"}{where})", error);
        }

        if (document is null) throw Invalid(path, "it is empty");
        if (string.IsNullOrEmpty(document.DefaultAction)) throw Invalid(path, "defaultAction is missing");
        if (document.Architectures is { Count: > 0 } && document.ArchMap is { Count: > 0 })
        {
            throw Invalid(path, "it has both architectures and archMap; use one of them");
        }

        OciSeccomp profile = new()
        {
            DefaultAction = document.DefaultAction,
            DefaultErrnoRet = document.DefaultErrnoRet,
            Architectures = ReadArchitectures(document, native),
            Flags = document.Flags,
            ListenerPath = document.ListenerPath,
            ListenerMetadata = document.ListenerMetadata,
            Syscalls = ReadRules(path, document, capabilities, native, kernel),
        };
        try
        {
            // What is wrong with an action, an operator or a flag is found here, while the file's name is known.
            SeccompCompiler.Compile(profile, native);
        }
        catch (ContainerException error) when (error.Code == ErrorCode.InvalidConfiguration)
        {
            throw Invalid(path, error.Message.Replace("linux.seccomp.", "", StringComparison.Ordinal).TrimEnd('.'), error);
        }

        return profile;
    }

    private static IReadOnlyList<string> ReadArchitectures(SeccompProfileDocument document, SeccompArchitecture native)
    {
        string name = native == SeccompArchitecture.Aarch64 ? "SCMP_ARCH_AARCH64" : "SCMP_ARCH_X86_64";
        foreach (SeccompProfileArchitecture entry in document.ArchMap ?? [])
        {
            if (entry?.Architecture == name) return [entry.Architecture, .. entry.SubArchitectures ?? []];
        }

        return document.Architectures ?? [];
    }

    private static List<OciSyscall> ReadRules(
        string path, SeccompProfileDocument document, IReadOnlyCollection<string> capabilities, SeccompArchitecture native, Version kernel)
    {
        List<OciSyscall> rules = [];
        for (int index = 0; index < (document.Syscalls?.Count ?? 0); index++)
        {
            SeccompProfileRule rule = document.Syscalls![index];
            string where = string.Create(CultureInfo.InvariantCulture, $"syscalls[{index}]");
            if (rule is null) throw Invalid(path, $"{where} is null");
            if (rule.Name is { Length: > 0 } && rule.Names is { Count: > 0 }) throw Invalid(path, $"{where} has both name and names; use one of them");
            if (string.IsNullOrEmpty(rule.Action)) throw Invalid(path, $"{where}.action is missing");
            IReadOnlyList<string> names = rule.Name is { Length: > 0 } name ? [name] : rule.Names ?? [];
            // Also where the rule does not count here: a profile should not be found wrong only on the next machine.
            Version? included = ReadKernel(path, where + ".includes.minKernel", rule.Includes?.MinKernel);
            Version? excluded = ReadKernel(path, where + ".excludes.minKernel", rule.Excludes?.MinKernel);
            if (rule.Excludes is { } excludes && (AnyCapability(excludes, capabilities) || HasArchitecture(excludes, native) || IsFrom(excluded, kernel)))
            {
                continue;
            }

            if (rule.Includes is { } includes
                && (!AllCapabilities(includes, capabilities)
                    || (includes.Arches is { Count: > 0 } && !HasArchitecture(includes, native))
                    || (included is not null && !IsFrom(included, kernel))))
            {
                continue;
            }

            // Positions in messages are those of the file's rules, so a rule that names nothing is told here.
            if (names.Count == 0) throw Invalid(path, $"{where} names no system call");
            rules.Add(new OciSyscall { Names = names, Action = rule.Action, ErrnoRet = rule.ErrnoRet, Args = rule.Args });
        }

        return rules;
    }

    private static Version? ReadKernel(string path, string where, string? text)
    {
        if (string.IsNullOrEmpty(text)) return null;
        int dot = text.IndexOf('.', StringComparison.Ordinal);
        if (dot > 0
            && byte.TryParse(text.AsSpan(0, dot), NumberStyles.None, CultureInfo.InvariantCulture, out byte version)
            && byte.TryParse(text.AsSpan(dot + 1), NumberStyles.None, CultureInfo.InvariantCulture, out byte revision)
            && (version > 0 || revision > 0))
        {
            return new Version(version, revision);
        }

        throw Invalid(path, $"{where} is '{text}', but should be two numbers with a dot, for example 4.8");
    }

    private static bool IsFrom(Version? minimum, Version kernel)
        => minimum is not null && (kernel.Major > minimum.Major || (kernel.Major == minimum.Major && kernel.Minor >= minimum.Minor));

    private static bool HasArchitecture(SeccompProfileCondition condition, SeccompArchitecture native)
    {
        string name = native == SeccompArchitecture.Aarch64 ? "arm64" : "amd64";
        foreach (string architecture in condition.Arches ?? [])
        {
            if (architecture == name) return true;
        }

        return false;
    }

    private static bool AnyCapability(SeccompProfileCondition condition, IReadOnlyCollection<string> capabilities)
    {
        foreach (string capability in condition.Caps ?? [])
        {
            if (capabilities.Contains(capability)) return true;
        }

        return false;
    }

    private static bool AllCapabilities(SeccompProfileCondition condition, IReadOnlyCollection<string> capabilities)
    {
        foreach (string capability in condition.Caps ?? [])
        {
            if (!capabilities.Contains(capability)) return false;
        }

        return true;
    }

    private static ContainerException Invalid(string path, string what, Exception? error = null)
        => new(ErrorCode.InvalidConfiguration, $"The seccomp profile {path} is not valid: {what}.", path, error);
}
