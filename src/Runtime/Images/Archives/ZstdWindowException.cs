namespace ContainerTools.Runtime.Images.Archives;

/// <summary>A frame of zstd asks for more memory than the first one did. Each has a window of its own (RFC 8878, 3.1.1), and zstd:chunked is made of many.</summary>
internal sealed class ZstdWindowException : Exception;
