using System.Management.Automation;

namespace Microsoft.PowerShell.Commands;

/// <summary>A new empty file in the folder for temporary files.</summary>
[Cmdlet(VerbsCommon.New, "TemporaryFile", SupportsShouldProcess = true)]
[OutputType(typeof(FileInfo))]
public sealed class NewTemporaryFileCommand : PSCmdlet
{
    protected override void EndProcessing()
    {
        if (ShouldProcess(Path.GetTempPath()))
            WriteObject(new FileInfo(Path.GetTempFileName()));
    }
}
