# What our specs rely on in Pester. Runs on Pester 5 and on Pester.Lite alike: a spec that is run by another one, in a process
# of its own, with what came of it compared.
BeforeAll {
    $program = @([System.Environment]::ProcessPath)
    if ([System.IO.Path]::GetFileNameWithoutExtension($program[0]) -eq 'dotnet') { $program += [System.Environment]::GetCommandLineArgs()[0] }

    # Runs the text of a spec and returns the report: Passed, Failed, Skipped, Failures, Skips, and what the spec noted.
    function Invoke-Spec([string] $Text, [string] $FullName = '*') {
        $folder = "$TestDrive/$([guid]::NewGuid().ToString('n'))"
        $null = New-Item -ItemType Directory $folder
        Set-Content -Path "$folder/Inner.Tests.ps1" -Value $Text
        $script = "$PSScriptRoot/../../build/Invoke-Specs.ps1"
        $env:CT_NOTES = "$folder/notes"
        $before = @($program | Select-Object -Skip 1)
        $log = & $program[0] @before -NoProfile -NonInteractive -File $script -Path $folder -Result "$folder/result.json" -FullName "$FullName" *>&1
        if (-not (Test-Path "$folder/result.json")) { throw "The runner left no report: $log" }
        $report = Get-Content -Raw "$folder/result.json" | ConvertFrom-Json
        $notes = @(if (Test-Path "$folder/notes") { Get-Content "$folder/notes" })
        $report | Add-Member -NotePropertyMembers @{ ExitCode = $LASTEXITCODE; Notes = $notes } -PassThru
    }

    $note = 'function Note($Text) { Add-Content $env:CT_NOTES $Text }'
}

Describe 'Phases and scopes' {
    It 'discovers first, runs afterwards, in order' {
        $run = Invoke-Spec @"
BeforeDiscovery { $note; Note 'discovery' }
BeforeAll { $note; Note 'file' }
AfterAll { Note 'end of file' }
Describe 'd' {
    BeforeAll { Note 'all' }
    BeforeEach { Note 'each' }
    AfterEach { Note 'after each' }
    AfterAll { Note 'after all' }
    It 'one' { Note 'one' }
    Context 'c' {
        BeforeEach { Note 'inner each' }
        AfterEach { Note 'inner after each' }
        It 'two' { Note 'two' }
    }
}
"@
        $run.Passed | Should -Be 2
        $run.Notes | Should -Be @(
            'discovery', 'file', 'all', 'each', 'one', 'after each', 'each', 'inner each', 'two', 'inner after each', 'after each', 'after all', 'end of file')
    }

    It 'shows variables of set-ups to tests, and keeps tests from each other' {
        $run = Invoke-Spec @'
BeforeAll { $top = 'top'; function Get-Top { "got $top" } }
Describe 'd' {
    BeforeAll { $all = 'all' }
    BeforeEach { $each = 0 }
    It 'sees them' { $top, $all, $each | Should -Be @('top', 'all', 0); Get-Top | Should -Be 'got top'; $each = 5; $own = 1 }
    It 'starts anew' { $each | Should -Be 0; $own | Should -BeNullOrEmpty }
    Context 'c' { It 'sees the outer ones' { $all | Should -Be 'all' } }
}
Describe 'e' { It 'does not see those of others' { $all | Should -BeNullOrEmpty } }
'@
        $run.Failures | Should -BeNullOrEmpty
        $run.Passed | Should -Be 4
    }

    It 'does not let what discovery set reach the tests' {
        $run = Invoke-Spec "`$outside = 1`nDescribe 'd' { `$inside = 2; It 'i' { `$outside | Should -BeNullOrEmpty; `$inside | Should -BeNullOrEmpty } }"
        $run.Passed | Should -Be 1
    }

    It 'runs tear-downs after a failure' {
        $run = Invoke-Spec "BeforeAll { $note }`nDescribe 'd' { AfterEach { Note 'after' }; AfterAll { Note 'after all' }; It 'i' { throw 'bad' } }"
        $run.Failed | Should -Be 1
        $run.Notes | Should -Be @('after', 'after all')
    }
}

