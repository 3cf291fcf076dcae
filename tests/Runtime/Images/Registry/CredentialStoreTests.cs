using System.Text;
using System.Text.Json.Nodes;
using ContainerTools.Runtime.Images.Registry;
using ContainerTools.Runtime.Tests.Images;
using Xunit;

namespace ContainerTools.Runtime.Tests.Registries;

public sealed class CredentialStoreTests : IDisposable
{
    private readonly TemporaryStore _local = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _local.Dispose();

    [Theory]
    [InlineData("one.example", "team/app", "narrow")]
    [InlineData("one.example", "team/other", "team")]
    [InlineData("one.example", "x", "host")]
    [InlineData("docker.io", "library/busybox", "hub")]
    [InlineData("old.example", "x", "old")]
    [InlineData("two.example", "x", null)]
    [InlineData("one.example.evil", "x", null)]
    public async Task The_narrowest_entry_counts(string registry, string path, string? user)
    {
        CredentialStore store = new([Write(
            ("one.example", "host:p"), ("one.example/team", "team:p"), ("one.example/team/app", "narrow:p:with:colons"), ("https://index.docker.io/v1/", "hub:p"),
            ("https://old.example/v2/", "old:p"))]);
        RegistryCredential? found = await store.FindAsync(registry, path, Token);
        Assert.Equal(user, found?.UserName);
        if (user == "narrow") Assert.Equal("p:with:colons", found!.Secret);
    }

    [Fact]
    public async Task What_is_written_keeps_the_rest_of_the_file_and_is_for_its_owner_alone()
    {
        string file = _local.Write("auth.json", """{"auths":{"other":{"auth":"YTpi","email":"x"}},"psFormat":"table"}"""u8.ToArray());
        CredentialStore store = new([file]);
        Assert.Equal(file, await store.StoreAsync("one.example", new RegistryCredential("u", "p", false), Token));
        JsonNode document = JsonNode.Parse(File.ReadAllText(file))!;
        Assert.Equal("table", (string?)document["psFormat"]);
        Assert.Equal("x", (string?)document["auths"]!["other"]!["email"]);
        Assert.Equal("u:p", Encoding.UTF8.GetString(Convert.FromBase64String((string)document["auths"]!["one.example"]!["auth"]!)));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        Assert.Equal(["one.example", "other"], (await store.ListAsync(Token)).Select(registry => registry.Registry));
        Assert.Equal("u", (await store.RemoveAsync("one.example", Token))!.UserName);
        Assert.Null(await store.RemoveAsync("one.example", Token));
        Assert.Null(await store.FindAsync("one.example", "", Token));
    }

    [Fact]
    public async Task Docker_Hub_has_the_key_that_each_program_knows()
    {
        string docker = Path.Combine(_local.Folder, "config.json");
        File.WriteAllText(docker, "{}");
        await new CredentialStore([docker]).StoreAsync("docker.io", new RegistryCredential("u", "p", false), Token);
        Assert.Contains("https://index.docker.io/v1/", File.ReadAllText(docker), StringComparison.Ordinal);
        Assert.Equal("docker.io", Assert.Single(await new CredentialStore([docker]).ListAsync(Token)).Registry);
        Assert.NotNull(await new CredentialStore([docker]).RemoveAsync("docker.io", Token));
    }

    [Fact]
    public Task A_helper_keeps_what_the_file_says_it_keeps() => WithHelperAsync(async name =>
    {
        string file = _local.Write("auth.json", Encoding.UTF8.GetBytes($$$"""{"credHelpers":{"one.example":"{{{name}}}","broken.example":"{{{name}}}","evil.example":"../x","lost.example":"{{{name}}}-none"}}"""));
        CredentialStore store = new([file]);
        Assert.Null(await store.FindAsync("one.example", "x", Token));
        Assert.Equal("docker-credential-" + name, await store.StoreAsync("one.example", new RegistryCredential("u", "p", false), Token));
        Assert.Equal("p", (await store.FindAsync("one.example", "x", Token))!.Secret);
        Assert.DoesNotContain("auths", File.ReadAllText(file), StringComparison.Ordinal);
        Assert.NotNull(await store.RemoveAsync("one.example", Token));
        Assert.Null(await store.FindAsync("one.example", "x", Token));
        ContainerException broken = await Assert.ThrowsAnyAsync<ContainerException>(() => store.FindAsync("broken.example", "x", Token));
        Assert.Equal(ErrorCode.CredentialHelperFailed, broken.Code);
        Assert.Contains("the safe is locked", broken.Message, StringComparison.Ordinal);
        Assert.Equal(ErrorCode.InvalidConfiguration, (await Assert.ThrowsAnyAsync<ContainerException>(() => store.FindAsync("evil.example", "x", Token))).Code);
        Assert.Equal(ErrorCode.CredentialHelperFailed, (await Assert.ThrowsAnyAsync<ContainerException>(() => store.FindAsync("lost.example", "x", Token))).Code);
    });

