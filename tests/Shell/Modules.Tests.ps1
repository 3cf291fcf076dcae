# Modules and completion. Runs in any PowerShell 7.6.
BeforeAll {
    $null = New-Item -ItemType Directory -Path "$TestDrive/modules/AutoSpec"
    Set-Content -Path "$TestDrive/modules/AutoSpec/AutoSpec.psd1" -Value "@{ ModuleVersion = '1.2'; RootModule = 'AutoSpec.psm1'; FunctionsToExport = 'Get-AutoSpec' }"
    Set-Content -Path "$TestDrive/modules/AutoSpec/AutoSpec.psm1" -Value @'
function Get-AutoSpec {
    [CmdletBinding()]
    param([ArgumentCompleter({ param($command, $parameter, $word) 'red', 'green', 'blue' | Where-Object { $_ -like "$word*" } })] [string] $Color, [ValidateSet('One', 'Two')] [string] $Number)
    "auto $Color"
}
'@
    $before = $env:PSModulePath
    $env:PSModulePath = "$TestDrive/modules" + [System.IO.Path]::PathSeparator + $before
}

AfterAll {
    Remove-Module AutoSpec -ErrorAction Ignore
    $env:PSModulePath = $before
}

Describe 'Modules' {
    It 'loads a module when one of its commands is called' {
        Get-Module AutoSpec | Should -BeNullOrEmpty
        Get-AutoSpec -Color x | Should -Be 'auto x'
        (Get-Module AutoSpec).Version | Should -Be '1.2'
    }

    It 'lists modules that could be loaded' {
        (Get-Module -ListAvailable -Name AutoSpec).Name | Should -Be 'AutoSpec'
    }

    It 'knows which module a command comes from' {
        (Get-Command Get-AutoSpec).Source | Should -Be 'AutoSpec'
        (Get-Command Get-ChildItem).Source | Should -Be 'Microsoft.PowerShell.Management'
        (Get-Command Select-Object).Source | Should -Be 'Microsoft.PowerShell.Utility'
        Microsoft.PowerShell.Utility\Write-Output 1 | Should -Be 1
    }
}

Describe 'Completion' {
    It 'completes <text>' -ForEach @(
        @{ text = 'Get-AutoS'; expected = 'Get-AutoSpec' }
        @{ text = 'Get-AutoSpec -Col'; expected = '-Color' }
        @{ text = 'Get-AutoSpec -Color gr'; expected = 'green' }
        @{ text = 'Get-AutoSpec -Number T'; expected = 'Two' }
        @{ text = 'Get-ChildItem /et'; expected = '/etc' }
        @{ text = '$PSHO'; expected = '$PSHOME' }
    ) {
        $null = Get-AutoSpec
        (TabExpansion2 -inputScript $text -cursorColumn $text.Length).CompletionMatches.CompletionText | Should -Contain $expected
    }
}

Describe 'Get-Help' {
    It 'shows what a comment says' {
        function Get-Helped {
            <#
            .SYNOPSIS
            The short text.
            .PARAMETER Size
            The text of the parameter.
            #>
            param($Size)
        }
        (Get-Help Get-Helped).Synopsis | Should -Be 'The short text.'
        Get-Help Get-Helped -Parameter Size | Out-String | Should -Match 'The text of the parameter'
        Get-Help Get-Helped -Full | Out-String | Should -Match 'SYNTAX'
    }
}
