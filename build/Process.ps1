# Running other programs.

# Runs a native program with its output on ours, and stops the build where it fails.
function Invoke-Tool([string] $Program, [string[]] $Arguments) {
    & $Program @Arguments | Out-Host
    if ($LASTEXITCODE -ne 0) { throw "'$Program $Arguments' failed with exit code $LASTEXITCODE." }
}

# The PowerShell that runs this script, as a command line. The .NET tool runs as `dotnet pwsh.dll`: then the assembly belongs to it.
function Get-PowerShellCommand {
    $program = [System.Environment]::ProcessPath
    $program
    if ([System.IO.Path]::GetFileNameWithoutExtension($program) -eq 'dotnet') { [System.Environment]::GetCommandLineArgs()[0] }
}

function Get-OwnShellPath { "$Artifacts/bin/ContainerTools.Shell/$($Configuration.ToLowerInvariant())/ctpwsh" }

# Whether src/Shell itself runs the build.
function Test-OwnShell { [System.IO.Path]::GetFileName([System.Environment]::ProcessPath) -eq 'ctpwsh' }

function Invoke-Script([string] $Script, [string[]] $Arguments) {
    if (-not (Test-Path -LiteralPath $Script)) { throw "$Script does not exist." }
    $command = @(Get-PowerShellCommand) + @('-NoProfile', '-NonInteractive', '-File', $Script) + $Arguments
    $rest = @($command | Select-Object -Skip 1)
    & $command[0] @rest
    if ($LASTEXITCODE -ne 0) { exit $LASTEXITCODE }
}

# Starts a program with both outputs going to a file, and ends it with everything it started when it takes longer than the guard.
function Start-Guarded([string[]] $Command, [string] $Log, [int] $Minutes) {
    $start = [System.Diagnostics.ProcessStartInfo]::new('bash')
    foreach ($argument in @('-c', 'log=$1; shift; exec timeout --kill-after=30 "$@" > "$log" 2>&1 < /dev/null', 'bash', $Log, "${Minutes}m") + $Command) {
        $start.ArgumentList.Add($argument)
    }
    $start.WorkingDirectory = $Root
    [System.Diagnostics.Process]::Start($start)
}