    [Fact]
    public Task The_configuration_of_registries_says_who_is_asked_and_in_which_order() => WithHelperAsync(async name =>
    {
        string file = Write(("one.example", "file:f"), ("two.example", "file:f"));
        CredentialStore store = new([file], [name, CredentialStore.Files]);
        Assert.Equal("file", (await store.FindAsync("one.example", "x", Token))!.UserName);
        Assert.Equal("docker-credential-" + name, await store.StoreAsync("one.example", new RegistryCredential("u", "p", false), Token));
        Assert.Equal("u", (await store.FindAsync("one.example", "x", Token))!.UserName);
        Assert.Equal(["docker-credential-" + name, file], (await store.ListAsync(Token)).Select(registry => registry.Source));
        Assert.Equal("u", (await store.RemoveAsync("one.example", Token))!.UserName);
        Assert.Null(await store.FindAsync("one.example", "x", Token));
        Assert.Equal("file", (await store.FindAsync("two.example", "x", Token))!.UserName);
        CredentialStore alone = new([file], [name]);
        Assert.Null(await alone.FindAsync("two.example", "x", Token));
        Assert.Empty(await alone.ListAsync(Token));
        Assert.Null(await alone.RemoveAsync("two.example", Token));
    });

    [Theory]
    [InlineData("[]")]
    [InlineData("{")]
    [InlineData("""{"auths":{"one.example":{"auth":"!!!"}}}""")]
    [InlineData("""{"auths":{"one.example":{"auth":"bm9jb2xvbg=="}}}""")]
    public async Task A_file_that_is_not_valid_is_named(string content)
    {
        string file = _local.Write("auth.json", Encoding.UTF8.GetBytes(content));
        ContainerException error = await Assert.ThrowsAnyAsync<ContainerException>(() => new CredentialStore([file]).FindAsync("one.example", "", Token));
        Assert.Equal(ErrorCode.InvalidConfiguration, error.Code);
        Assert.Contains(file, error.Message, StringComparison.Ordinal);
    }

    /// <summary>A helper on PATH that keeps one entry, for one.example.</summary>
    private async Task WithHelperAsync(Func<string, Task> test)
    {
        string name = $"containertools-test-{Guid.NewGuid():n}";
        string kept = Path.Combine(_local.Folder, "kept");
        string bin = Path.Combine(_local.Folder, "bin");
        Directory.CreateDirectory(bin);
        string program = Path.Combine(bin, "docker-credential-" + name);
        File.WriteAllText(program, $$"""
            #!/bin/sh
            case $1 in
                store) cat > {{kept}} ;;
                get) read -r host; [ "$host" = broken.example ] && { echo 'the safe is locked'; exit 1; }
                     [ -e {{kept}} ] && [ "$host" = one.example ] && cat {{kept}} || { echo 'credentials not found in native keychain'; exit 1; } ;;
                erase) rm {{kept}} ;;
                list) [ -e {{kept}} ] && echo '{"one.example":"u"}' || echo '{}' ;;
            esac
            """);
        File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        string path = Environment.GetEnvironmentVariable("PATH") ?? "";
        Environment.SetEnvironmentVariable("PATH", bin + ":" + path);
        try
        {
            await test(name);
        }
        finally
        {
            Environment.SetEnvironmentVariable("PATH", path);
        }
    }

    private string Write(params (string Key, string Text)[] entries)
    {
        JsonObject auths = [];
        foreach ((string key, string text) in entries) auths[key] = new JsonObject { ["auth"] = Convert.ToBase64String(Encoding.UTF8.GetBytes(text)) };
        return _local.Write("auth.json", Encoding.UTF8.GetBytes(new JsonObject { ["auths"] = auths }.ToJsonString()));
    }
}
