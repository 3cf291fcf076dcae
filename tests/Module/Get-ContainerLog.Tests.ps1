BeforeAll {
    Import-Module "$PSScriptRoot/TestSupport.psm1" -Force
    Start-TestEngine
}

AfterAll { Stop-TestEngine }

Describe 'Get-ContainerLog' {
    BeforeEach { Skip-WithoutTestHost }
    AfterEach { Clear-TestContainer }

    It 'gets the lines with their time and stream' {
        $null = New-Container busybox -Name one -- sh -c 'echo out; sleep 0.4; echo err >&2' | Start-Container -PassThru | Wait-Container
        $lines = Get-ContainerLog one
        $lines | ForEach-Object { $_ | Should -BeOfType ([ContainerTools.ContainerLogEntry]) }
        $lines.Message | Should -Be 'out', 'err'
        $lines.Stream | Should -Be 'StandardOutput', 'StandardError'
        $lines[0].Container | Should -Be 'one'
        $lines[1].Timestamp | Should -BeGreaterThan $lines[0].Timestamp
    }

    It 'gets <what>' -ForEach @(
        @{ what = 'the last lines'; get = { Get-ContainerLog one -Tail 2 }; expected = '4', '5' }
        @{ what = 'no lines'; get = { Get-ContainerLog one -Tail 0 }; expected = @() }
        @{ what = 'one stream'; get = { Get-ContainerLog one -Stream StandardError }; expected = '3' }
        @{ what = 'lines from a time on'; get = { Get-ContainerLog one -Since (Get-ContainerLog one)[3].Timestamp }; expected = '4', '5' }
        @{ what = 'lines before a time'; get = { Get-ContainerLog one -Until (Get-ContainerLog one)[1].Timestamp }; expected = '1' }
        @{ what = 'lines of the last hour'; get = { Get-ContainerLog one -Since 1h }; expected = '1', '2', '3', '4', '5' }
        @{ what = 'the log of what the pipeline brings'; get = { Get-Container one | Get-ContainerLog -Tail 1 }; expected = '5' }
        @{ what = 'the log by pattern'; get = { Get-ContainerLog o* -Tail 1 }; expected = '5' }
    ) {
        # Output and errors come by two pipes: which of two lines was first can be told only where some time lies between them.
        $script = 'for i in 1 2; do echo $i; sleep 0.01; done; sleep 0.4; echo 3 >&2; sleep 0.4; for i in 4 5; do echo $i; sleep 0.01; done'
        $null = New-Container busybox -Name one -- sh -c $script | Start-Container -PassThru | Wait-Container
        @(& $get | ForEach-Object Message) | Should -Be $expected
    }

    It 'follows a container to its end' {
        $null = New-Container busybox -Name one -- sh -c 'echo first; while [ ! -e /tmp/go ]; do sleep 0.02; done; echo last' | Start-Container -PassThru
        $lines = Get-ContainerLog one -Follow | ForEach-Object {
            if ($_.Message -eq 'first') { Invoke-ContainerCommand one touch /tmp/go }
            $_.Message
        }
        $lines | Should -Be 'first', 'last'
    }

    It 'follows several at the same time' {
        foreach ($name in 'one', 'two') {
            $null = New-Container busybox -Name $name -- sh -c 'echo $HOSTNAME; while [ ! -e /tmp/go ]; do sleep 0.02; done' | Start-Container -PassThru
        }
        $seen = 0
        $names = Get-Container | Get-ContainerLog -Follow | ForEach-Object {
            if (++$seen -eq 2) { Invoke-ContainerCommand one, two touch /tmp/go }
            $_.Container
        }
        $names | Sort-Object | Should -Be 'one', 'two'
    }

    It 'shows times with -Timestamps' {
        $null = New-Container busybox -Name one -- echo hello | Start-Container -PassThru | Wait-Container
        (Get-ContainerLog one | Out-String).Trim() | Should -Be 'hello'
        (Get-ContainerLog one -Timestamps | Out-String).Trim() | Should -Match '^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} hello$'
    }

    It 'reports a name that does not exist, and not a pattern that fits nothing' {
        Get-ContainerLog nobody -ErrorVariable problem -ErrorAction SilentlyContinue
        $problem[0].FullyQualifiedErrorId | Should -Be 'ContainerNotFound,ContainerTools.Module.Cmdlets.GetContainerLogCommand'
        $problem[0].CategoryInfo.Category | Should -Be 'ObjectNotFound'
        $problem[0].TargetObject | Should -Be 'nobody'
        { Get-ContainerLog nobody* -ErrorAction Stop } | Should -Not -Throw
    }
}
