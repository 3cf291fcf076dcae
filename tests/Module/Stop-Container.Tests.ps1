BeforeAll {
    Import-Module "$PSScriptRoot/TestSupport.psm1" -Force
    Start-TestEngine
}

AfterAll { Stop-TestEngine }

Describe 'Stop-Container' {
    BeforeEach { Skip-WithoutTestHost }
    AfterEach { Clear-TestContainer }

    It 'stops a container with its own signal, and emits nothing' {
        $null = New-Container busybox -Name one -- sh -c 'trap "exit 7" TERM; echo ready; while :; do sleep 0.05; done' | Start-Container -PassThru
        $null = Get-ContainerLog one -Follow | Select-Object -First 1
        Stop-Container one | Should -BeNullOrEmpty
        $container = Get-Container one
        $container.State | Should -Be 'Exited'
        $container.ExitCode | Should -Be 7
    }

    It 'kills what does not end in time' {
        $null = New-Container busybox -Name one -- sh -c 'trap "" TERM; echo ready; while :; do sleep 0.05; done' | Start-Container -PassThru
        $null = Get-ContainerLog one -Follow | Select-Object -First 1
        (Stop-Container one -Timeout 0.1 -PassThru).ExitCode | Should -Be 137
    }

    It 'sends another signal first when asked to' {
        $null = New-Container busybox -Name one -- sh -c 'trap "exit 5" USR1; echo ready; while :; do sleep 0.05; done' | Start-Container -PassThru
        $null = Get-ContainerLog one -Follow | Select-Object -First 1
        (Stop-Container one -Signal USR1 -PassThru).ExitCode | Should -Be 5
    }

    It 'leaves a container that does not run as it is, without an error' {
        $null = New-TestContainer one
        Stop-Container one -ErrorAction Stop
        (Get-Container one).State | Should -Be 'Created'
    }

    It 'stops many at once <how>' -ForEach @(
        @{ how = 'by object'; stop = { Get-Container | Where-Object State -EQ Running | Stop-Container -PassThru } }
        @{ how = 'by name'; stop = { 'c1', 'c2', 'c3' | Stop-Container -PassThru } }
        @{ how = 'by pattern'; stop = { Stop-Container c? -PassThru } }
    ) {
        foreach ($name in 'c1', 'c2', 'c3') { $null = Start-TestContainer $name }
        $stopped = & $stop
        $stopped.Name | Sort-Object | Should -Be 'c1', 'c2', 'c3'
        $stopped.State | Should -Be 'Exited', 'Exited', 'Exited'
        (Get-Container).State | Should -Be 'Exited', 'Exited', 'Exited'
    }

    It 'stops a paused container' {
        $null = Start-TestContainer one
        Suspend-Container one
        (Stop-Container one -PassThru).State | Should -Be 'Exited'
    }

    It 'stops nothing with -WhatIf' {
        $null = Start-TestContainer one
        Stop-Container one -WhatIf
        (Get-Container one).State | Should -Be 'Running'
    }

    It 'reports a signal that does not exist' {
        $null = Start-TestContainer one
        Stop-Container one -Signal NOPE -ErrorVariable problem -ErrorAction SilentlyContinue
        $problem[0].FullyQualifiedErrorId | Should -Be 'SignalUnknown,ContainerTools.Module.Cmdlets.StopContainerCommand'
        $problem[0].TargetObject.Name | Should -Be 'one'
        (Get-Container one).State | Should -Be 'Running'
    }

    It 'reports a name that does not exist, and not a pattern that fits nothing' {
        Stop-Container nobody -ErrorVariable problem -ErrorAction SilentlyContinue
        $problem[0].FullyQualifiedErrorId | Should -Be 'ContainerNotFound,ContainerTools.Module.Cmdlets.StopContainerCommand'
        $problem[0].CategoryInfo.Category | Should -Be 'ObjectNotFound'
        $problem[0].TargetObject | Should -Be 'nobody'
        { Stop-Container nobody* -ErrorAction Stop } | Should -Not -Throw
    }
}
