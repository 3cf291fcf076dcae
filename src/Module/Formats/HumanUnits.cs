using System.Collections;
using System.Globalization;
using System.Text;

namespace ContainerTools.Module;

/// <summary>Turns values into what people read. The format file calls these.</summary>
public static class HumanUnits
{
    private static readonly string[] SizeUnits = ["B", "KB", "MB", "GB", "TB", "PB", "EB"];

    /// <summary>A size in bytes as <c>34.2 MB</c>; units are powers of 1024, as PowerShell's own 1MB. Empty for null, <c>unlimited</c> below 0.</summary>
    public static string Size(long? bytes)
    {
        if (bytes is null) return "";
        if (bytes < 0) return "unlimited";
        double value = bytes.Value;
        int unit = 0;
        // 1023.95 KB would be shown as "1024.0 KB".
        while (value >= 1023.95 && unit < SizeUnits.Length - 1)
        {
            value /= 1024;
            unit++;
        }

        return string.Create(CultureInfo.InvariantCulture, $"{Math.Round(value, 1):0.#} {SizeUnits[unit]}");
    }

    /// <summary>A length of time in its largest unit: <c>3 days</c>, <c>1 hour</c>, <c>less than a second</c>. Empty for null.</summary>
    public static string Duration(TimeSpan? span)
    {
        if (span is not { } value) return "";
        if (value < TimeSpan.FromSeconds(1)) return "less than a second";
        if (value.TotalSeconds < 60) return Count((long)value.TotalSeconds, "second");
        if (value.TotalMinutes < 60) return Count((long)value.TotalMinutes, "minute");
        if (value.TotalHours < 24) return Count((long)value.TotalHours, "hour");
        if (value.TotalDays < 14) return Count((long)value.TotalDays, "day");
        if (value.TotalDays < 60) return Count((long)(value.TotalDays / 7), "week");
        if (value.TotalDays < 730) return Count((long)(value.TotalDays / 30.44), "month");
        return Count((long)(value.TotalDays / 365.25), "year");
    }

    /// <summary>A short time as <c>0.21 ms</c>, <c>34 ms</c> or <c>1.2 s</c>. Empty for null.</summary>
    public static string Latency(TimeSpan? span)
    {
        if (span is not { } value) return "";
        double milliseconds = value.TotalMilliseconds;
        // 999.6 ms would be shown as "1000 ms".
        if (milliseconds >= 999.5) return string.Create(CultureInfo.InvariantCulture, $"{milliseconds / 1000:0.0} s");
        return milliseconds.ToString(milliseconds >= 9.95 ? "0" : milliseconds >= 0.995 ? "0.0" : "0.00", CultureInfo.InvariantCulture) + " ms";
    }

    /// <summary>A name that leaves room for the columns beside it: of a long one the end, which tells it from others.</summary>
    /// <param name="name">The name.</param>
    /// <param name="width">The columns of the terminal; 0 where there is none.</param>
    /// <param name="others">What the other columns take.</param>
    public static string Fit(string name, int width, int others)
    {
        ArgumentNullException.ThrowIfNull(name);
        int room = Math.Max(16, (width > 0 ? width : 120) - others);
        return name.Length <= room ? name : "…" + name[^(room - 1)..];
    }

    /// <summary>How long ago something was: <c>3 days ago</c>, <c>just now</c>. Empty for null.</summary>
    public static string Ago(DateTimeOffset? moment)
    {
        if (moment is not { } value) return "";
        TimeSpan age = DateTimeOffset.UtcNow - value;
        return age < TimeSpan.FromSeconds(1) ? "just now" : Duration(age) + " ago";
    }

    /// <summary>Breaks text into lines between words, because PowerShell's own tables break within them.</summary>
    /// <param name="text">The text.</param>
    /// <param name="width">Most characters in a line; no lines are broken where there is no room for words.</param>
    public static string Wrap(string? text, int width)
    {
        if (string.IsNullOrEmpty(text) || width < 20) return text ?? "";
        StringBuilder wrapped = new();
        foreach (string line in text.Split('\n'))
        {
            if (wrapped.Length > 0) wrapped.Append('\n');
            int length = 0;
            foreach (string word in line.Split(' '))
            {
                if (length > 0 && length + 1 + word.Length > width)
                {
                    wrapped.Append('\n');
                    length = 0;
                }
                else if (length > 0)
                {
                    wrapped.Append(' ');
                    length++;
                }

                wrapped.Append(word);
                length += word.Length;
            }
        }

        return wrapped.ToString();
    }

