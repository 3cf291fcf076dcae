# The build itself. build.sh sees to the machine first and calls this; with a PowerShell 7.6 at hand it can be called
# directly as well: ./build.ps1 -Task Test
[CmdletBinding()]
param(
    [ValidateSet('Build', 'Test', 'Demo', 'Bench', 'Package', 'Clean')]
    [string] $Task = 'Build',

    # Test: only suites and tests whose names fit (wildcards), for example -Filter 'tests/Module*'.
    [string] $Filter = '*',

    # What the demo or the benchmark gets as its own arguments.
    [Parameter(ValueFromRemainingArguments)]
    [string[]] $Arguments = @()
)

Set-StrictMode -Version 3.0
$ErrorActionPreference = 'Stop'
$PSNativeCommandUseErrorActionPreference = $false

$Root = $PSScriptRoot
$Artifacts = "$Root/artifacts"
$Package = "$Artifacts/package/ContainerTools"
$Configuration = 'Release'
$env:DOTNET_CLI_TELEMETRY_OPTOUT = '1'
$env:DOTNET_NOLOGO = '1'

. "$Root/build/Process.ps1"
. "$Root/build/Help.ps1"
. "$Root/build/Package.ps1"
. "$Root/build/Test.ps1"

try {
    Push-Location $Root
    switch ($Task) {
        'Build' { Invoke-Build }
        'Package' { Invoke-Package }
        'Test' { exit (Invoke-Test $Filter) }
        'Demo' { Invoke-Package; Invoke-Script "$Root/demo/demo.ps1" $Arguments }
        'Bench' { Invoke-Package; Invoke-Script "$Root/bench/bench.ps1" $Arguments }
        'Clean' { Remove-Artifact }
    }
}
catch {
    [Console]::Error.WriteLine("build.ps1: $_")
    if ($_.ScriptStackTrace) { [Console]::Error.WriteLine($_.ScriptStackTrace) }
    exit 1
}
finally {
    Pop-Location
}
