using System.Management.Automation;

namespace ContainerTools.Module;

/// <summary>The fourth rung: a change that emits the container as it is afterwards, when asked to.</summary>
public abstract class PassThruCmdlet : ContainerChangeCmdlet
{
    /// <summary>Emit the container.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    private protected override void Changed(Container before, Container after)
    {
        if (PassThru) WriteObject(after);
    }
}
