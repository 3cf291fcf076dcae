using System.Net;
using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Volumes;

/// <summary>
/// Driver options of a volume, as Docker's local driver takes them, and the mount that they mean. It is made in the mount namespace of each
/// container that uses the volume, never on the host.
/// </summary>
internal static class VolumeMount
{
    /// <summary>Checks options.</summary>
    /// <exception cref="ContainerException"><see cref="ErrorCode.InvalidArgument"/>, <see cref="ErrorCode.FileNotFound"/>.</exception>
    public static void Check(IReadOnlyDictionary<string, string> options)
    {
        foreach (string key in options.Keys)
        {
            if (key is not ("type" or "device" or "o")) throw Invalid($"'{key}' is no option of a volume; there are type, device and o.", key);
        }

        if (options.Count == 0) return;
        string type = options.GetValueOrDefault("type", "");
        string device = options.GetValueOrDefault("device", "");
        if (type.Length == 0 && !IsBind(options)) throw Invalid("A volume with driver options needs a type, tmpfs or nfs for example.", "type");
        if (type.Any(letter => !char.IsAsciiLetterOrDigit(letter) && letter is not ('_' or '.' or '-'))) throw Invalid($"'{type}' is no type of file system.", type);
        if (IsBind(options))
        {
            if (!Path.IsPathFullyQualified(device)) throw Invalid("A volume with the option bind needs a device: the absolute path of a folder of the host.", device);
            if (!Directory.Exists(device)) throw new ContainerException(ErrorCode.FileNotFound, $"There is no folder {device}; make it first.", device);
        }
        else if (type != "tmpfs" && device.Length == 0)
        {
            throw Invalid($"A volume of the type {type} needs a device.", type);
        }
        else if (NfsServer.Serves(type))
        {
            NfsServer.Check(device, options.GetValueOrDefault("o", "").Split(','));
        }
    }

    /// <summary>The mount; null for a volume without driver options.</summary>
    /// <param name="options">The volume's options.</param>
    /// <param name="mount">How the container uses it.</param>
    /// <param name="resolve">Looks up the name of a server; null for this machine's way.</param>
    /// <exception cref="ContainerException"><see cref="ErrorCode.InvalidArgument"/>: a server has no address.</exception>
    public static OciMount? Of(IReadOnlyDictionary<string, string> options, ContainerMount mount, Func<string, IPAddress[]>? resolve = null)
    {
        if (options.Count == 0) return null;
        string type = options.GetValueOrDefault("type", "");
        string device = options.GetValueOrDefault("device", "");
        List<string> words = [.. options.GetValueOrDefault("o", "").Split(',', StringSplitOptions.RemoveEmptyEntries), .. mount.Options];
        if (mount.ReadOnly) words.Add("ro");
        if (IsBind(options))
        {
            if (!words.Exists(word => word.EndsWith("private", StringComparison.Ordinal) || word.EndsWith("shared", StringComparison.Ordinal)
                || word.EndsWith("slave", StringComparison.Ordinal) || word.EndsWith("unbindable", StringComparison.Ordinal)))
            {
                words.Add("rprivate");
            }

            return new OciMount { Destination = mount.Destination, Type = "bind", Source = device, Options = words };
        }

        if (NfsServer.Serves(type)) device = NfsServer.Complete(device, words, resolve ?? Dns.GetHostAddresses);
        return new OciMount { Destination = mount.Destination, Type = type, Source = device.Length == 0 ? type : device, Options = words };
    }

    private static bool IsBind(IReadOnlyDictionary<string, string> options)
        => options.GetValueOrDefault("o", "").Split(',').Any(word => word is "bind" or "rbind") || options.GetValueOrDefault("type", "") is "bind";

    private static ContainerException Invalid(string message, string target) => new(ErrorCode.InvalidArgument, message, target);
}
