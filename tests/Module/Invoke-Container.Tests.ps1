BeforeAll {
    Import-Module "$PSScriptRoot/TestSupport.psm1" -Force
    Start-TestEngine
}

AfterAll { Stop-TestEngine }

Describe 'Invoke-Container' {
    BeforeEach { Skip-WithoutTestHost }
    AfterEach { Clear-TestContainer }

    It 'emits lines of output, sets $LASTEXITCODE, and leaves nothing behind' {
        Invoke-Container busybox -- sh -c 'echo one; echo two; exit 3' | Should -Be 'one', 'two'
        $LASTEXITCODE | Should -Be 3
        Get-Container | Should -BeNullOrEmpty
        Invoke-Container busybox -- true
        $LASTEXITCODE | Should -Be 0
    }

    It 'emits lines as they come' {
        $seen = Invoke-Container busybox -Name one -- sh -c 'echo first; while [ ! -e /tmp/go ]; do sleep 0.02; done; echo last' | ForEach-Object {
            if ($_ -eq 'first') { Invoke-ContainerCommand one touch /tmp/go }
            $_
        }
        $seen | Should -Be 'first', 'last'
    }

    It 'sends standard error to the error stream, without ending the script' {
        $ErrorActionPreference = 'Stop'
        $all = Invoke-Container busybox -- sh -c 'echo bad >&2; sleep 0.1; echo good' 2>&1
        $all[0] | Should -BeOfType ([System.Management.Automation.ErrorRecord])
        $all[0].FullyQualifiedErrorId | Should -Be 'NativeCommandError'
        "$($all[0])" | Should -Be 'bad'
        $all[1] | Should -Be 'good'
        $LASTEXITCODE | Should -Be 0
    }

    It 'merges standard error with -MergeError' {
        $all = Invoke-Container busybox -MergeError -- sh -c 'echo bad >&2; sleep 0.1; echo good'
        $all | Should -Be 'bad', 'good'
    }

    It 'takes the pipeline as standard input' {
        'b', 'a', 'c' | Invoke-Container busybox sort | Should -Be 'a', 'b', 'c'
        Get-Container | Should -BeNullOrEmpty
    }

    It 'passes bytes as they are' {
        , [byte[]](1, 2, 0, 255) | Invoke-Container busybox -- od -An -tx1 | Should -Be ' 01 02 00 ff'
    }

    It 'removes the container when the pipeline ends early' {
        Invoke-Container busybox -Name one -- sh -c 'while :; do echo y; done' | Select-Object -First 3 | Should -Be 'y', 'y', 'y'
        Get-Container | Should -BeNullOrEmpty
    }

    It 'removes the container when it is interrupted' {
        $shell = [powershell]::Create([initialsessionstate]::CreateDefault2())
        try {
            $running = $shell.AddScript("Import-Module '$(Get-PackagePath)'; Invoke-Container busybox -Name one -Network none sleep 1000000").BeginInvoke()
            while (-not $running.IsCompleted -and -not (Get-Container one -State Running -ErrorAction Ignore)) { Start-Sleep -Milliseconds 20 }
            $running.IsCompleted | Should -BeFalse -Because "it runs until it is stopped, but: $($shell.Streams.Error.ReadAll())"
            $shell.Stop()
            $running.IsCompleted | Should -BeTrue
        }
        finally {
            $shell.Dispose()
        }
        Get-Container | Should -BeNullOrEmpty
    }

    It 'reports <what> as <id>, with exit code <code>, and leaves nothing behind' -ForEach @(
        @{ what = 'a command that does not exist'; command = '/bin/nothing'; image = 'busybox'; id = 'CommandNotFound'; code = 127 }
        @{ what = 'a command that cannot be executed'; command = '/etc/passwd'; image = 'busybox'; id = 'CommandNotExecutable'; code = 126 }
        @{ what = 'an image that does not exist'; command = 'true'; image = 'nosuch'; id = 'ImageNotFound'; code = 125 }
    ) {
        Invoke-Container $image $command -Pull Never -ErrorVariable problem -ErrorAction SilentlyContinue
        $problem[0].FullyQualifiedErrorId | Should -Be "$id,ContainerTools.Module.Cmdlets.InvokeContainerCommand"
        $LASTEXITCODE | Should -Be $code
        Get-Container | Should -BeNullOrEmpty
    }

    It 'runs nothing with -WhatIf' {
        Invoke-Container busybox -WhatIf -- echo hi | Should -BeNullOrEmpty
        Get-Container | Should -BeNullOrEmpty
    }
}
