namespace ContainerTools.Runtime.Containers;

/// <summary>What can be done to a container, as the transition table knows it.</summary>
internal enum ContainerOperation
{
    /// <summary>Start its first process.</summary>
    Start,
    /// <summary>Ask it to end, then kill it.</summary>
    Stop,
    /// <summary>Freeze it.</summary>
    Pause,
    /// <summary>Let it go on.</summary>
    Resume,
    /// <summary>Signal its first process.</summary>
    Signal,
    /// <summary>Remove it.</summary>
    Remove,
    /// <summary>Give it another name.</summary>
    Rename,
    /// <summary>Change its limits.</summary>
    SetLimit,
    /// <summary>Put it into a network, or take it out of one.</summary>
    ChangeNetwork,
    /// <summary>Run a command in it.</summary>
    Exec,
    /// <summary>Connect to its streams.</summary>
    Attach,
    /// <summary>List its processes.</summary>
    ReadProcesses,
    /// <summary>Test what it reaches. Its network is there while it is paused, too.</summary>
    TestNetwork,
}
