BeforeAll {
    Import-Module "$PSScriptRoot/TestSupport.psm1" -Force
    Start-TestEngine
}

AfterAll { Stop-TestEngine }

Describe 'Resume-Container' {
    BeforeEach { Skip-WithoutTestHost }
    AfterEach { Clear-TestContainer }

    It 'lets a container go on, and emits nothing' {
        $container = Start-TestContainer one
        Suspend-Container one
        Resume-Container one | Should -BeNullOrEmpty
        (Get-Container one).State | Should -Be 'Running'
        (Get-Container one).ProcessId | Should -Be $container.ProcessId
    }

    It 'takes containers from the pipeline <how>' -ForEach @(
        @{ how = 'by object'; resume = { Get-Container -State Paused | Resume-Container -PassThru } }
        @{ how = 'by name'; resume = { 'one', 'two' | Resume-Container -PassThru } }
        @{ how = 'by pattern'; resume = { Resume-Container * -PassThru } }
    ) {
        $null = Start-TestContainer one
        $null = Start-TestContainer two
        Suspend-Container one, two
        (& $resume).State | Should -Be 'Running', 'Running'
    }

    It 'resumes nothing with -WhatIf' {
        $null = Start-TestContainer one
        Suspend-Container one
        Resume-Container one -WhatIf
        (Get-Container one).State | Should -Be 'Paused'
    }

    It 'reports a container that is not paused' {
        $null = Start-TestContainer one
        Resume-Container one -ErrorVariable problem -ErrorAction SilentlyContinue
        $problem[0].FullyQualifiedErrorId | Should -Be 'ContainerNotPaused,ContainerTools.Module.Cmdlets.ResumeContainerCommand'
        $problem[0].CategoryInfo.Category | Should -Be 'InvalidOperation'
        $problem[0].TargetObject.Name | Should -Be 'one'
    }

    It 'reports a name that does not exist, and not a pattern that fits nothing' {
        Resume-Container nobody -ErrorVariable problem -ErrorAction SilentlyContinue
        $problem[0].FullyQualifiedErrorId | Should -Be 'ContainerNotFound,ContainerTools.Module.Cmdlets.ResumeContainerCommand'
        $problem[0].CategoryInfo.Category | Should -Be 'ObjectNotFound'
        $problem[0].TargetObject | Should -Be 'nobody'
        { Resume-Container nobody* -ErrorAction Stop } | Should -Not -Throw
    }
}
