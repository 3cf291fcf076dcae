using ContainerTools.Runtime.Linux;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Monitoring;

/// <summary>What a monitor does for its own process: it stays small, and the out-of-memory killer passes it by where that is permitted.</summary>
internal sealed class MonitorFootprint
{
    private const string ScoreFile = "/proc/self/oom_score_adj";

    private readonly byte[] _inheritedScore = new byte[16];
    private readonly int _inheritedLength;
    private bool _isProtected;

    /// <summary>Remembers what the process was started with.</summary>
    public MonitorFootprint()
    {
        using SafeFileHandle? file = Libc.TryOpen(ScoreFile, Libc.O_RDONLY | Libc.O_CLOEXEC, 0, out _);
        if (file is not null) _inheritedLength = Math.Max(0, Libc.Read(file, _inheritedScore));
    }

    /// <summary>The container inherits the score that the monitor was started with, not the monitor's own.</summary>
    public void BeforeLaunch()
    {
        if (_isProtected) WriteScore(_inheritedScore.AsSpan(0, _inheritedLength));
        _isProtected = false;
    }

    /// <summary>
    /// Killing a monitor saves nothing and takes its container with it. Lowering the score needs CAP_SYS_RESOURCE; without it, it stays.
    /// </summary>
    public void AfterLaunch() => _isProtected = WriteScore("-1000"u8);

    /// <summary>The launch is over, and supervising allocates nothing: all that can be is given back.</summary>
    public void Settle()
    {
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        Libc.TrimHeap();
    }

    private static bool WriteScore(ReadOnlySpan<byte> score)
    {
        using SafeFileHandle? file = Libc.TryOpen(ScoreFile, Libc.O_WRONLY | Libc.O_CLOEXEC, 0, out _);
        return file is not null && Libc.Write(file, score) == score.Length;
    }
}
