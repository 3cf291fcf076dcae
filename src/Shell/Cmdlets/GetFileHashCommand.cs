using System.Management.Automation;
using System.Security.Cryptography;
using ContainerTools.Shell.Objects;

namespace Microsoft.PowerShell.Commands;

/// <summary>The digest of a file's content.</summary>
[Cmdlet(VerbsCommon.Get, "FileHash", DefaultParameterSetName = "Path")]
public sealed class GetFileHashCommand : PSCmdlet
{
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true, ParameterSetName = "Path")]
    public string[] Path { get; set; } = [];

    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = "LiteralPath")]
    [Alias("PSPath", "LP")]
    public string[] LiteralPath { get; set; } = [];

    [Parameter(Position = 1)]
    [ValidateSet("SHA256", "SHA384", "SHA512")]
    public string Algorithm { get; set; } = "SHA256";

    protected override void ProcessRecord()
    {
        bool isLiteral = ParameterSetName == "LiteralPath";
        foreach (string given in isLiteral ? LiteralPath : Path)
        {
            foreach (string file in FileText.Resolve(this, given, isLiteral) ?? [])
            {
                using FileStream stream = File.OpenRead(file);
                byte[] hash = CryptographicOperations.HashData(new HashAlgorithmName(Algorithm), stream);
                PSObject result = new();
                result.TypeNames.Insert(0, "Microsoft.PowerShell.Commands.FileHashInfo");
                result.Properties.Add(new PSNoteProperty("Algorithm", Algorithm));
                result.Properties.Add(new PSNoteProperty("Hash", Convert.ToHexString(hash)));
                result.Properties.Add(new PSNoteProperty("Path", file));
                WriteObject(result);
            }
        }
    }
}
