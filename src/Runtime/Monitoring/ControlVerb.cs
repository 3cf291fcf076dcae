namespace ContainerTools.Runtime.Monitoring;

/// <summary>What a client of the control socket wants.</summary>
internal enum ControlVerb
{
    /// <summary>The streams of the first process, from now to its end.</summary>
    Attach,
    /// <summary>Only how the container ends, restarts included.</summary>
    Wait,
    /// <summary>The networks are to be as the plan says that the engine has put beside the present one.</summary>
    Network,
}
