using ContainerTools.Runtime.Images;
using ContainerTools.Runtime.Images.Registry;
using Xunit;

namespace ContainerTools.Integration.Tests.Images.Registry;

/// <summary>The distribution's registry, and skopeo as the other client.</summary>
public sealed class RealRegistryTests : IDisposable
{
    private readonly StoreFixture _fixture = new();
    private readonly List<IDisposable> _things = [];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private RegistrySettings Settings => new()
    {
        FirstDelay = TimeSpan.FromMilliseconds(10),
        CredentialFiles = [Path.Combine(_fixture.Scratch, "auth.json")],
        ChunkSize = 300_000,
    };

    private LocalRegistryOperations Operations => new(_fixture.Paths, _fixture.Store, () => Settings);

    public void Dispose()
    {
        foreach (IDisposable thing in _things) thing.Dispose();
        _fixture.Dispose();
    }

    [Fact]
    public async Task What_is_pushed_is_read_by_skopeo_and_pulled_again()
    {
        StoreFixture.RequireTool("skopeo");
        RegistryServer server = Start();
        RegistryAccess access = new() { AllowUnencrypted = true };
        ContainerImage image = await ImportAsync($"{server.Host}/team/app:1");
        RemoteContainerImage pushed = await Operations.PushAsync(new ImagePushOptions { Image = image.Reference!, Access = access }, null, Token);
        // Compressed for the registry, the image is the same by its configuration.
        Assert.Equal(image.Id, pushed.Id);
        Assert.All(pushed.Layers, layer => Assert.EndsWith("+gzip", layer.MediaType, StringComparison.Ordinal));
        string json = StoreFixture.Run("skopeo", "inspect", "--tls-verify=false", $"docker://{server.Host}/team/app:1");
        Assert.Contains(pushed.Digest, json, StringComparison.Ordinal);
        string copy = Path.Combine(_fixture.Scratch, "copy");
        StoreFixture.Run("skopeo", "copy", "--src-tls-verify=false", $"docker://{server.Host}/team/app:1", $"oci:{copy}:app:1");
        await _fixture.Store.RemoveAsync(image.Reference!, new ImageRemoveOptions(), Token);
        ContainerImage pulled = await Operations.PullAsync(new ImagePullOptions { Reference = image.Reference!, Access = access }, null, Token);
        Assert.Equal((image.Id, pushed.Digest), (pulled.Id, pulled.Digest));
        StoredImage stored = await _fixture.Store.ResolveAsync(pulled.Id, Token);
        Assert.True(File.Exists(Path.Combine(stored.LayerFolders[0], "bin/busybox")));
    }

    [Fact]
    public async Task What_skopeo_copies_from_our_store_to_a_registry_is_pulled()
    {
        StoreFixture.RequireTool("skopeo");
        RegistryServer server = Start();
        await ImportAsync("box:1");
        StoreFixture.Run("skopeo", "copy", "--dest-tls-verify=false", $"oci:{_fixture.Paths.Images}:box:1", $"docker://{server.Host}/box:docker", "--format", "v2s2");
        RegistryAccess access = new() { AllowUnencrypted = true };
        ContainerImage pulled = await Operations.PullAsync(new ImagePullOptions { Reference = $"{server.Host}/box:docker", Access = access }, null, Token);
        Assert.Single(pulled.Layers);
        Assert.Equal(["docker"], await Operations.ListTagsAsync($"{server.Host}/box", access, Token).Select(tag => tag.Tag).ToListAsync(Token));
        Assert.Equal(["box"], await Operations.ListRepositoriesAsync(server.Host, access, Token).ToListAsync(Token));
    }

    [Fact]
    public async Task Layers_that_a_registry_has_are_not_sent_and_those_of_another_repository_are_mounted()
    {
        RegistryServer server = Start();
        RegistryAccess access = new() { AllowUnencrypted = true };
        ContainerImage image = await ImportAsync($"{server.Host}/one:1");
        RemoteContainerImage first = await Operations.PushAsync(new ImagePushOptions { Image = image.Reference!, Access = access }, null, Token);
        string uploads = Path.Combine(server.Folder, "data");
        long before = FileCount(uploads);
        await Operations.PushAsync(new ImagePushOptions { Image = image.Reference!, Access = access }, null, Token);
        Assert.Equal(before, FileCount(uploads));
        RemoteContainerImage second = await Operations.PushAsync(
            new ImagePushOptions { Image = image.Reference!, Destination = $"{server.Host}/two/nested:latest", Access = access }, null, Token);
        Assert.Equal(first.Digest, second.Digest);
        Assert.Equal($"{server.Host}/two/nested:latest", second.Reference);
    }

