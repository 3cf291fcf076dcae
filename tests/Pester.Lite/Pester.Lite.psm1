# The part of Pester 5 that our specs use. Whatever it has means what it means in Pester 5: a spec that passes here passes
# there. The two phases are Pester's: discovery runs the files and the bodies of Describe and Context, the run executes
# set-ups, tests and tear-downs afterwards.
Set-StrictMode -Version 3.0
$ErrorActionPreference = 'Stop'

. "$PSScriptRoot/Scopes.ps1"
. "$PSScriptRoot/Structure.ps1"
. "$PSScriptRoot/Discovery.ps1"
. "$PSScriptRoot/TestDrive.ps1"
. "$PSScriptRoot/Run.ps1"
. "$PSScriptRoot/Comparison.ps1"
. "$PSScriptRoot/Should.ps1"
. "$PSScriptRoot/Output.ps1"
. "$PSScriptRoot/Invoke-Pester.ps1"
