# The measurements (./build.sh bench): ctrun, the engine and the module beside crun, runc, Podman, Docker and umoci.
#
#   ./build.sh bench                             everything, 50 rounds
#   ./build.sh bench -Only launch,exec -Rounds 10
#
# All of it runs in namespaces of its own (mounts, processes, network), with a tmpfs for every file it makes: what is started
# or mounted there ends with them, however the bench ends. Only cgroups have no such end; they are removed here.
[CmdletBinding()]
param(
    # launch, exec, engines, session, memory, list, import, pull, pull-memory, commit, images, network, throughput, parallel, ports, module; comma-separated.
    [string] $Only = '*',

    # How often each contender runs at each gap.
    [ValidateRange(1, 10000)]
    [int] $Rounds = 50,

    # A PowerShell to measure in, beside src/Shell and the one on PATH.
    [string] $PowerShell,

    # Measure with what is installed.
    [switch] $NoInstall
)

Set-StrictMode -Version 3.0
$ErrorActionPreference = 'Stop'

$Root = [System.IO.Path]::GetDirectoryName($PSScriptRoot)
$Artifacts = "$Root/artifacts"
$Module = "$Artifacts/package/ContainerTools"
$Natives = "$Artifacts/bench/native"
$Cgroup = '/containertools-bench'

# Program → the package of the distribution that brings it.
$Peers = [ordered]@{
    crun = 'crun'; runc = 'runc'; podman = 'podman'; umoci = 'umoci'; skopeo = 'skopeo'; 'docker-registry' = 'docker-registry'; dockerd = 'docker.io'; busybox = 'busybox-static'; unshare = 'util-linux'; ip = 'iproute2'; netavark = 'netavark'; 'aardvark-dns' = 'aardvark-dns'; iptables = 'iptables'; nft = 'nftables'; iperf3 = 'iperf3'
}

function Test-Program([string] $Name) {
    foreach ($folder in "$($env:PATH):/usr/sbin:/sbin:/usr/lib/podman:/usr/libexec/podman".Split(':')) {
        if ($folder -and (Test-Path -LiteralPath "$folder/$Name")) { return $true }
    }
    $false
}

# Installs each package by itself: one that cannot be had is no reason to go without the others.
function Install-Peer {
    $missing = @($Peers.Keys | Where-Object { -not (Test-Program $_) })
    if ($missing.Count -eq 0) { return }
    if (-not (Test-Program 'apt-get')) {
        Write-Host "Not installed, and this is no Debian: $($missing -join ', ')"
        return
    }
    # A package that brings a service (docker.io) would start it now. This is Debian's way to say no to that.
    $policy = '/usr/sbin/policy-rc.d'
    $guard = -not (Test-Path -LiteralPath $policy)
    try {
        if ($guard) {
            [System.IO.File]::WriteAllText($policy, "#!/bin/sh`nexit 101`n")
            Invoke-Quiet 'chmod' @('755', $policy) | Out-Null
        }
        if ((Invoke-Quiet 'apt-get' @('update', '-qq')) -ne 0) { Write-Host 'apt-get update failed; trying with the lists that are there.' }
        foreach ($name in $missing) {
            Write-Host "Installing $($Peers[$name])"
            $code = Invoke-Quiet 'env' @('DEBIAN_FRONTEND=noninteractive', 'apt-get', 'install', '-y', '-qq', '--no-install-recommends', $Peers[$name])
            if ($code -ne 0) { Write-Host "  cannot be had; measuring without $name" }
        }
    }
    finally {
        if ($guard) { Remove-Item -LiteralPath $policy -Force }
    }
}

# Runs a program without its output; returns its exit code.
function Invoke-Quiet([string] $Program, [string[]] $Arguments) {
    & $Program @Arguments 2>&1 | Out-Null
    $LASTEXITCODE
}

function Invoke-Checked([string] $Program, [string[]] $Arguments) {
    & $Program @Arguments | Out-Host
    if ($LASTEXITCODE -ne 0) { throw "'$Program $Arguments' failed with exit code $LASTEXITCODE." }
}

