BeforeAll {
    Import-Module "$PSScriptRoot/TestSupport.psm1" -Force
    Start-TestEngine
}

AfterAll { Stop-TestEngine }

Describe 'Remove-ContainerVolume' {
    BeforeEach {
        Skip-WithoutTestHost
        $null = New-ContainerVolume data -ErrorAction Stop
    }
    AfterEach {
        Clear-TestContainer
        if (-not (Get-TestHostProblem)) { Get-ContainerVolume | Remove-ContainerVolume }
    }

    It 'removes a volume <how>, and emits nothing' -ForEach @(
        @{ how = 'by name'; remove = { Remove-ContainerVolume data } }
        @{ how = 'by pattern'; remove = { Remove-ContainerVolume d* } }
        @{ how = 'by object'; remove = { Get-ContainerVolume data | Remove-ContainerVolume } }
    ) {
        & $remove | Should -BeNullOrEmpty
        Get-ContainerVolume | Should -BeNullOrEmpty
    }

    It 'refuses one that a container uses, running or not' {
        $null = New-Container busybox -Name one -Volume data:/data -ErrorAction Stop -- true
        Remove-ContainerVolume data -ErrorVariable problem -ErrorAction SilentlyContinue
        $problem[0].FullyQualifiedErrorId | Should -Be 'VolumeInUse,ContainerTools.Module.Cmdlets.RemoveContainerVolumeCommand'
        $problem[0].CategoryInfo.Category | Should -Be ResourceBusy
        Remove-Container one
        (Remove-ContainerVolume data -PassThru).Name | Should -Be data
    }

    It 'removes nothing with -WhatIf' {
        Remove-ContainerVolume data -WhatIf
        (Get-ContainerVolume).Name | Should -Be data
    }
}
