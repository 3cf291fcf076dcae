BeforeAll {
    Import-Module "$PSScriptRoot/TestSupport.psm1" -Force
    Start-TestEngine
}

AfterAll { Stop-TestEngine }

Describe 'New-Container' {
    BeforeEach { Skip-WithoutTestHost }
    AfterEach { Clear-TestContainer }

    It 'makes a container that does not run, and emits it' {
        $container = New-Container busybox -Name one -- sh -c 'echo hi'
        $container | Should -BeOfType ([ContainerTools.Container])
        $container.State | Should -Be 'Created'
        $container.Command | Should -Be 'sh', '-c', 'echo hi'
        (Get-Container one).Id | Should -Be $container.Id
    }

    It 'makes up a name' {
        (New-Container busybox).Name | Should -Match '^[a-zA-Z0-9][a-zA-Z0-9_.-]+$'
    }

    It 'takes what the image says where nothing is said' {
        (New-Container busybox).Command | Should -Be 'sh'
    }

    It 'makes containers from images in the pipeline' {
        (Get-ContainerImage busy* | New-Container -Name one).Image | Should -Be 'busybox:latest'
        ('busybox' | New-Container -Name two).Image | Should -Be 'busybox'
    }

    It 'gives the container what was asked for' {
        $folder = (New-Item -ItemType Directory -Path "$TestDrive/data").FullName
        Set-Content -LiteralPath "$folder/file" -Value 'from the host'
        $arguments = @{
            Name = 'one'; Environment = @{ COLOUR = 'blue' }; User = 'alice'; WorkingDirectory = '/tmp'; HostName = 'box'
            Volume = "${folder}:/data:ro"; Tmpfs = '/scratch:size=1m'; Memory = '64m'; Cpus = 0.5; Processes = 50
            ReadOnly = $true; Label = @{ a = 1 }; ProcessLimit = 'nofile=100:200'; StopTimeout = '1m30s'
        }
        $script = 'echo $COLOUR; id -un; pwd; hostname; cat /data/file; touch /x 2>&1; touch /data/x 2>&1; touch /scratch/x && echo scratch; ulimit -n'
        $container = New-Container busybox @arguments -- sh -c $script | Start-Container -PassThru | Wait-Container
        $container.ExitCode | Should -Be 0
        $lines = (Get-ContainerLog one).Message
        $lines[0..4] | Should -Be 'blue', 'alice', '/tmp', 'box', 'from the host'
        $lines[5] | Should -BeLike '*Read-only file system*'
        $lines[6] | Should -BeLike '*Read-only file system*'
        $lines[7..8] | Should -Be 'scratch', '100'
        $container.Labels['a'] | Should -Be '1'
        $container.Configuration.StopTimeout | Should -Be ([timespan]'00:01:30')
        $container.Configuration.Limit.Memory | Should -Be 64MB
    }

    It 'makes a volume without a name for a path alone' {
        $container = New-Container busybox -Name one -Volume /anonymous
        $mount = $container.Configuration.Mounts | Where-Object Destination -eq /anonymous
        $mount.Type | Should -Be 'Volume'
        (Get-ContainerVolume $mount.Source).Anonymous | Should -BeTrue
        $container | Remove-Container -RemoveVolume
        Get-ContainerVolume | Should -BeNullOrEmpty
    }

    It 'makes nothing with -WhatIf' {
        New-Container busybox -Name one -WhatIf | Should -BeNullOrEmpty
        Get-Container | Should -BeNullOrEmpty
    }

    It 'reports <what> as <id>' -ForEach @(
        @{ what = 'an image that does not exist'; make = { New-Container nosuch -Name one -Pull Never @quiet }; id = 'ImageNotFound'; category = 'ObjectNotFound' }
        @{ what = 'a name that is taken'; make = { $null = New-TestContainer one; New-Container busybox -Name one @quiet }; id = 'ContainerNameInUse'; category = 'ResourceExists' }
        @{ what = 'a name that cannot be one'; make = { New-Container busybox -Name 'a b' @quiet }; id = 'InvalidArgument'; category = 'InvalidArgument' }
        @{ what = 'a capability that does not exist'; make = { New-Container busybox -AddCapability FLY @quiet }; id = 'CapabilityUnknown'; category = 'InvalidArgument' }
        @{ what = 'a signal that does not exist'; make = { New-Container busybox -StopSignal SIGNOPE @quiet }; id = 'SignalUnknown'; category = 'InvalidArgument' }
        @{ what = 'a size that is none'; make = { New-Container busybox -Memory plenty @quiet }; id = 'LimitInvalid'; category = 'InvalidArgument' }
        @{ what = 'a number that is none'; make = { New-Container busybox -Cpus many @quiet }; id = 'LimitInvalid'; category = 'InvalidArgument' }
        @{ what = 'a volume that is none'; make = { New-Container busybox -Volume 'data' @quiet }; id = 'InvalidArgument'; category = 'InvalidArgument' }
        @{ what = 'a restart policy that is none'; make = { New-Container busybox -RestartPolicy perhaps @quiet }; id = 'InvalidArgument'; category = 'InvalidArgument' }
    ) {
        $quiet = @{ ErrorVariable = 'problem'; ErrorAction = 'SilentlyContinue' }
        $before = @(Get-Container).Count
        . $make | Should -BeNullOrEmpty
        $problem[0].FullyQualifiedErrorId | Should -Be "$id,ContainerTools.Module.Cmdlets.NewContainerCommand"
        $problem[0].CategoryInfo.Category | Should -Be $category
        $problem[0].TargetObject | Should -Not -BeNullOrEmpty
        @(Get-Container).Count | Should -BeLessOrEqual ($before + 1)
    }

    It 'reports a user that the image does not have' {
        $quiet = @{ ErrorVariable = '+problem'; ErrorAction = 'SilentlyContinue' }
        $problem = @()
        New-Container busybox -Name one -User nobodyhere @quiet -- true | Start-Container @quiet
        $problem | Should -HaveCount 1
        $problem[0].FullyQualifiedErrorId | Should -BeLike 'UserNotFound,*'
        "$($problem[0].TargetObject)" | Should -Be 'one'
    }
}
