using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using System.Text.Json;

namespace ContainerTools.Runtime.Images.Registry;

/// <summary>
/// A program <c>docker-credential-*</c> that keeps secrets: the verb is its argument, the registry or a JSON document its standard input
/// (the protocol of docker-credential-helpers).
/// </summary>
/// <param name="name">The part of its name after <c>docker-credential-</c>.</param>
internal sealed class CredentialHelper(string name)
{
    /// <summary>How a helper says that it has nothing; the only error that is none.</summary>
    private const string NotFound = "credentials not found";

    private readonly string _program = "docker-credential-" + name;

    /// <summary>The credentials for a registry, or null.</summary>
    public async Task<RegistryCredential?> GetAsync(string registry, CancellationToken cancellationToken)
    {
        string? answer = await RunAsync("get", registry, cancellationToken);
        if (answer is null) return null;
        HelperCredentials? found = Parse(answer, RegistryJson.Default.HelperCredentials);
        if (found?.Secret is not { Length: > 0 } secret) return null;
        bool token = found.UserName is null or "" or "<token>";
        return new RegistryCredential(token ? "" : found.UserName!, secret, token);
    }

    /// <summary>Keeps credentials.</summary>
    public Task StoreAsync(string registry, RegistryCredential credential, CancellationToken cancellationToken)
        => RunAsync(
            "store",
            JsonSerializer.Serialize(new HelperCredentials(registry, credential.UserName, credential.Secret), RegistryJson.Default.HelperCredentials),
            cancellationToken);

    /// <summary>Forgets credentials.</summary>
    public Task EraseAsync(string registry, CancellationToken cancellationToken) => RunAsync("erase", registry, cancellationToken);

    /// <summary>The registries it has credentials for, with the names of the users.</summary>
    public async Task<IReadOnlyDictionary<string, string>> ListAsync(CancellationToken cancellationToken)
        => await RunAsync("list", "", cancellationToken) is { } answer
            ? Parse(answer, RegistryJson.Default.DictionaryStringString) ?? []
            : new Dictionary<string, string>();

    /// <returns>What it printed; null where it has nothing for that registry.</returns>
    private async Task<string?> RunAsync(string verb, string input, CancellationToken cancellationToken)
    {
        // It comes from a file, and must not lead out of PATH.
        if (name.Length == 0 || name.Any(static c => !char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_' or '.')))
        {
            throw new ContainerException(ErrorCode.InvalidConfiguration, $"'{name}' is not the name of a credential helper.", name);
        }

        using Process process = new()
        {
            StartInfo = new ProcessStartInfo(_program, [verb])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                StandardInputEncoding = new UTF8Encoding(false),
                StandardOutputEncoding = Encoding.UTF8,
                StandardErrorEncoding = Encoding.UTF8,
            },
        };
        try
        {
            process.Start();
        }
        catch (Win32Exception error)
        {
            throw new ContainerException(ErrorCode.CredentialHelperFailed, $"The credential helper {_program} cannot be started: {error.Message}", _program, error);
        }

        try
        {
            Task<string> output = process.StandardOutput.ReadToEndAsync(cancellationToken), errors = process.StandardError.ReadToEndAsync(cancellationToken);
            await WriteAsync(process, input, cancellationToken);
            string text = await output, told = await errors;
            await process.WaitForExitAsync(cancellationToken);
            if (process.ExitCode == 0) return text;
            string reason = (text + told).Trim();
            if (reason.Contains(NotFound, StringComparison.OrdinalIgnoreCase)) return null;
            throw new ContainerException(ErrorCode.CredentialHelperFailed, $"The credential helper {_program} failed: {RegistryText.Clean(reason)}", _program);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            throw;
        }
    }

    private static async Task WriteAsync(Process process, string input, CancellationToken cancellationToken)
    {
        try
        {
            await process.StandardInput.WriteAsync(input.AsMemory(), cancellationToken);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It did not read what it was told; its exit code says what it makes of that.
        }
    }

    private T? Parse<T>(string answer, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type)
    {
        try
        {
            return JsonSerializer.Deserialize(answer, type);
        }
        catch (JsonException error)
        {
            throw new ContainerException(ErrorCode.CredentialHelperFailed, $"The credential helper {_program} answers what cannot be read.", _program, error);
        }
    }
}
