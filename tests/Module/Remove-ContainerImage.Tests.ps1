BeforeAll {
    Import-Module "$PSScriptRoot/TestSupport.psm1" -Force
    Start-TestEngine
}

AfterAll { Stop-TestEngine }

Describe 'Remove-ContainerImage' {
    BeforeEach {
        Skip-WithoutTestHost
        $archive = New-BusyboxArchive "$TestDrive/rootfs.tar"
        $null = Import-ContainerImage $archive mine:1 -Message one
    }
    AfterEach {
        Clear-TestContainer
        if (-not (Get-TestHostProblem)) { Get-ContainerImage mine* | Remove-ContainerImage -Force }
    }

    It 'removes an image <how>, and emits nothing' -ForEach @(
        @{ how = 'by reference'; remove = { Remove-ContainerImage mine:1 } }
        @{ how = 'by id'; remove = { Remove-ContainerImage -Id (Get-ContainerImage mine:1).Id } }
        @{ how = 'by pattern'; remove = { Remove-ContainerImage mine* } }
        @{ how = 'by name from the pipeline'; remove = { 'mine:1' | Remove-ContainerImage } }
        @{ how = 'by object'; remove = { Get-ContainerImage mine:1 | Remove-ContainerImage } }
    ) {
        & $remove | Should -BeNullOrEmpty
        Get-ContainerImage mine* | Should -BeNullOrEmpty
        (Get-ContainerImage).Reference | Should -Be 'busybox:latest'
    }

    It 'removes of an image with several names just those in the pipeline' {
        Add-ContainerImageTag busybox mine:2
        Get-ContainerImage mine:2 | Remove-ContainerImage -ErrorAction Stop
        (Get-ContainerImage).Reference | Sort-Object | Should -Be 'busybox:latest', 'mine:1'
    }

    It 'emits what was removed with -PassThru' {
        $image = Remove-ContainerImage mine:1 -PassThru
        $image | Should -BeOfType ([ContainerTools.ContainerImage])
        $image.Reference | Should -Be 'mine:1'
    }

    It 'refuses an image that a container uses' {
        $null = New-Container mine:1 -Name one -ErrorAction Stop -- true
        Remove-ContainerImage mine:1 -ErrorVariable problem -ErrorAction SilentlyContinue
        $problem[0].FullyQualifiedErrorId | Should -Be 'ImageInUse,ContainerTools.Module.Cmdlets.RemoveContainerImageCommand'
        $problem[0].CategoryInfo.Category | Should -Be 'ResourceBusy'
        "$($problem[0].TargetObject)" | Should -Be 'mine:1'
        (Get-ContainerImage mine:1).Reference | Should -Be 'mine:1'
    }

    It 'removes an image that a stopped container uses with -Force' {
        $null = New-Container mine:1 -Name one -ErrorAction Stop -- true
        Remove-ContainerImage mine:1 -Force
        Get-ContainerImage mine* | Should -BeNullOrEmpty
    }

    It 'removes nothing with -WhatIf' {
        Remove-ContainerImage mine:1 -WhatIf
        (Get-ContainerImage mine:1).Reference | Should -Be 'mine:1'
    }

    It 'reports a name that does not exist, and not a pattern that fits nothing' {
        Remove-ContainerImage nosuch -ErrorVariable problem -ErrorAction SilentlyContinue
        $problem[0].FullyQualifiedErrorId | Should -BeLike 'ImageNotFound,*'
        $problem[0].TargetObject | Should -Be 'nosuch'
        { Remove-ContainerImage nosuch* -ErrorAction Stop } | Should -Not -Throw
    }
}
