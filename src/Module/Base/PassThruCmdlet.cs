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
        // Start-Container | Wait-Container | Remove-Container: a cmdlet that swallowed the container before another one that wants it would leave
        // the rest of the line undone without a word.
        if (PassThru || IsFollowed) WriteObject(after);
    }
}