function Build-Driver {
    $null = [System.IO.Directory]::CreateDirectory($Natives)
    foreach ($name in 'floor', 'peak', 'serve', 'lookup') {
        Invoke-Checked 'cc' @('-O2', '-static', '-Wall', '-Wextra', '-o', "$Natives/$name", "$PSScriptRoot/native/$name.c")
    }
    Invoke-Checked 'dotnet' @('build', "$PSScriptRoot/Driver", '-c', 'Release', '-v', 'quiet', '-nologo', '-clp:NoSummary')
}

# The shells to measure in, as --shell name=path.
function Find-Shell {
    $shell = "$Artifacts/tools/shell/ctpwsh"
    if (-not (Test-Path -LiteralPath $shell) -and (Test-Path -LiteralPath "$Root/src/Shell")) {
        Invoke-Checked 'dotnet' @('publish', "$Root/src/Shell", '-c', 'Release', '-o', "$Artifacts/tools/shell", '-v', 'quiet', '-nologo')
    }
    if (Test-Path -LiteralPath $shell) { '--shell'; "src/Shell=$shell" }
    $real = $PowerShell
    if (-not $real) { $real = $env:PATH.Split(':') | ForEach-Object { "$_/pwsh" } | Where-Object { Test-Path -LiteralPath $_ } | Select-Object -First 1 }
    if ($real) { '--shell'; "pwsh=$real" }
}

# Removes what is left of the bench's own cgroups. A cgroup whose processes have just been killed may be busy for a moment.
function Remove-BenchCgroup {
    for ($try = 0; $try -lt 50; $try++) {
        $left = @(& bash -c 'shopt -s nullglob; for root in /sys/fs/cgroup"$1" /sys/fs/cgroup/*"$1"; do find "$root" -depth -type d -exec rmdir {} + 2> /dev/null; [ ! -d "$root" ] || echo "$root"; done' bash $Cgroup)
        if ($left.Count -eq 0) { return }
        Start-Sleep -Milliseconds 100
    }
    Write-Host "Left behind, because processes are in them: $($left -join ' ')"
}

# The cgroups of the engine, whose place the bench cannot choose: /containertools/<id> in every hierarchy.
function Get-EngineCgroup {
    & bash -c 'shopt -s nullglob; printf "%s\n" /sys/fs/cgroup/containertools/*/ /sys/fs/cgroup/*/containertools/*/'
}

# Those that have come since, and that no container of the machine's own engine has: left by a bench that was killed. rmdir
# does not take one in which something runs.
function Remove-EngineCgroup([string[]] $Before) {
    foreach ($folder in @(Get-EngineCgroup)) {
        $id = [System.IO.Path]::GetFileName($folder.TrimEnd('/'))
        if (-not $id -or $Before -contains $folder -or (Test-Path -LiteralPath "/var/lib/containertools/containers/$id")) { continue }
        $null = Invoke-Quiet 'rmdir' @($folder)
    }
}

if (-not [System.Environment]::IsPrivilegedProcess) { throw 'The bench starts containers with every runtime: run it as root.' }
if (-not $NoInstall) { Install-Peer }
Build-Driver
$shells = @(Find-Shell)
$runtime = "linux-$([System.Runtime.InteropServices.RuntimeInformation]::OSArchitecture.ToString().ToLowerInvariant())"
$work = [System.IO.Directory]::CreateTempSubdirectory('containertools-bench.').FullName
$before = @(Get-EngineCgroup)
$code = 1
try {
    Remove-BenchCgroup
    & unshare --mount --propagation slave --pid --fork --kill-child --mount-proc --net -- `
        "$PSScriptRoot/inside.sh" $work "$Artifacts/bin/ContainerTools.Bench/release/ctbench" `
        --work $work --rounds $Rounds --only $Only --module $Module --scripts $PSScriptRoot --natives $Natives --cgroup $Cgroup `
        --ctrun "$Module/bin/$runtime/ctrun" --json "$Artifacts/bench/results.json" @shells | Out-Host
    $code = $LASTEXITCODE
}
finally {
    Remove-BenchCgroup
    Remove-EngineCgroup $before
    Remove-Item -LiteralPath $work -Recurse -Force
}
exit $code
