# Files and other items. Runs in any PowerShell 7.6.
BeforeAll {
    $root = New-Item -ItemType Directory -Path "$TestDrive/root"
    $null = New-Item -ItemType Directory -Path "$root/sub/deep"
    Set-Content -Path "$root/a.txt" -Value 'one', 'two', 'three'
    Set-Content -Path "$root/b.log" -Value 'x'
    Set-Content -Path "$root/sub/c.txt" -Value 'c'
    Set-Content -Path "$root/.hidden" -Value 'h'
}

Describe 'Get-ChildItem and Get-Item' {
    It 'lists with <text>' -ForEach @(
        @{ text = 'nothing'; arguments = @{}; expected = @('a.txt', 'b.log', 'sub') }
        @{ text = '-File'; arguments = @{ File = $true }; expected = @('a.txt', 'b.log') }
        @{ text = '-Directory'; arguments = @{ Directory = $true }; expected = @('sub') }
        @{ text = '-Filter'; arguments = @{ Filter = '*.txt' }; expected = @('a.txt') }
        @{ text = '-Recurse -Filter'; arguments = @{ Filter = '*.txt'; Recurse = $true }; expected = @('a.txt', 'c.txt') }
        @{ text = '-Force'; arguments = @{ Force = $true }; expected = @('.hidden', 'a.txt', 'b.log', 'sub') }
        @{ text = '-Recurse -Directory'; arguments = @{ Recurse = $true; Directory = $true }; expected = @('deep', 'sub') }
        @{ text = '-Depth'; arguments = @{ Depth = 0 }; expected = @('a.txt', 'b.log', 'sub') }
    ) {
        @((Get-ChildItem -LiteralPath $root.FullName @arguments).Name | Sort-Object) | Should -Be $expected
    }

    It 'names relative paths' {
        @(Get-ChildItem -Path $root.FullName -Recurse -Name | Sort-Object) | Should -Be @('a.txt', 'b.log', 'sub', 'sub/c.txt', 'sub/deep')
    }

    It 'takes wildcards, and fails on an exact miss only' {
        (Get-Item "$root/*.txt").Name | Should -Be 'a.txt'
        Get-Item "$root/*.none" | Should -BeNullOrEmpty
        { Get-Item "$root/none" -ErrorAction Stop } | Should -Throw -ErrorId 'PathNotFound,Microsoft.PowerShell.Commands.GetItemCommand'
        { Get-ChildItem "$root/none" -ErrorAction Stop } | Should -Throw -ErrorId 'PathNotFound,*'
    }

    It 'lists other providers' {
        (Get-Item Env:PATH).Value | Should -Be $env:PATH
        (Get-ChildItem Env:).Name | Should -Contain 'PATH'
        Test-Path Variable:PSHOME | Should -BeTrue
        Set-Item Env:CT_SPEC 'value'
        $env:CT_SPEC | Should -Be 'value'
        Remove-Item Env:CT_SPEC
        $env:CT_SPEC | Should -BeNullOrEmpty
    }
}

Describe 'Content' {
    It 'reads lines, ends and the whole' {
        Get-Content "$root/a.txt" | Should -Be @('one', 'two', 'three')
        Get-Content "$root/a.txt" -Tail 1 | Should -Be 'three'
        Get-Content "$root/a.txt" -TotalCount 2 | Should -Be @('one', 'two')
        Get-Content "$root/a.txt" -Raw | Should -Be "one`ntwo`nthree`n"
        (Get-Content "$root/b.log" -AsByteStream)[0] | Should -Be 120
        { Get-Content "$root/none" -ErrorAction Stop } | Should -Throw -ErrorId 'PathNotFound,*'
    }

    It 'writes anew, at the end, without a line break' {
        Set-Content "$TestDrive/w.txt" 'a'
        Add-Content "$TestDrive/w.txt" 'b', 'c'
        Get-Content "$TestDrive/w.txt" | Should -Be @('a', 'b', 'c')
        'x' | Set-Content "$TestDrive/w.txt" -NoNewline
        Get-Content "$TestDrive/w.txt" -Raw | Should -Be 'x'
        Clear-Content "$TestDrive/w.txt"
        (Get-Item "$TestDrive/w.txt").Length | Should -Be 0
    }

    It 'redirects' {
        'a', 'b' > "$TestDrive/r.txt"
        'c' >> "$TestDrive/r.txt"
        Get-Content "$TestDrive/r.txt" | Should -Be @('a', 'b', 'c')
        { 'd' | Out-File "$TestDrive/r.txt" -NoClobber -ErrorAction Stop } | Should -Throw -ErrorId 'NoClobber,*'
        Write-Output 'e' | Out-File -FilePath "$TestDrive/r.txt" -Append
        (Get-Content "$TestDrive/r.txt").Count | Should -Be 4
    }
}

