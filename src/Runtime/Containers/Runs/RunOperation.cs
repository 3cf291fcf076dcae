namespace ContainerTools.Runtime.Containers.Runs;

/// <summary>What can be asked of a run.</summary>
internal enum RunOperation
{
    /// <summary><c>ctrun start</c></summary>
    Start,
    /// <summary><c>ctrun exec</c></summary>
    Execute,
    /// <summary><c>ctrun kill</c></summary>
    Kill,
    /// <summary><c>ctrun pause</c></summary>
    Pause,
    /// <summary><c>ctrun resume</c></summary>
    Resume,
    /// <summary><c>ctrun update</c></summary>
    Update,
    /// <summary><c>ctrun ps</c>, <c>ctrun events</c></summary>
    Inspect,
    /// <summary><c>ctrun delete</c> without <c>--force</c></summary>
    Delete,
}
