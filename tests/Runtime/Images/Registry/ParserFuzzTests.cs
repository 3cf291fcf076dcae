using System.Text;
using System.Text.Json;
using ContainerTools.Runtime.Images;
using ContainerTools.Runtime.Images.Registry;
using ContainerTools.Runtime.Images.Registry.Trust;
using ContainerTools.Runtime.Oci;
using Xunit;

namespace ContainerTools.Runtime.Tests.Registries;

/// <summary>
/// Whatever comes in from outside is read or refused: no other exception, no loop. A corpus of good and bad texts, and thousands of mutations of it that
/// are the same in every run.
/// </summary>
public sealed class ParserFuzzTests
{
    private const int Rounds = 20_000;

    private static readonly string[] References =
    [
        "busybox", "busybox:1", "team/app", "registry.example/team/app:1.2_3-x", "localhost:5000/a", "[::1]:5000/a:b", "a@sha256:" + "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
        "a:b@sha256:" + "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", "A/b", "a//b", "a/../b", "a:", ":a", "@", "a@", "-a", "a__b--c.d", "\u0000", "a b", "é/x",
    ];

    private static readonly string[] Manifests =
    [
        """{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"sha256:00","size":2},"layers":[{"mediaType":"x","digest":"y","size":3,"annotations":{"a":"b"}}]}""",
        """{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{"mediaType":"x","digest":"y","size":3,"platform":{"os":"linux","architecture":"amd64"}}]}""",
        """{"schemaVersion":1,"fsLayers":null,"layers":[null],"config":null,"manifests":{}}""", "{}", "[]", "null", "\"x\"", "", "{\"a\":{\"b\":[[[[[[]]]]]]}}",
        // Half of a character, which is JSON and no text.
        """{"schemaVersion":2,"mediaType":"\ud800","layers":[]}""", """{"\udc00":1}""",
        """{"critical":{"type":"\ud800","image":{"docker-manifest-digest":"\ud800"}}}""",
    ];

    private static readonly string[] Policies =
    [
        """{"default":[{"type":"reject"}],"transports":{"docker":{"a.example/b:1":[{"type":"sigstoreSigned","keyPath":"/k","signedIdentity":{"type":"remapIdentity","prefix":"a","signedPrefix":"b"}}]}}}""",
        """{"default":[{"type":"insecureAcceptAnything"}],"transports":{"oci":{"":[{"type":"signedBy","keyPath":"/k"},{"type":"x"}]}}}""",
        """{"default":[{"type":"sigstoreSigned","keyDatas":["YQ=="],"fulcio":{}}]}""", """{"default":[{"type":"\ud800"}]}""", """{"\ud800":1}""", "{}", "null", "[]", "",
    ];

    private static readonly string[] Configurations =
    [
        "unqualified-search-registries = [\"a.example\", 'b.example']\n", "[[registry]]\nprefix = \"a.example\"\nlocation=\"b.example/x\"\n[[registry.mirror]]\nlocation = \"c\"\n",
        "[aliases]\n\"x\" = \"y.example/z\"\n", "a.b.c = { d = [1, 2, {e=\"\\u0041\"}] } # x\n", "s = \"\"\"\nmany\\\n lines\"\"\"", "[a]\n[a.b]\n[[a.c]]\n",
    ];

    [Fact]
    public void References_are_read_or_refused_and_read_again_as_they_are_written()
        => Run(References, text =>
        {
            if (!ImageReference.TryParse(text, out ImageReference? reference)) return;
            Assert.DoesNotContain("..", reference.Path.Split('/'));
            Assert.Equal(reference.ToString(), ImageReference.Parse(reference.ToString()).ToString());
            Assert.Equal(reference.ToString(), ImageReference.Parse(reference.Familiar).ToString());
        });

    [Fact]
    public void Manifests_are_read_or_refused()
        => Run(Manifests, text =>
        {
            byte[] json = Encoding.UTF8.GetBytes(text);
            Allow<JsonException>(() => ManifestKind.Read(json));
            Allow<ContainerException>(() => ImageLayout.Parse(json, "x", ImageJson.Default.ImageManifest));
            Allow<ContainerException>(() => ImageLayout.Parse(json, "x", ImageJson.Default.ImageIndex));
            SigningPayload.IsAbout(json, SigningPayload.Cosign, "sha256:00");
        });

    [Fact]
    public void Policies_are_read_or_refused() => Run(Policies, text => Allow<ContainerException>(() =>
    {
        // Whatever is let in: what was rejected is never let in by a change that is not noticed as one.
        TrustPolicy policy = TrustPolicyReader.Read(Encoding.UTF8.GetBytes(text), "policy.json");
        Assert.NotEmpty(policy.For(ImageReference.Parse("a.example/b:1")));
        Assert.NotEmpty(policy.For("oci", "/a"));
    }));

    [Fact]
    public void Keys_are_read_or_refused() => Run(
        [
            "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n",
            "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEgqZ4aJ0tCzY8XcmZ5zvtIYlQd0cJ7a+0a2Z2yq1Cz0w2mTt4q8m0v3n0o0g8pN4eVnq8mS1f2N3j4k5l6m7n8w==\n-----END PUBLIC KEY-----\n",
            "-----BEGIN RSA PUBLIC KEY-----\nMEgCQQCo9+BpMRYQ/dL3DS2CyJxRF+j6ctbT3/Qp84+KeFhnii7NT7fELilKUSnxS30WAvQCCo2yU1orfgqr41mM70MBAgMBAAE=\n-----END RSA PUBLIC KEY-----\n", "",
        ],
        text => Allow<ContainerException>(() =>
        {
            using SignatureKey key = SignatureKey.Parse(text, "x");
            Assert.False(key.IsSigned("content"u8, "AAAA"));
        }));

    [Fact]
    public void Configurations_are_read_or_refused() => Run(Configurations, text => Allow<ContainerException>(() => TomlReader.Read(text, "x")));

    [Fact]
    public void Challenges_are_read() => Run(
        ["realm=\"https://x/t\",service=\"s\",scope=\"a:b:c\"", "a=b,c=\"d\\\"e\"", "\"", "=", ",,,"],
        text => RegistryChallenge.Parse("Bearer", text));

    private static void Run(string[] corpus, Action<string> read)
    {
        foreach (string text in corpus) read(text);
        Random random = new(20240506);
        for (int round = 0; round < Rounds; round++)
        {
            string text = Mutate(corpus, random);
            try
            {
                read(text);
            }
            catch (Exception error) when (error is not Xunit.Sdk.XunitException)
            {
                Assert.Fail($"{error.GetType().Name} at {JsonSerializer.Serialize(text)}: {error.Message}");
            }
        }
    }

    private static string Mutate(string[] corpus, Random random)
    {
        StringBuilder text = new(corpus[random.Next(corpus.Length)]);
        for (int i = random.Next(1, 6); i > 0; i--)
        {
            int at = random.Next(text.Length + 1);
            switch (random.Next(5))
            {
                case 0 when text.Length > 0:
                    text.Remove(Math.Min(at, text.Length - 1), 1);
                    break;
                case 1:
                    text.Insert(at, (char)random.Next(0, 0x180));
                    break;
                case 2:
                    text.Insert(at, "[]{}\"'\\=,:@/.#\n"[random.Next(15)]);
                    break;
                case 3:
                    text.Insert(at, corpus[random.Next(corpus.Length)]);
                    break;
                default:
                    text.Length = at;
                    break;
            }
        }

        return text.ToString();
    }

    private static void Allow<T>(Action action)
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
}
