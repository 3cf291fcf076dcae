# What the specs of the module have in common: a store of their own with a small image in it, and containers to work on.
Set-StrictMode -Version 3.0

$script:Root = $null
$script:Run = $null
$script:Registries = @()

# Specs of other things neither need a network nor touch the machine's. A module has defaults of its own.
$NoNetwork = @{ 'New-Container:Network' = 'none'; 'Invoke-Container:Network' = 'none' }
$script:PSDefaultParameterValues = $NoNetwork.Clone()

# Why the specs cannot run on this machine, in one sentence; nothing where they can.
function Get-TestHostProblem {
    if (-not [System.Environment]::IsPrivilegedProcess) { return 'containers need root on this machine' }
    if (-not (Test-Path -LiteralPath (Get-PackagePath))) { return 'the module has not been packaged; build.sh test does so' }
    if (-not (Test-Path -LiteralPath '/bin/busybox')) { return 'the image is made from /bin/busybox (package busybox-static)' }
}

# Skips the running test where the machine cannot run it. For BeforeEach.
function Skip-WithoutTestHost {
    $problem = Get-TestHostProblem
    if ($problem) { Set-ItResult -Skipped -Because $problem }
}

function Get-PackagePath {
    if ($env:CONTAINERTOOLS_PACKAGE) { $env:CONTAINERTOOLS_PACKAGE } else { [System.IO.Path]::GetFullPath("$PSScriptRoot/../../artifacts/package/ContainerTools") }
}

# Imports the packaged module and gives the engine empty folders. Outside TestDrive:, because what a block leaves there goes
# when the block ends, and a store must not lose half of what is in it.
function Start-TestEngine {
    if (Get-TestHostProblem) { return }
    Import-Module (Get-PackagePath) -Global
    foreach ($pair in $NoNetwork.GetEnumerator()) { $global:PSDefaultParameterValues[$pair.Key] = $pair.Value }
    $id = [guid]::NewGuid().ToString('n').Substring(0, 8)
    $script:Root = "$([System.IO.Path]::GetTempPath())ct-spec-$id"
    $script:Run = "/run/ct-spec-$id"
    $null = New-Item -ItemType Directory -Path $Root
    $env:CONTAINERTOOLS_ROOT = "$Root/store"
    $env:CONTAINERTOOLS_RUN = $Run
    $null = Import-ContainerImage -Path (New-BusyboxArchive "$Root/busybox.tar") -Reference 'busybox:latest' -Command sh
}

# Removes everything that Start-TestEngine and the specs made.
function Stop-TestEngine {
    if (-not $Root) { return }
    Get-Container | Remove-Container -Force
    foreach ($folder in $Root, $Run) {
        if (Test-Path -LiteralPath $folder) { [System.IO.Directory]::Delete($folder, $true) }
    }
    foreach ($name in $NoNetwork.Keys) { $global:PSDefaultParameterValues.Remove($name) }
    Remove-Item Env:CONTAINERTOOLS_ROOT, Env:CONTAINERTOOLS_RUN
    $script:Root = $script:Run = $null
}

# Removes the containers that a test made, whatever they are doing. For AfterEach.
function Clear-TestContainer {
    if ($Root) { Get-Container | Remove-Container -Force }
}

