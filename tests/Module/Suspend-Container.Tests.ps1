BeforeAll {
    Import-Module "$PSScriptRoot/TestSupport.psm1" -Force
    Start-TestEngine
}

AfterAll { Stop-TestEngine }

Describe 'Suspend-Container' {
    BeforeEach { Skip-WithoutTestHost }
    AfterEach { Clear-TestContainer }

    It 'freezes a container, and emits nothing' {
        $container = Start-TestContainer one
        Suspend-Container one | Should -BeNullOrEmpty
        (Get-Container one).State | Should -Be 'Paused'
        (Get-Container one).ProcessId | Should -Be $container.ProcessId
    }

    It 'takes containers from the pipeline <how>' -ForEach @(
        @{ how = 'by object'; suspend = { Get-Container | Suspend-Container -PassThru } }
        @{ how = 'by name'; suspend = { 'one', 'two' | Suspend-Container -PassThru } }
        @{ how = 'by pattern'; suspend = { Suspend-Container * -PassThru } }
    ) {
        $null = Start-TestContainer one
        $null = Start-TestContainer two
        (& $suspend).State | Should -Be 'Paused', 'Paused'
    }

    It 'freezes nothing with -WhatIf' {
        $null = Start-TestContainer one
        Suspend-Container one -WhatIf
        (Get-Container one).State | Should -Be 'Running'
    }

    It 'reports a container that does not run' {
        $null = New-TestContainer one
        Suspend-Container one -ErrorVariable problem -ErrorAction SilentlyContinue
        $problem[0].FullyQualifiedErrorId | Should -Be 'ContainerNotRunning,ContainerTools.Module.Cmdlets.SuspendContainerCommand'
        $problem[0].CategoryInfo.Category | Should -Be 'InvalidOperation'
        $problem[0].TargetObject.Name | Should -Be 'one'
    }

    It 'reports a container that is paused' {
        $null = Start-TestContainer one
        Suspend-Container one
        Suspend-Container one -ErrorVariable problem -ErrorAction SilentlyContinue
        $problem[0].FullyQualifiedErrorId | Should -BeLike 'ContainerPaused,*'
    }

    It 'reports a name that does not exist, and not a pattern that fits nothing' {
        Suspend-Container nobody -ErrorVariable problem -ErrorAction SilentlyContinue
        $problem[0].FullyQualifiedErrorId | Should -Be 'ContainerNotFound,ContainerTools.Module.Cmdlets.SuspendContainerCommand'
        $problem[0].CategoryInfo.Category | Should -Be 'ObjectNotFound'
        $problem[0].TargetObject | Should -Be 'nobody'
        { Suspend-Container nobody* -ErrorAction Stop } | Should -Not -Throw
    }
}
