BeforeAll {
    Import-Module "$PSScriptRoot/TestSupport.psm1" -Force
    Start-TestEngine
}

AfterAll { Stop-TestEngine }

Describe 'Set-ContainerLimit' {
    BeforeEach { Skip-WithoutTestHost }
    AfterEach { Clear-TestContainer }

    It 'changes the limits of a container that runs, at once, and emits nothing' {
        $null = Start-TestContainer one
        Set-ContainerLimit one -Memory 64MB -Cpus 0.5 -Processes 20 | Should -BeNullOrEmpty
        $limit = Get-ContainerLimit one
        $limit.Memory | Should -Be 64MB
        $limit.Cpus | Should -Be 0.5
        $limit.Processes | Should -Be 20
    }

    It 'changes what a container starts with, and leaves the rest' {
        $null = New-Container busybox -Name one -Memory 64MB -Processes 20 -StopSignal KILL -- sleep 1000000
        Set-ContainerLimit one -Processes 30
        Start-Container one
        $limit = Get-ContainerLimit one
        $limit.Memory | Should -Be 64MB
        $limit.Processes | Should -Be 30
    }

    It 'reads <text> as <bytes> bytes' -ForEach @(
        @{ text = '64m'; bytes = 64MB }
        @{ text = '64MB'; bytes = 64MB }
        @{ text = '0.25g'; bytes = 256MB }
        @{ text = 67108864; bytes = 64MB }
    ) {
        $null = New-TestContainer one
        (Set-ContainerLimit one -Memory $text -PassThru).Memory | Should -Be $bytes
    }

    It 'takes a limit away' {
        $null = New-Container busybox -Name one -Memory 64MB
        Set-ContainerLimit one -Memory unlimited
        (Get-ContainerLimit one).Memory | Should -BeIn $null, -1
    }

    It 'takes containers from the pipeline, and emits their limits with -PassThru' {
        $null = New-TestContainer one
        $null = New-TestContainer two
        $limits = Get-Container | Set-ContainerLimit -Memory 32MB -PassThru
        $limits.Container | Should -Be 'one', 'two'
        $limits.Memory | Should -Be 32MB, 32MB
    }

    It 'changes nothing with -WhatIf' {
        $null = New-Container busybox -Name one -Memory 64MB
        Set-ContainerLimit one -Memory 32MB -WhatIf
        (Get-ContainerLimit one).Memory | Should -Be 64MB
    }

    It 'reports <what> as LimitInvalid, and changes nothing' -ForEach @(
        @{ what = 'what is not a size'; arguments = @{ Memory = 'plenty' } }
        @{ what = 'what is not a number'; arguments = @{ Cpus = 'many' } }
        @{ what = 'what is too small'; arguments = @{ Memory = 1 } }
        @{ what = 'more processors than there are'; arguments = @{ Cpus = 10000 } }
        @{ what = 'a set of processors that is none'; arguments = @{ CpuSet = 'x-y' } }
    ) {
        $null = New-Container busybox -Name one -Memory 64MB
        Set-ContainerLimit one @arguments -ErrorVariable problem -ErrorAction SilentlyContinue
        $problem[0].FullyQualifiedErrorId | Should -Be 'LimitInvalid,ContainerTools.Module.Cmdlets.SetContainerLimitCommand'
        $problem[0].CategoryInfo.Category | Should -Be 'InvalidArgument'
        $problem[0].TargetObject.Name | Should -Be 'one'
        (Get-ContainerLimit one).Memory | Should -Be 64MB
    }

    It 'reports a limit below what is in use' {
        $null = New-Container busybox -Name one -StopSignal KILL -Tmpfs /fill -- sh -c 'dd if=/dev/zero of=/fill/x bs=1M count=40 2>/dev/null; echo full; sleep 1000000' |
            Start-Container -PassThru
        $null = Get-ContainerLog one -Follow | Select-Object -First 1
        Set-ContainerLimit one -Memory 8MB -MemorySwap 8MB -ErrorVariable problem -ErrorAction SilentlyContinue
        $problem[0].FullyQualifiedErrorId | Should -BeLike 'LimitBelowUsage,*'
        $problem[0].TargetObject.Name | Should -Be 'one'
        (Get-Container one).State | Should -Be 'Running'
    }

    It 'wants at least one limit' {
        $null = New-TestContainer one
        { Set-ContainerLimit one } | Should -Throw -ErrorId 'InvalidArgument,ContainerTools.Module.Cmdlets.SetContainerLimitCommand'
    }

    It 'reports a name that does not exist, and not a pattern that fits nothing' {
        Set-ContainerLimit nobody -Memory 32MB -ErrorVariable problem -ErrorAction SilentlyContinue
        $problem[0].FullyQualifiedErrorId | Should -Be 'ContainerNotFound,ContainerTools.Module.Cmdlets.SetContainerLimitCommand'
        $problem[0].CategoryInfo.Category | Should -Be 'ObjectNotFound'
        $problem[0].TargetObject | Should -Be 'nobody'
        { Set-ContainerLimit nobody* -Memory 32MB -ErrorAction Stop } | Should -Not -Throw
    }
}