# A root file system with busybox, a name for each of its programs, and two users.
function New-BusyboxArchive([string] $Path) {
    $file = [System.IO.File]::Create($Path)
    $tar = [System.Formats.Tar.TarWriter]::new($file, [System.Formats.Tar.TarEntryFormat]::Pax, $false)
    try {
        foreach ($folder in 'bin', 'dev', 'etc', 'proc', 'root', 'sys', 'tmp') {
            $mode = if ($folder -eq 'tmp') { 1023 } else { 493 }
            Add-TarEntry $tar Directory "$folder/" $mode
        }
        Add-TarEntry $tar RegularFile 'bin/busybox' 493 ([System.IO.File]::ReadAllBytes('/bin/busybox'))
        foreach ($program in & /bin/busybox --list) {
            if ($program -ne 'busybox') { Add-TarEntry $tar SymbolicLink "bin/$program" 511 -Link 'busybox' }
        }
        Add-TarEntry $tar RegularFile 'etc/passwd' 420 ([System.Text.Encoding]::ASCII.GetBytes("root:x:0:0:root:/root:/bin/sh`nalice:x:1000:1000::/:/bin/sh`n"))
        Add-TarEntry $tar RegularFile 'etc/group' 420 ([System.Text.Encoding]::ASCII.GetBytes("root:x:0:`nalice:x:1000:`n"))
    }
    finally {
        $tar.Dispose()
        $file.Dispose()
    }
    $Path
}

# A layout with the image box:multi for two platforms, made of busybox: the other platform has another configuration.
function New-MultiPlatformLayout([string] $Path) {
    Export-ContainerImage busybox $Path -Format OciDirectory
    $add = {
        param($Document)
        $bytes = [System.Text.Encoding]::UTF8.GetBytes(($Document | ConvertTo-Json -Depth 20 -Compress))
        $digest = [System.Convert]::ToHexString([System.Security.Cryptography.SHA256]::HashData($bytes)).ToLowerInvariant()
        [System.IO.File]::WriteAllBytes("$Path/blobs/sha256/$digest", $bytes)
        @{ digest = "sha256:$digest"; size = $bytes.Length }
    }
    $read = { param($Digest) Get-Content -Raw -LiteralPath "$Path/blobs/sha256/$($Digest.Substring(7))" | ConvertFrom-Json }
    $line = (Get-Content -Raw -LiteralPath "$Path/index.json" | ConvertFrom-Json).manifests[0]
    $manifest = & $read $line.digest
    $config = & $read $manifest.config.digest
    $own = @{ os = 'linux'; architecture = $config.architecture }
    $config.architecture = if ($config.architecture -eq 's390x') { 'amd64' } else { 's390x' }
    $other = & $add $config
    $manifest.config.digest = $other.digest
    $manifest.config.size = $other.size
    $second = & $add $manifest
    $type = 'application/vnd.oci.image.manifest.v1+json'
    $index = & $add @{
        schemaVersion = 2; mediaType = 'application/vnd.oci.image.index.v1+json'
        manifests = @(
            @{ mediaType = $type; digest = $line.digest; size = $line.size; platform = $own }
            @{ mediaType = $type; digest = $second.digest; size = $second.size; platform = @{ os = 'linux'; architecture = $config.architecture } }
        )
    }
    $top = @{
        mediaType = 'application/vnd.oci.image.index.v1+json'; digest = $index.digest; size = $index.size
        annotations = @{ 'io.containerd.image.name' = 'docker.io/library/box:multi'; 'org.opencontainers.image.ref.name' = 'box:multi' }
    }
    @{ schemaVersion = 2; manifests = @($top) } | ConvertTo-Json -Depth 20 -Compress | Set-Content -NoNewline -LiteralPath "$Path/index.json"
}

function Add-TarEntry($Tar, [System.Formats.Tar.TarEntryType] $Type, [string] $Name, [int] $Mode, [byte[]] $Content, [string] $Link) {
    $entry = [System.Formats.Tar.PaxTarEntry]::new($Type, $Name)
    $entry.Mode = $Mode
    if ($Link) { $entry.LinkName = $Link }
    if ($Content) { $entry.DataStream = [System.IO.MemoryStream]::new($Content) }
    $Tar.WriteEntry($entry)
}

# A container that runs until it is stopped, which is at once.
function Start-TestContainer([string] $Name) {
    New-Container busybox -Name $Name -StopSignal KILL -Label @{ spec = $Name } -- sleep 1000000 | Start-Container -PassThru
}

