# What a caller of the shell sees: exit codes, streams, arguments. Runs in any PowerShell 7.6 and asks it about itself.
BeforeAll {
    $program = @([System.Environment]::ProcessPath)
    if ([System.IO.Path]::GetFileNameWithoutExtension($program[0]) -eq 'dotnet') { $program += [System.Environment]::GetCommandLineArgs()[0] }

    # Runs the shell with arguments and standard input, and returns what it wrote and its exit code.
    function Invoke-Shell([string[]] $Arguments, [string] $StandardInput) {
        $start = [System.Diagnostics.ProcessStartInfo]::new($program[0])
        foreach ($argument in @($program | Select-Object -Skip 1) + '-NoProfile' + $Arguments) { $start.ArgumentList.Add($argument) }
        $start.RedirectStandardInput = $start.RedirectStandardOutput = $start.RedirectStandardError = $true
        $start.Environment['NO_COLOR'] = '1'
        $process = [System.Diagnostics.Process]::Start($start)
        $process.StandardInput.Write($StandardInput)
        $process.StandardInput.Close()
        $errors = $process.StandardError.ReadToEndAsync()
        $output = $process.StandardOutput.ReadToEnd()
        $process.WaitForExit()
        @{ ExitCode = $process.ExitCode; Output = $output -replace "`e\[[\d;]*m"; Error = $errors.Result -replace "`e\[[\d;]*m" }
    }
}

Describe 'Exit codes' {
    It '<name> gives <code>' -ForEach @(
        @{ name = 'nothing special'; text = '1'; code = 0 }
        @{ name = 'exit 7'; text = 'exit 7'; code = 7 }
        @{ name = 'exit 7 in a function'; text = 'function f { exit 7 }; f; 1'; code = 7 }
        @{ name = 'a terminating error'; text = 'throw "bad"'; code = 1 }
        @{ name = 'an error in the last command'; text = 'Get-Item /nonexistent'; code = 1 }
        @{ name = 'an error in an earlier command'; text = 'Get-Item /nonexistent; 1'; code = 0 }
        @{ name = 'a failing program at the end'; text = 'bash -c "exit 3"'; code = 1 }
        @{ name = 'a caught error'; text = 'try { throw 1 } catch { 2 }'; code = 0 }
        @{ name = 'text that does not parse'; text = 'if ('; code = 1 }
    ) {
        (Invoke-Shell @('-Command', $text)).ExitCode | Should -Be $code
    }

    It '-File with <name> gives <code>' -ForEach @(
        @{ name = 'exit 5'; text = 'exit 5'; code = 5 }
        @{ name = 'nothing special'; text = '"x"'; code = 0 }
        @{ name = 'a terminating error'; text = 'throw "bad"'; code = 1 }
        @{ name = 'a failing program at the end'; text = 'bash -c "exit 3"'; code = 0 }
        @{ name = 'the code of a program handed on'; text = 'bash -c "exit 3"; exit $LASTEXITCODE'; code = 3 }
    ) {
        Set-Content -Path "$TestDrive/s.ps1" -Value $text
        (Invoke-Shell @('-File', "$TestDrive/s.ps1")).ExitCode | Should -Be $code
    }

    It 'a script that is not there gives 64' {
        (Invoke-Shell @('-File', "$TestDrive/none.ps1")).ExitCode | Should -Be 64
    }
}

