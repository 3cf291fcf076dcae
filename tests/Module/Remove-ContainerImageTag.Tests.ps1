BeforeAll {
    Import-Module "$PSScriptRoot/TestSupport.psm1" -Force
    Start-TestEngine
}

AfterAll { Stop-TestEngine }

Describe 'Remove-ContainerImageTag' {
    BeforeEach {
        Skip-WithoutTestHost
        Add-ContainerImageTag busybox mine:1, mine:2
    }
    AfterEach {
        if (-not (Get-TestHostProblem)) { Get-ContainerImage mine* | Remove-ContainerImageTag }
    }

    It 'takes names away <how>, and the image stays' -ForEach @(
        @{ how = 'by reference'; remove = { Remove-ContainerImageTag mine:1, mine:2 } }
        @{ how = 'by pattern'; remove = { Remove-ContainerImageTag mine* } }
        @{ how = 'by object'; remove = { Get-ContainerImage mine* | Remove-ContainerImageTag } }
    ) {
        & $remove | Should -BeNullOrEmpty
        (Get-ContainerImage).Reference | Should -Be 'busybox:latest'
    }

    It 'leaves the image without a name when it was the last' {
        $archive = New-BusyboxArchive "$TestDrive/rootfs.tar"
        $null = Import-ContainerImage $archive mine:3 -Message one
        $image = Remove-ContainerImageTag mine:3 -PassThru
        $image.Reference | Should -BeNullOrEmpty
        (Get-ContainerImage $image.Id).Id | Should -Be $image.Id
        Remove-ContainerImage $image.Id
    }

    It 'changes nothing with -WhatIf' {
        Remove-ContainerImageTag mine:1 -WhatIf
        (Get-ContainerImage mine:1).Reference | Should -Be 'mine:1'
    }

    It 'reports a name that does not exist' {
        Remove-ContainerImageTag nosuch -ErrorVariable problem -ErrorAction SilentlyContinue
        $problem[0].FullyQualifiedErrorId | Should -Be 'ImageNotFound,ContainerTools.Module.Cmdlets.RemoveContainerImageTagCommand'
    }
}
