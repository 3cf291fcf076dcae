namespace ContainerTools.Runtime.Monitoring;

/// <summary>
/// When a container is started again: Docker's rules. The pause doubles from 100 ms to one minute, and begins anew when a run
/// has lasted ten seconds.
/// </summary>
internal sealed class RestartBackoff
{
    private static readonly TimeSpan s_first = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan s_longest = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan s_healthy = TimeSpan.FromSeconds(10);

    private TimeSpan _pause;

    /// <summary>How often it was started again.</summary>
    public int Count { get; private set; }

    /// <summary>A run has ended: how long to wait before the next one, or null when there is none.</summary>
    /// <param name="condition">When to start again.</param>
    /// <param name="maximum">The most restarts of <see cref="RestartCondition.OnFailure"/>; 0 for no limit.</param>
    /// <param name="exitCode">How it ended.</param>
    /// <param name="duration">How long it ran.</param>
    /// <param name="stopped">Whether the user asked for the end; then nothing is started again, whatever the condition.</param>
    public TimeSpan? Next(RestartCondition condition, int maximum, int exitCode, TimeSpan duration, bool stopped)
    {
        bool again = !stopped && condition switch
        {
            RestartCondition.Always or RestartCondition.UnlessStopped => true,
            RestartCondition.OnFailure => exitCode != 0 && (maximum == 0 || Count < maximum),
            _ => false,
        };
        if (!again) return null;

        if (duration >= s_healthy) _pause = TimeSpan.Zero;
        _pause = _pause == TimeSpan.Zero ? s_first : _pause * 2;
        if (_pause > s_longest) _pause = s_longest;
        Count++;
        return _pause;
    }
}
