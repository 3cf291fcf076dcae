using System.Text;
using ContainerTools.Runtime.Images;
using ContainerTools.Runtime.Images.Registry;
using ContainerTools.Tests.Registries;
using Xunit;

namespace ContainerTools.Runtime.Tests.Registries;

public sealed class RegistriesConfigurationTests : IDisposable
{
    private readonly PullFixture _fixture = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _fixture.Dispose();

    [Theory]
    [InlineData("", "busybox", "docker.io/library/busybox:latest")]
    [InlineData("unqualified-search-registries = []", "team/app:2", "docker.io/team/app:2")]
    [InlineData("unqualified-search-registries = [\"quay.example\", 'docker.io']", "app:2", "quay.example/app:2 docker.io/library/app:2")]
    [InlineData("unqualified-search-registries = [\"quay.example\"]", "localhost/app", "localhost/app:latest")]
    [InlineData("unqualified-search-registries = [\"quay.example\"]", "x.example/app", "x.example/app:latest")]
    [InlineData("[aliases]\n\"app\" = \"quay.example/team/app\"", "app:3", "quay.example/team/app:3")]
    [InlineData("[aliases]\n\"team/app\" = \"quay.example/app\"", "team/app", "quay.example/app:latest")]
    [InlineData("[registries.search]\nregistries = ['quay.example', 'docker.io']", "app:2", "quay.example/app:2 docker.io/library/app:2")]
    [InlineData("short-name-mode = \"permissive\"\nunqualified-search-registries = ['a.example', 'b.example']", "app", "a.example/app:latest b.example/app:latest")]
    [InlineData("short-name-mode = \"disabled\"\nunqualified-search-registries = ['a.example', 'b.example']", "app", "a.example/app:latest b.example/app:latest")]
    [InlineData("short-name-mode = \"enforcing\"\nunqualified-search-registries = ['a.example']", "app", "a.example/app:latest")]
    [InlineData("short-name-mode = \"enforcing\"", "app", "docker.io/library/app:latest")]
    [InlineData("short-name-mode = \"enforcing\"\nunqualified-search-registries = ['a.example', 'b.example']\n[aliases]\napp = 'b.example/app'", "app", "b.example/app:latest")]
    [InlineData("short-name-mode = \"enforcing\"\nunqualified-search-registries = ['a.example', 'b.example']", "c.example/app", "c.example/app:latest")]
    public void Short_names_mean_what_the_file_says(string file, string name, string expected)
        => Assert.Equal(expected, string.Join(' ', Load(file).Resolve(name).Select(reference => reference.ToString())));

