# Runs one folder of specs, on Pester 5 where it is installed and on tests/Pester.Lite elsewhere, and writes what came of it
# as JSON. It uses only what both have.
[CmdletBinding()]
param(
    [Parameter(Mandatory)] [string] $Path,
    [Parameter(Mandatory)] [string] $Result,
    [string] $FullName = '*'
)

# Neither strict mode nor an error preference is set here: the specs would inherit them, and run otherwise than at a prompt.

# CONTAINERTOOLS_PESTER names one: the path of a module, or 'lite'.
$pester = $env:CONTAINERTOOLS_PESTER
if (-not $pester) {
    $installed = Get-Module -ListAvailable -Name Pester | Where-Object { $_.Version.Major -eq 5 } | Select-Object -First 1
    if ($installed) { $pester = $installed.Path }
}
if (-not $pester -or $pester -eq 'lite') { $pester = "$PSScriptRoot/../tests/Pester.Lite/Pester.Lite.psd1" }
Import-Module $pester -ErrorAction Stop

$configuration = New-PesterConfiguration
$configuration.Run.Path = $Path
$configuration.Run.PassThru = $true
$configuration.Output.Verbosity = 'Detailed'
$configuration.Filter.FullName = $FullName
$run = Invoke-Pester -Configuration $configuration

function Get-ErrorText($Owner) {
    @(foreach ($record in @($Owner.ErrorRecord)) {
            if ($null -eq $record) { continue }
            # Where in the spec it happened; how the runner came there is of no interest.
            (@("$record") + ("$($record.ScriptStackTrace)" -split '\n' -notmatch 'Pester|<No file>|Invoke-Specs\.ps1')) -join "`n"
        }) -join "`n"
}

$failures = @(
    foreach ($test in @($run.Failed)) { @{ Name = $test.ExpandedPath; Message = Get-ErrorText $test } }
    # A set-up that failed has failed its tests, and is counted with them; a tear-down counts by itself.
    foreach ($block in @($run.FailedBlocks)) {
        $path = "$($block.ExpandedPath)."
        if (-not @($run.Failed | Where-Object { "$($_.ExpandedPath)".StartsWith($path) })) {
            @{ Name = "$path (set-up or tear-down)"; Message = Get-ErrorText $block }
        }
    }
    foreach ($container in @($run.FailedContainers)) {
        @{ Name = "$(if ($container.PSObject.Properties['Item']) { $container.Item } else { $container.Name })"; Message = Get-ErrorText $container }
    }
)
$skips = @(foreach ($test in @($run.Skipped)) {
        @{ Name = $test.ExpandedPath; Message = "$(if (@($test.ErrorRecord).Count) { @($test.ErrorRecord)[0] })" -replace '^is skipped(, because )?' }
    })
@{
    Runner   = "$pester"
    Passed   = $run.PassedCount
    Failed   = $failures.Count
    Skipped  = $run.SkippedCount
    Failures = $failures
    Skips    = $skips
} | ConvertTo-Json -Depth 5 | Set-Content -LiteralPath $Result
exit $(if ($failures.Count) { 1 } else { 0 })
