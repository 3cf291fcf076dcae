BeforeAll {
    Import-Module "$PSScriptRoot/TestSupport.psm1" -Force
    Start-TestEngine
}

AfterAll { Stop-TestEngine }

Describe 'Export-Container' {
    BeforeEach {
        Skip-WithoutTestHost
        $null = New-Container busybox -Name one -ErrorAction Stop -- sh -c 'echo text > /added' | Start-Container -PassThru | Wait-Container
    }
    AfterEach {
        Clear-TestContainer
        Get-ChildItem -LiteralPath $TestDrive | Remove-Item -Recurse
    }

    It 'writes a file that becomes an image, and emits nothing' {
        Export-Container one "$TestDrive/one.tar" | Should -BeNullOrEmpty
        $image = Import-ContainerImage "$TestDrive/one.tar" exported:1
        try { Invoke-Container exported:1 -- cat /added | Should -Be 'text' }
        finally { $image | Remove-ContainerImage }
    }

    It 'writes into a folder, and emits the file with -PassThru' {
        $file = Get-Container one | Export-Container -Path $TestDrive -Compression Gzip -PassThru
        $file | Should -BeOfType ([System.IO.FileInfo])
        $file.FullName | Should -Be "$TestDrive/one.tar.gz"
    }

    It 'replaces a file only with -Force' {
        Set-Content "$TestDrive/one.tar" mine
        Export-Container one "$TestDrive/one.tar" -ErrorVariable problem -ErrorAction SilentlyContinue
        $problem[0].FullyQualifiedErrorId | Should -Be 'FileExists,ContainerTools.Module.Cmdlets.ExportContainerCommand'
        Get-Content "$TestDrive/one.tar" | Should -Be 'mine'
        Export-Container one "$TestDrive/one.tar" -Force
        (Get-Item "$TestDrive/one.tar").Length | Should -BeGreaterThan 100000
    }

    It 'writes one container into a file, and no second one' {
        $null = New-Container busybox -Name two
        Get-Container one, two | Export-Container -Path "$TestDrive/none" -ErrorVariable problem -ErrorAction SilentlyContinue
        $problem[0].FullyQualifiedErrorId | Should -Be 'InvalidArgument,ContainerTools.Module.Cmdlets.ExportContainerCommand'
        Test-Path "$TestDrive/none" | Should -BeFalse
        $null = New-Item -ItemType Directory "$TestDrive/all"
        Get-Container one, two | Export-Container -Path "$TestDrive/all"
        (Get-ChildItem "$TestDrive/all").Name | Should -Be one.tar, two.tar
    }

    It 'writes nothing with -WhatIf' {
        Export-Container one "$TestDrive/one.tar" -WhatIf
        Test-Path "$TestDrive/one.tar" | Should -BeFalse
    }
}
