using System.Text.Json;
using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Oci;

namespace ContainerTools.Runtime.Containers.Runs;

/// <summary>Reads an OCI bundle's configuration, and the documents that commands take.</summary>
internal static class Bundle
{
    /// <summary>The bundle's config.json, and its text.</summary>
    /// <exception cref="ContainerException"><see cref="ErrorCode.FileNotFound"/>, <see cref="ErrorCode.InvalidConfiguration"/>.</exception>
    public static (OciSpec Spec, byte[] Document) Read(string folder)
    {
        string path = Path.Combine(folder, "config.json");
        byte[] document = ReadDocument(path);
        return (Parse(document, path), document);
    }

    /// <summary>The bytes of a file that the user named.</summary>
    public static byte[] ReadDocument(string path)
    {
        byte[] document = Libc.ReadWholeKernelFile(path, out int errno);
        if (errno == 0) return document;
        throw errno == Errno.ENOENT || errno == Errno.ENOTDIR
            ? new ContainerException(ErrorCode.FileNotFound, $"There is no file {path}.", path)
            : KernelError.From("read", errno, path);
    }

    /// <summary>Reads a configuration.</summary>
    public static OciSpec Parse(ReadOnlySpan<byte> document, string path) => Parse(document, path, OciJson.Default.OciSpec);

    /// <summary>Reads a document of a given kind.</summary>
    /// <param name="document">Its text.</param>
    /// <param name="path">Where it is from, for the error message.</param>
    /// <param name="type">Its kind.</param>
    public static T Parse<T>(ReadOnlySpan<byte> document, string path, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(document, type)
                ?? throw new ContainerException(ErrorCode.InvalidConfiguration, $"{path} holds nothing but null.", path);
        }
        catch (JsonException error)
        {
            string line = error.LineNumber is { } number ? $" in line {number + 1}" : "";
            throw new ContainerException(ErrorCode.InvalidConfiguration, $"{path} is not valid{line}: unexpected content at {error.Path ?? "$"}.", path, error);
        }
    }
}