    [Fact]
    public async Task Tls_is_verified_with_the_authority_of_the_folder_and_refused_without()
    {
        RegistryServer server = Start(tls: true);
        ContainerImage image = await ImportAsync($"{server.Host}/app:1");
        ContainerException refused = await Assert.ThrowsAnyAsync<ContainerException>(
            () => Operations.PushAsync(new ImagePushOptions { Image = image.Reference!, Access = RegistryAccess.Default }, null, Token));
        Assert.Equal(ErrorCode.RegistryCertificateInvalid, refused.Code);
        RegistryAccess access = new() { CertificateFolder = server.CertificateFolder };
        await Operations.PushAsync(new ImagePushOptions { Image = image.Reference!, Access = access }, null, Token);
        Assert.Equal(image.Id, (await Operations.PullAsync(new ImagePullOptions { Reference = image.Reference!, Access = access }, null, Token)).Id);
    }

    [Fact]
    public async Task A_registry_that_wants_to_see_a_certificate_gets_the_one_of_the_folder()
    {
        RegistryServer server = Start(tls: true, clients: true);
        ContainerImage image = await ImportAsync($"{server.Host}/app:1");
        string stranger = Path.Combine(_fixture.Scratch, "stranger");
        Directory.CreateDirectory(stranger);
        File.Copy(Path.Combine(server.CertificateFolder!, "ca.crt"), Path.Combine(stranger, "ca.crt"));
        ContainerException refused = await Assert.ThrowsAnyAsync<ContainerException>(() => Operations.PushAsync(
            new ImagePushOptions { Image = image.Reference!, Access = new RegistryAccess { CertificateFolder = stranger } }, null, Token));
        Assert.Equal(ErrorCode.RegistryCertificateInvalid, refused.Code);
        Assert.Contains("wants a certificate of the client", refused.Message, StringComparison.Ordinal);
        // As certs.d has it, by the registry's host and port.
        string folders = Path.Combine(_fixture.Scratch, "certs.d");
        StoreFixture.Run("mkdir", "-p", folders);
        StoreFixture.Run("cp", "-r", server.CertificateFolder!, Path.Combine(folders, server.Host));
        LocalRegistryOperations operations = new(_fixture.Paths, _fixture.Store, () => Settings with { CertificateFolders = [folders] });
        await operations.PushAsync(new ImagePushOptions { Image = image.Reference! }, null, Token);
        Assert.Equal(image.Id, (await operations.PullAsync(new ImagePullOptions { Reference = image.Reference! }, null, Token)).Id);
    }

