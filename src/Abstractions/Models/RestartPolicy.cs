using System.Globalization;

namespace ContainerTools;

/// <summary>When a container's monitor starts it again.</summary>
public enum RestartCondition
{
    /// <summary>Never.</summary>
    None,
    /// <summary>After an exit code other than 0.</summary>
    OnFailure,
    /// <summary>After every exit, also after a restart of the machine.</summary>
    Always,
    /// <summary>As <see cref="Always"/>, unless the user stopped it.</summary>
    UnlessStopped,
}

/// <summary>A restart policy: the condition and, for <see cref="RestartCondition.OnFailure"/>, the most restarts.</summary>
/// <param name="Condition">When to start again.</param>
/// <param name="MaximumRetryCount">The most restarts in a row; 0 means no limit.</param>
public sealed record RestartPolicy(RestartCondition Condition, int MaximumRetryCount = 0)
{
    /// <summary>Never restart.</summary>
    public static RestartPolicy None { get; } = new(RestartCondition.None);

    /// <summary>Reads Docker's spelling: <c>no</c>, <c>on-failure[:N]</c>, <c>always</c>, <c>unless-stopped</c>.</summary>
    /// <exception cref="ContainerException"><see cref="ErrorCode.InvalidArgument"/> for anything else.</exception>
    public static RestartPolicy Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        string word = text.Split(':')[0];
        int count = 0;
        bool plain = !text.Contains(':', StringComparison.Ordinal);
        RestartCondition? condition = word.ToLowerInvariant() switch
        {
            "no" or "none" or "" => RestartCondition.None,
            "on-failure" or "onfailure" => RestartCondition.OnFailure,
            "always" => RestartCondition.Always,
            "unless-stopped" or "unlessstopped" => RestartCondition.UnlessStopped,
            _ => null,
        };
        if (condition is null
            || (!plain && (condition != RestartCondition.OnFailure
                || !int.TryParse(text.AsSpan(word.Length + 1), NumberStyles.None, CultureInfo.InvariantCulture, out count))))
        {
            throw new ContainerException(
                ErrorCode.InvalidArgument,
                $"'{text}' is not a restart policy; use no, on-failure, on-failure:N, always or unless-stopped.",
                text);
        }

        return new RestartPolicy(condition.Value, count);
    }

    /// <summary>Docker's spelling of the policy.</summary>
    public override string ToString() => Condition switch
    {
        RestartCondition.OnFailure when MaximumRetryCount > 0
            => string.Create(CultureInfo.InvariantCulture, $"on-failure:{MaximumRetryCount}"),
        RestartCondition.OnFailure => "on-failure",
        RestartCondition.Always => "always",
        RestartCondition.UnlessStopped => "unless-stopped",
        _ => "no",
    };
}
