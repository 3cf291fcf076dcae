BeforeAll {
    Import-Module "$PSScriptRoot/TestSupport.psm1" -Force
    Start-TestEngine
}

AfterAll { Stop-TestEngine }

Describe 'Get-ContainerVolume' {
    BeforeEach {
        Skip-WithoutTestHost
        $null = New-ContainerVolume data, idle -ErrorAction Stop
        $null = New-Container busybox -Name one -Volume data:/data -ErrorAction Stop -- true
    }
    AfterEach {
        Clear-TestContainer
        if (-not (Get-TestHostProblem)) { Get-ContainerVolume | Remove-ContainerVolume }
    }

    It 'shows volumes <how>' -ForEach @(
        @{ how = 'all of them'; get = { Get-ContainerVolume }; names = 'data', 'idle' }
        @{ how = 'by name'; get = { Get-ContainerVolume data }; names = 'data' }
        @{ how = 'by pattern'; get = { Get-ContainerVolume i* }; names = 'idle' }
        @{ how = 'that nobody uses'; get = { Get-ContainerVolume -Unused }; names = 'idle' }
    ) {
        (& $get).Name | Should -Be $names
    }

    It 'says who uses them, and where they are' {
        $volume = Get-ContainerVolume data
        $volume.Containers | Should -Be one
        Test-Path $volume.MountPoint | Should -BeTrue
    }

    It 'reports a name that does not exist, and not a pattern that fits nothing' {
        Get-ContainerVolume nosuch -ErrorVariable problem -ErrorAction SilentlyContinue
        $problem[0].FullyQualifiedErrorId | Should -Be 'VolumeNotFound,ContainerTools.Module.Cmdlets.GetContainerVolumeCommand'
        { Get-ContainerVolume nosuch* -ErrorAction Stop } | Should -Not -Throw
    }

    It 'is short in a list, below objects of another type' {
        $null = New-ContainerVolume short -Label @{ hidden = 1 }
        try {
            $text = & { Get-ContainerImage; Get-ContainerVolume short } | Out-String
            $text | Should -Match '(?m)^Name\s+: short'
            $text | Should -Not -Match '(?m)^Labels\s+:'
        }
        finally { Remove-ContainerVolume short }
    }
}