    [Theory]
    [InlineData("[[registry]]\nprefix = \"a.example\"\nlocation = \"b.example/inner\"", "a.example/x/y:1", "b.example/inner/x/y")]
    [InlineData("[[registry]]\nprefix = \"a.example/x\"\nlocation = \"b.example\"", "a.example/x/y:1", "b.example/y")]
    [InlineData("[[registry]]\nprefix = \"a.example/x\"\nlocation = \"b.example\"", "a.example/xx/y:1", "a.example/xx/y")]
    [InlineData("[[registry]]\nprefix = \"*.example\"\ninsecure = true", "a.example/x:1", "a.example/x!")]
    [InlineData("[[registry]]\nlocation = \"a.example\"\n[[registry.mirror]]\nlocation = \"m.example/cache\"\ninsecure = true", "a.example/x:1", "m.example/cache/x! a.example/x")]
    [InlineData("[[registry]]\nlocation = \"a.example\"\nmirror-by-digest-only = true\n[[registry.mirror]]\nlocation = \"m.example\"", "a.example/x:1", "a.example/x")]
    [InlineData("[[registry]]\nlocation = \"a.example\"\n[[registry.mirror]]\nlocation = \"m.example\"\npull-from-mirror = \"digest-only\"", "a.example/x:1", "a.example/x")]
    [InlineData("[[registry]]\nlocation = \"a.example\"\n[[registry.mirror]]\nlocation = \"m.example\"\npull-from-mirror = \"tag-only\"", "a.example/x:1", "m.example/x a.example/x")]
    [InlineData("[[registry]]\nlocation = \"docker.io\"\n[[registry.mirror]]\nlocation = \"m.example\"", "busybox", "m.example/library/busybox docker.io/library/busybox")]
    [InlineData("[[registry]]\nprefix = \"*.example\"\nlocation = \"b.test/inner\"", "a.b.example/x/y:1", "b.test/inner/x/y")]
    [InlineData("[[registry]]\nprefix = \"*.example:5000\"\nlocation = \"b.test\"", "a.example:5000/x:1", "b.test/x")]
    [InlineData("[[registry]]\nprefix = \"*.example\"\nlocation = \"b.test\"", "a.example.org/x:1", "a.example.org/x")]
    [InlineData("[[registry]]\nprefix = \"*.example\"\nlocation = \"b.test\"", "example/a.example:1", "docker.io/example/a.example")]
    [InlineData("[[registry]]\nprefix = \"*.example\"\n[[registry.mirror]]\nlocation = \"m.test/c\"", "a.example/x/y:1", "m.test/c/x/y a.example/x/y")]
    [InlineData("[[registry]]\nprefix = \"*.example\"\nlocation = \"b.test\"\n[[registry]]\nlocation = \"registry.a.example\"", "registry.a.example/x:1", "registry.a.example/x")]
    [InlineData("[registries.insecure]\nregistries = ['a.example']", "a.example/x:1", "a.example/x!")]
    public void Places_are_those_the_file_says(string file, string name, string expected)
        => Assert.Equal(
            expected,
            string.Join(' ', Load(file).Endpoints(ImageReference.Parse(name), mirrors: true).Select(endpoint => endpoint + (endpoint.Insecure ? "!" : ""))));

