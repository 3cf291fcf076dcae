# The root file systems of the demo, as tar archives.

# busybox alone, with its applets as links.
function New-BusyboxArchive([string] $Folder) {
    $busybox = Get-Command busybox -CommandType Application -ErrorAction Ignore | Select-Object -First 1
    if (-not $busybox) { throw 'busybox is missing: apt-get install busybox-static' }
    $rootfs = "$Folder/busybox"
    foreach ($name in 'bin', 'etc', 'tmp', 'root') { $null = [System.IO.Directory]::CreateDirectory("$rootfs/$name") }
    Copy-Item -LiteralPath $busybox.Path -Destination "$rootfs/bin/busybox"
    foreach ($applet in & $busybox.Path --list) {
        if ($applet -ne 'busybox') { $null = [System.IO.File]::CreateSymbolicLink("$rootfs/bin/$applet", 'busybox') }
    }
    Set-Content -LiteralPath "$rootfs/etc/passwd" -Value 'root:x:0:0:root:/root:/bin/sh'
    Set-Content -LiteralPath "$rootfs/etc/group" -Value 'root:x:0:'
    Invoke-Program tar @('-C', $rootfs, '--owner=0', '--group=0', '--numeric-owner', '-cf', "$Folder/busybox.tar", '.')
    Remove-Item -LiteralPath $rootfs -Recurse -Force
    "$Folder/busybox.tar"
}

# A minimal Debian with Redis, made by debootstrap. It takes a minute and a download of 60 MB, so the archive is kept in
# artifacts/ for the next demo.
function New-DebianArchive([string] $Cache) {
    $archive = "$Cache/debian-redis.tar"
    if (Test-Path -LiteralPath $archive) { return $archive }
    $debootstrap = '/usr/sbin/debootstrap'
    if (-not (Test-Path -LiteralPath $debootstrap)) { throw 'debootstrap is missing: apt-get install debootstrap' }
    Write-Host "`nMaking a Debian root file system with Redis (debootstrap; a minute, once) ..."
    $null = [System.IO.Directory]::CreateDirectory($Cache)
    $rootfs = "$Cache/rootfs"
    if (Test-Path -LiteralPath $rootfs) { Remove-Item -LiteralPath $rootfs -Recurse -Force }
    # The mirror of this machine, which may not be the public one.
    $mirror = & apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Codename: bookworm' | Select-Object -First 1
    try {
        Invoke-Program $debootstrap (@('--variant=minbase', '--include=redis-server', 'bookworm', $rootfs) + @($mirror | Where-Object { $_ }))
        Remove-Item -Path "$rootfs/var/cache/apt/archives/*.deb", "$rootfs/var/lib/apt/lists/*" -Recurse -Force
        Invoke-Program tar @('-C', $rootfs, '--numeric-owner', '--xattrs', '-cf', "$archive.new", '.')
        Move-Item -LiteralPath "$archive.new" -Destination $archive
    }
    finally {
        if (Test-Path -LiteralPath $rootfs) { Remove-Item -LiteralPath $rootfs -Recurse -Force }
    }
    $archive
}

function Invoke-Program([string] $Program, [string[]] $Arguments) {
    $output = & $Program @Arguments 2>&1
    if ($LASTEXITCODE -ne 0) { throw "$Program failed with exit code $LASTEXITCODE`: $($output | Select-Object -Last 5)" }
}
