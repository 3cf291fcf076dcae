using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using ContainerTools.Runtime.Images;
using ContainerTools.Runtime.Images.Registry;
using ContainerTools.Runtime.Images.Registry.Trust;
using ContainerTools.Runtime.Oci;
using ContainerTools.Runtime.Tests.Registries;
using ContainerTools.Tests.Registries;
using Xunit;

namespace ContainerTools.Runtime.Tests.Fuzz;

/// <summary>What a registry says, in headers and documents, and what people write as names: understood, or refused in our own words.</summary>
public sealed partial class RegistryFuzzTests : IDisposable
{
    private static readonly int[] s_statuses = [200, 200, 201, 202, 204, 206, 301, 307, 400, 401, 401, 403, 404, 405, 416, 429, 500];

    private readonly PullFixture _fixture = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public Task Names_are_read_or_refused() => FuzzRun.RunAsync(10_000, Corpus.Lines("references.txt"), mutator => mutator.Next(), text =>
    {
        if (!ImageReference.TryParse(Encoding.UTF8.GetString(text), out ImageReference? reference)) return;
        Assert.DoesNotContain("..", reference.Path.Split('/'));
        Assert.Equal(reference.ToString(), ImageReference.Parse(reference.ToString()).ToString());
        Assert.Equal(reference.ToString(), ImageReference.Parse(reference.Familiar).ToString());
    });

    [Fact]
    public Task Documents_are_read_or_refused() => FuzzRun.RunAsync(10_000, Corpus.Files("documents"), mutator => mutator.Next(), json =>
    {
        Refuses<JsonException>(() => ManifestKind.Read(json));
        Refuses<ContainerException>(() => ImageLayout.Parse(json, "x", ImageJson.Default.ImageManifest));
        Refuses<ContainerException>(() => ImageLayout.Parse(json, "x", ImageJson.Default.ImageIndex));
        Refuses<ContainerException>(() => ImageLayout.Parse(json, "x", ImageJson.Default.ImageConfig));
        SigningPayload.IsAbout(json, SigningPayload.Cosign, "sha256:00");
    });

    [Fact]
    public async Task Answers_are_understood_or_refused()
    {
        _fixture.Add("a:1", PullFixture.Layer(1, 2000));
        byte[][] corpus = [.. Corpus.Lines("headers.txt").Select(line => Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(line).Replace("{host}", _fixture.Registry.Host, StringComparison.Ordinal)))];
        await FuzzRun.RunAsync(40, corpus, mutator => mutator.Next(), async header =>
        {
            // Which answer is changed, and how, comes from the input as well, so that it can be repeated.
            Random random = new(header.Aggregate(header.Length, (hash, value) => unchecked((hash * 31) + value)));
            int answer = random.Next(5), count = 0;
            string line = Encoding.ASCII.GetString(header).Split('\n')[0].Trim('\r', '\0');
            if (!StaysHere(line)) return;
            // Closed behind each answer: a length that is too great is noticed, not waited for.
            _fixture.Registry.Then = (_, original) => Interlocked.Increment(ref count) - 1 == answer
                ? original with { Status = s_statuses[random.Next(s_statuses.Length)], Headers = [.. original.Headers, line], Length = -1 }
                : original;
            try
            {
                await Guarded(_fixture.PullAsync("a:1"));
                await Guarded(_fixture.Local.Store.RemoveAsync($"{_fixture.Registry.Host}/a:1", new ImageRemoveOptions(), Token));
                await Guarded(_fixture.Operations.ListTagsAsync($"{_fixture.Registry.Host}/a", FakeRegistry.Plain, Token).ToListAsync(Token).AsTask());
            }
            catch (ContainerException)
            {
                // Refused.
            }

            Assert.Empty(_fixture.Local.Ingests);
            foreach (ContainerImage image in await _fixture.Local.ListAsync()) await _fixture.Local.Store.RemoveAsync(image.Reference ?? image.Id, new ImageRemoveOptions(), Token);
        });
    }

    // Whatever becomes of an answer, it must come to an end.
    private static Task Guarded(Task work) => work.WaitAsync(TimeSpan.FromMinutes(2), Token);

    /// <summary>Whether a header leads to no other host, and does not ask us to wait: tests stay on loopback.</summary>
    private bool StaysHere(string line)
    {
        if (line.StartsWith("Retry-After", StringComparison.OrdinalIgnoreCase) && Seconds().IsMatch(line)) return false;
        if (line.Contains("realm", StringComparison.OrdinalIgnoreCase) && !line.Contains($"http://{_fixture.Registry.Host}/", StringComparison.Ordinal)) return !line.Contains("//", StringComparison.Ordinal);
        int colon = line.IndexOf(':');
        string value = colon < 0 ? "" : line[(colon + 1)..].Trim();
        return !line.StartsWith("Location", StringComparison.OrdinalIgnoreCase)
            || !Uri.TryCreate(new Uri($"http://{_fixture.Registry.Host}/v2/"), value, out Uri? target) || target.Authority == _fixture.Registry.Host;
    }

    private static void Refuses<T>(Action action)
        where T : Exception
    {
        try
        {
            action();
        }
        catch (T)
        {
            // Refused: as it should be.
        }
    }

    [GeneratedRegex("[1-9]")]
    private static partial Regex Seconds();
}
