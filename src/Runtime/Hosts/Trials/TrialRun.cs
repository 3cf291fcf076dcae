using System.Diagnostics;
using System.Globalization;

namespace ContainerTools.Runtime.Hosts.Trials;

/// <summary>One run of <c>ctrun probe</c>.</summary>
/// <param name="Results">errno by <see cref="TrialName"/>; empty where it could not run.</param>
/// <param name="Failure">Why it could not, as the end of a sentence.</param>
internal sealed record TrialRun(IReadOnlyDictionary<string, int> Results, string? Failure)
{
    /// <summary>Runs it. That it cannot run is an answer too, not an error.</summary>
    /// <param name="folder">A folder to try mounts in.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task<TrialRun> StartAsync(string folder, CancellationToken cancellationToken)
    {
        if (!Environment.IsPrivilegedProcess) return Without("the current user is not root");
        string program;
        try
        {
            program = EngineTools.Ctrun();
        }
        catch (ContainerException error) when (error.Code == ErrorCode.ToolMissing)
        {
            return Without("ctrun is missing");
        }

        using Process process = new()
        {
            StartInfo = new ProcessStartInfo(program, ["probe", folder]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true },
        };
        try
        {
            process.Start();
        }
        catch (System.ComponentModel.Win32Exception error)
        {
            return Without($"ctrun cannot be started: {error.Message}");
        }

        process.StandardInput.Close();
        try
        {
            Task<string> output = process.StandardOutput.ReadToEndAsync(cancellationToken), errors = process.StandardError.ReadToEndAsync(cancellationToken);
            string text = await output.ConfigureAwait(false), told = await errors.ConfigureAwait(false);
            await process.WaitForExitAsync(cancellationToken).ConfigureAwait(false);
            return process.ExitCode == 0 ? new TrialRun(Parse(text), null) : Without($"ctrun failed: {told.Trim()}");
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            throw;
        }
    }

    /// <summary>Reads lines of <c>name errno</c>; others are passed over.</summary>
    public static IReadOnlyDictionary<string, int> Parse(string text)
    {
        Dictionary<string, int> results = [];
        foreach (string line in text.Split('\n'))
        {
            string[] words = line.Split(' ');
            if (words.Length == 2 && int.TryParse(words[1], NumberStyles.None, CultureInfo.InvariantCulture, out int errno)) results[words[0]] = errno;
        }

        return results;
    }

    private static TrialRun Without(string reason) => new(new Dictionary<string, int>(), reason);
}
