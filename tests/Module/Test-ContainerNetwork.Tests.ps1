BeforeAll {
    Import-Module "$PSScriptRoot/TestSupport.psm1" -Force
    Start-TestEngine
}

AfterAll { Stop-TestEngine }

Describe 'Test-ContainerNetwork' {
    BeforeEach { Skip-WithoutTestHost }
    AfterEach { Clear-TestContainer }

    It 'tests from a container that has nothing but loopback' {
        $null = New-Container busybox -Name one -StopSignal KILL -- httpd -f -p 8080 | Start-Container -PassThru
        # The server listens a moment after its program has begun.
        do { $result = Test-ContainerNetwork one localhost -Port 8080 -IPv4 } until ($result.Reached -or (Get-Container one).State -ne 'Running')
        $result | Should -BeOfType ([ContainerTools.NetworkTestResult])
        $result.Status | Should -Be 'Reached'
        $result.Container | Should -Be 'one'
        $result.Target | Should -Be 'localhost'
        $result.Port | Should -Be 8080
        $result.Protocol | Should -Be 'Tcp'
        $result.Resolved | Should -BeTrue
        $result.NameSource | Should -Be 'HostsFile'
        $result.RemoteAddress | Should -Be ([ipaddress]::Loopback)
        $result.Interface | Should -Be 'lo'
        $result.ResolveTime | Should -BeOfType ([timespan])
        $result.ConnectTime | Should -BeGreaterThan ([timespan]::Zero)
        $result.Error | Should -BeNullOrEmpty
        Test-ContainerNetwork one localhost -Port 8080 -IPv4 -Quiet | Should -BeTrue
        Test-ContainerNetwork one localhost -Port 8080, 8081 -IPv4 -Quiet | Should -BeFalse
    }

    It 'says why something is not reached, and that is no error' {
        $null = Start-TestContainer one
        $refused, $unknown, $far = Test-ContainerNetwork one 127.0.0.1, no-such-name, 192.0.2.1 -Port 81 -ErrorAction Stop
        $refused.Status | Should -Be 'Refused'
        $refused.ConnectTime | Should -BeNullOrEmpty
        $unknown.Status | Should -Be 'LookupFailed'
        $unknown.Resolved | Should -BeFalse
        $far.Status | Should -Be 'Unreachable'
        $refused, $unknown, $far | ForEach-Object { $_.Reached | Should -BeFalse; $_.Error | Should -Not -BeNullOrEmpty }
    }

    It 'sends an echo where there is no port, <how>' -ForEach @(
        @{ how = 'by object'; test = { Get-Container | Test-ContainerNetwork -Target 127.0.0.1 } }
        @{ how = 'by name'; test = { 'one', 'two' | Test-ContainerNetwork -Target 127.0.0.1 } }
        @{ how = 'by pattern'; test = { Test-ContainerNetwork * 127.0.0.1 } }
    ) {
        $null = Start-TestContainer one
        $null = Start-TestContainer two
        $results = & $test
        $results.Container | Should -Be 'one', 'two'
        $results.Status | Should -Be 'Reached', 'Reached'
        $results.Protocol | Should -Be 'Icmp', 'Icmp'
        foreach ($result in $results) { $result.Port | Should -BeNullOrEmpty }
    }

    It 'repeats' {
        $null = Start-TestContainer one
        (Test-ContainerNetwork one 127.0.0.1 -Count 3 -Delay 0).Round | Should -Be 1, 2, 3
    }

    It 'reports a container that does not run' {
        $null = New-TestContainer one
        Test-ContainerNetwork one 127.0.0.1 -ErrorVariable problem -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        $problem[0].FullyQualifiedErrorId | Should -Be 'ContainerNotRunning,ContainerTools.Module.Cmdlets.TestContainerNetworkCommand'
        $problem[0].TargetObject.Name | Should -Be 'one'
        Test-ContainerNetwork one 127.0.0.1 -Quiet -ErrorAction SilentlyContinue | Should -BeFalse
    }

    It 'refuses <what>' -ForEach @(
        @{ what = 'an echo to a port'; test = { Test-ContainerNetwork one 127.0.0.1 -Protocol Icmp -Port 80 -ErrorAction Stop } }
        @{ what = 'a datagram to no port'; test = { Test-ContainerNetwork one 127.0.0.1 -Protocol Udp -ErrorAction Stop } }
        @{ what = 'what cannot be a name'; test = { Test-ContainerNetwork one 'a b' -ErrorAction Stop } }
        @{ what = 'no time at all'; test = { Test-ContainerNetwork one 127.0.0.1 -Timeout 0 -ErrorAction Stop } }
    ) {
        $null = Start-TestContainer one
        $test | Should -Throw -ErrorId 'InvalidArgument,*'
    }

    It 'reports a name that does not exist' {
        Test-ContainerNetwork nobody 127.0.0.1 -ErrorVariable problem -ErrorAction SilentlyContinue
        $problem[0].FullyQualifiedErrorId | Should -Be 'ContainerNotFound,ContainerTools.Module.Cmdlets.TestContainerNetworkCommand'
    }
}
