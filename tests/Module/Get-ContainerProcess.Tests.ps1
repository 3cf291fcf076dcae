BeforeAll {
    Import-Module "$PSScriptRoot/TestSupport.psm1" -Force
    Start-TestEngine
}

AfterAll { Stop-TestEngine }

Describe 'Get-ContainerProcess' {
    BeforeEach { Skip-WithoutTestHost }
    AfterEach { Clear-TestContainer }

    It 'gets the processes of a container as host and container see them' {
        $container = Start-TestContainer one
        $process = Get-ContainerProcess one
        $process | Should -BeOfType ([ContainerTools.ContainerProcess])
        $process.ProcessId | Should -Be $container.ProcessId
        $process.ContainerProcessId | Should -Be 1
        $process.Command | Should -Be 'sleep', '1000000'
        $process.User | Should -Be 'root'
        $process.Container | Should -Be 'one'
        $process.WorkingSet | Should -BeGreaterThan 0
    }

    It 'gets every process, one object each, <how>' -ForEach @(
        @{ how = 'by object'; get = { Get-Container | Get-ContainerProcess } }
        @{ how = 'by name'; get = { 'one', 'two' | Get-ContainerProcess } }
        @{ how = 'by pattern'; get = { Get-ContainerProcess * } }
    ) {
        $null = Start-TestContainer one
        $null = Start-TestContainer two
        Invoke-ContainerCommand two -Detach -- sleep 1000
        (& $get).Container | Should -Be 'one', 'two', 'two'
    }

    It 'reports a container that does not run' {
        $null = New-TestContainer one
        Get-ContainerProcess one -ErrorVariable problem -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        $problem[0].FullyQualifiedErrorId | Should -Be 'ContainerNotRunning,ContainerTools.Module.Cmdlets.GetContainerProcessCommand'
        $problem[0].TargetObject.Name | Should -Be 'one'
    }

    It 'reports a name that does not exist, and not a pattern that fits nothing' {
        Get-ContainerProcess nobody -ErrorVariable problem -ErrorAction SilentlyContinue
        $problem[0].FullyQualifiedErrorId | Should -Be 'ContainerNotFound,ContainerTools.Module.Cmdlets.GetContainerProcessCommand'
        $problem[0].CategoryInfo.Category | Should -Be 'ObjectNotFound'
        $problem[0].TargetObject | Should -Be 'nobody'
        { Get-ContainerProcess nobody* -ErrorAction Stop } | Should -Not -Throw
    }
}
