BeforeAll {
    Import-Module "$PSScriptRoot/TestSupport.psm1" -Force
    Start-TestEngine
}

AfterAll { Stop-TestEngine }

Describe 'Export-ContainerImage' {
    BeforeEach { Skip-WithoutTestHost }
    AfterEach {
        if (-not (Get-TestHostProblem)) { Get-ContainerImage box* | Remove-ContainerImage -Force }
        Get-ChildItem -LiteralPath $TestDrive | Remove-Item -Recurse
    }

    It 'writes a file that Import-ContainerImage reads, and emits nothing' {
        $before = Get-ContainerImage busybox
        Export-ContainerImage busybox:latest "$TestDrive/out.tar" | Should -BeNullOrEmpty
        (Import-ContainerImage "$TestDrive/out.tar" -Reference box:copy).Id | Should -Be $before.Id
    }

    It 'writes all images of the pipeline into one file, and emits it with -PassThru' {
        Add-ContainerImageTag busybox:latest box:1
        $file = Get-ContainerImage | Export-ContainerImage -Path "$TestDrive/all.tar.gz" -Compression Gzip -PassThru
        $file | Should -BeOfType ([System.IO.FileInfo])
        $file.PSPath | Should -Be (Get-Item "$TestDrive/all.tar.gz").PSPath
        Get-ContainerImage box:1 | Remove-ContainerImage
        (Import-ContainerImage $file.FullName).Reference | Sort-Object | Should -Be 'box:1', 'busybox:latest'
    }

    It 'writes a folder' {
        $folder = Export-ContainerImage busybox "$TestDrive/layout" -Format OciDirectory -PassThru
        $folder | Should -BeOfType ([System.IO.DirectoryInfo])
        $folder.PSProvider.Name | Should -Be 'FileSystem'
        Test-Path -LiteralPath "$folder/index.json" | Should -BeTrue
    }

    It 'brings a multi-platform image whole from file to file' {
        New-MultiPlatformLayout "$TestDrive/layout"
        $whole = Import-ContainerImage "$TestDrive/layout" -AllPlatforms
        $whole.Reference | Should -Be 'box:multi'
        $whole.Platforms | Sort-Object | Should -Be 'linux/amd64', 'linux/s390x'
        Export-ContainerImage box:multi "$TestDrive/whole.tar" -Format OciArchive -AllPlatforms -WarningVariable warnings
        $warnings | Should -BeNullOrEmpty
        Remove-ContainerImage box:multi
        (Import-ContainerImage "$TestDrive/whole.tar").Platforms | Should -HaveCount 1
        $back = Import-ContainerImage "$TestDrive/whole.tar" -AllPlatforms
        $back.Id | Should -Be $whole.Id
        $back.Platforms | Should -Be $whole.Platforms
        # The index is the one that it was.
        Export-ContainerImage box:multi "$TestDrive/again" -Format OciDirectory
        $digests = "$TestDrive/again", "$TestDrive/layout" | ForEach-Object { (Get-Content -Raw -LiteralPath "$_/index.json" | ConvertFrom-Json).manifests[0].digest }
        $digests[0] | Should -Be $digests[1]
    }

    It 'writes one platform where the form holds one, or it is asked for, and says what stays out' {
        New-MultiPlatformLayout "$TestDrive/layout"
        Import-ContainerImage "$TestDrive/layout" -AllPlatforms | Out-Null
        Export-ContainerImage box:multi "$TestDrive/all.tar" -AllPlatforms -ErrorVariable problem -ErrorAction SilentlyContinue
        $problem[0].FullyQualifiedErrorId | Should -BeLike 'InvalidArgument,*'
        Test-Path -LiteralPath "$TestDrive/all.tar" | Should -BeFalse
        Export-ContainerImage box:multi "$TestDrive/docker.tar" -WarningVariable warnings -WarningAction SilentlyContinue
        "$warnings" | Should -BeLike '*alone, without*-Format OciArchive takes all*'
        Export-ContainerImage box:multi "$TestDrive/other.tar" -Format OciArchive -Platform linux/s390x
        Remove-ContainerImage box:multi
        (Import-ContainerImage "$TestDrive/other.tar").Architecture | Should -Be 's390x'
    }

    It 'replaces a file only with -Force' {
        'mine' | Set-Content -LiteralPath "$TestDrive/out.tar"
        Export-ContainerImage busybox "$TestDrive/out.tar" -ErrorVariable problem -ErrorAction SilentlyContinue
        $problem[0].FullyQualifiedErrorId | Should -Be 'FileExists,ContainerTools.Module.Cmdlets.ExportContainerImageCommand'
        $problem[0].CategoryInfo.Category | Should -Be 'ResourceExists'
        Export-ContainerImage busybox "$TestDrive/out.tar" -Force
        (Get-Item -LiteralPath "$TestDrive/out.tar").Length | Should -BeGreaterThan 10000
    }

    It 'writes nothing with -WhatIf, and nothing for a pattern that fits nothing' {
        Export-ContainerImage busybox "$TestDrive/out.tar" -WhatIf
        Export-ContainerImage 'nosuch*' "$TestDrive/out.tar"
        Test-Path -LiteralPath "$TestDrive/out.tar" | Should -BeFalse
    }

    It 'reports an image that does not exist' {
        Export-ContainerImage nosuch "$TestDrive/out.tar" -ErrorVariable problem -ErrorAction SilentlyContinue
        $problem[0].FullyQualifiedErrorId | Should -BeLike 'ImageNotFound,*'
    }
}
