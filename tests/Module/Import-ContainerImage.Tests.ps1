BeforeAll {
    Import-Module "$PSScriptRoot/TestSupport.psm1" -Force
    Start-TestEngine
}

AfterAll { Stop-TestEngine }

Describe 'Import-ContainerImage' {
    BeforeEach {
        Skip-WithoutTestHost
        $archive = New-BusyboxArchive "$TestDrive/rootfs.tar"
    }
    AfterEach {
        Clear-TestContainer
        if (-not (Get-TestHostProblem)) { Get-ContainerImage | Where-Object Reference -NE busybox:latest | Remove-ContainerImage }
    }

    It 'makes an image of a root file system, with the defaults that were given' {
        $image = Import-ContainerImage $archive mine:1 -Command sh, -c, 'echo $A' -Environment @{ A = 'from the image' } -User alice -WorkingDirectory /tmp
        $image | Should -BeOfType ([ContainerTools.ContainerImage])
        $image.Reference | Should -Be 'mine:1'
        $image.Size | Should -BeGreaterThan 100KB
        $image.Configuration.Command | Should -Be 'sh', '-c', 'echo $A'
        $image.Configuration.User | Should -Be 'alice'
        Invoke-Container mine:1 | Should -Be 'from the image'
        Invoke-Container mine:1 -- sh -c 'id -un; pwd' | Should -Be 'alice', '/tmp'
    }

    It 'takes files from the pipeline <how>' -ForEach @(
        @{ how = 'by object'; import = { Get-Item "$TestDrive/rootfs.tar" | Import-ContainerImage -Reference mine:2 } }
        @{ how = 'by path'; import = { "$TestDrive/rootfs.tar" | Import-ContainerImage -Reference mine:2 } }
        @{ how = 'by pattern'; import = { Import-ContainerImage "$TestDrive/root*.tar" -Reference mine:2 } }
        @{ how = 'by literal path'; import = { Import-ContainerImage -LiteralPath "$TestDrive/rootfs.tar" -Reference mine:2 } }
    ) {
        (& $import).Reference | Should -Be 'mine:2'
        (Get-ContainerImage mine:2).Reference | Should -Be 'mine:2'
    }

    It 'takes paths from the current location' {
        Push-Location $TestDrive
        try { (Import-ContainerImage ./rootfs.tar mine:3).Reference | Should -Be 'mine:3' } finally { Pop-Location }
    }

    It 'refuses one name for several files' {
        Copy-Item $archive "$TestDrive/rootfs2.tar"
        Import-ContainerImage "$TestDrive/rootfs*.tar" -Reference mine:7 -ErrorVariable problem -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        $problem[0].FullyQualifiedErrorId | Should -Be 'InvalidArgument,ContainerTools.Module.Cmdlets.ImportContainerImageCommand'
        Get-ContainerImage mine:7* | Should -BeNullOrEmpty
        Remove-Item "$TestDrive/rootfs2.tar"
    }

    It 'takes the platform that is asked for, and not one and all' {
        New-MultiPlatformLayout "$TestDrive/layout"
        (Import-ContainerImage "$TestDrive/layout" -Platform linux/s390x).Architecture | Should -Be 's390x'
        Import-ContainerImage "$TestDrive/layout" -Platform linux/s390x -AllPlatforms -ErrorVariable problem -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        $problem[0].FullyQualifiedErrorId | Should -Be 'InvalidArgument,ContainerTools.Module.Cmdlets.ImportContainerImageCommand'
        Import-ContainerImage "$TestDrive/layout" -Platform linux/arm64 -ErrorVariable problem -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        $problem[0].FullyQualifiedErrorId | Should -BeLike 'ImageUnsupported,*'
        Remove-Item -Recurse "$TestDrive/layout"
    }

    It 'imports nothing with -WhatIf' {
        Import-ContainerImage $archive mine:4 -WhatIf | Should -BeNullOrEmpty
        Get-ContainerImage mine:4* | Should -BeNullOrEmpty
    }

    It 'reports <what> as <id>, and goes on with the next' -ForEach @(
        @{ what = 'a file that does not exist'; path = 'nothing.tar'; id = 'FileNotFound'; category = 'ObjectNotFound'; make = { } }
        @{ what = 'a file that is no archive'; path = 'bad.tar'; id = 'ArchiveCorrupt'; category = 'InvalidData'; make = { Set-Content "$TestDrive/bad.tar" ('x' * 2000) } }
        @{
            what = 'an archive that was cut short'; path = 'cut.tar'; id = 'ArchiveCorrupt'; category = 'InvalidData'
            make = { [System.IO.File]::WriteAllBytes("$TestDrive/cut.tar", [System.IO.File]::ReadAllBytes("$TestDrive/rootfs.tar")[0..600000]) }
        }
    ) {
        . $make
        $files = [pscustomobject]@{ Path = "$TestDrive/$path"; Reference = 'mine:6' }, [pscustomobject]@{ Path = $archive; Reference = 'mine:5' }
        $images = $files | Import-ContainerImage -ErrorVariable problem -ErrorAction SilentlyContinue
        $problem | Should -HaveCount 1
        $problem[0].FullyQualifiedErrorId | Should -Be "$id,ContainerTools.Module.Cmdlets.ImportContainerImageCommand"
        $problem[0].CategoryInfo.Category | Should -Be $category
        $problem[0].TargetObject | Should -Be "$TestDrive/$path"
        $images.Reference | Should -Be 'mine:5'
    }
}
