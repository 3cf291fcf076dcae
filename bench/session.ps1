# The warm session that is measured: imports the module, then does what it is told over a socket, one line for each order
# (a verb and its arguments, separated by tabs), and answers each with one line of JSON: milliseconds by its own stopwatch.
param(
    [Parameter(Mandatory)] [string] $Socket,
    [Parameter(Mandatory)] [string] $Module
)

Set-StrictMode -Version 3.0
$ErrorActionPreference = 'Stop'

$client = [System.Net.Sockets.Socket]::new([System.Net.Sockets.AddressFamily]::Unix, [System.Net.Sockets.SocketType]::Stream, [System.Net.Sockets.ProtocolType]::Unspecified)
$client.Connect([System.Net.Sockets.UnixDomainSocketEndPoint]::new($Socket))
$stream = [System.Net.Sockets.NetworkStream]::new($client)
$reader = [System.IO.StreamReader]::new($stream)
$writer = [System.IO.StreamWriter]::new($stream)
$writer.AutoFlush = $true

$watch = [System.Diagnostics.Stopwatch]::new()

# @{ step = milliseconds } by the stopwatch since the last call.
function Split-Time {
    $time = $watch.Elapsed.TotalMilliseconds
    $watch.Restart()
    $time
}

function New-NamedContainer([string[]] $Words) {
    $more = @{}
    if ($Words[3]) { $more.Publish = $Words[3] }
    New-Container $Words[1] @($Words | Select-Object -Skip 4) -Name $Words[0] -Network $Words[2] @more
}

function Invoke-Order([string] $Verb, [string[]] $Words) {
    switch ($Verb) {
        'pipeline' {
            $watch.Restart()
            $ended = New-Container $Words[0] -Network none -- '/bin/true' | Start-Container -PassThru | Wait-Container
            $ended | Remove-Container
            $total = Split-Time
            if ($ended.ExitCode -ne 0) { throw "The container ended with $($ended.ExitCode)." }
            @{ total = $total }
        }
        'one-pipeline' {
            $watch.Restart()
            New-Container $Words[0] -Network none -- '/bin/true' | Start-Container -PassThru | Wait-Container | Remove-Container
            @{ total = Split-Time }
        }
        'steps' {
            $watch.Restart()
            $container = New-Container $Words[0] -Network none -- '/bin/true'
            $new = Split-Time
            $container | Start-Container
            $start = Split-Time
            $null = $container | Wait-Container
            $wait = Split-Time
            $container | Remove-Container
            $remove = Split-Time
            @{ new = $new; start = $start; wait = $wait; remove = $remove; total = $new + $start + $wait + $remove }
        }
        'create' {
            $watch.Restart()
            for ($i = 0; $i -lt [int] $Words[1]; $i++) { $null = New-Container $Words[0] -Network none -- '/bin/true' }
            @{ total = Split-Time }
        }
        'list' {
            $watch.Restart()
            $all = @(Get-Container)
            $total = Split-Time
            if ($all.Count -ne [int] $Words[0]) { throw "Get-Container returned $($all.Count) containers, not $($Words[0])." }
            @{ total = $total }
        }
        'start-idle' {
            $monitors = @(for ($i = 0; $i -lt [int] $Words[1]; $i++) {
                    (New-Container $Words[0] -Network none -- '/bin/sleep' '1000000' | Start-Container -PassThru).MonitorProcessId
                })
            @{ monitors = $monitors; total = 0 }
        }
        'remove-all' {
            $watch.Restart()
            Get-Container | Remove-Container -Force -Confirm:$false
            @{ total = Split-Time }
        }
        'import' {
            $watch.Restart()
            $null = Import-ContainerImage $Words[0]
            @{ total = Split-Time }
        }
        'receive' {
            $watch.Restart()
            $image = Receive-ContainerImage $Words[0] -AllowUnencrypted
            $total = Split-Time
            if (-not $image) { throw 'Nothing was received.' }
            @{ total = $total }
        }
        'change' {
            # The container's command copies, so that the change is made as any other.
            $ended = New-Container $Words[0] -Network none -Name $Words[1] -Volume "$($Words[2]):/from:ro" -- /bin/busybox cp -a /from /change | Start-Container -PassThru | Wait-Container
            if ($ended.ExitCode -ne 0) { throw "The container ended with $($ended.ExitCode)." }
            @{ total = 0 }
        }
        'commit-publish' {
            $watch.Restart()
            ConvertTo-ContainerImage $Words[0] $Words[1] | Publish-ContainerImage -AllowUnencrypted
            @{ total = Split-Time }
        }
        'list-images' {
            $watch.Restart()
            $all = @(Get-ContainerImage)
            $total = Split-Time
            if ($all.Count -ne [int] $Words[0]) { throw "Get-ContainerImage returned $($all.Count) images, not $($Words[0])." }
            @{ total = $total }
        }
        'collect' {
            [System.GC]::Collect(2, [System.GCCollectionMode]::Aggressive, $true, $true)
            @{ total = 0 }
        }
        'remove-image' {
            $watch.Restart()
            Remove-ContainerImage $Words[0] -Force -Confirm:$false
            @{ total = Split-Time }
        }
        'network' {
            $null = New-ContainerNetwork $Words[0]
            @{ total = 0 }
        }
        # Name, image, network, published port or nothing, command.
        'create-named' {
            $null = New-NamedContainer $Words
            @{ total = 0 }
        }
        'run-named' {
            $watch.Restart()
            New-NamedContainer $Words | Start-Container
            @{ total = Split-Time }
        }
        'start-named' {
            $watch.Restart()
            Start-Container $Words[0]
            @{ total = Split-Time }
        }
        'remove-named' {
            Remove-Container $Words -Force -Confirm:$false
            @{ total = 0 }
        }
        'process' {
            @{ process = (Get-Container $Words[0]).ProcessId; total = 0 }
        }
        default { throw "No such order: $Verb" }
    }
}

try {
    Import-Module $Module
    # Whoever started this knows the process that was started, which may be one that only starts PowerShell.
    $writer.WriteLine((@{ total = 0; process = $PID } | ConvertTo-Json -Compress))
}
catch {
    $writer.WriteLine((@{ error = "$_" } | ConvertTo-Json -Compress))
    exit 1
}
while ($null -ne ($line = $reader.ReadLine())) {
    $words = $line.Split("`t")
    try {
        $answer = Invoke-Order $words[0] @($words | Select-Object -Skip 1)
    }
    catch {
        $answer = @{ error = "$_ ($($_.FullyQualifiedErrorId))" }
    }
    $writer.WriteLine(($answer | ConvertTo-Json -Compress))
}
