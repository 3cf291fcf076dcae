BeforeAll {
    Import-Module "$PSScriptRoot/TestSupport.psm1" -Force
    Start-TestEngine
}

AfterAll { Stop-TestEngine }

Describe 'Wait-Container' {
    BeforeEach { Skip-WithoutTestHost }
    AfterEach { Clear-TestContainer }

    It 'emits a container as it was when it ended' {
        $container = New-Container busybox -Name one -- sh -c 'exit 9' | Start-Container -PassThru | Wait-Container
        $container | Should -BeOfType ([ContainerTools.Container])
        $container.State | Should -Be 'Exited'
        $container.ExitCode | Should -Be 9
        $container.FinishedAt | Should -BeGreaterOrEqual $container.StartedAt
    }

    It 'emits a container that removes itself' {
        $container = New-Container busybox -Name one -AutoRemove -- sh -c 'sleep 0.1; exit 4' | Start-Container -PassThru | Wait-Container
        $container.ExitCode | Should -Be 4
    }

    It 'emits the first to end first' {
        $null = New-Container busybox -Name late -- sh -c 'while [ ! -e /tmp/go ]; do sleep 0.02; done' | Start-Container -PassThru
        $null = New-Container busybox -Name early -- sh -c 'sleep 0.1' | Start-Container -PassThru
        $order = Get-Container late, early | Wait-Container | ForEach-Object {
            if ($_.Name -eq 'early') { Invoke-ContainerCommand late touch /tmp/go }
            $_.Name
        }
        $order | Should -Be 'early', 'late'
    }

    It 'emits at once what does not run' {
        $null = New-Container busybox -Name one -- true | Start-Container -PassThru | Wait-Container
        ('one' | Wait-Container).Name | Should -Be 'one'
    }

    It 'reports a container that runs longer than the time-out, and lets it run' {
        $null = Start-TestContainer one
        Wait-Container one -Timeout 0.05 -ErrorVariable problem -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        $problem[0].FullyQualifiedErrorId | Should -Be 'Timeout,ContainerTools.Module.Cmdlets.WaitContainerCommand'
        $problem[0].CategoryInfo.Category | Should -Be 'OperationTimeout'
        $problem[0].TargetObject.Name | Should -Be 'one'
        (Get-Container one).State | Should -Be 'Running'
    }

    It 'reports a name that does not exist, and not a pattern that fits nothing' {
        Wait-Container nobody -ErrorVariable problem -ErrorAction SilentlyContinue
        $problem[0].FullyQualifiedErrorId | Should -Be 'ContainerNotFound,ContainerTools.Module.Cmdlets.WaitContainerCommand'
        $problem[0].CategoryInfo.Category | Should -Be 'ObjectNotFound'
        $problem[0].TargetObject | Should -Be 'nobody'
        { Wait-Container nobody* -ErrorAction Stop } | Should -Not -Throw
    }
}