Describe 'Data' {
    It 'makes a test of each item and expands names' {
        $run = Invoke-Spec @'
Describe 'block <_>' -ForEach 'x', 'y' {
    BeforeAll { $double = "$_$_" }
    It 'case <n> <o.name>' -ForEach @(@{ n = 1; o = @{ name = 'one' } }, @{ n = 2; o = @{ name = 'two' } }) { throw "$n $($o.name) $double" }
    It 'param <a>' -TestCases @{ a = 7 } { param($a) throw "$a" }
    It 'item <_>' -ForEach 5 { throw "$_" }
}
'@
        $run.Failures.Name | Should -Be @(
            'block x.case 1 one', 'block x.case 2 two', 'block x.param 7', 'block x.item 5', 'block y.case 1 one', 'block y.case 2 two', 'block y.param 7', 'block y.item 5')
        $run.Failures.Message.ForEach({ ($_ -split "`n")[0] }) | Should -Be @('1 one xx', '2 two xx', '7', '5', '1 one yy', '2 two yy', '7', '5')
    }

    It 'makes no test of no items' {
        $run = Invoke-Spec "Describe 'd' { It 'none' -ForEach @() { throw }; It 'one' { 1 } }"
        $run.Passed | Should -Be 1
        $run.Failed | Should -Be 0
    }
}

Describe 'Results' {
    It 'tells skipped tests with the reason, and runs no set-up for them alone' {
        $run = Invoke-Spec "BeforeAll { $note }`nDescribe 'd' { BeforeAll { Note 'setup' }; It 'i' -Skip { 1 } }`nDescribe 'e' { It 'j' { Set-ItResult -Skipped -Because 'no kernel' ; throw } }`nDescribe 'f' -Skip { It 'k' { 1 } }"
        $run.Skipped | Should -Be 3
        $run.Failed | Should -Be 0
        $run.Skips[1].Message | Should -Be 'no kernel'
        $run.Notes | Should -BeNullOrEmpty
        $run.ExitCode | Should -Be 0
    }

    It 'fails the tests of a set-up that fails' {
        $run = Invoke-Spec "Describe 'd' { BeforeAll { throw 'setup' }; It 'i' { 1 }; It 'j' { 1 } }`nDescribe 'e' { It 'k' { 1 } }"
        $run.Failed | Should -Be 2
        $run.Passed | Should -Be 1
        $run.ExitCode | Should -Be 1
    }

    It 'counts a tear-down that fails' {
        $run = Invoke-Spec "Describe 'd' { AfterAll { throw 'teardown' }; It 'i' { 1 } }"
        $run.Passed | Should -Be 1
        $run.Failed | Should -Be 1
    }

    It 'counts a file that cannot be run' {
        $run = Invoke-Spec "Describe 'd' {"
        $run.Failed | Should -Be 1
        $run.ExitCode | Should -Be 1
    }

    It 'does not fail on an error that does not end the test' {
        (Invoke-Spec "Describe 'd' { It 'i' { Write-Error 'bad' } }").Passed | Should -Be 1
    }

    It 'is not led astray by break, continue and return' {
        $run = Invoke-Spec "Describe 'd' { It 'i' { break }; It 'j' { continue }; It 'k' { return }; It 'l' { throw } }"
        $run.Passed | Should -Be 3
        $run.Failed | Should -Be 1
    }

    It 'runs what the filter selects' {
        $text = "Describe 'd' { It 'one' { 1 }; Context 'c' { It 'two' { 1 } } }"
        (Invoke-Spec $text -FullName 'd.one').Passed | Should -Be 1
        (Invoke-Spec $text -FullName 'd.c.*').Passed | Should -Be 1
        (Invoke-Spec $text -FullName '*').Passed | Should -Be 2
    }
}

