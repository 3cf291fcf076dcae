using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Host;

namespace ContainerTools.Shell.Hosting;

/// <summary>What the engine asks of the program that hosts it.</summary>
internal sealed class ShellHost(bool isInteractive) : PSHost
{
    private readonly ShellUserInterface _ui = new(isInteractive);

    /// <summary>The engine's version, which is PowerShell's: 7.6.9.</summary>
    public static Version EngineVersion { get; } = FindEngineVersion();

    /// <summary>The code of the last <c>exit</c>, or null as long as there was none.</summary>
    public int? RequestedExitCode { get; set; }

    // Scripts ask for this name to tell a console from an editor.
    public override string Name => "ConsoleHost";

    public override Version Version => EngineVersion;

    public override Guid InstanceId { get; } = Guid.NewGuid();

    public override PSHostUserInterface UI => _ui;

    public override CultureInfo CurrentCulture => CultureInfo.CurrentCulture;

    public override CultureInfo CurrentUICulture => CultureInfo.CurrentUICulture;

    public override void SetShouldExit(int exitCode) => RequestedExitCode = exitCode;

    public override void EnterNestedPrompt() => throw new PSNotSupportedException("This console has no nested prompt.");

    public override void ExitNestedPrompt() => throw new PSNotSupportedException("This console has no nested prompt.");

    public override void NotifyBeginApplication()
    {
    }

    public override void NotifyEndApplication()
    {
    }

    private static Version FindEngineVersion()
    {
        Version version = typeof(PSObject).Assembly.GetName().Version!;
        string? product = System.Diagnostics.FileVersionInfo.GetVersionInfo(typeof(PSObject).Assembly.Location).ProductVersion;
        // "7.6.9 SHA: …": the assembly's own version stays at 7.6.0.
        return Version.TryParse(product?.Split(' ', '-', '+')[0], out Version? precise) ? precise : version;
    }
}
