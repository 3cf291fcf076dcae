BeforeAll {
    Import-Module "$PSScriptRoot/TestSupport.psm1" -Force
    Start-TestEngine
}

AfterAll { Stop-TestEngine }

Describe 'Send-ContainerSignal' {
    BeforeEach { Skip-WithoutTestHost }
    AfterEach { Clear-TestContainer }

    It 'sends a signal by <what>' -ForEach @(
        @{ what = 'name'; signal = 'USR1' }
        @{ what = 'full name'; signal = 'SIGUSR1' }
        @{ what = 'number'; signal = '10' }
    ) {
        $null = New-Container busybox -Name one -- sh -c 'trap "exit 5" USR1; echo ready; while :; do sleep 0.02; done' | Start-Container -PassThru
        $null = Get-ContainerLog one -Follow | Select-Object -First 1
        Send-ContainerSignal one $signal | Should -BeNullOrEmpty
        (Wait-Container one).ExitCode | Should -Be 5
    }

    It 'takes containers from the pipeline' {
        $null = Start-TestContainer one
        $null = Start-TestContainer two
        (Get-Container | Send-ContainerSignal -Signal KILL -PassThru).Name | Should -Be 'one', 'two'
        (Get-Container | Wait-Container).ExitCode | Should -Be 137, 137
    }

    It 'sends nothing with -WhatIf' {
        $null = Start-TestContainer one
        Send-ContainerSignal one KILL -WhatIf
        (Get-Container one).State | Should -Be 'Running'
    }

    It 'reports <what> as <id>' -ForEach @(
        @{ what = 'a signal that does not exist'; container = 'one'; signal = 'NOPE'; id = 'SignalUnknown'; category = 'InvalidArgument' }
        @{ what = 'a container that does not run'; container = 'two'; signal = 'HUP'; id = 'ContainerNotRunning'; category = 'InvalidOperation' }
    ) {
        $null = Start-TestContainer one
        $null = New-TestContainer two
        Send-ContainerSignal $container $signal -ErrorVariable problem -ErrorAction SilentlyContinue
        $problem[0].FullyQualifiedErrorId | Should -Be "$id,ContainerTools.Module.Cmdlets.SendContainerSignalCommand"
        $problem[0].CategoryInfo.Category | Should -Be $category
        $problem[0].TargetObject.Name | Should -Be $container
    }

    It 'reports a name that does not exist, and not a pattern that fits nothing' {
        Send-ContainerSignal nobody HUP -ErrorVariable problem -ErrorAction SilentlyContinue
        $problem[0].FullyQualifiedErrorId | Should -Be 'ContainerNotFound,ContainerTools.Module.Cmdlets.SendContainerSignalCommand'
        $problem[0].CategoryInfo.Category | Should -Be 'ObjectNotFound'
        $problem[0].TargetObject | Should -Be 'nobody'
        { Send-ContainerSignal nobody* HUP -ErrorAction Stop } | Should -Not -Throw
    }
}