Describe 'TestDrive' {
    It 'is emptied of what a block left, and gone at the end' {
        $run = Invoke-Spec @"
BeforeAll { $note; Note "`$TestDrive"; Set-Content TestDrive:/file 1 }
Describe 'd' {
    BeforeAll { Set-Content "`$TestDrive/block" 1 }
    It 'i' { "`$TestDrive/file", 'TestDrive:/block' | Should -Exist; `$null = New-Item -ItemType Directory TestDrive:/dir/deep; Set-Content TestDrive:/dir/deep/x 1 }
}
Describe 'e' { It 'j' { "`$TestDrive/file" | Should -Exist; "`$TestDrive/block", "`$TestDrive/dir" | Should -Not -Exist } }
"@
        $run.Failures | Should -BeNullOrEmpty
        $run.Passed | Should -Be 2
        $run.Notes[0] | Should -Not -Exist
    }
}

Describe 'Should' {
    It 'holds: <text>' -ForEach @(
        '1 | Should -Be 1', '"A" | Should -Be "a"', '1, 2 | Should -Be @(1, 2)', '"1" | Should -Be 1', '@() | Should -Be @()', '$null | Should -Be $null'
        '1 | Should -Not -Be 2', '"a" | Should -Not -BeExactly "A"', '"a" | Should -BeExactly "a"', '@(1) | Should -Be 1'
        '$null | Should -BeNullOrEmpty', '"" | Should -BeNullOrEmpty', '@() | Should -BeNullOrEmpty', '@{} | Should -BeNullOrEmpty', '0 | Should -Not -BeNullOrEmpty', '1, 2 | Should -Not -BeNullOrEmpty'
        '$true | Should -BeTrue', '1 | Should -BeTrue', '0 | Should -BeFalse', '$null | Should -BeFalse', '"" | Should -Not -BeTrue'
        '2 | Should -BeGreaterThan 1', '1 | Should -BeGreaterOrEqual 1', '1 | Should -BeLessThan 2', '1 | Should -BeLessOrEqual 1', '2, 3 | Should -BeGreaterThan 1', '1 | Should -Not -BeGreaterThan 1'
        '"abc" | Should -Match "^A"', '"abc" | Should -Not -MatchExactly "^A"', '"abc" | Should -BeLike "A*"', '"abc" | Should -Not -BeLikeExactly "A*"'
        '1, 2 | Should -Contain 2', '1, 2 | Should -Not -Contain 3', '"B" | Should -BeIn @("a", "b")', '1, 2 | Should -BeIn @(1, 2, 3)'
        '1, 2 | Should -HaveCount 2', '@() | Should -HaveCount 0', ',@(1, 2) | Should -HaveCount 1', '1 | Should -Not -HaveCount 2'
        '"/etc" | Should -Exist', '"/nonexistent" | Should -Not -Exist'
        '1 | Should -BeOfType [int]', '1 | Should -BeOfType ([int])', '1 | Should -BeOfType int', '"a" | Should -Not -BeOfType [int]', '$null | Should -Not -BeOfType [int]'
        '{ throw "bad" } | Should -Throw', '{ throw "bad" } | Should -Throw "b*"', '{ 1 } | Should -Not -Throw', '{ throw "bad" } | Should -Throw -ExpectedMessage "*ad"'
        '{ Get-Item /nonexistent -ErrorAction Stop } | Should -Throw -ErrorId "PathNotFound,*"', '{ throw [ArgumentException]::new("x") } | Should -Throw -ExceptionType ([ArgumentException])'
        '({ throw "bad" } | Should -Throw -PassThru).Exception.Message | Should -Be "bad"', 'Should -ActualValue 1 -Be 1', 'Should -Be $null'
    ) {
        & ([scriptblock]::Create($_))
        $text = $_
    }

    It 'fails: <text>' -ForEach @(
        '1 | Should -Be 2', '1, 2 | Should -Be @(2, 1)', '1, 2 | Should -Be 1', '"a" | Should -BeExactly "A"', '1 | Should -Not -Be 1'
        '1 | Should -BeNullOrEmpty', '$null | Should -Not -BeNullOrEmpty', '$false | Should -BeTrue', '1 | Should -BeFalse', '1, 0 | Should -BeTrue'
        '1 | Should -BeGreaterThan 1', '3, 1 | Should -BeGreaterThan 2', '"abc" | Should -Match "x"', '"abc" | Should -BeLike "b*"', '1 | Should -BeIn @(2)', '1 | Should -Contain 2'
        '1 | Should -HaveCount 2', '$null | Should -HaveCount 0', '"/nonexistent" | Should -Exist', '1 | Should -BeOfType [string]'
        '{ 1 } | Should -Throw', '{ throw "bad" } | Should -Not -Throw', '{ throw "bad" } | Should -Throw "x*"', '{ throw "bad" } | Should -Throw -ErrorId "x"'
    ) {
        $text = $_
        { & ([scriptblock]::Create($text)) } | Should -Throw
    }

    It 'gives the reason' {
        { 1 | Should -Be 2 -Because 'it has to' } | Should -Throw -ExpectedMessage '*because it has to*' -ErrorId 'PesterAssertionFailed'
    }
}
