BeforeAll {
    Import-Module "$PSScriptRoot/TestSupport.psm1" -Force
    Start-TestEngine
}

AfterAll { Stop-TestEngine }

Describe 'Invoke-ContainerCommand' {
    BeforeEach {
        Skip-WithoutTestHost
        $null = Start-TestContainer one
    }
    AfterEach { Clear-TestContainer }

    It 'emits lines of output and sets $LASTEXITCODE' {
        Invoke-ContainerCommand one -- sh -c 'echo one; echo two; exit 3' | Should -Be 'one', 'two'
        $LASTEXITCODE | Should -Be 3
        Invoke-ContainerCommand one true
        $LASTEXITCODE | Should -Be 0
    }

    It 'runs beside what runs in the container' {
        Invoke-ContainerCommand one -- cat /proc/1/cmdline | Should -BeLike 'sleep*'
        Invoke-ContainerCommand one hostname | Should -Be (Get-Container one).Configuration.HostName
    }

    It 'sends standard error to the error stream, without ending the script' {
        $ErrorActionPreference = 'Stop'
        $all = Invoke-ContainerCommand one -- sh -c 'echo bad >&2; sleep 0.1; echo good' 2>&1
        $all[0].FullyQualifiedErrorId | Should -Be 'NativeCommandError'
        "$($all[0])" | Should -Be 'bad'
        $all[1] | Should -Be 'good'
    }

    It 'merges standard error with -MergeError' {
        Invoke-ContainerCommand one -MergeError -- sh -c 'echo bad >&2; sleep 0.1; echo good' | Should -Be 'bad', 'good'
    }

    It 'takes the pipeline as standard input' {
        'b', 'a', 'c' | Invoke-ContainerCommand one sort | Should -Be 'a', 'b', 'c'
        (1..5000 | Invoke-ContainerCommand one cat).Count | Should -Be 5000
    }

    It 'does not mind a command that stops reading' {
        1..50000 | Invoke-ContainerCommand one -- head -n 1 | Should -Be '1'
        $LASTEXITCODE | Should -Be 0
    }

    It 'gives the command <what>' -ForEach @(
        @{ what = 'another user'; run = { Invoke-ContainerCommand one -User alice id -un }; expected = 'alice' }
        @{ what = 'an environment'; run = { Invoke-ContainerCommand one -Environment @{ COLOUR = 'blue' } -- sh -c 'echo $COLOUR' }; expected = 'blue' }
        @{ what = 'a working directory'; run = { Invoke-ContainerCommand one -WorkingDirectory /tmp pwd }; expected = '/tmp' }
        @{ what = 'a terminal'; run = { Invoke-ContainerCommand one -Terminal -- sh -c '[ -t 1 ] && echo yes' }; expected = 'yes' }
        @{ what = 'every capability'; run = { Invoke-ContainerCommand one -Privileged -- sh -c 'grep -c 00000000a80425fb /proc/self/status; true' }; expected = '0' }
    ) {
        & $run | Should -Be $expected
    }

    It 'runs in every container of the pipeline' {
        $null = Start-TestContainer two
        Get-Container | Invoke-ContainerCommand -- cat /etc/hostname | Should -Be (Get-Container).Configuration.HostName
        Invoke-ContainerCommand * true
        $LASTEXITCODE | Should -Be 0
    }

    It 'starts a command and returns with -Detach' {
        Invoke-ContainerCommand one -Detach -- sh -c 'while [ ! -e /tmp/go ]; do sleep 0.02; done; touch /tmp/done' | Should -BeNullOrEmpty
        Invoke-ContainerCommand one touch /tmp/go
        Invoke-ContainerCommand one -- sh -c 'while [ ! -e /tmp/done ]; do sleep 0.02; done; echo done' | Should -Be 'done'
    }

    It 'reports <what> as <id>, with exit code <code>' -ForEach @(
        @{ what = 'a command that does not exist'; command = '/bin/nothing'; user = 'root'; id = 'CommandNotFound'; code = 127 }
        @{ what = 'a command that cannot be executed'; command = '/etc/passwd'; user = 'root'; id = 'CommandNotExecutable'; code = 126 }
        @{ what = 'a user that the container does not have'; command = 'true'; user = 'nobodyhere'; id = 'UserNotFound'; code = 125 }
    ) {
        Invoke-ContainerCommand one $command -User $user -ErrorVariable problem -ErrorAction SilentlyContinue
        $problem[0].FullyQualifiedErrorId | Should -Be "$id,ContainerTools.Module.Cmdlets.InvokeContainerCommandCommand"
        $problem[0].TargetObject.Name | Should -Be 'one'
        $LASTEXITCODE | Should -Be $code
    }

    It 'reports a container that does not run' {
        Stop-Container one
        Invoke-ContainerCommand one true -ErrorVariable problem -ErrorAction SilentlyContinue
        $problem[0].FullyQualifiedErrorId | Should -BeLike 'ContainerNotRunning,*'
        $problem[0].TargetObject.Name | Should -Be 'one'
    }

    It 'makes an error of a failure when the user wants it' {
        $PSNativeCommandUseErrorActionPreference = $true
        Invoke-ContainerCommand one false -ErrorVariable problem -ErrorAction SilentlyContinue
        $problem[0].FullyQualifiedErrorId | Should -BeLike 'ProgramExitedWithNonZeroCode,*'
    }

    It 'runs nothing with -WhatIf' {
        Invoke-ContainerCommand one -WhatIf -- touch /tmp/x | Should -BeNullOrEmpty
        Invoke-ContainerCommand one -- ls /tmp | Should -BeNullOrEmpty
    }

    It 'reports a name that does not exist, and not a pattern that fits nothing' {
        Invoke-ContainerCommand nobody true -ErrorVariable problem -ErrorAction SilentlyContinue
        $problem[0].FullyQualifiedErrorId | Should -BeLike 'ContainerNotFound,*'
        { Invoke-ContainerCommand nobody* true -ErrorAction Stop } | Should -Not -Throw
    }
}
