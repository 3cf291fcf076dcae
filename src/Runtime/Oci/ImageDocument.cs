using System.Text.Json;

namespace ContainerTools.Runtime.Oci;

/// <summary>
/// What image documents have in common. Their properties have setters, because the JSON generator gives a property that can only be
/// initialized the default of its type where the document leaves it out, not the one written here.
/// </summary>
internal static class ImageDocument
{
    /// <summary>A list as documents write it: Go says null for an empty one; null in a list means nothing and is an error.</summary>
    public static IReadOnlyList<T> List<T>(IReadOnlyList<T>? list)
        => list is null ? [] : list.Any(item => item is null) ? throw new JsonException("A list holds null.") : list;
}
