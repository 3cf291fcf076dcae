BeforeAll {
    Import-Module "$PSScriptRoot/TestSupport.psm1" -Force
    Start-TestEngine
}

AfterAll { Stop-TestEngine }

Describe 'Get-ContainerLimit' {
    BeforeEach { Skip-WithoutTestHost }
    AfterEach { Clear-TestContainer }

    It 'gets what a container will start with' {
        $null = New-Container busybox -Name one -Memory 64MB -Processes 20
        $limit = Get-ContainerLimit one
        $limit | Should -BeOfType ([ContainerTools.ContainerLimit])
        $limit.Memory | Should -Be 64MB
        $limit.Processes | Should -Be 20
        $limit.Container | Should -Be 'one'
    }

    It 'gets what the kernel says of a container that runs' {
        $null = New-Container busybox -Name one -Memory 64MB -Cpus 0.5 -StopSignal KILL -- sleep 1000000 | Start-Container -PassThru
        $limit = Get-ContainerLimit one
        $limit.Memory | Should -Be 64MB
        $limit.Cpus | Should -Be 0.5
    }

    It 'takes containers <how>' -ForEach @(
        @{ how = 'by object'; get = { Get-Container | Get-ContainerLimit } }
        @{ how = 'by name'; get = { 'one', 'two' | Get-ContainerLimit } }
        @{ how = 'by pattern'; get = { Get-ContainerLimit * } }
    ) {
        $null = New-TestContainer one
        $null = New-TestContainer two
        (& $get).Container | Should -Be 'one', 'two'
    }

    It 'reports a name that does not exist, and not a pattern that fits nothing' {
        Get-ContainerLimit nobody -ErrorVariable problem -ErrorAction SilentlyContinue
        $problem[0].FullyQualifiedErrorId | Should -Be 'ContainerNotFound,ContainerTools.Module.Cmdlets.GetContainerLimitCommand'
        $problem[0].CategoryInfo.Category | Should -Be 'ObjectNotFound'
        $problem[0].TargetObject | Should -Be 'nobody'
        { Get-ContainerLimit nobody* -ErrorAction Stop } | Should -Not -Throw
    }
}