Describe 'Making, copying, moving, removing' {
    It 'makes files, folders and links' {
        (New-Item -Path "$TestDrive/n/m" -ItemType Directory -Force).PSIsContainer | Should -BeTrue
        (New-Item -Path "$TestDrive/n" -Name f.txt -Value 'text').Length | Should -Be 4
        { New-Item -Path "$TestDrive/n/f.txt" -ErrorAction Stop } | Should -Throw
        (New-Item -ItemType SymbolicLink -Path "$TestDrive/n/l" -Target "$TestDrive/n/f.txt").LinkTarget | Should -Be "$TestDrive/n/f.txt"
        Get-Content "$TestDrive/n/l" | Should -Be 'text'
    }

    It 'copies and moves' {
        $null = New-Item -ItemType Directory "$TestDrive/to"
        Copy-Item "$root/a.txt" "$TestDrive/to/copy.txt"
        Copy-Item $root.FullName "$TestDrive/to" -Recurse
        Test-Path "$TestDrive/to/root/sub/c.txt" | Should -BeTrue
        Move-Item "$TestDrive/to/copy.txt" "$TestDrive/to/moved.txt"
        Rename-Item "$TestDrive/to/moved.txt" renamed.txt
        Get-Content "$TestDrive/to/renamed.txt" | Should -Be @('one', 'two', 'three')
    }

    It 'removes, also folders with content, and does nothing with -WhatIf' {
        $null = New-Item -ItemType Directory "$TestDrive/gone/inner"
        Set-Content "$TestDrive/gone/inner/x" 1
        Remove-Item "$TestDrive/gone" -Recurse -WhatIf
        Test-Path "$TestDrive/gone/inner/x" | Should -BeTrue
        Remove-Item "$TestDrive/gone" -Recurse
        Test-Path "$TestDrive/gone" | Should -BeFalse
        { Remove-Item "$TestDrive/gone" -ErrorAction Stop } | Should -Throw -ErrorId 'PathNotFound,*'
        Remove-Item "$TestDrive/gone" -ErrorAction Ignore
    }
}

Describe 'Paths' {
    It 'takes paths apart and puts them together' {
        Join-Path a b c | Should -Be 'a/b/c'
        Join-Path /a/ /b | Should -Be '/a/b'
        Split-Path /a/b/c.txt | Should -Be '/a/b'
        Split-Path /a/b/c.txt -Leaf | Should -Be 'c.txt'
        Split-Path /a/b/c.txt -LeafBase | Should -Be 'c'
        Split-Path /a/b/c.txt -Extension | Should -Be '.txt'
        (Resolve-Path "$root/../root/a.txt").Path | Should -Be "$root/a.txt"
        Convert-Path "$root/*.txt" | Should -Be "$root/a.txt"
    }

    It 'says whether something is there' {
        Test-Path $root.FullName | Should -BeTrue
        Test-Path $root.FullName -PathType Leaf | Should -BeFalse
        Test-Path "$root/a.txt" -PathType Leaf | Should -BeTrue
        Test-Path "$root/*.txt" | Should -BeTrue
        Test-Path "$root/none" | Should -BeFalse
        Test-Path 'nodrive:/x' | Should -BeFalse
    }

    It 'goes to places and back' {
        Push-Location $root.FullName
        (Get-Location).Path | Should -Be $root.FullName
        Set-Location sub
        "$PWD" | Should -Be "$root/sub"
        Test-Path c.txt | Should -BeTrue
        Pop-Location
        "$PWD" | Should -Not -Be $root.FullName
        { Set-Location "$root/none" -ErrorAction Stop } | Should -Throw -ErrorId 'PathNotFound,*'
    }

    It 'makes drives' {
        $null = New-PSDrive -Name CtSpec -PSProvider FileSystem -Root $root.FullName
        Get-Content CtSpec:/a.txt -TotalCount 1 | Should -Be 'one'
        Remove-PSDrive CtSpec
        Test-Path CtSpec:/a.txt | Should -BeFalse
    }
}

Describe 'Processes' {
    It 'starts, finds, waits for and stops a process' {
        $process = Start-Process sleep 60 -PassThru
        (Get-Process -Id $process.Id).ProcessName | Should -Be 'sleep'
        Stop-Process -Id $process.Id
        $process | Wait-Process
        $process.HasExited | Should -BeTrue
        { Get-Process -Id $process.Id -ErrorAction Stop } | Should -Throw -ErrorId 'NoProcessFoundForGivenId,*'
    }

    It 'redirects and waits' {
        Start-Process bash @('-c', '"echo out; echo err >&2"') -Wait -RedirectStandardOutput "$TestDrive/o" -RedirectStandardError "$TestDrive/e"
        Get-Content "$TestDrive/o" | Should -Be 'out'
        Get-Content "$TestDrive/e" | Should -Be 'err'
    }

    It 'knows the exit code of a program' {
        bash -c 'exit 3'
        $LASTEXITCODE | Should -Be 3
        $output = bash -c 'echo a; echo b; echo c >&2' 2>&1
        @($output | Where-Object { $_ -is [string] }) | Should -Be @('a', 'b')
        @($output | Where-Object { $_ -is [System.Management.Automation.ErrorRecord] }).Count | Should -Be 1
    }
}
