# What a container may leave on the host, looked for where the kernel tells it and not where the engine remembers it.

function Get-CgroupFolder {
    # The whole tree: cgroup v2, v1, or both side by side.
    @(& find /sys/fs/cgroup -type d -name '*containertools*' 2>$null)
}

# The engine keeps the folder above its containers' cgroups for the next one, as it keeps /var/lib/containertools. The demo takes it away
# where it was not there before. Only empty ones go: the kernel removes no cgroup that holds a process or another cgroup.
function Remove-EngineCgroup([string[]] $CgroupsBefore) {
    foreach ($folder in Get-CgroupFolder) {
        if ($folder -notin $CgroupsBefore -and [System.IO.Path]::GetFileName($folder) -eq 'containertools') { & rmdir $folder 2>$null }
    }
}

function Find-Leftover([string] $Work, [string[]] $Ids, [string[]] $CgroupsBefore) {
    if (Test-Path -LiteralPath $Work) { "The folder $Work is still there." }

    foreach ($line in Get-Content -LiteralPath /proc/self/mountinfo) {
        if ($line.Contains($Work)) { "A mount is left: $line" }
    }

    foreach ($folder in [System.IO.Directory]::GetDirectories('/proc')) {
        $id = [System.IO.Path]::GetFileName($folder)
        if ($id -notmatch '^\d+$' -or [int]$id -eq $PID) { continue }
        # A container's process has the overlay in its mounts, a monitor the run folder in its arguments and environment.
        foreach ($file in 'cmdline', 'environ', 'mountinfo') {
            try { $text = [System.IO.File]::ReadAllText("$folder/$file") } catch [System.IO.IOException], [System.UnauthorizedAccessException] { continue }
            if ($text.Contains($Work)) {
                "The process $id is left: $([System.IO.File]::ReadAllText("$folder/comm").Trim()), which has $Work in its $file."
                break
            }
        }
    }

    foreach ($id in $Ids) {
        foreach ($cgroup in @(& find /sys/fs/cgroup -type d -name "*$id*" 2>$null)) { "A cgroup is left: $cgroup" }
    }
    foreach ($cgroup in Get-CgroupFolder) {
        # Others may have made one meanwhile; theirs is not empty.
        if ($cgroup -notin $CgroupsBefore -and [System.IO.Directory]::GetDirectories($cgroup).Count -eq 0) { "A cgroup is left: $cgroup" }
    }
}

# The network devices, whether the engine's table of packet filter rules is there, and whether the machine forwards packets.
function Get-NetworkState {
    @{
        Links   = @([System.IO.Directory]::GetFileSystemEntries('/sys/class/net') | ForEach-Object { [System.IO.Path]::GetFileName($_) })
        Table   = [bool](Get-Command nft -CommandType Application -ErrorAction Ignore) -and [bool](& nft list tables 2>$null | Where-Object { $_ -eq 'table inet containertools' })
        Forward = [System.IO.File]::ReadAllText('/proc/sys/net/ipv4/ip_forward').Trim()
    }
}

# The engine keeps the network bridge, its rules and ip_forward, as Docker does. The demo takes them away where they were not there before.
function Remove-EngineNetwork($Before) {
    $now = Get-NetworkState
    if ($now.Table -and -not $Before.Table) { & nft delete table inet containertools }
    if ('ct-bridge' -in $now.Links -and 'ct-bridge' -notin $Before.Links) { & ip link delete ct-bridge }
    if ($now.Forward -ne $Before.Forward) { [System.IO.File]::WriteAllText('/proc/sys/net/ipv4/ip_forward', $Before.Forward) }
}

function Find-NetworkLeftover($Before) {
    $now = Get-NetworkState
    if ($now.Table -and -not $Before.Table) { 'The table containertools of the packet filter is left.' }
    foreach ($link in $now.Links) { if ($link -match '^(ct-|ve[0-9a-f]{10}$)' -and $link -notin $Before.Links) { "A network device is left: $link" } }
    if ($now.Forward -ne $Before.Forward) { "ip_forward is $($now.Forward)." }
}
