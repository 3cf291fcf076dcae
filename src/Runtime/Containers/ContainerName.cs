using System.Security.Cryptography;
using System.Text.RegularExpressions;

namespace ContainerTools.Runtime.Containers;

/// <summary>Names and ids of containers: what is allowed, and how new ones are made.</summary>
internal static partial class ContainerName
{
    private const int MaximumLength = 253;

    private static readonly string[] s_qualities =
    [
        "agile", "amber", "ancient", "ardent", "autumn", "azure", "blithe", "bold", "brave", "bright", "brisk", "calm", "candid", "clever",
        "cobalt", "copper", "coral", "crisp", "daring", "deft", "dewy", "eager", "early", "earnest", "fabled", "fair", "fleet", "fond",
        "frosty", "gentle", "gilded", "glad", "golden", "grand", "hardy", "hazel", "hidden", "humble", "ivory", "jolly", "keen", "kind",
        "lively", "lofty", "loyal", "lucid", "lunar", "mellow", "merry", "mild", "misty", "modest", "nimble", "noble", "opal", "patient",
        "placid", "plucky", "polar", "proud", "quick", "quiet", "rapid", "royal", "ruby", "rustic", "sable", "sandy", "serene", "silent",
        "silver", "sleek", "smooth", "snowy", "solar", "spry", "steady", "still", "stout", "sunny", "swift", "tidy", "tranquil", "upbeat",
        "velvet", "verdant", "vivid", "warm", "wild", "winter", "wise", "witty", "young", "zesty",
    ];

    private static readonly string[] s_things =
    [
        "acorn", "alder", "anchor", "aspen", "badger", "basil", "beacon", "beaver", "birch", "bison", "breeze", "bridge", "brook", "canyon",
        "cedar", "clover", "comet", "condor", "coral", "cove", "crane", "creek", "curlew", "dolphin", "dune", "eagle", "ember", "falcon",
        "fern", "finch", "fjord", "forest", "fox", "garnet", "glacier", "grove", "gull", "harbor", "hare", "hawk", "heron", "hill",
        "island", "ivy", "jaguar", "juniper", "kestrel", "lagoon", "lake", "lantern", "larch", "lark", "lemur", "linden", "lynx", "maple",
        "marsh", "marten", "meadow", "mesa", "moose", "oak", "ocean", "orchid", "osprey", "otter", "owl", "pebble", "pine", "plover",
        "pond", "prairie", "puffin", "quail", "quartz", "raven", "reef", "ridge", "river", "robin", "rowan", "saffron", "salmon", "seal",
        "sparrow", "spruce", "stone", "stork", "summit", "swan", "tern", "thistle", "tiger", "tulip", "valley", "walnut", "willow", "wren",
    ];

    /// <summary>Whether a text can be a container's or a volume's name: Docker's rule.</summary>
    public static bool IsValid(string name) => name.Length <= MaximumLength && Pattern().IsMatch(name);

    /// <summary>Checks a container's name.</summary>
    /// <exception cref="ContainerException"><see cref="ErrorCode.InvalidArgument"/>.</exception>
    public static void Check(string name)
    {
        if (IsValid(name)) return;
        throw new ContainerException(
            ErrorCode.InvalidArgument,
            $"'{name}' cannot be a container's name; use two or more letters, digits, '_', '.' and '-', a letter or digit first.",
            name);
    }

    /// <summary>A name for a container that was given none.</summary>
    /// <param name="attempt">How many names were taken already; after a few, a number makes the name longer.</param>
    public static string Generate(int attempt)
    {
        string name = $"{RandomNumberGenerator.GetItems<string>(s_qualities, 1)[0]}_{RandomNumberGenerator.GetItems<string>(s_things, 1)[0]}";
        return attempt < 3 ? name : $"{name}{RandomNumberGenerator.GetInt32(10, 100_000)}";
    }

    /// <summary>A new id: 64 hexadecimal digits, the first twelve of them not all decimal, so that a short id never reads as a number.</summary>
    public static string NewId()
    {
        while (true)
        {
            string id = RandomNumberGenerator.GetHexString(64, lowercase: true);
            if (id.AsSpan(0, 12).ContainsAnyInRange('a', 'f')) return id;
        }
    }

    /// <summary>Whether a text can be an id or the beginning of one.</summary>
    public static bool IsIdPrefix(string text) => text.Length is > 0 and <= 64 && text.All(char.IsAsciiHexDigitLower);

    [GeneratedRegex(@"^[a-zA-Z0-9][a-zA-Z0-9_.-]+\z", RegexOptions.CultureInvariant)]
    private static partial Regex Pattern();
}