    [Fact]
    public async Task An_index_of_others_is_received_by_platform_and_published_whole()
    {
        StoreFixture.RequireRoot();
        StoreFixture.RequireTool("skopeo");
        StoreFixture.RequireTool("buildah");
        RegistryServer server = Start();
        RegistryAccess access = new() { AllowUnencrypted = true };
        Dictionary<string, string> ids = [];
        foreach (string architecture in new[] { "amd64", "arm64" })
        {
            ContainerImage image = Assert.Single(await _fixture.Store.ImportAsync(
                new ImageImportOptions { Path = _fixture.BusyboxTar(), Reference = $"{server.Host}/one:{architecture}", Platform = $"linux/{architecture}" }, null, Token));
            ids[architecture] = image.Id;
            await Operations.PushAsync(new ImagePushOptions { Image = image.Reference!, Access = access }, null, Token);
            await _fixture.Store.RemoveAsync(image.Reference!, new ImageRemoveOptions(), Token);
        }

        Buildah("manifest", "create", "multi");
        foreach (string architecture in ids.Keys) Buildah("manifest", "add", "--tls-verify=false", "multi", $"docker://{server.Host}/one:{architecture}");
        Buildah("manifest", "push", "--all", "--tls-verify=false", "multi", $"docker://{server.Host}/multi:1");
        foreach ((string architecture, string id) in ids)
        {
            ContainerImage image = await Operations.PullAsync(
                new ImagePullOptions { Reference = $"{server.Host}/multi:1", Platform = $"linux/{architecture}", Access = access }, null, Token);
            Assert.Equal((id, architecture), (image.Id, image.Architecture));
        }

        // All of it, to be published elsewhere as it was.
        await Operations.PullAsync(new ImagePullOptions { Reference = $"{server.Host}/multi:1", AllPlatforms = true, Access = access }, null, Token);
        await Operations.PushAsync(new ImagePushOptions { Image = $"{server.Host}/multi:1", Destination = $"{server.Host}/again:1", Access = access }, null, Token);
        string Raw(string name) => StoreFixture.Run("skopeo", "inspect", "--raw", "--tls-verify=false", $"docker://{server.Host}/{name}");
        Assert.Equal(Raw("multi:1"), Raw("again:1"));

        // skopeo brings all of it into our store, which is a layout like any other.
        await _fixture.Store.RemoveAsync($"{server.Host}/multi:1", new ImageRemoveOptions(), Token);
        StoreFixture.Run("skopeo", "copy", "-q", "--all", "--src-tls-verify=false", $"docker://{server.Host}/multi:1", $"oci:{_fixture.Paths.Images}:{server.Host}/copied:1");
        RemoteContainerImage whole = await Operations.PushAsync(new ImagePushOptions { Image = $"{server.Host}/copied:1", Access = access }, null, Token);
        Assert.Equal(["linux/amd64", "linux/arm64"], whole.Platforms.Select(platform => string.Join('/', platform.Split('/').Take(2))).Order(StringComparer.Ordinal));
        RemoteContainerImage one = await Operations.PushAsync(
            new ImagePushOptions { Image = $"{server.Host}/copied:1", Destination = $"{server.Host}/copied:arm", Platform = "linux/arm64", Access = access }, null, Token);
        Assert.Equal(ids["arm64"], one.Id);
        Assert.Contains("arm64", StoreFixture.Run("skopeo", "inspect", "--raw", "--tls-verify=false", $"docker://{server.Host}/copied:1"), StringComparison.Ordinal);
        Assert.Contains("\"Architecture\": \"arm64\"", StoreFixture.Run("skopeo", "inspect", "--tls-verify=false", "--override-arch", "arm64", $"docker://{server.Host}/copied:arm"), StringComparison.Ordinal);

        void Buildah(params string[] arguments) => StoreFixture.Run(
            "buildah", ["--root", Path.Combine(_fixture.Scratch, "storage"), "--runroot", Path.Combine(_fixture.Scratch, "run"), "--storage-driver", "vfs", .. arguments]);
    }

    [Fact]
    public async Task Credentials_are_checked_kept_and_used()
    {
        RegistryServer server = Start(tls: true, authentication: true);
        RegistryAccess access = new() { CertificateFolder = server.CertificateFolder };
        ContainerImage image = await ImportAsync($"{server.Host}/app:1");
        Assert.Equal(ErrorCode.RegistryUnauthorized, (await Assert.ThrowsAnyAsync<ContainerException>(
            () => Operations.PushAsync(new ImagePushOptions { Image = image.Reference!, Access = access }, null, Token))).Code);
        Assert.Equal(ErrorCode.RegistryUnauthorized, (await Assert.ThrowsAnyAsync<ContainerException>(() => ConnectAsync("wrong"))).Code);
        Assert.Empty(await Operations.ListConnectionsAsync(Token).ToListAsync(Token));
        ContainerRegistry connected = await ConnectAsync(RegistryServer.Password);
        Assert.Equal(RegistryServer.User, connected.UserName);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(connected.Source));
        await Operations.PushAsync(new ImagePushOptions { Image = image.Reference!, Access = access }, null, Token);
        if (File.Exists("/usr/bin/skopeo"))
        {
            StoreFixture.Run("skopeo", "inspect", "--authfile", connected.Source, "--cert-dir", server.CertificateFolder!, $"docker://{server.Host}/app:1");
        }

        Assert.Equal(server.Host, (await Operations.DisconnectAsync(server.Host, Token)).Registry);
        Assert.Equal(ErrorCode.RegistryNotFound, (await Assert.ThrowsAnyAsync<ContainerException>(() => Operations.DisconnectAsync(server.Host, Token))).Code);

        Task<ContainerRegistry> ConnectAsync(string password) => Operations.ConnectAsync(
            new RegistryCredentialOptions { Registry = server.Host, Access = access with { UserName = RegistryServer.User, Password = password } }, Token);
    }

    private RegistryServer Start(bool tls = false, bool authentication = false, bool clients = false)
    {
        RegistryServer server = new(_fixture.Scratch, tls, authentication, clients);
        _things.Add(server);
        return server;
    }

    private async Task<ContainerImage> ImportAsync(string name)
        => Assert.Single(await _fixture.Store.ImportAsync(new ImageImportOptions { Path = _fixture.BusyboxTar(), Reference = name }, null, Token));

    private static long FileCount(string folder) => Directory.EnumerateFiles(folder, "data", SearchOption.AllDirectories).LongCount();
}
