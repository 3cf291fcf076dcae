# The cmdlets on objects that scripts use every day. Runs in any PowerShell 7.6.
BeforeAll {
    $people = @(
        [pscustomobject]@{ Name = 'Ann'; Age = 40; Team = 'A' }
        [pscustomobject]@{ Name = 'bob'; Age = 9; Team = 'B' }
        [pscustomobject]@{ Name = 'Cyd'; Age = 100; Team = 'a' }
    )
}

Describe 'Select-Object' {
    It 'takes properties, also calculated ones' {
        $result = $people | Select-Object Name, @{ Name = 'Double'; Expression = { $_.Age * 2 } } -First 1
        $result.Double | Should -Be 80
        @($result.PSObject.Properties.Name) | Should -Be @('Name', 'Double')
        $result.PSObject.TypeNames[0] | Should -Be 'Selected.System.Management.Automation.PSCustomObject'
    }

    It 'takes properties by wildcard and leaves some out' {
        @(($people[0] | Select-Object * -ExcludeProperty T*).PSObject.Properties.Name) | Should -Be @('Name', 'Age')
        @(($people[0] | Select-Object -ExcludeProperty Name).PSObject.Properties.Name) | Should -Be @('Age', 'Team')
    }

    It 'makes a missing property null' {
        $result = 1 | Select-Object Nothing
        $result.PSObject.Properties.Name | Should -Be 'Nothing'
        $result.Nothing | Should -BeNullOrEmpty
    }

    It '<text> gives <expected>' -ForEach @(
        @{ text = '-First 2'; arguments = @{ First = 2 }; expected = @(1, 2) }
        @{ text = '-Last 2'; arguments = @{ Last = 2 }; expected = @(4, 5) }
        @{ text = '-Skip 3'; arguments = @{ Skip = 3 }; expected = @(4, 5) }
        @{ text = '-SkipLast 3'; arguments = @{ SkipLast = 3 }; expected = @(1, 2) }
        @{ text = '-First 1 -Last 1'; arguments = @{ First = 1; Last = 1 }; expected = @(1, 5) }
        @{ text = '-Last 2 -Skip 1'; arguments = @{ Last = 2; Skip = 1 }; expected = @(3, 4) }
        @{ text = '-First 2 -Skip 1'; arguments = @{ First = 2; Skip = 1 }; expected = @(2, 3) }
        @{ text = '-Index 0, 4'; arguments = @{ Index = 0, 4 }; expected = @(1, 5) }
        @{ text = '-First 0'; arguments = @{ First = 0 }; expected = @() }
    ) {
        @(1..5 | Select-Object @arguments) | Should -Be $expected
    }

    It 'ends the commands before it once it has enough' {
        $script:made = 0
        1..1000 | ForEach-Object { $script:made++; $_ } | Select-Object -First 3 | Out-Null
        $script:made | Should -Be 3
    }

    It 'expands a property, item by item' {
        [pscustomobject]@{ List = 1, 2, 3 } | Select-Object -ExpandProperty List | Should -Be @(1, 2, 3)
        { $people | Select-Object -ExpandProperty Nothing -ErrorAction Stop } | Should -Throw -ErrorId 'ExpandPropertyNotFound,*'
    }

    It 'leaves out repetitions' {
        1, 2, 1, 3, 2 | Select-Object -Unique | Should -Be @(1, 2, 3)
        @($people | Select-Object Team -Unique).Count | Should -Be 3
    }
}

