namespace ContainerTools.Runtime.Images;

/// <summary>
/// <c>kept/&lt;digest&gt;</c>: an empty file for each image that no line lists any more, and that a container still keeps. Written by every sweep. When the last
/// of its containers goes, nobody else would ask for a sweep; and for a container of any other image, none is needed.
/// </summary>
internal static class KeptImages
{
    /// <summary>Remembers these, and no others. Under the store's lock.</summary>
    public static void Write(EnginePaths paths, IReadOnlyCollection<string> images)
    {
        string folder = Folder(paths);
        try
        {
            if (images.Count > 0) Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            else if (!Directory.Exists(folder)) return;
            foreach (string path in Directory.GetFiles(folder))
            {
                if (!images.Contains(ImageDigest.Prefix + Path.GetFileName(path))) File.Delete(path);
            }

            foreach (string image in images.Where(image => !Has(paths, image))) File.WriteAllBytes(Path.Combine(folder, ImageDigest.Hex(image)), []);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // On a full disk what was swept must count all the same. What is not remembered, or lost with the power, is swept by the next change of an image.
            System.Diagnostics.Trace.TraceWarning("What containers keep of images could not be written down: {0}", error.Message);
        }
    }

    /// <summary>Asks for a sweep where a container that is gone may have been the last to keep an image: for who cannot sweep himself.</summary>
    public static void RequestSweep(EnginePaths paths)
    {
        if (!Has(paths, "")) return;
        using StoreLock held = StoreLock.Take(Ingest.StoreLockPath(paths), CancellationToken.None);
        File.WriteAllBytes(Ingest.SweepPendingPath(paths), []);
    }

    /// <summary>Whether an image is kept by containers alone.</summary>
    /// <param name="paths">The engine's folders.</param>
    /// <param name="image">The digest of its configuration; empty for any.</param>
    public static bool Has(EnginePaths paths, string image) => image.Length == 0
        ? Directory.Exists(Folder(paths)) && Directory.EnumerateFiles(Folder(paths)).Any()
        : ImageDigest.IsValid(image) && File.Exists(Path.Combine(Folder(paths), ImageDigest.Hex(image)));

    // Not in ingest/: every folder there is that of a change.
    private static string Folder(EnginePaths paths) => Path.Combine(paths.Root, "kept");
}
