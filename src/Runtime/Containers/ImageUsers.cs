using System.Globalization;
using System.Text;

namespace ContainerTools.Runtime.Containers;

/// <summary>
/// Checks, when a container is made, that the image has the user and the groups it is to run as. The numbers are looked up at each
/// start, in the container's own files; this finds the typing errors early. A number is always good.
/// </summary>
internal static class ImageUsers
{
    /// <summary>Checks a user.</summary>
    /// <param name="image">The image's files.</param>
    /// <param name="user"><c>user[:group]</c>, names or numbers; empty for root.</param>
    /// <param name="groups">Additional groups.</param>
    /// <exception cref="ContainerException"><see cref="ErrorCode.UserNotFound"/>.</exception>
    public static void Check(LayerView image, string user, IReadOnlyList<string> groups)
    {
        int colon = user.IndexOf(':', StringComparison.Ordinal);
        string name = colon < 0 ? user : user[..colon];
        if (name.Length > 0 && !IsNumber(name) && !Has(image.ReadFile("/etc/passwd"), name))
        {
            throw new ContainerException(ErrorCode.UserNotFound, $"The image has no user '{name}' in its /etc/passwd.", name);
        }

        foreach (string group in colon < 0 ? groups : groups.Prepend(user[(colon + 1)..]))
        {
            if (group.Length > 0 && !IsNumber(group) && !Has(image.ReadFile("/etc/group"), group))
            {
                throw new ContainerException(ErrorCode.UserNotFound, $"The image has no group '{group}' in its /etc/group.", group);
            }
        }
    }

    private static bool IsNumber(string text) => uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out uint id) && id <= int.MaxValue;

    private static bool Has(byte[]? file, string name)
    {
        ReadOnlySpan<byte> prefix = Encoding.UTF8.GetBytes(name + ":");
        ReadOnlySpan<byte> rest = file;
        while (!rest.IsEmpty)
        {
            if (rest.StartsWith(prefix)) return true;
            int end = rest.IndexOf((byte)'\n');
            if (end < 0) break;
            rest = rest[(end + 1)..];
        }

        return false;
    }
}
