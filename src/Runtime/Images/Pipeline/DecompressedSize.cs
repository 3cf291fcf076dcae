using System.Globalization;

namespace ContainerTools.Runtime.Images.Pipeline;

/// <summary>How far something compressed may grow: a few kilobytes can become as many gigabytes ("decompression bomb").</summary>
internal static class DecompressedSize
{
    private const long LeastMaximum = 4L * 1024 * 1024 * 1024;
    private const long Expansion = 200;

    /// <summary>The most bytes that it may have once it is decompressed.</summary>
    /// <param name="compressed">How many it has now.</param>
    /// <param name="given">What the caller allows; null for 200 times as many, but 4 GiB at least.</param>
    public static long Maximum(long compressed, long? given)
        => given ?? Math.Max(LeastMaximum, compressed > long.MaxValue / Expansion ? long.MaxValue : compressed * Expansion);

    /// <summary>The error of what grows further.</summary>
    /// <param name="subject">What it is, for messages.</param>
    /// <param name="compressed">How many bytes it has now.</param>
    /// <param name="maximum">How many it may have.</param>
    public static ContainerException Exceeded(string subject, long compressed, long? maximum) => new(
        ErrorCode.SizeLimitExceeded,
        string.Create(
            CultureInfo.InvariantCulture, $"{subject} grows from {compressed} to more than {maximum} bytes when it is decompressed; if that is meant, allow a larger size."),
        subject);
}
