using System.Collections.ObjectModel;
using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Host;
using System.Security;

namespace ContainerTools.Shell.Hosting;

/// <summary>Text to and from the console. Errors go to standard error, everything else to standard output, as pwsh does it.</summary>
internal sealed class ShellUserInterface(bool isInteractive) : PSHostUserInterface
{
    private readonly ProgressLine _progress = new();

    public override PSHostRawUserInterface RawUI { get; } = new ShellRawUserInterface();

    public override bool SupportsVirtualTerminal { get; } =
        !Console.IsOutputRedirected && Environment.GetEnvironmentVariable("TERM") is not (null or "" or "dumb");

    public override void Write(string value)
    {
        _progress.Clear();
        Console.Out.Write(value);
    }

    public override void Write(ConsoleColor foregroundColor, ConsoleColor backgroundColor, string value)
    {
        _progress.Clear();
        // The background is left alone: the raw interface does not know what the terminal's is.
        if (SupportsVirtualTerminal && foregroundColor != RawUI.ForegroundColor && PSStyleAllowsColor)
            Console.Out.Write(PSStyle.Instance.Foreground.FromConsoleColor(foregroundColor) + value + PSStyle.Instance.Reset);
        else
            Console.Out.Write(value);
    }

    public override void WriteLine(string value)
    {
        _progress.Clear();
        Console.Out.WriteLine(value);
    }

    public override void WriteErrorLine(string value)
    {
        // The view of an error ends with an empty line, which pwsh leaves out.
        if (string.IsNullOrEmpty(value))
            return;
        _progress.Clear();
        Console.Out.Flush();
        Console.Error.WriteLine(Paint(PSStyle.Instance.Formatting.Error, value, Console.IsErrorRedirected));
    }

    public override void WriteDebugLine(string message) => WriteLine(Paint(PSStyle.Instance.Formatting.Debug, "DEBUG: " + message));

    public override void WriteVerboseLine(string message) => WriteLine(Paint(PSStyle.Instance.Formatting.Verbose, "VERBOSE: " + message));

    public override void WriteWarningLine(string message) => WriteLine(Paint(PSStyle.Instance.Formatting.Warning, "WARNING: " + message));

    public override void WriteInformation(InformationRecord record)
    {
        // The engine itself writes what Write-Host says; other information is for those who ask for it.
    }

    public override void WriteProgress(long sourceId, ProgressRecord record)
    {
        if (SupportsVirtualTerminal)
            _progress.Show(record, RawUI.WindowSize.Width);
    }

    public override string ReadLine()
    {
        RequireInteraction();
        _progress.Clear();
        return Console.In.ReadLine() ?? throw new PSInvalidOperationException("Standard input has ended.");
    }

    public override SecureString ReadLineAsSecureString()
    {
        RequireInteraction();
        _progress.Clear();
        SecureString secret = new();
        while (true)
        {
            ConsoleKeyInfo key = Console.ReadKey(intercept: true);
            if (key.Key == ConsoleKey.Enter)
                break;
            if (key.Key == ConsoleKey.Backspace && secret.Length > 0)
                secret.RemoveAt(secret.Length - 1);
            else if (!char.IsControl(key.KeyChar))
                secret.AppendChar(key.KeyChar);
        }
        Console.WriteLine();
        secret.MakeReadOnly();
        return secret;
    }

    public override Dictionary<string, PSObject> Prompt(string caption, string message, Collection<FieldDescription> descriptions)
    {
        RequireInteraction();
        WriteCaption(caption, message);
        Dictionary<string, PSObject> answers = [];
        foreach (FieldDescription field in descriptions)
        {
            Write(field.Name + ": ");
            Type type = LanguagePrimitives.TryConvertTo(field.ParameterAssemblyFullName, out Type found) ? found : typeof(string);
            answers[field.Name] = type == typeof(SecureString)
                ? PSObject.AsPSObject(ReadLineAsSecureString())
                : PSObject.AsPSObject(ReadLine());
        }
        return answers;
    }

    public override int PromptForChoice(string caption, string message, Collection<ChoiceDescription> choices, int defaultChoice)
    {
        RequireInteraction();
        WriteCaption(caption, message);
        while (true)
        {
            for (int i = 0; i < choices.Count; i++)
                Write($"[{Key(choices[i], i)}] {choices[i].Label.Replace("&", "", StringComparison.Ordinal)}  ");
            Write(defaultChoice >= 0 ? $"(default is \"{Key(choices[defaultChoice], defaultChoice)}\"): " : ": ");
            string answer = ReadLine().Trim();
            if (answer.Length == 0 && defaultChoice >= 0)
                return defaultChoice;
            for (int i = 0; i < choices.Count; i++)
            {
                if (answer.Equals(Key(choices[i], i), StringComparison.OrdinalIgnoreCase) ||
                    answer.Equals(choices[i].Label.Replace("&", "", StringComparison.Ordinal), StringComparison.OrdinalIgnoreCase))
                    return i;
            }
        }
    }

    public override PSCredential PromptForCredential(string caption, string message, string userName, string targetName)
    {
        RequireInteraction();
        WriteCaption(caption, message);
        if (string.IsNullOrEmpty(userName))
        {
            Write("User: ");
            userName = ReadLine();
        }
        Write($"Password for user {userName}: ");
        return new PSCredential(userName, ReadLineAsSecureString());
    }

    public override PSCredential PromptForCredential(
        string caption, string message, string userName, string targetName, PSCredentialTypes allowedCredentialTypes, PSCredentialUIOptions options) =>
        PromptForCredential(caption, message, userName, targetName);

    private static bool PSStyleAllowsColor =>
        PSStyle.Instance.OutputRendering != OutputRendering.PlainText && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));

    private static string Key(ChoiceDescription choice, int index)
    {
        int mark = choice.Label.IndexOf('&', StringComparison.Ordinal);
        return mark >= 0 && mark + 1 < choice.Label.Length
            ? choice.Label[mark + 1].ToString().ToUpperInvariant()
            : index.ToString(CultureInfo.InvariantCulture);
    }

    private string Paint(string style, string text, bool isRedirected = false) =>
        SupportsVirtualTerminal && !isRedirected && PSStyleAllowsColor ? style + text + PSStyle.Instance.Reset : text;

    private void WriteCaption(string caption, string message)
    {
        if (!string.IsNullOrEmpty(caption))
            WriteLine(caption);
        if (!string.IsNullOrEmpty(message))
            WriteLine(message);
    }

    private void RequireInteraction()
    {
        if (!isInteractive)
            throw new PSInvalidOperationException("PowerShell is in NonInteractive mode. Read and Prompt functionality is not available.");
    }
}
