using System.Collections;
using System.Management.Automation;

namespace ContainerTools.Module.Parameters;

/// <summary>Reads mounts in Docker's forms: <c>-Volume source:destination[:options]</c>, <c>-Mount type=bind,source=…</c>, <c>-Tmpfs path[:options]</c>.</summary>
internal static class MountText
{
    private static readonly char[] PathStarts = ['/', '.', '~'];

    /// <summary>A bind mount (where the source is a path), a volume (where it is a name), or an anonymous volume (where there is none).</summary>
    /// <param name="text"><c>source:destination[:option,option]</c>, or <c>destination</c> alone.</param>
    /// <param name="resolvePath">Makes a host path absolute.</param>
    public static ContainerMount ParseVolume(string text, Func<string, string> resolvePath)
    {
        string[] parts = text.Split(':');
        if (parts is [['/', ..]]) return new ContainerMount { Type = ContainerMountType.Volume, Destination = Destination(text, text) };
        if (parts.Length is < 2 or > 3 || parts.Any(static part => part.Length == 0))
        {
            throw Invalid($"'{text}' is not a volume; use source:destination, or source:destination:ro, where the source is a path or a volume's name, or an absolute path in the container for a volume without a name.", text);
        }

        bool isPath = PathStarts.Contains(parts[0][0]) || parts[0].Contains('/', StringComparison.Ordinal);
        (bool readOnly, List<string> options) = Options(parts.Length == 3 ? parts[2].Split(',') : []);
        return new ContainerMount
        {
            Type = isPath ? ContainerMountType.Bind : ContainerMountType.Volume,
            Source = isPath ? resolvePath(parts[0]) : parts[0],
            Destination = Destination(parts[1], text),
            ReadOnly = readOnly,
            Options = options,
        };
    }

    /// <summary>A file system in memory.</summary>
    /// <param name="text"><c>destination[:option,option]</c>.</param>
    public static ContainerMount ParseTmpfs(string text)
    {
        string[] parts = text.Split(':', 2);
        (bool readOnly, List<string> options) = Options(parts.Length == 2 ? parts[1].Split(',') : []);
        return new ContainerMount
        {
            Type = ContainerMountType.Tmpfs,
            Destination = Destination(parts[0], text),
            ReadOnly = readOnly,
            Options = options,
        };
    }

    /// <summary>Any mount: a ContainerMount as it is, a table, or Docker's <c>--mount</c> text.</summary>
    /// <param name="data">The parameter's value.</param>
    /// <param name="resolvePath">Makes a host path absolute.</param>
    public static ContainerMount ParseMount(object data, Func<string, string> resolvePath)
    {
        data = data is PSObject wrapper ? wrapper.BaseObject : data;
        if (data is ContainerMount mount) return mount;
        string shown = data as string ?? "the table";
        ContainerMountType type = ContainerMountType.Volume;
        string source = "", destination = "";
        bool readOnly = false;
        List<string> options = [];
        foreach ((string key, string? value) in Fields(data))
        {
            switch (key.ToLowerInvariant())
            {
                case "type":
                    if (!Enum.TryParse(value, ignoreCase: true, out type) || int.TryParse(value, out _))
                    {
                        throw Invalid($"'{value}' is not a type of mount; use bind, volume or tmpfs.", shown);
                    }

                    break;
                case "source" or "src":
                    source = value ?? "";
                    break;
                case "destination" or "dst" or "target":
                    destination = value ?? "";
                    break;
                case "readonly" or "ro":
                    readOnly = value is null || !bool.TryParse(value, out bool wanted) ? value is null or "1" : wanted;
                    break;
                case "options" or "bind-propagation":
                    options.AddRange((value ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries));
                    break;
                case "tmpfs-size":
                    options.Add($"size={value}");
                    break;
                case "tmpfs-mode":
                    options.Add($"mode={value}");
                    break;
                default:
                    throw Invalid(
                        $"'{key}' is not part of a mount; use type, source, destination, readonly, options, bind-propagation, tmpfs-size or tmpfs-mode.", shown);
            }
        }

        if (type == ContainerMountType.Bind && source.Length > 0) source = resolvePath(source);
        if (type == ContainerMountType.Bind && source.Length == 0) throw Invalid($"The bind mount of '{destination}' has no source; add source=<path>.", shown);
        return new ContainerMount
        {
            Type = type,
            Source = type == ContainerMountType.Tmpfs ? "" : source,
            Destination = Destination(destination, shown),
            ReadOnly = readOnly,
            Options = options,
        };
    }

    private static IEnumerable<(string Key, string? Value)> Fields(object data)
    {
        if (data is IDictionary table)
        {
            foreach (DictionaryEntry entry in table)
            {
                string? value = entry.Value is IEnumerable and not string
                    ? string.Join(',', LanguagePrimitives.ConvertTo<string[]>(entry.Value))
                    : LanguagePrimitives.ConvertTo<string>(entry.Value);
                yield return (LanguagePrimitives.ConvertTo<string>(entry.Key), value);
            }

            yield break;
        }

        foreach (string field in LanguagePrimitives.ConvertTo<string>(data).Split(','))
        {
            string[] pair = field.Split('=', 2);
            yield return (pair[0], pair.Length == 2 ? pair[1] : null);
        }
    }

    private static (bool ReadOnly, List<string> Others) Options(IEnumerable<string> words)
    {
        bool readOnly = false;
        List<string> others = [];
        foreach (string word in words)
        {
            switch (word)
            {
                case "ro":
                    readOnly = true;
                    break;
                // The default, and labels for a security module that knows what to do with them elsewhere.
                case "rw" or "z" or "Z" or "":
                    break;
                default:
                    others.Add(word);
                    break;
            }
        }

        return (readOnly, others);
    }

    private static string Destination(string path, string shown) => path.StartsWith('/')
        ? path
        : throw Invalid($"The destination '{path}' of a mount is not an absolute path in the container; start it with '/'.", shown);

    private static ContainerException Invalid(string message, string target) => new(ErrorCode.InvalidArgument, message, target);
}
