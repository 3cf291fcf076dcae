namespace ContainerTools.Shell.Hosting;

/// <summary>Lines from a pipe or a file; the prompt is shown, as pwsh shows it.</summary>
internal sealed class RedirectedLines : ILineSource
{
    public string? ReadLine(string prompt)
    {
        Console.Out.Write(prompt);
        string? line = Console.In.ReadLine();
        Console.Out.WriteLine(line);
        return line;
    }
}
