using System.Globalization;
using System.Text;

namespace ContainerTools.Tests.Registries;

/// <summary>An answer, as right or as wrong as a test wants it.</summary>
internal sealed record FakeAnswer
{
    public static FakeAnswer NotFound { get; } = new() { Status = 404, Body = """{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}"""u8.ToArray() };

    public int Status { get; init; } = 200;

    public byte[] Body { get; init; } = [];

    public string Type { get; init; } = "application/json";

    public IReadOnlyList<string> Headers { get; init; } = [];

    /// <summary>What Content-Length says; null for the truth, -1 to leave it out and close at the end.</summary>
    public long? Length { get; init; }

    /// <summary>Close the connection after so many bytes of the body.</summary>
    public int? CutAfter { get; init; }

    /// <summary>Say nothing more after so many bytes of the body.</summary>
    public int? StallAfter { get; init; }

    /// <summary>Waited for before the body is sent.</summary>
    public Task? Before { get; init; }

    public static FakeAnswer Redirect(string location, int status = 307) => new() { Status = status, Headers = ["Location: " + location] };

    public static FakeAnswer Unauthorized(string challenge) => new() { Status = 401, Headers = ["WWW-Authenticate: " + challenge], Body = "{}"u8.ToArray() };

    /// <returns>Whether the connection may be used again.</returns>
    public async Task<bool> WriteAsync(Stream stream, bool headOnly, CancellationToken cancellationToken)
    {
        StringBuilder head = new();
        head.Append(CultureInfo.InvariantCulture, $"HTTP/1.1 {Status} Whatever\r\nContent-Type: {Type}\r\n");
        if (Length != -1) head.Append(CultureInfo.InvariantCulture, $"Content-Length: {Length ?? Body.Length}\r\n");
        else head.Append("Connection: close\r\n");
        foreach (string header in Headers) head.Append(header).Append("\r\n");
        await stream.WriteAsync(Encoding.ASCII.GetBytes(head.Append("\r\n").ToString()), cancellationToken);
        if (headOnly) return true;
        if (Before is not null)
        {
            await stream.FlushAsync(cancellationToken);
            await Before.WaitAsync(cancellationToken);
        }

        int count = Math.Min(Body.Length, Math.Min(CutAfter ?? Body.Length, StallAfter ?? Body.Length));
        await stream.WriteAsync(Body.AsMemory(0, count), cancellationToken);
        await stream.FlushAsync(cancellationToken);
        if (StallAfter is not null) await Task.Delay(Timeout.Infinite, cancellationToken);
        return CutAfter is null && Length is null;
    }
}
