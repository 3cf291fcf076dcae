BeforeAll {
    Import-Module "$PSScriptRoot/TestSupport.psm1" -Force
    Start-TestEngine
}

AfterAll { Stop-TestEngine }

Describe 'New-ContainerVolume' {
    BeforeEach { Skip-WithoutTestHost }
    AfterEach {
        Clear-TestContainer
        if (-not (Get-TestHostProblem)) { Get-ContainerVolume | Remove-ContainerVolume }
    }

    It 'makes a volume with labels' {
        $volume = New-ContainerVolume data -Label @{ a = 1 }, b=2
        $volume | Should -BeOfType ([ContainerTools.ContainerVolume])
        $volume.Name | Should -Be data
        $volume.Labels['a'] | Should -Be 1
        $volume.Labels['b'] | Should -Be 2
        $volume.CreatedAt | Should -BeGreaterThan ([DateTimeOffset]::Now.AddHours(-1))
    }

    It 'makes several, and one with a generated name' {
        ('one', 'two' | New-ContainerVolume).Name | Should -Be 'one', 'two'
        (New-ContainerVolume).Name | Should -Match '^[0-9a-f]{64}$'
    }

    It 'fills it from the image at the first use, and keeps what containers write' {
        $null = New-ContainerVolume data
        Invoke-Container busybox -Volume data:/etc -- sh -c 'echo mine > /etc/mine; ls /etc' | Should -Contain passwd
        Invoke-Container busybox -Volume data:/mnt -- cat /mnt/mine | Should -Be mine
    }

    It 'mounts a file system in memory in the container alone' {
        $null = New-ContainerVolume fast -DriverOption type=tmpfs, o=size=1m
        Invoke-Container busybox -Volume fast:/fast -- grep ' /fast ' /proc/mounts | Should -Match 'tmpfs.*size=1024k'
        Get-Content /proc/mounts | Select-String 'ct-spec.*fast' | Should -BeNullOrEmpty
    }

    It 'mounts a folder of the host' {
        $null = New-Item -ItemType Directory "$TestDrive/host"
        Set-Content "$TestDrive/host/file" text
        $null = New-ContainerVolume logs -DriverOption @{ type = 'none'; device = "$TestDrive/host"; o = 'bind' }
        Invoke-Container busybox -Volume logs:/logs:ro -- cat /logs/file | Should -Be text
        Remove-ContainerVolume logs
        Get-Content "$TestDrive/host/file" | Should -Be text
    }

    It 'reports <what>' -ForEach @(
        @{ what = 'a name that is none'; more = @{ Name = '../x' }; id = 'InvalidArgument' }
        @{ what = 'an option that is none'; more = @{ Name = 'xx'; DriverOption = 'size=3' }; id = 'InvalidArgument' }
        @{ what = 'a folder that is not there'; more = @{ Name = 'xx'; DriverOption = 'device=/no/such', 'o=bind' }; id = 'FileNotFound' }
        @{ what = 'a name in use'; more = @{ Name = 'taken' }; id = 'VolumeNameInUse' }
    ) {
        $null = New-ContainerVolume taken
        New-ContainerVolume @more -ErrorVariable problem -ErrorAction SilentlyContinue
        $problem[0].FullyQualifiedErrorId | Should -Be "$id,ContainerTools.Module.Cmdlets.NewContainerVolumeCommand"
    }

    It 'makes nothing with -WhatIf' {
        New-ContainerVolume data -WhatIf
        Get-ContainerVolume | Should -BeNullOrEmpty
    }
}