Describe 'Streams' {
    It 'writes objects to standard output and errors to standard error' {
        $run = Invoke-Shell @('-Command', '"good"; Write-Error "bad"; Write-Warning "careful"; Write-Host "hello"')
        $run.Output | Should -Match 'good'
        $run.Output | Should -Match 'WARNING: careful'
        $run.Output | Should -Match 'hello'
        $run.Output | Should -Not -Match 'bad'
        $run.Error | Should -Match 'bad'
    }

    It 'shows where a terminating error was thrown' {
        Set-Content -Path "$TestDrive/s.ps1" -Value "`nthrow 'the reason'"
        $run = Invoke-Shell @('-File', "$TestDrive/s.ps1")
        $run.Error | Should -Match 's\.ps1:2'
        $run.Error | Should -Match 'the reason'
    }

    It 'leaves verbose and debug text out unless asked for' {
        $run = Invoke-Shell @('-Command', 'Write-Verbose a1; Write-Debug a2; Write-Verbose b1 -Verbose; Write-Information c1; Write-Information d1 -InformationAction Continue')
        $run.Output | Should -Not -Match 'a1|a2|c1'
        $run.Output | Should -Match 'VERBOSE: b1'
        $run.Output | Should -Match 'd1'
    }

    It 'keeps the bytes of a program in a pipeline of programs' {
        $run = Invoke-Shell @('-Command', 'printf "a\nb\n" | tr a-z A-Z')
        $run.Output.Trim() | Should -Be "A`nB"
    }

    It 'feeds objects to a program line by line' {
        (Invoke-Shell @('-Command', '3,1,2 | sort')).Output.Trim() | Should -Be "1`n2`n3"
    }
}

Describe 'Arguments' {
    BeforeAll {
        Set-Content -Path "$TestDrive/a.ps1" -Value 'param([string] $Name, [int] $Count, [switch] $Flag, [Parameter(ValueFromRemainingArguments)] $Rest) "$Name|$Count|$Flag|$Rest"'
    }

    It 'passes <words> as <expected>' -ForEach @(
        @{ words = @('-Name', 'x y', '-Count', '3'); expected = 'x y|3|False|' }
        @{ words = @('-Flag', '-Name', 'n'); expected = 'n|0|True|' }
        @{ words = @('-Flag:$false', 'n', '2', 'r1', 'r2'); expected = 'n|2|False|r1 r2' }
        @{ words = @('n', '2', '-Flag', 'r1'); expected = 'n|2|True|r1' }
        @{ words = @('-Name:a:b'); expected = 'a:b|0|False|' }
        @{ words = @('-Count', '-5'); expected = '|-5|False|' }
    ) {
        (Invoke-Shell (@('-File', "$TestDrive/a.ps1") + $words)).Output.Trim() | Should -Be $expected
    }

    It 'joins the words after -Command' {
        (Invoke-Shell @('-Command', 'Write-Output', '1', '2')).Output.Trim() | Should -Be "1`n2"
    }

    It 'reads a command from standard input' {
        (Invoke-Shell @('-Command', '-') "1+1`n").Output.Trim() | Should -Be '2'
    }

    It 'starts in the folder that -WorkingDirectory names' {
        (Invoke-Shell @('-WorkingDirectory', '/usr', '-Command', '"$PWD"; pwd | Out-Null; bash -c pwd')).Output.Trim() | Should -Be "/usr`n/usr"
    }

    It 'sets $PSScriptRoot and $PSCommandPath' {
        Set-Content -Path "$TestDrive/s.ps1" -Value '"$PSScriptRoot|$PSCommandPath"'
        (Invoke-Shell @('-File', "$TestDrive/s.ps1")).Output.Trim() | Should -Be "$TestDrive|$TestDrive/s.ps1"
    }

    It 'says its version' {
        (Invoke-Shell @('-Version')).Output.Trim() | Should -Match '^PowerShell 7\.\d+\.\d+'
    }
}

Describe 'The prompt' {
    It 'runs what it reads, and waits for the rest of an unfinished command' {
        $run = Invoke-Shell @('-NoLogo') "function f {`n'in ' + 'f'`n}`n`nf`nexit 4`n"
        $run.Output | Should -Match '(?m)^in f'
        $run.ExitCode | Should -Be 4
    }

    It 'goes on after an error' {
        $run = Invoke-Shell @('-NoLogo') "throw 'first'`n'second'.ToUpper()`n"
        $run.Error | Should -Match 'first'
        $run.Output | Should -Match '(?m)^SECOND'
    }

    It 'refuses to ask where -NonInteractive forbids it' {
        $run = Invoke-Shell @('-NonInteractive', '-Command', 'Read-Host name')
        $run.ExitCode | Should -Be 1
        $run.Error | Should -Match 'NonInteractive'
    }
}
