using System.Diagnostics;
using ContainerTools.Integration.Tests.Layers;
using Xunit;

namespace ContainerTools.Integration.Tests.Images;

/// <summary>The store of a user who is not root.</summary>
public sealed class UnprivilegedTests : IDisposable
{
    private const string User = "65534";

    private readonly StoreFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    [Theory]
    [InlineData(nameof(UnprivilegedChild.Imports_exports_and_removes_what_root_has_packed))]
    [InlineData(nameof(UnprivilegedChild.Refuses_device_nodes_and_keeps_nothing))]
    [InlineData(nameof(UnprivilegedChild.Says_what_a_user_may_not_do))]
    [InlineData(nameof(UnprivilegedChild.Keeps_whiteouts_where_it_cannot_be_seen_what_they_hide))]
    public void A_user_has_a_store_of_their_own(string what)
    {
        StoreFixture.RequireRoot();
        StoreFixture.RequireTool("getfattr");
        File.WriteAllText(Path.Combine(_fixture.Folder, "secret.tar"), "secret");
        File.SetUnixFileMode(Path.Combine(_fixture.Folder, "secret.tar"), UnixFileMode.UserRead);
        RunAsUser("-explicit", "only", "-method", $"{typeof(UnprivilegedChild).FullName}.{what}");
    }

    [Fact]
    public void A_user_removes_folders_that_forbid_it()
    {
        StoreFixture.RequireRoot();
        RunAsUser("-method", $"{typeof(FolderRemovalTests).FullName}.{nameof(FolderRemovalTests.A_user_removes_folders_that_forbid_it)}");
    }

    /// <summary>Runs one test of this program, which must neither fail nor be skipped.</summary>
    private void RunAsUser(params string[] test)
    {
        StoreFixture.RequireTool("setpriv");
        string program = Environment.ProcessPath!;
        Assert.SkipUnless(AsUser("test", "-x", program).ExitCode == 0, $"{program} lies where other users may not look");
        StoreFixture.Run("chown", $"{User}:{User}", _fixture.Folder);
        string[] self = Path.GetFileName(program) == "dotnet" ? [program, typeof(UnprivilegedTests).Assembly.Location] : [program];
        (int exitCode, string output) = AsUser([.. self, "-noColor", .. test]);
        Assert.True(exitCode == 0 && output.Contains("Total: 1,", StringComparison.Ordinal) && output.Contains("Failed: 0, Skipped: 0", StringComparison.Ordinal), output);
    }

    private (int ExitCode, string Output) AsUser(params string[] command)
    {
        ProcessStartInfo start = new("setpriv", [$"--reuid={User}", $"--regid={User}", "--clear-groups", "--", .. command])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment =
            {
                [UnprivilegedChild.RootVariable] = _fixture.Folder,
                ["TMPDIR"] = _fixture.Folder,
                ["HOME"] = _fixture.Folder,
                ["DOTNET_ROOT"] = Path.GetFullPath(Path.Combine(System.Runtime.InteropServices.RuntimeEnvironment.GetRuntimeDirectory(), "../../..")),
            },
        };
        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output + error.Result);
    }
}
