namespace ContainerTools.Runtime.Images.Registry;

/// <summary>What a registry wants to see before it answers: a WWW-Authenticate header (RFC 9110, section 11.6.1).</summary>
/// <param name="Scheme">Lower case: <c>bearer</c>, <c>basic</c>.</param>
/// <param name="Parameters">Its parameters, by lower-case name.</param>
internal sealed record RegistryChallenge(string Scheme, IReadOnlyDictionary<string, string> Parameters)
{
    /// <summary>Reads the parameters of one challenge. What cannot be read is left out: another challenge may be usable.</summary>
    public static RegistryChallenge Parse(string scheme, string? parameters)
    {
        Dictionary<string, string> found = [];
        ReadOnlySpan<char> rest = parameters;
        while (true)
        {
            rest = rest.TrimStart(" ,\t");
            int equals = rest.IndexOf('=');
            if (equals <= 0) return new RegistryChallenge(scheme.ToLowerInvariant(), found);
            string name = rest[..equals].Trim().ToString().ToLowerInvariant();
            rest = rest[(equals + 1)..].TrimStart();
            if (rest.StartsWith("\""))
            {
                System.Text.StringBuilder value = new();
                int i = 1;
                for (; i < rest.Length && rest[i] != '"'; i++)
                {
                    if (rest[i] == '\\' && i + 1 < rest.Length) i++;
                    value.Append(rest[i]);
                }

                found[name] = value.ToString();
                rest = i < rest.Length ? rest[(i + 1)..] : [];
            }
            else
            {
                int end = rest.IndexOf(',');
                found[name] = (end < 0 ? rest : rest[..end]).Trim().ToString();
                rest = end < 0 ? [] : rest[end..];
            }
        }
    }
}