    [Fact]
    public void Where_nothing_may_be_guessed_a_name_of_several_registries_is_refused()
    {
        RegistriesConfiguration configuration = Load("short-name-mode = 'enforcing'\nunqualified-search-registries = ['a.example', 'b.example']");
        ContainerException error = Assert.ThrowsAny<ContainerException>(() => configuration.Resolve("app"));
        Assert.Equal(ErrorCode.ImageNameAmbiguous, error.Code);
        Assert.Contains("a.example, b.example", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Later_files_replace_what_they_say_anew_and_leave_the_rest()
    {
        string[] files =
        [
            Write("1.conf", "unqualified-search-registries = ['a.example']\nshort-name-mode = 'enforcing'\n[aliases]\none = 'a.example/one'\ntwo = 'a.example/two'"),
            Write("2.conf", "unqualified-search-registries = ['b.example', 'c.example']\n[aliases]\none = ''\n[[registry]]\nlocation = 'b.example'\nblocked = true"),
            Path.Combine(_fixture.Local.Folder, "none.conf"),
            Write("3.conf", "[aliases]\ntwo = 'd.example/two'"),
        ];
        RegistriesConfiguration configuration = RegistriesConfiguration.Load(files);
        Assert.Equal("d.example/two:1", Assert.Single(configuration.Resolve("two:1")).ToString());
        Assert.Equal(ErrorCode.ImageNameAmbiguous, Assert.ThrowsAny<ContainerException>(() => configuration.Resolve("one")).Code);
        Assert.Equal(ErrorCode.RegistryBlocked, Assert.ThrowsAny<ContainerException>(() => configuration.Registry("b.example")).Code);
    }

    [Fact]
    public void The_first_version_blocks_as_well()
    {
        RegistriesConfiguration configuration = Load("[registries.block]\nregistries = ['bad.example/']\n[registries.insecure]\nregistries = ['bad.example', 'old.example:5000']");
        Assert.Equal(ErrorCode.RegistryBlocked, Assert.ThrowsAny<ContainerException>(() => configuration.Endpoints(ImageReference.Parse("bad.example/x"), true)).Code);
        Assert.True(Assert.Single(configuration.Endpoints(ImageReference.Parse("old.example:5000/x"), true)).Insecure);
    }

    [Fact]
    public void A_blocked_registry_is_refused()
    {
        RegistriesConfiguration configuration = Load("[[registry]]\nprefix = \"a.example/bad\"\nblocked = true\n[[registry]]\nlocation = \"a.example\"");
        Assert.Equal(ErrorCode.RegistryBlocked, Assert.ThrowsAny<ContainerException>(() => configuration.Endpoints(ImageReference.Parse("a.example/bad/x"), true)).Code);
        Assert.Single(configuration.Endpoints(ImageReference.Parse("a.example/good"), true));
    }

    [Theory]
    [InlineData("x")]
    [InlineData("x = ")]
    [InlineData("x = \"open")]
    [InlineData("x = [1, ")]
    [InlineData("[a\nx = 1")]
    [InlineData("x = 1\nx = 2")]
    [InlineData("x = nonsense")]
    [InlineData("x = \"\\q\"")]
    [InlineData("x = 1 y = 2")]
    [InlineData("[[registry]]\ninsecure = \"yes\"\nlocation = \"a\"")]
    [InlineData("[[registry]]\nblocked = true")]
    [InlineData("registry = 5")]
    [InlineData("short-name-mode = 'sometimes'")]
    [InlineData("unqualified-search-registries = ['a']\n[registries.search]\nregistries = ['b']")]
    [InlineData("[registries.search]\nregistries = 'b'")]
    [InlineData("[[registry]]\nlocation = 'a'\n[[registry.mirror]]\nlocation = 'b'\npull-from-mirror = 'never'")]
    [InlineData("[[registry]]\nprefix = '*.example/team'\nlocation = 'b'")]
    [InlineData("unqualified-search-registries = [5]")]
    public void A_file_that_is_not_valid_is_named_with_the_place(string file)
    {
        ContainerException error = Assert.ThrowsAny<ContainerException>(() => Load(file));
        Assert.Equal(ErrorCode.InvalidConfiguration, error.Code);
        Assert.Contains("registries.conf", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Toml_of_all_kinds_is_read()
    {
        Dictionary<string, object> document = TomlReader.Read(
            "# a comment\na = 1_000 # more\nb = true\n\"c d\" = 'li\\teral'\ne.f = \"x\\u00e9\\n\"\n[t.u]\nv = [\n  1, # one\n  [\"two\"],\n]\nw = { x = 1, y = \"z\" }\n"
            + "m = \"\"\"\nfirst\nsecond \\\n   joined\"\"\"\n[[l]]\nn = 1\n[[l]]\nn = 2\n[l.inner]\no = 3\nd = 2024-01-01T00:00:00Z\r\n", "x");
        Assert.Equal(1000L, document["a"]);
        Assert.Equal("li\\teral", document["c d"]);
        Assert.Equal("xé\n", ((Dictionary<string, object>)document["e"])["f"]);
        Dictionary<string, object> inner = (Dictionary<string, object>)((Dictionary<string, object>)document["t"])["u"];
        Assert.Equal(2, ((List<object>)inner["v"]).Count);
        Assert.Equal("z", ((Dictionary<string, object>)inner["w"])["y"]);
        Assert.Equal("first\nsecond joined", inner["m"]);
        List<object> list = (List<object>)document["l"];
        Assert.Equal(2L, ((Dictionary<string, object>)list[1])["n"]);
        Assert.Equal(3L, ((Dictionary<string, object>)((Dictionary<string, object>)list[1])["inner"])["o"]);
    }

    [Fact]
    public async Task A_mirror_is_asked_first_and_the_registry_where_it_fails()
    {
        using FakeRegistry mirror = new();
        string file = _fixture.Local.Write(
            "registries.conf",
            Encoding.UTF8.GetBytes($"[[registry]]\nlocation = \"{_fixture.Registry.Host}\"\n[[registry.mirror]]\nlocation = \"{mirror.Host}/cache\"\ninsecure = true\n"));
        _fixture.Settings = FakeRegistry.Impatient with { ConfigurationFiles = [file] };
        byte[] layer = PullFixture.Layer(1);
        _fixture.Add("app:1", layer);
        _fixture.Add("app:2", layer, PullFixture.Layer(2));
        foreach ((string key, (byte[], string) manifest) in _fixture.Registry.Manifests) mirror.Manifests[key.Replace("app:1", "cache/app:1", StringComparison.Ordinal)] = manifest;
        ContainerImage image = await _fixture.PullAsync("app:2");
        Assert.Equal($"{_fixture.Registry.Host}/app:2", image.Reference);
        Assert.Equal(1, mirror.Count("GET /v2/cache/app/manifests/2"));
        // This one has the manifest, but not its layers and configuration.
        await _fixture.PullAsync("app:1");
        Assert.Equal(1, mirror.Count("GET /v2/cache/app/manifests/1"));
    }

    [Fact]
    public async Task What_is_given_for_the_registry_is_not_for_its_mirror()
    {
        using FakeRegistry mirror = new();
        mirror.Instead = request => request.Authorization is null ? FakeAnswer.Unauthorized("Basic realm=\"x\"") : null;
        Configure(insecure: true);
        _fixture.Add("app:1", PullFixture.Layer(1));
        await PullAsync();
        Assert.NotEmpty(mirror.Log);
        Assert.All(mirror.Log, request => Assert.Null(request.Authorization));
        // Nor is it spoken to without TLS because the registry may be.
        Configure(insecure: false);
        mirror.Log.Clear();
        await PullAsync();
        Assert.Empty(mirror.Log);

        void Configure(bool insecure)
        {
            string file = Write(
                "registries.conf",
                $"[[registry]]\nlocation = \"{_fixture.Registry.Host}\"\n[[registry.mirror]]\nlocation = \"{mirror.Host}\"\ninsecure = {(insecure ? "true" : "false")}\n");
            _fixture.Settings = FakeRegistry.Impatient with { ConfigurationFiles = [file] };
        }

        Task<ContainerImage> PullAsync() => _fixture.PullAsync(
            "app:1", options => options with { Access = FakeRegistry.Plain with { UserName = "u", Password = "p", CertificateFolder = _fixture.Local.Folder } });
    }

    [Fact]
    public async Task The_registries_of_the_search_are_asked_in_turn()
    {
        using FakeRegistry first = new();
        string file = _fixture.Local.Write(
            "registries.conf", Encoding.UTF8.GetBytes($"unqualified-search-registries = [\"{first.Host}\", \"{_fixture.Registry.Host}\"]\n"));
        _fixture.Settings = FakeRegistry.Impatient with { ConfigurationFiles = [file] };
        _fixture.Add("app:1", PullFixture.Layer(1));
        ContainerImage image = await _fixture.Operations.PullAsync(new ImagePullOptions { Reference = "app:1", Access = FakeRegistry.Plain }, null, Token);
        Assert.Equal($"{_fixture.Registry.Host}/app:1", image.Reference);
        Assert.Equal(1, first.Count("GET /v2/app/manifests/1"));
        Assert.Equal(ErrorCode.ImageNotFound, (await Assert.ThrowsAnyAsync<ContainerException>(
            () => _fixture.Operations.PullAsync(new ImagePullOptions { Reference = "none", Access = FakeRegistry.Plain }, null, Token))).Code);
    }

    private RegistriesConfiguration Load(string text) => RegistriesConfiguration.Load([Write("registries.conf", text)]);

    private string Write(string name, string text) => _fixture.Local.Write(name, Encoding.UTF8.GetBytes(text));
}