    /// <summary>Where a container is in its life and since when: <c>Up 2 minutes</c>, <c>Exited (0) 3 hours ago</c>.</summary>
    public static string Status(Container container)
    {
        ArgumentNullException.ThrowIfNull(container);
        return container.State switch
        {
            ContainerState.Running => "Up " + Duration(container.RunTime),
            ContainerState.Paused => $"Up {Duration(container.RunTime)} (paused)",
            ContainerState.Restarting => string.Create(CultureInfo.InvariantCulture, $"Restarting ({container.ExitCode}) {Ago(container.FinishedAt)}").TrimEnd(),
            ContainerState.Exited => string.Create(
                CultureInfo.InvariantCulture, $"Exited ({container.ExitCode}{(container.OomKilled ? " OOM" : "")}) {Ago(container.FinishedAt)}").TrimEnd(),
            _ => container.State.ToString(),
        };
    }

    /// <summary>A command line as one would type it: arguments that need it in quotes.</summary>
    public static string CommandLine(IEnumerable? words)
    {
        StringBuilder line = new();
        foreach (object? item in words ?? Array.Empty<object>())
        {
            string word = item?.ToString() ?? "";
            if (line.Length > 0) line.Append(' ');
            bool plain = word.Length > 0 && word.All(static c => char.IsLetterOrDigit(c) || "_-./:=@%+,".Contains(c, StringComparison.Ordinal));
            if (plain) line.Append(word);
            else line.Append('"').Append(word.Replace("\n", "\\n", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)).Append('"');
        }

        return line.ToString();
    }

    /// <summary>A processor time as <c>1:02:03</c> or <c>0:04.56</c>.</summary>
    public static string CpuTime(TimeSpan time) => time.TotalHours >= 1
        ? string.Create(CultureInfo.InvariantCulture, $"{(long)time.TotalHours}:{time.Minutes:00}:{time.Seconds:00}")
        : string.Create(CultureInfo.InvariantCulture, $"{time.Minutes}:{time.Seconds:00}.{time.Milliseconds / 10:00}");

    /// <summary>Pairs as <c>a=1, b=2</c>.</summary>
    public static string Pairs(IEnumerable<KeyValuePair<string, string>>? pairs)
        => string.Join(", ", (pairs ?? []).OrderBy(static pair => pair.Key, StringComparer.Ordinal).Select(static pair => $"{pair.Key}={pair.Value}"));

    /// <summary>Limits in one line: <c>memory 512 MB, 1.5 cpus, 100 processes</c>; <c>none</c> where there is none.</summary>
    public static string Limit(ContainerLimit? limit)
    {
        List<string> parts = [];
        if (limit?.Memory is >= 0) parts.Add("memory " + Size(limit.Memory));
        if (limit?.MemoryReservation is >= 0) parts.Add("reserved " + Size(limit.MemoryReservation));
        if (limit?.MemorySwap is >= 0) parts.Add("with swap " + Size(limit.MemorySwap));
        if (limit?.Cpus is > 0) parts.Add(string.Create(CultureInfo.InvariantCulture, $"{limit.Cpus} cpus"));
        if (limit?.CpuShares is { } shares) parts.Add(string.Create(CultureInfo.InvariantCulture, $"cpu shares {shares}"));
        if (limit?.CpuSet is { Length: > 0 } set) parts.Add("cpu set " + set);
        if (limit?.Processes is >= 0) parts.Add(string.Create(CultureInfo.InvariantCulture, $"{limit.Processes} processes"));
        if (limit?.BlockIOWeight is { } weight) parts.Add(string.Create(CultureInfo.InvariantCulture, $"block I/O weight {weight}"));
        return parts.Count > 0 ? string.Join(", ", parts) : "none";
    }

    /// <summary>What confines a container, in one line, where it differs from the default: <c>privileged</c>, <c>read-only root, +NET_ADMIN</c>.</summary>
    public static string Security(ContainerConfiguration? configuration)
    {
        if (configuration is null) return "";
        List<string> parts = [];
        if (configuration.Privileged) parts.Add("privileged");
        if (configuration.UserNamespace) parts.Add("user namespace");
        if (configuration.ReadOnlyRoot) parts.Add("read-only root");
        if (configuration.NoNewPrivileges) parts.Add("no new privileges");
        if (configuration.SeccompProfile is { } profile) parts.Add("seccomp " + profile);
        parts.AddRange(configuration.AddedCapabilities.Select(static name => "+" + name));
        parts.AddRange(configuration.DroppedCapabilities.Select(static name => "-" + name));
        return parts.Count > 0 ? string.Join(", ", parts) : "default";
    }

    /// <summary>A sign for how well something is provided.</summary>
    public static string Sign(HostCapability capability)
    {
        ArgumentNullException.ThrowIfNull(capability);
        return capability.Status switch
        {
            HostCapabilityStatus.Available => "✓",
            HostCapabilityStatus.Limited => "~",
            _ => capability.Required ? "✗" : "-",
        };
    }

    private static string Count(long number, string unit)
        => string.Create(CultureInfo.InvariantCulture, $"{number} {unit}{(number == 1 ? "" : "s")}");
}