Describe 'Sort-Object' {
    It 'orders numbers, text and properties' {
        10, 9, 100 | Sort-Object | Should -Be @(9, 10, 100)
        'b', 'C', 'a' | Sort-Object | Should -BeExactly @('a', 'b', 'C')
        ($people | Sort-Object Age).Name | Should -Be @('bob', 'Ann', 'Cyd')
        ($people | Sort-Object Age -Descending).Name | Should -Be @('Cyd', 'Ann', 'bob')
    }

    It 'orders by several keys with directions of their own' {
        ($people | Sort-Object Team, @{ Expression = 'Age'; Descending = $true }).Name | Should -Be @('Cyd', 'Ann', 'bob')
        ($people | Sort-Object { $_.Name.Length }, Age).Name | Should -Be @('bob', 'Ann', 'Cyd')
    }

    It 'leaves out repetitions and takes the top' {
        3, 1, 3, 2 | Sort-Object -Unique | Should -Be @(1, 2, 3)
        3, 1, 2 | Sort-Object -Top 2 | Should -Be @(1, 2)
    }
}

Describe 'Group-Object' {
    It 'groups without regard to case, in order' {
        $groups = $people | Group-Object Team
        $groups.Name | Should -Be @('A', 'B')
        $groups.ForEach({ $_.Count }) | Should -Be @(2, 1)
        $groups[0].Group.Name | Should -Be @('Ann', 'Cyd')
    }

    It 'makes a hash table' {
        $table = $people | Group-Object Team -AsHashTable -AsString
        $table['B'].Name | Should -Be 'bob'
    }
}

Describe 'Measure-Object' {
    It 'counts and adds' {
        $measure = 1..4 | Measure-Object -Sum -Average -Maximum -Minimum
        $measure.Count | Should -Be 4
        $measure.Sum | Should -Be 10
        $measure.Average | Should -Be 2.5
        $measure.Maximum | Should -Be 4
        $measure.Minimum | Should -Be 1
    }

    It 'measures a property' {
        ($people | Measure-Object Age -Sum).Sum | Should -Be 149
        (@() | Measure-Object).Count | Should -Be 0
    }

    It 'measures text' {
        $measure = "one two`nthree" | Measure-Object -Line -Word -Character
        $measure.Lines | Should -Be 2
        $measure.Words | Should -Be 3
        $measure.Characters | Should -Be 13
    }
}

Describe 'Compare-Object' {
    It 'tells what is on one side only' {
        $result = Compare-Object 1, 2, 3 2, 3, 4
        @($result | Where-Object SideIndicator -EQ '=>').InputObject | Should -Be 4
        @($result | Where-Object SideIndicator -EQ '<=').InputObject | Should -Be 1
        Compare-Object 1, 2 2, 1 | Should -BeNullOrEmpty
    }
}

Describe 'Add-Member, Get-Member and New-Object' {
    It 'adds properties and methods' {
        $object = [pscustomobject]@{ A = 1 } | Add-Member B 2 -PassThru | Add-Member ScriptProperty C { $this.A + $this.B } -PassThru
        $object | Add-Member -MemberType ScriptMethod -Name Twice -Value { param($n) $n * 2 }
        $object.C | Should -Be 3
        $object.Twice(4) | Should -Be 8
        { $object | Add-Member B 3 -ErrorAction Stop } | Should -Throw -ErrorId 'MemberAlreadyExists,*'
        $object | Add-Member @{ D = 4 } -Force
        $object.D | Should -Be 4
    }

    It 'lists members' {
        ($people[0] | Get-Member -MemberType NoteProperty).Name | Should -Be @('Age', 'Name', 'Team')
        (Get-Date | Get-Member AddDays).MemberType | Should -Be 'Method'
    }

    It 'makes objects with arguments and properties' {
        (New-Object System.Text.StringBuilder 'abc').ToString() | Should -Be 'abc'
        (New-Object psobject -Property @{ A = 1 }).A | Should -Be 1
        (New-Object System.Collections.Generic.List[int]).Count | Should -Be 0
        { New-Object Not.There } | Should -Throw -ErrorId 'TypeNotFound,*'
    }
}

