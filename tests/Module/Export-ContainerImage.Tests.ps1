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
