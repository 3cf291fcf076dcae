namespace ContainerTools.Shell.Hosting;

/// <summary>Where the prompt gets its lines from.</summary>
internal interface ILineSource
{
    /// <summary>The next line, or null at the end of the input.</summary>
    string? ReadLine(string prompt);
}