# A container that has never run.
function New-TestContainer([string] $Name) {
    New-Container busybox -Name $Name -StopSignal KILL -Label @{ spec = $Name } -- sleep 1000000
}

# A registry on loopback, without TLS; with -Authentication it wants the user alice and the password secret. Returns host and port.
function Start-TestRegistry([switch] $Authentication) {
    $folder = "$Root/registry-$([guid]::NewGuid().ToString('n').Substring(0, 8))"
    $null = New-Item -ItemType Directory -Path $folder
    $listener = [System.Net.Sockets.TcpListener]::new([System.Net.IPAddress]::Loopback, 0)
    $listener.Start()
    $port = $listener.LocalEndpoint.Port
    $listener.Stop()
    $lines = @(
        'version: 0.1'
        'log: {level: error, accesslog: {disabled: true}}'
        'storage:'
        "  filesystem: {rootdirectory: $folder/data}"
        '  delete: {enabled: true}'
        "http: {addr: '127.0.0.1:$port'}"
    )
    if ($Authentication) {
        [System.IO.File]::WriteAllText("$folder/htpasswd", 'alice:$2y$05$92TKjXlu6Q18ZJRG8T2hv.73QNtBkjGm9iaztAEiOt/NoGJHMEgPS' + "`n")
        $lines += 'auth:', "  htpasswd: {realm: specs, path: $folder/htpasswd}"
    }
    [System.IO.File]::WriteAllLines("$folder/config.yml", [string[]] $lines)
    $start = [System.Diagnostics.ProcessStartInfo]::new((Get-TestRegistryPath))
    # The registry takes every variable REGISTRY_* for a part of its configuration.
    $null = $start.Environment.Remove('REGISTRY_AUTH_FILE')
    $start.ArgumentList.Add('serve')
    $start.ArgumentList.Add("$folder/config.yml")
    $process = [System.Diagnostics.Process]::Start($start)
    $script:Registries += $process
    while ($true) {
        if ($process.HasExited) { throw 'docker-registry did not start.' }
        $client = [System.Net.Sockets.TcpClient]::new()
        try { $client.Connect('127.0.0.1', $port); break } catch { Start-Sleep -Milliseconds 20 } finally { $client.Dispose() }
    }
    "127.0.0.1:$port"
}

# Ends the registries that were started, and forgets their credentials.
function Stop-TestRegistry {
    foreach ($process in $script:Registries) {
        if (-not $process.HasExited) { $process.Kill() }
        $process.WaitForExit()
    }
    $script:Registries = @()
}

function Get-TestRegistryPath { '/usr/bin/docker-registry', '/usr/local/bin/docker-registry' | Where-Object { Test-Path -LiteralPath $_ } | Select-Object -First 1 }

# Skips the running test where there is no registry to be had. For BeforeEach.
function Skip-WithoutTestRegistry {
    if (Get-TestHostProblem) { Skip-WithoutTestHost }
    elseif (-not (Get-TestRegistryPath)) { Set-ItResult -Skipped -Because 'there is no registry (package docker-registry)' }
}

# The user and the password of registries with authentication.
function Get-TestCredential([string] $Password = 'secret') {
    [System.Management.Automation.PSCredential]::new('alice', (ConvertTo-SecureText $Password))
}

function ConvertTo-SecureText([string] $Text) {
    $secure = [System.Security.SecureString]::new()
    foreach ($character in $Text.ToCharArray()) { $secure.AppendChar($character) }
    $secure
}

Export-ModuleMember -Function Start-TestRegistry, Stop-TestRegistry, Skip-WithoutTestRegistry, Get-TestCredential, Get-TestRegistryPath
Export-ModuleMember -Function Get-TestHostProblem, Skip-WithoutTestHost, Get-PackagePath, Start-TestEngine, Stop-TestEngine,
    Clear-TestContainer, New-BusyboxArchive, New-MultiPlatformLayout, Start-TestContainer, New-TestContainer
