BeforeAll {
    Import-Module "$PSScriptRoot/TestSupport.psm1" -Force
    Start-TestEngine
}

AfterAll { Stop-TestEngine }

Describe 'Start-Container' {
    BeforeEach { Skip-WithoutTestHost }
    AfterEach { Clear-TestContainer }

    It 'starts a container and emits nothing' {
        $null = New-TestContainer one
        Start-Container one | Should -BeNullOrEmpty
        $container = Get-Container one
        $container.State | Should -Be 'Running'
        $container.ProcessId | Should -BeGreaterThan 0
        Test-Path "/proc/$($container.ProcessId)" | Should -BeTrue
        $container.StartedAt | Should -BeOfType ([datetimeoffset])
    }

    It 'emits the running container with -PassThru' {
        $null = New-TestContainer one
        $container = Start-Container one -PassThru
        $container | Should -BeOfType ([ContainerTools.Container])
        $container.State | Should -Be 'Running'
    }

    It 'takes containers from the pipeline <how>' -ForEach @(
        @{ how = 'by name'; start = { 'one', 'two' | Start-Container -PassThru } }
        @{ how = 'by object'; start = { Get-Container | Start-Container -PassThru } }
        @{ how = 'by property'; start = { [pscustomobject]@{ Name = 'one' }, [pscustomobject]@{ Id = (Get-Container two).Id } | Start-Container -PassThru } }
        @{ how = 'by pattern'; start = { Start-Container * -PassThru } }
        @{ how = 'by id prefix'; start = { Start-Container -Id (Get-Container one).Id.Substring(0, 20), (Get-Container two).ShortId -PassThru } }
    ) {
        $null = New-TestContainer one
        $null = New-TestContainer two
        (& $start).Name | Should -Be 'one', 'two'
        (Get-Container).State | Should -Be 'Running', 'Running'
    }

    It 'passes containers on to another cmdlet that takes them' {
        New-Container busybox -Name one -- true | Start-Container | Wait-Container | Remove-Container
        Get-Container | Should -BeNullOrEmpty
    }

    It 'starts nothing with -WhatIf' {
        $null = New-TestContainer one
        Start-Container one -WhatIf
        (Get-Container one).State | Should -Be 'Created'
    }

    It 'shows the plan of system calls with -WhatIf -Verbose' {
        $null = New-TestContainer one
        $steps = Start-Container one -WhatIf -Verbose 4>&1 | ForEach-Object Message
        $steps -match 'pivot_root' | Should -Not -BeNullOrEmpty
        $steps[-1] | Should -Match 'execve'
        Start-Container one -WhatIf 4>&1 | Should -BeNullOrEmpty
        (Get-Container one).State | Should -Be 'Created'
    }

    It 'reports a container that runs already, and goes on with the next' {
        $null = Start-TestContainer one
        $null = New-TestContainer two
        Start-Container one, two -ErrorVariable problem -ErrorAction SilentlyContinue
        $problem | Should -HaveCount 1
        $problem[0].FullyQualifiedErrorId | Should -Be 'ContainerRunning,ContainerTools.Module.Cmdlets.StartContainerCommand'
        $problem[0].CategoryInfo.Category | Should -Be 'InvalidOperation'
        $problem[0].TargetObject.Name | Should -Be 'one'
        (Get-Container two).State | Should -Be 'Running'
    }

    It 'reports a name that does not exist, and not a pattern that fits nothing' {
        Start-Container nobody -ErrorVariable problem -ErrorAction SilentlyContinue
        $problem[0].FullyQualifiedErrorId | Should -BeLike 'ContainerNotFound,*'
        $problem[0].CategoryInfo.Category | Should -Be 'ObjectNotFound'
        $problem[0].TargetObject | Should -Be 'nobody'
        { Start-Container nobody* -ErrorAction Stop } | Should -Not -Throw
    }

    It 'reports <what>, with exit code <code>' -ForEach @(
        @{ what = 'a command that does not exist'; command = '/bin/nothing'; id = 'CommandNotFound'; code = 127 }
        @{ what = 'a command that cannot be executed'; command = '/etc/passwd'; id = 'CommandNotExecutable'; code = 126 }
    ) {
        $null = New-Container busybox -Name one -- $command
        Start-Container one -ErrorVariable problem -ErrorAction SilentlyContinue
        $problem[0].FullyQualifiedErrorId | Should -BeLike "$id,*"
        $problem[0].TargetObject.Name | Should -Be 'one'
        $container = Get-Container one
        $container.State | Should -Be 'Exited'
        $container.ExitCode | Should -Be $code
        $container.Error | Should -Not -BeNullOrEmpty
    }
}
