using ContainerTools.Runtime.Images.Registry;
using Xunit;

namespace ContainerTools.Integration.Tests.Images.Registry;

/// <summary>The distribution's registry with tokens of another server, as public registries have them.</summary>
public sealed class TokenTests : IDisposable
{
    private static readonly RegistryAccess s_nobody = new() { AllowUnencrypted = true };
    private static readonly RegistryAccess s_alice = s_nobody with { UserName = RegistryServer.User, Password = RegistryServer.Password };

    private readonly StoreFixture _fixture = new();
    private readonly TokenServer _tokens;
    private readonly RegistryServer _server;

    public TokenTests()
    {
        StoreFixture.RequireRoot();
        _tokens = new TokenServer(RegistryServer.FreePort());
        _server = new RegistryServer(_fixture.Scratch, tokens: _tokens);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private LocalRegistryOperations Operations => new(_fixture.Paths, _fixture.Store, () => new RegistrySettings
    {
        FirstDelay = TimeSpan.FromMilliseconds(10),
        CredentialFiles = [Path.Combine(_fixture.Scratch, "auth.json")],
    });

    public void Dispose()
    {
        _server.Dispose();
        _tokens.Dispose();
        _fixture.Dispose();
    }

    [Fact]
    public async Task Who_has_a_token_may_push_and_pull_and_nobody_else()
    {
        string name = await ImportAsync("team/app:1");
        await RefusedAsync(() => PushAsync(name, s_nobody));
        await RefusedAsync(() => PushAsync(name, s_alice with { Password = "wrong" }));
        string digest = (await PushAsync(name, s_alice)).Digest;
        await _fixture.Store.RemoveAsync(name, new ImageRemoveOptions(), Token);
        await RefusedAsync(() => PullAsync(name, s_nobody));
        Assert.Equal(digest, (await PullAsync(name, s_alice)).Digest);
        Assert.Contains("repository:team/app:pull,push", _tokens.Asked);
        Assert.Contains("repository:team/app:pull", _tokens.Asked);
    }

    [Fact]
    public async Task What_everybody_may_read_is_pulled_without_credentials_and_a_kept_password_is_used()
    {
        _tokens.Allowed = static (user, _) => user is null ? ["pull"] : ["pull", "push"];
        string name = await ImportAsync("open/app:1");
        await Operations.ConnectAsync(new RegistryCredentialOptions { Registry = _server.Host, Access = s_alice }, Token);
        await PushAsync(name, s_nobody);
        await Operations.DisconnectAsync(_server.Host, Token);
        await _fixture.Store.RemoveAsync(name, new ImageRemoveOptions(), Token);
        await PullAsync(name, s_nobody);
        await RefusedAsync(() => PushAsync(name, s_nobody));
        await RefusedAsync(() => Operations.ConnectAsync(new RegistryCredentialOptions { Registry = _server.Host, Access = s_alice with { Password = "wrong" } }, Token));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_layer_of_another_repository_is_mounted_where_that_may_be_read_and_sent_where_not(bool readable)
    {
        string other = await ImportAsync("other/app:1");
        await PushAsync(other, s_alice);
        string name = $"{_server.Host}/mine/app:1";
        await _fixture.Store.AddTagAsync(other, name, Token);
        _tokens.Allowed = (_, repository) => repository == "mine/app" || readable ? ["pull", "push"] : [];
        await PushAsync(name, s_alice);
        Assert.Contains("repository:mine/app:pull,push repository:other/app:pull", _tokens.Asked);
        foreach (string image in new[] { name, other }) await _fixture.Store.RemoveAsync(image, new ImageRemoveOptions(), Token);
        await PullAsync(name, s_alice);
    }

    private async Task<string> ImportAsync(string name)
    {
        await _fixture.Store.ImportAsync(new ImageImportOptions { Path = _fixture.BusyboxTar(), Reference = $"{_server.Host}/{name}" }, null, Token);
        return $"{_server.Host}/{name}";
    }

    private Task<RemoteContainerImage> PushAsync(string name, RegistryAccess access) => Operations.PushAsync(new ImagePushOptions { Image = name, Access = access }, null, Token);

    private Task<ContainerImage> PullAsync(string name, RegistryAccess access) => Operations.PullAsync(new ImagePullOptions { Reference = name, Access = access }, null, Token);

    private static async Task RefusedAsync(Func<Task> action)
        => Assert.Equal(ErrorCode.RegistryUnauthorized, (await Assert.ThrowsAnyAsync<ContainerException>(action)).Code);
}
