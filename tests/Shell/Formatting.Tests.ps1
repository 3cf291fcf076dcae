# How objects look: a module's format file has to be honoured. Runs in any PowerShell 7.6.
BeforeAll {
    $null = New-Item -ItemType Directory -Path "$TestDrive/FormatSpec"
    Set-Content -Path "$TestDrive/FormatSpec/FormatSpec.psd1" -Value "@{ ModuleVersion = '1.0'; FormatsToProcess = 'F.format.ps1xml'; TypesToProcess = 'T.types.ps1xml'; RootModule = 'M.psm1'; FunctionsToExport = 'Get-Thing' }"
    Set-Content -Path "$TestDrive/FormatSpec/M.psm1" -Value 'function Get-Thing { param($Type = "Spec.Thing", $Count = 2) 1..$Count | ForEach-Object { [pscustomobject]@{ PSTypeName = $Type; Name = "thing$_"; Size = $_ * 1024; Kind = "k$(1 + $_ % 2)" } } }'
    Set-Content -Path "$TestDrive/FormatSpec/T.types.ps1xml" -Value '<Types><Type><Name>Spec.Thing</Name><Members><ScriptProperty><Name>Twice</Name><GetScriptBlock>$this.Size * 2</GetScriptBlock></ScriptProperty></Members></Type></Types>'
    Set-Content -Path "$TestDrive/FormatSpec/F.format.ps1xml" -Value @'
<Configuration>
  <ViewDefinitions>
    <View><Name>thing</Name><ViewSelectedBy><TypeName>Spec.Thing</TypeName></ViewSelectedBy>
      <TableControl><TableHeaders>
          <TableColumnHeader><Label>NAME</Label><Width>10</Width></TableColumnHeader>
          <TableColumnHeader><Label>SIZE</Label><Width>8</Width><Alignment>Right</Alignment></TableColumnHeader>
          <TableColumnHeader><Label>TWICE</Label></TableColumnHeader>
        </TableHeaders>
        <TableRowEntries><TableRowEntry><TableColumnItems>
            <TableColumnItem><PropertyName>Name</PropertyName></TableColumnItem>
            <TableColumnItem><ScriptBlock>"$($_.Size / 1KB) KB"</ScriptBlock></TableColumnItem>
            <TableColumnItem><PropertyName>Twice</PropertyName></TableColumnItem>
          </TableColumnItems></TableRowEntry></TableRowEntries>
      </TableControl>
    </View>
    <View><Name>grouped</Name><ViewSelectedBy><TypeName>Spec.Thing</TypeName></ViewSelectedBy>
      <GroupBy><PropertyName>Kind</PropertyName><Label>Kind</Label></GroupBy>
      <TableControl><TableHeaders><TableColumnHeader><Label>N</Label></TableColumnHeader></TableHeaders>
        <TableRowEntries><TableRowEntry><TableColumnItems><TableColumnItem><PropertyName>Name</PropertyName></TableColumnItem></TableColumnItems></TableRowEntry></TableRowEntries>
      </TableControl>
    </View>
    <View><Name>listed</Name><ViewSelectedBy><TypeName>Spec.Listed</TypeName></ViewSelectedBy>
      <ListControl><ListEntries><ListEntry><ListItems>
            <ListItem><PropertyName>Name</PropertyName></ListItem>
            <ListItem><Label>Bytes</Label><PropertyName>Size</PropertyName><FormatString>{0:N0}</FormatString></ListItem>
          </ListItems></ListEntry></ListEntries></ListControl>
    </View>
    <View><Name>custom</Name><ViewSelectedBy><TypeName>Spec.Custom</TypeName></ViewSelectedBy>
      <CustomControl><CustomEntries><CustomEntry><CustomItem>
            <Text>-- </Text><ExpressionBinding><PropertyName>Name</PropertyName></ExpressionBinding>
            <ExpressionBinding><ScriptBlock>" has $($_.Size)"</ScriptBlock></ExpressionBinding>
          </CustomItem></CustomEntry></CustomEntries></CustomControl>
    </View>
  </ViewDefinitions>
</Configuration>
'@
    Import-Module "$TestDrive/FormatSpec"

    # The lines of text that there are, without colours.
    function Get-Line { @(($input | Out-String -Width 80) -replace "`e\[[\d;]*m" -split '\r?\n' | ForEach-Object TrimEnd | Where-Object { $_ }) }
}

AfterAll { Remove-Module FormatSpec }

Describe 'A module''s format file' {
    It 'makes a table with labels, widths, alignment and calculated columns' {
        Get-Thing | Get-Line | Should -Be @(
            'NAME           SIZE TWICE'
            '----           ---- -----'
            'thing1         1 KB 2048'
            'thing2         2 KB 4096')
    }

    It 'has named views with groups' {
        Get-Thing -Count 3 | Sort-Object Kind | Format-Table -View grouped | Get-Line | Should -Be @(
            '   Kind: k1', 'N', '-', 'thing2', '   Kind: k2', 'N', '-', 'thing1', 'thing3')
    }

    It 'makes a list with a label and a format' {
        Get-Thing Spec.Listed 1 | Get-Line | Should -Be @('Name  : thing1', 'Bytes : 1,024')
    }

    It 'makes free text' {
        Get-Thing Spec.Custom 1 | Get-Line | Should -Be '-- thing1 has 1024'
        Get-Thing Spec.Custom 1 | Format-Custom | Get-Line | Should -Be '-- thing1 has 1024'
    }
}

Describe 'Format-Table and Format-List' {
    It 'takes properties, calculated columns and alignment' {
        [pscustomobject]@{ A = 1; B = 'x' } | Format-Table B, @{ Label = 'Sum'; Expression = { $_.A + 1 }; Alignment = 'Left'; Width = 5 } | Get-Line |
            Should -Be @('B Sum', '- ---', 'x 2')
        [pscustomobject]@{ A = 1; B = 'x' } | Format-Table -HideTableHeaders | Get-Line | Should -Be '1 x'
    }

    It 'lists properties' {
        [pscustomobject]@{ A = 1; Bcd = 'x' } | Format-List | Get-Line | Should -Be @('A   : 1', 'Bcd : x')
        [pscustomobject]@{ A = 1; Bcd = 'x' } | Format-List A | Get-Line | Should -Be 'A : 1'
    }

    It 'groups by a property' {
        @([pscustomobject]@{ G = 1; V = 'a' }, [pscustomobject]@{ G = 2; V = 'b' }) | Format-Table V -GroupBy G | Get-Line |
            Should -Be @('   G: 1', 'V', '-', 'a', '   G: 2', 'V', '-', 'b')
    }

    It 'lists more than four properties when nothing is asked for' {
        [pscustomobject]@{ A = 1; B = 2; C = 3; D = 4; E = 5 } | Get-Line | Should -Be @('A : 1', 'B : 2', 'C : 3', 'D : 4', 'E : 5')
    }
}

Describe 'Out-String' {
    It 'gives one string, or lines with -Stream' {
        1, 2 | Out-String | Should -Be "1`n2`n"
        1, 2 | Out-String -Stream | Should -Be @('1', '2')
        'ab', 'cd' | Out-String -NoNewline | Should -Be 'abcd'
    }
}
