using System.Diagnostics;

namespace ContainerTools.Runtime.Networks.Reachability;

/// <summary>A moment until which something is waited for.</summary>
internal readonly struct Deadline
{
    private readonly long _end;

    private Deadline(long end) => _end = end;

    /// <summary>One that never comes.</summary>
    public static Deadline Never => new(long.MaxValue);

    /// <summary>The time that is left, zero after it.</summary>
    public TimeSpan Left => _end == long.MaxValue ? TimeSpan.MaxValue : TimeSpan.FromTicks(Math.Max(0, Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), _end).Ticks));

    /// <summary>Whether it has come.</summary>
    public bool IsOver => Left == TimeSpan.Zero;

    /// <summary>One that comes after a time.</summary>
    public static Deadline After(TimeSpan time)
    {
        double ticks = time.TotalSeconds * Stopwatch.Frequency;
        long now = Stopwatch.GetTimestamp();
        return ticks >= long.MaxValue - now ? Never : new Deadline(now + (long)ticks);
    }

    /// <summary>The one that comes first.</summary>
    public static Deadline First(Deadline one, Deadline other) => one._end <= other._end ? one : other;
}
