# The whole of it once, on real input (./build.sh demo): an image from busybox and one of Debian with a Redis server in it,
# containers from both, commands inside, a limit changed while it runs, and everything removed again.
#
# It works on a store of its own in a temporary folder, so it neither sees nor touches containers that are there already. At the
# end it looks for what may have been left behind (mounts, processes, cgroups, files) and fails if it finds anything.
[CmdletBinding()]
param(
    # Keeps to busybox: no Debian image, nothing to download.
    [switch] $Small
)

Set-StrictMode -Version 3.0
$ErrorActionPreference = 'Stop'
$Root = [System.IO.Path]::GetDirectoryName($PSScriptRoot)
. "$PSScriptRoot/Images.ps1"
. "$PSScriptRoot/Leftovers.ps1"

# Shows a command as a person would type it, and runs it.
function Step([string] $Title, [scriptblock] $Command) {
    Write-Host "`n# $Title" -ForegroundColor Cyan
    $text = $Command.ToString().Trim() -replace '(?m)^ {4,}', '    '
    Write-Host "PS> $text" -ForegroundColor Green
    . $Command | Out-Host
    if (-not $?) { throw "This step failed: $Title" }
}

function Assert([bool] $Condition, [string] $Message) {
    if (-not $Condition) { throw "The demo expected that $Message." }
}

