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
    public static OciSpec Parse(ReadOnlySpan<byte> document, string path) => Parse(document, path, OciReader.ReadSpec);

    /// <summary>Reads a process.</summary>
    public static OciProcess ParseProcess(ReadOnlySpan<byte> document, string path) => Parse(document, path, OciReader.ReadProcess);

    /// <summary>Reads limits.</summary>
    public static OciResources ParseResources(ReadOnlySpan<byte> document, string path) => Parse(document, path, OciReader.ReadResources);

    private delegate T Reader<T>(ReadOnlySpan<byte> document);

    private static T Parse<T>(ReadOnlySpan<byte> document, string path, Reader<T> read)
    {
        try
        {
            return read(document);
        }
        catch (JsonException error)
        {
            // A line number comes with what is no JSON at all; what has the wrong form says so in words.
            string what = error.LineNumber is { } line ? $"it is no JSON from line {line + 1} on" : error.Message;
            throw new ContainerException(ErrorCode.InvalidConfiguration, $"{path} is not valid: {what}.", path, error);
        }
    }
}