Describe 'JSON' {
    It 'writes <expected>' -ForEach @(
        @{ value = @{ a = 1 }; expected = '{"a":1}' }
        @{ value = @(1, 2); expected = '[1,2]' }
        @{ value = 'a"b\'; expected = '"a\"b\\"' }
        @{ value = $null; expected = 'null' }
        @{ value = $true; expected = 'true' }
        @{ value = 1.5; expected = '1.5' }
        @{ value = [ordered]@{ s = 'x'; n = @($null, 1L) }; expected = '{"s":"x","n":[null,1]}' }
        @{ value = [System.DayOfWeek]::Monday; expected = '1' }
        @{ value = [datetime]::new(2024, 1, 2, 3, 4, 5, [System.DateTimeKind]::Utc); expected = '"2024-01-02T03:04:05Z"' }
    ) {
        ConvertTo-Json -InputObject $value -Compress | Should -BeExactly $expected
    }

    It 'indents by two blanks' {
        [ordered]@{ a = 1; b = @(2) } | ConvertTo-Json | Should -BeExactly "{`n  `"a`": 1,`n  `"b`": [`n    2`n  ]`n}"
    }

    It 'joins the pipeline to one array' {
        1, 2 | ConvertTo-Json -Compress | Should -Be '[1,2]'
        1 | ConvertTo-Json -Compress -AsArray | Should -Be '[1]'
    }

    It 'stops at the depth and says so' {
        @{ a = @{ b = @{ c = @{ d = 1 } } } } | ConvertTo-Json -Compress -Depth 1 -WarningVariable warned -WarningAction SilentlyContinue | Should -BeLike '*Hashtable*'
        "$warned" | Should -Match 'truncated'
        @{ a = @{ b = @{ c = @{ d = 1 } } } } | ConvertTo-Json -Compress -Depth 5 | Should -Be '{"a":{"b":{"c":{"d":1}}}}'
    }

    It 'reads objects, arrays and numbers' {
        $value = '{"a":1,"b":[1.5,"x",null,true],"c":{"d":{}}}' | ConvertFrom-Json
        $value.a | Should -BeOfType [long]
        $value.b | Should -Be @(1.5, 'x', $null, $true)
        $value.c.d | Should -BeOfType [pscustomobject]
        @('[1,2,3]' | ConvertFrom-Json).Count | Should -Be 3
        ('{"a":{"b":1}}' | ConvertFrom-Json -AsHashtable).a.b | Should -Be 1
        ("{`n`"a`":`n1}" -split "`n" | ConvertFrom-Json).a | Should -Be 1
    }

    It 'refuses what is not JSON' {
        { '{"a":' | ConvertFrom-Json } | Should -Throw -ErrorId 'System.ArgumentException,*'
    }

    It 'round-trips' {
        $text = '{"name":"x","list":[{"a":1},{"a":2}],"none":null}'
        $text | ConvertFrom-Json | ConvertTo-Json -Depth 5 -Compress | Should -BeExactly $text
    }
}

Describe 'Time, chance and text' {
    It 'makes dates and spans' {
        Get-Date -Year 2020 -Month 2 -Day 29 -Format 'yyyy-MM-dd' | Should -Be '2020-02-29'
        (New-TimeSpan -Minutes 90).TotalHours | Should -Be 1.5
        (New-TimeSpan -Start ([datetime]'2024-01-01') -End ([datetime]'2024-01-02')).Days | Should -Be 1
        (Get-Date -UnixTimeSeconds 0).ToUniversalTime().Year | Should -Be 1970
    }

    It 'sleeps and measures in the caller''s scope' {
        $time = Measure-Command { Start-Sleep -Milliseconds 30; $inside = 1 }
        $time.TotalMilliseconds | Should -BeGreaterThan 25
        $inside | Should -Be 1
    }

    It 'chooses by chance within bounds' {
        1..20 | ForEach-Object { Get-Random -Minimum 3 -Maximum 5 } | Should -BeIn @(3, 4)
        Get-Random -InputObject 'a', 'b' | Should -BeIn @('a', 'b')
        (New-Guid).Guid.Length | Should -Be 36
    }

    It 'finds text' {
        ('abc', 'xbz', 'q' | Select-String b).Line | Should -Be @('abc', 'xbz')
        'a.c', 'abc' | Select-String 'a.c' -SimpleMatch -Raw | Should -Be 'a.c'
        'abc' | Select-String z -Quiet | Should -BeFalse
        ('aXbX' | Select-String x -AllMatches).Matches.Count | Should -Be 2
        Set-Content -Path "$TestDrive/t.txt" -Value 'one', 'two'
        (Select-String -Path "$TestDrive/t.txt" -Pattern tw).LineNumber | Should -Be 2
    }

    It 'joins and separates' {
        1..3 | Join-String -Separator ', ' | Should -Be '1, 2, 3'
        1, 1, 2, 1 | Get-Unique | Should -Be @(1, 2, 1)
        [pscustomobject]@{ a = 1; b = 'x"y' } | ConvertTo-Csv | Should -Be @('"a","b"', '"1","x""y"')
    }
}

Describe 'Errors and streams' {
    It 'carries the id, the category and the target of Write-Error' {
        function Test-It { Write-Error -Message 'bad' -ErrorId 'MyId' -Category InvalidData -TargetObject 42 }
        $record = Test-It 2>&1
        $record.FullyQualifiedErrorId | Should -Be 'MyId,Test-It'
        $record.CategoryInfo.Category | Should -Be 'InvalidData'
        $record.TargetObject | Should -Be 42
        "$record" | Should -Be 'bad'
    }

    It 'keeps streams apart' {
        $all = & { 1; Write-Warning w; Write-Verbose v -Verbose; Write-Host h; Write-Error e } *>&1
        $all[0] | Should -Be 1
        $all[1] | Should -BeOfType [System.Management.Automation.WarningRecord]
        $all[2] | Should -BeOfType [System.Management.Automation.VerboseRecord]
        $all[3] | Should -BeOfType [System.Management.Automation.InformationRecord]
        $all[4] | Should -BeOfType [System.Management.Automation.ErrorRecord]
    }

    It 'tees' {
        1, 2 | Tee-Object -Variable copy | Measure-Object -Sum | ForEach-Object Sum | Should -Be 3
        $copy | Should -Be @(1, 2)
    }
}

Describe 'Variables and expressions' {
    It 'sets, reads and removes variables, by scope as well' {
        Set-Variable -Name one -Value 1
        Get-Variable one -ValueOnly | Should -Be 1
        & { Set-Variable one 2; Set-Variable -Name two -Value 3 -Scope 1; Get-Variable one -ValueOnly } | Should -Be 2
        $one | Should -Be 1
        $two | Should -Be 3
        Remove-Variable two
        Get-Variable two -ErrorAction Ignore | Should -BeNullOrEmpty
        { Get-Variable two -ErrorAction Stop } | Should -Throw -ErrorId 'VariableNotFound,*'
        New-Variable three 3
        { New-Variable three 4 -Scope 1 -ErrorAction Stop } | Should -Throw -ErrorId 'VariableAlreadyExists,*'
    }

    It 'runs text in the caller''s scope' {
        Invoke-Expression '$made = 5; $made + 1' | Should -Be 6
        $made | Should -Be 5
    }

    It 'knows and makes aliases' {
        (Get-Alias gci).Definition | Should -Be 'Get-ChildItem'
        Set-Alias -Name zz -Value Get-Date
        (Get-Alias zz).Definition | Should -Be 'Get-Date'
    }

    It 'reads data files without running them' {
        Set-Content -Path "$TestDrive/d.psd1" -Value "@{ A = 1; B = @('x', 'y') }"
        (Import-PowerShellDataFile "$TestDrive/d.psd1").B | Should -Be @('x', 'y')
        Set-Content -Path "$TestDrive/e.psd1" -Value '@{ A = (Get-Date) }'
        { Import-PowerShellDataFile "$TestDrive/e.psd1" -ErrorAction Stop } | Should -Throw
    }
}
