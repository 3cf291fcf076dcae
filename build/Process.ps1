# Running other programs.

# Runs a native program with its output on ours, and stops the build where it fails.
function Invoke-Tool([string] $Program, [string[]] $Arguments) {
    & $Program @Arguments | Out-Host
    if ($LASTEXITCODE -ne 0) { throw "'$Program $Arguments' failed with exit code $LASTEXITCODE." }
}

# The PowerShell that runs this script, to run another one.
function Get-PowerShellPath {
    [System.Environment]::ProcessPath
}

# The program and the arguments that run a script in a fresh PowerShell of the same kind. The .NET tool runs as `dotnet
# pwsh.dll`: then the assembly has to be named as well.
function Get-ScriptCommand([string] $Script, [string[]] $Arguments) {
    $program = [System.Environment]::ProcessPath
    $command = @($program)
    if ([System.IO.Path]::GetFileNameWithoutExtension($program) -eq 'dotnet') { $command += [System.Environment]::GetCommandLineArgs()[0] }
    $command + @('-NoProfile', '-NonInteractive', '-File', $Script) + $Arguments
}

function Invoke-Script([string] $Script, [string[]] $Arguments) {
    if (-not (Test-Path -LiteralPath $Script)) { throw "$Script does not exist." }
    $program, $rest = Get-ScriptCommand $Script $Arguments
    & $program @rest
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