$work = [System.IO.Directory]::CreateTempSubdirectory('containertools-demo-').FullName
$env:CONTAINERTOOLS_ROOT = "$work/root"
$env:CONTAINERTOOLS_RUN = "$work/run"
$cgroupsBefore = Get-CgroupFolder
$networkBefore = Get-NetworkState
$ids = [System.Collections.Generic.List[string]]::new()
$isDone = $false
try {
    Step 'Load the module' { Import-Module "$Root/artifacts/package/ContainerTools" }
    Step 'What this machine can do for containers' { Test-ContainerHost | Where-Object Status -ne Available | Format-Table Category, Name, Status, Reason }

    $busybox = New-BusyboxArchive $work
    Step 'An image from the distribution''s busybox' { Import-ContainerImage $busybox -Reference busybox:demo -Command sh -Environment @{ PATH = '/bin' } }

    # Networks belong to the machine and not to a store: those of an engine that is here already are left alone.
    $hasNetworks = 'ct-bridge' -notin $networkBefore.Links -and @(Test-ContainerHost -Category Network, Tool | Where-Object { $_.Name -in 'bridge', 'veth', 'nft' -and $_.Status -ne 'Available' }).Count -eq 0
    if (-not $hasNetworks) {
        Write-Host 'This machine has no bridges or no nft, or networks of an engine already: all without networks.'
        $PSDefaultParameterValues = @{ 'New-Container:Network' = 'none'; 'Invoke-Container:Network' = 'none' }
    }

    Step 'Run one command and remove the container' { Invoke-Container busybox:demo -- sh -c 'echo "Hello from $(hostname), process $$, $(grep -c : /proc/net/dev) network interface"' }
    Assert ($LASTEXITCODE -eq 0) 'the command succeeds'

    Step 'Two containers that stay' {
        $clock = New-Container busybox:demo -Name clock -Label demo=yes -Memory 64MB -- sh -c 'while true; do date; sleep 1; done'
        $idle = New-Container busybox:demo -Name idle -Label demo=yes -HostName quiet -User 1000:1000 -ReadOnly -- sleep 1000
        $clock, $idle | Start-Container
    }
    Step 'A command inside, and its exit code' {
        Invoke-ContainerCommand idle -- sh -c 'echo "I am $(id -u):$(id -g) on $(hostname)"; touch /x || exit 3'
    }
    Assert ($LASTEXITCODE -eq 3) 'the root file system of idle is read-only'
    Step 'Objects from the pipeline become standard input' { 'b', 'c', 'a' | Invoke-ContainerCommand clock -- sort }

    if ($hasNetworks) {
        Step 'A network, and a server in it with a published port' {
            New-ContainerNetwork app
            New-Container busybox:demo -Name web -Label demo=yes -Network app -Publish 127.0.0.1::80 -- sh -c 'echo "hello from $(hostname)" > /index.html; httpd -f -p 80 -h /' | Start-Container -PassThru
        }
        $port = (Get-Container web).Ports[0].HostPort
        Step 'From outside, and by its name from another container' {
            while (-not ($answer = & busybox wget -qO- "http://127.0.0.1:$port/" 2>$null)) { Start-Sleep -Milliseconds 50 }
            $answer
            Invoke-Container busybox:demo -Network app -- wget -qO- http://web/
        }
        Assert ($LASTEXITCODE -eq 0) 'the server is found by its name'
        Step 'A running container comes into the network, and leaves it' {
            Connect-ContainerNetwork app clock -Alias time -PassThru | Select-Object -ExpandProperty Endpoints | Format-Table Network, Interface, Addresses, Names
            Invoke-ContainerCommand web -- ping -c 1 time
            Disconnect-ContainerNetwork app clock
        }
    }

    if (-not $Small) {
        $debian = New-DebianArchive "$Root/artifacts/demo"
        Step 'An image of Debian with a real server in it' {
            Import-ContainerImage $debian -Reference redis:demo -EntryPoint redis-server -Command --save, '' -User redis -WorkingDirectory /var/lib/redis
        }
        Step 'Start the server, wait until it answers, talk to it' {
            New-Container redis:demo -Name cache -Memory 256MB -Processes 100 | Start-Container -PassThru
            while ((Invoke-ContainerCommand cache -- redis-cli ping 2>$null) -ne 'PONG') { Start-Sleep -Milliseconds 50 }
            Invoke-ContainerCommand cache -- redis-cli set greeting 'from PowerShell'
            Invoke-ContainerCommand cache -- redis-cli get greeting
        }
        Assert ((Invoke-ContainerCommand cache -- redis-cli get greeting) -eq 'from PowerShell') 'the server keeps what it was given'
        Step 'What runs in it' { Get-ContainerProcess cache }
        Step 'Its log' { Get-ContainerLog cache -Tail 3 }
    }

    Step 'Change limits while they run' {
        Get-Container -State Running | Set-ContainerLimit -Memory 128MB -Cpus 0.5 -PassThru
    }
    foreach ($container in Get-Container -State Running) {
        Assert ((Get-ContainerLimit $container.Name).Memory -eq 128MB) "$($container.Name) has the new limit"
    }

    Step 'All containers' { Get-Container }
    foreach ($container in Get-Container) { $ids.Add($container.Id) }

    Step 'Pause and go on' {
        Suspend-Container clock -PassThru | Format-Table Name, State
        Resume-Container clock -PassThru | Format-Table Name, State
    }
    Step 'Stop what runs, as anyone would write it' { Get-Container | Where State -eq Running | Stop-Container -Timeout 2 }
    Assert (@(Get-Container -State Running).Count -eq 0) 'nothing runs any more'
    Step 'How they ended' { Get-Container | Select-Object Name, State, ExitCode, RunTime | Format-Table }
    Step 'Remove them, and the images' {
        Get-Container | Remove-Container
        Get-ContainerImage | Remove-ContainerImage
        Get-ContainerNetwork | Where-Object { -not $_.Predefined } | Remove-ContainerNetwork
    }
    Assert (@(Get-Container).Count -eq 0) 'no container is left'
    Assert (@(Get-ContainerImage).Count -eq 0) 'no image is left'
    $isDone = $true
}
finally {
    if (-not $isDone -and (Get-Module ContainerTools)) {
        Write-Host 'The demo did not reach its end; removing what it made.'
        Get-Container -ErrorAction Continue | Remove-Container -Force -ErrorAction Continue
        Get-ContainerNetwork -ErrorAction Continue | Where-Object { -not $_.Predefined } | Remove-ContainerNetwork -ErrorAction Continue
    }
    [System.IO.Directory]::Delete($work, $true)
    Remove-EngineCgroup $cgroupsBefore
    Remove-EngineNetwork $networkBefore
}

Write-Host "`n# Was anything left behind?" -ForegroundColor Cyan
$left = @(Find-Leftover $work $ids $cgroupsBefore) + @(Find-NetworkLeftover $networkBefore)
if ($left.Count) {
    $left | ForEach-Object { Write-Host "  $_" -ForegroundColor Red }
    Write-Host "The demo left $($left.Count) thing(s) behind."
    exit 1
}
Write-Host 'No mount, no process, no cgroup, no device, no rule, no file.'
