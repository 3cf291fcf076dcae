using System.Management.Automation;

namespace ContainerTools.Shell.Hosting;

/// <summary>Progress as one line below the output, wiped before anything else is written.</summary>
internal sealed class ProgressLine
{
    private bool _isShown;

    public void Show(ProgressRecord record, int width)
    {
        Clear();
        if (record.RecordType == ProgressRecordType.Completed)
            return;
        string percent = record.PercentComplete >= 0 ? $" {record.PercentComplete} %" : "";
        string text = $"{record.Activity}: {record.StatusDescription}{percent}";
        Console.Out.Write("\r" + (text.Length >= width ? text[..(width - 1)] : text));
        _isShown = true;
    }

    public void Clear()
    {
        if (!_isShown)
            return;
        // Carriage return, erase to the end of the line.
        Console.Out.Write("\r\x1b[K");
        _isShown = false;
    }
}
