BeforeAll {
    Import-Module "$PSScriptRoot/TestSupport.psm1" -Force
    Start-TestEngine
}

AfterAll { Stop-TestEngine }

Describe 'Restart-Container' {
    BeforeEach { Skip-WithoutTestHost }
    AfterEach { Clear-TestContainer }

    It 'starts a running container anew' {
        $before = Start-TestContainer one
        Restart-Container one | Should -BeNullOrEmpty
        $after = Get-Container one
        $after.State | Should -Be 'Running'
        $after.ProcessId | Should -Not -Be $before.ProcessId
        $after.StartedAt | Should -BeGreaterThan $before.StartedAt
    }

    It 'starts a container that does not run' {
        $null = New-TestContainer one
        (Restart-Container one -PassThru).State | Should -Be 'Running'
    }

    It 'restarts what the pipeline brings <how>' -ForEach @(
        @{ how = 'by object'; restart = { Get-Container | Restart-Container -PassThru } }
        @{ how = 'by name'; restart = { 'one', 'two' | Restart-Container -PassThru } }
        @{ how = 'by pattern'; restart = { Restart-Container * -PassThru } }
    ) {
        $before = (Start-TestContainer one), (Start-TestContainer two)
        (& $restart).State | Should -Be 'Running', 'Running'
        Compare-Object $before.ProcessId (Get-Container).ProcessId | Should -HaveCount 4
    }

    It 'restarts nothing with -WhatIf' {
        $before = Start-TestContainer one
        Restart-Container one -WhatIf
        (Get-Container one).ProcessId | Should -Be $before.ProcessId
    }

    It 'reports a name that does not exist, and not a pattern that fits nothing' {
        Restart-Container nobody -ErrorVariable problem -ErrorAction SilentlyContinue
        $problem[0].FullyQualifiedErrorId | Should -Be 'ContainerNotFound,ContainerTools.Module.Cmdlets.RestartContainerCommand'
        $problem[0].CategoryInfo.Category | Should -Be 'ObjectNotFound'
        $problem[0].TargetObject | Should -Be 'nobody'
        { Restart-Container nobody* -ErrorAction Stop } | Should -Not -Throw
    }
}
