using ContainerTools.Runtime.Images.Registry;
using ContainerTools.Runtime.Oci;
using ContainerTools.Tests.Archives;
using ContainerTools.Tests.Registries;
using Xunit;

namespace ContainerTools.Runtime.Tests.Registries;

/// <summary>Uploads to registries that send them elsewhere, cut them and miscount.</summary>
public sealed class PushTests : IDisposable
{
    private readonly PullFixture _fixture = new();
    private readonly FakeRegistry _elsewhere = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private FakeRegistry Registry => _fixture.Registry;

    public void Dispose()
    {
        _elsewhere.Dispose();
        _fixture.Dispose();
    }

    [Theory]
    [InlineData(1_000_000)]
    [InlineData(100_000)]
    public async Task An_upload_goes_on_at_another_host_which_does_not_see_what_proves_who_we_are(int chunk)
    {
        Registry.Instead = request => request.Authorization is null ? FakeAnswer.Unauthorized("Basic realm=\"x\"")
            : request.Method == "POST" ? Accepted($"http://{_elsewhere.Host}/there")
            : null;
        _elsewhere.Instead = request => request.Method == "PUT" ? new FakeAnswer { Status = 201 } : Accepted("/there");
        await UploadAsync(300_000, chunk);
        Assert.NotEmpty(_elsewhere.Log);
        Assert.Equal(300_000, _elsewhere.Log.Sum(request => request.Body.Length));
        Assert.All(_elsewhere.Log, request => Assert.Null(request.Authorization));
    }

    [Fact]
    public async Task Another_host_cannot_ask_for_what_proves_who_we_are()
    {
        Registry.Instead = request => request.Authorization is null ? FakeAnswer.Unauthorized("Basic realm=\"x\"")
            : request.Method == "POST" ? Accepted($"http://{_elsewhere.Host}/there")
            : null;
        _elsewhere.Instead = request => request.Path == "/token"
            ? new FakeAnswer { Body = """{"token":"abc"}"""u8.ToArray() }
            : FakeAnswer.Unauthorized($"Bearer realm=\"http://{_elsewhere.Host}/token\"");
        ContainerException error = await Assert.ThrowsAnyAsync<ContainerException>(() => UploadAsync(1000));
        Assert.Equal(ErrorCode.RegistryUnauthorized, error.Code);
        Assert.Equal(["PUT"], _elsewhere.Log.Select(request => request.Method));
        Assert.All(_elsewhere.Log, request => Assert.Null(request.Authorization));
    }

    [Fact]
    public async Task An_upload_that_is_cut_begins_again()
    {
        int uploads = 0;
        Registry.Instead = request => request.Method switch
        {
            "POST" => Accepted($"/upload/{++uploads}"),
            "PUT" when request.Path is "/upload/1" or "/upload/2" => throw new IOException("cut"),
            "PUT" => new FakeAnswer { Status = 201 },
            _ => null,
        };
        await UploadAsync(300_000);
        Assert.Equal("/upload/3", Registry.Log.Last().Path);
        Assert.Equal(300_000, Registry.Log.Last().Body.Length);
    }

    [Fact]
    public async Task An_upload_that_is_always_cut_is_given_up()
    {
        Registry.Instead = request => request.Method == "POST" ? Accepted("/upload") : request.Method == "PUT" ? throw new IOException("cut") : null;
        ContainerException error = await Assert.ThrowsAnyAsync<ContainerException>(() => UploadAsync(300_000));
        Assert.Equal(ErrorCode.RegistryUnreachable, error.Code);
        Assert.Equal(3, Registry.Count("POST "));
    }

    [Theory]
    [InlineData("0-0")]
    [InlineData("0-98")]
    [InlineData("0-2999")]
    [InlineData("0-9999")]
    [InlineData("0-9223372036854775807")]
    public async Task A_registry_that_miscounts_what_it_gets_is_given_up(string range)
    {
        Registry.Instead = request => request.Method switch
        {
            // Not without end, whatever happens.
            "PATCH" when Registry.Log.Count < 100 => Accepted("/upload", $"Range: {range}"),
            "POST" => Accepted("/upload"),
            "GET" when request.Path == "/upload" => new FakeAnswer { Status = 204, Headers = ["Range: " + (range == "0-2999" ? "0-0" : range)] },
            _ => null,
        };
        ContainerException error = await Assert.ThrowsAnyAsync<ContainerException>(() => UploadAsync(3000, 1000));
        Assert.Equal(ErrorCode.RegistryResponseInvalid, error.Code);
    }

    [Fact]
    public async Task A_registry_that_forgets_what_it_got_again_and_again_is_given_up()
    {
        int patches = 0;
        Registry.Instead = request => request.Method switch
        {
            "PATCH" when Registry.Log.Count < 100 => ++patches % 2 == 1 ? Accepted("/upload", "Range: 0-999") : new FakeAnswer { Status = 500 },
            "POST" => Accepted("/upload"),
            "GET" when request.Path == "/upload" => new FakeAnswer { Status = 204, Headers = ["Range: 0-0"] },
            _ => null,
        };
        ContainerException error = await Assert.ThrowsAnyAsync<ContainerException>(() => UploadAsync(3000, 1000));
        Assert.Equal(ErrorCode.RegistryFailed, error.Code);
        Assert.Equal(6, patches);
    }

    private static FakeAnswer Accepted(string location, params string[] headers) => new() { Status = 202, Headers = [$"Location: {location}", .. headers] };

    private async Task UploadAsync(int size, int chunk = 1_000_000)
    {
        byte[] content = new byte[size];
        new Random(size).NextBytes(content);
        string file = _fixture.Local.Write("blob", content);
        using RegistrySession session = new(FakeRegistry.Plain with { UserName = "u", Password = "p" }, FakeRegistry.Impatient with { ChunkSize = chunk });
        RegistryRepository repository = session.Repository(new RegistryEndpoint(Registry.Host, "app", false));
        ImageDescriptor blob = new() { MediaType = ImageMediaType.Layer, Digest = ImageBuilder.Digest(content), Size = size };
        await repository.UploadAsync(blob, file, null, _ => { }, Token);
    }
}
