using System.Globalization;
using System.Text;

namespace ContainerTools.Tests.Registries;

/// <summary>A request as it came.</summary>
internal sealed record FakeRequest(string Method, string Target, IReadOnlyDictionary<string, string> Headers, byte[] Body)
{
    public string Path => Uri.UnescapeDataString(Target.Split('?')[0]);

    public string? Authorization => Headers.GetValueOrDefault("authorization");

    /// <summary>The first byte that is wanted.</summary>
    public long RangeStart => Headers.TryGetValue("range", out string? range)
        ? long.Parse(range["bytes=".Length..].Split('-')[0], CultureInfo.InvariantCulture)
        : 0;

    /// <summary>Reads one; null at the end of the connection.</summary>
    public static async Task<FakeRequest?> ReadAsync(Stream stream, CancellationToken cancellationToken)
    {
        StringBuilder head = new();
        byte[] one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            if (await stream.ReadAsync(one, cancellationToken) == 0) return null;
            // The beginning of a TLS handshake: whoever does not speak it hangs up.
            if (head.Length == 0 && one[0] == 0x16) return null;
            head.Append((char)one[0]);
        }

        string[] lines = head.ToString().Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        string[] first = lines[0].Split(' ');
        if (first.Length < 3) return null;
        Dictionary<string, string> headers = [];
        foreach (string line in lines[1..])
        {
            int colon = line.IndexOf(':');
            headers[line[..colon].ToLowerInvariant()] = line[(colon + 1)..].Trim();
        }

        byte[] body = new byte[int.Parse(headers.GetValueOrDefault("content-length", "0"), CultureInfo.InvariantCulture)];
        await stream.ReadExactlyAsync(body, cancellationToken);
        return new FakeRequest(first[0], first[1], headers, body);
    }
}
