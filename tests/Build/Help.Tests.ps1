# The help compiler, on a page of its own and on the pages of the module.
BeforeDiscovery {
    $pages = @(Get-ChildItem "$PSScriptRoot/../../docs/help" -Filter *.md | ForEach-Object { @{ page = $_.FullName; name = $_.BaseName } })
}

BeforeAll {
    . "$PSScriptRoot/../../build/Help.ps1"
    $package = if ($env:CONTAINERTOOLS_PACKAGE) { $env:CONTAINERTOOLS_PACKAGE } else { "$PSScriptRoot/../../artifacts/package/ContainerTools" }
    Import-Module $package
    $text = @'
---
document type: cmdlet
title: Get-Thing
---

# Get-Thing

## SYNOPSIS

Gets a [thing](Thing.md).

## SYNTAX

### Name (Default)

```
Get-Thing [[-Name] <string[]>] [-Force]
```

## DESCRIPTION

The **first**
paragraph.

The `second`.

## EXAMPLES

### Example 1: One

```powershell
Get-Thing a |
    Out-Null
# comment
```

Does it.

## PARAMETERS

### -Force

By force.

```yaml
Type: System.Management.Automation.SwitchParameter
DefaultValue: ''
SupportsWildcards: false
Aliases: []
ParameterSets:
- Name: (All)
  Position: Named
  IsRequired: false
  ValueFromPipeline: false
  ValueFromPipelineByPropertyName: false
  ValueFromRemainingArguments: false
AcceptedValues: []
```

### -Name

The name.

```yaml
Type: System.String[]
DefaultValue: '*'
SupportsWildcards: true
Aliases:
- Id
- N
ParameterSets:
- Name: Name
  Position: 0
  IsRequired: true
  ValueFromPipeline: true
  ValueFromPipelineByPropertyName: true
  ValueFromRemainingArguments: false
AcceptedValues:
- One
- Two
```

## INPUTS

### System.String

Names.

## OUTPUTS

### Thing

A thing.

## NOTES

## RELATED LINKS

- [Set-Thing](Set-Thing.md)
'@
}

Describe 'Invoke-HelpCompiler' {
    BeforeAll {
        $null = New-Item -ItemType Directory "$TestDrive/pages"
        Set-Content "$TestDrive/pages/Get-Thing.md" $text
        Invoke-HelpCompiler "$TestDrive/pages" "$TestDrive/out/help.xml"
        $xml = [xml](Get-Content -Raw "$TestDrive/out/help.xml")
        $command = $xml.helpItems.command
    }

    It 'carries the text, without marks of Markdown' {
        $command.details.name | Should -Be 'Get-Thing'
        $command.details.description.para | Should -Be 'Gets a thing.'
        $command.description.para | Should -Be @('The first paragraph.', 'The second.')
        $command.examples.example.title | Should -BeLike '*Example 1: One*'
        $command.examples.example.code | Should -Be "Get-Thing a |`n    Out-Null`n# comment"
        $command.examples.example.remarks.para[0] | Should -Be 'Does it.'
        $command.relatedLinks.navigationLink.linkText | Should -Be 'Set-Thing'
    }

    It 'carries the parameters in the order of the syntax' {
        $command.syntax.syntaxItem.parameter.name | Should -Be @('Name', 'Force')
        $name = $command.parameters.parameter | Where-Object { $_.name -eq 'Name' }
        $name.required | Should -Be 'true'
        $name.position | Should -Be '0'
        $name.globbing | Should -Be 'true'
        $name.pipelineInput | Should -Be 'True (ByValue, ByPropertyName)'
        $name.aliases | Should -Be 'Id, N'
        $name.defaultValue | Should -Be '*'
        $name.parameterValue.'#text' | Should -Be 'String[]'
        $name.parameterValueGroup.parameterValue.'#text' | Should -Be @('One', 'Two')
    }

    It 'leaves a file alone that is newer than its pages' {
        [System.IO.File]::SetLastWriteTimeUtc("$TestDrive/out/help.xml", [datetime]::UtcNow.AddHours(1))
        $before = (Get-Item "$TestDrive/out/help.xml").LastWriteTimeUtc
        Invoke-HelpCompiler "$TestDrive/pages" "$TestDrive/out/help.xml"
        (Get-Item "$TestDrive/out/help.xml").LastWriteTimeUtc | Should -Be $before
    }

    It 'refuses <problem>' -ForEach @(
        @{ problem = 'a page without a section'; from = '## DESCRIPTION'; to = '## OTHER'; message = '*DESCRIPTION*' }
        @{ problem = 'a syntax with a parameter that is not described'; from = '[-Force]'; to = '[-Strong]'; message = '*-Strong*' }
        @{ problem = 'a parameter without a type'; from = 'Type: System.String[]'; to = 'Typ: x'; message = '*-Name*' }
    ) {
        $null = New-Item -ItemType Directory "$TestDrive/bad"
        Set-Content "$TestDrive/bad/Get-Thing.md" $text.Replace($from, $to)
        { Invoke-HelpCompiler "$TestDrive/bad" "$TestDrive/bad/help.xml" } | Should -Throw $message
        Remove-Item "$TestDrive/bad" -Recurse
    }
}

Describe 'Get-Help <name>' -ForEach $pages {
    It 'shows what the page says' {
        $page = Read-HelpPage $page
        $help = Get-Help $name
        $help.Synopsis.Trim() | Should -Be $page.Synopsis
        @($help.description.Text)[0].Trim() | Should -Be $page.Description[0]
        $help.examples.example.Count | Should -Be $page.Examples.Count
        Get-Help $name -Full | Out-String | Should -Match 'SYNTAX'
    }

    It 'describes every parameter' {
        $common = [System.Management.Automation.Cmdlet]::CommonParameters
        $parameters = (Get-Command $name).Parameters.Keys | Where-Object { $_ -notin $common }
        foreach ($parameter in $parameters) {
            "$((Get-Help $name -Parameter $parameter).description.Text)" | Should -Not -BeNullOrEmpty -Because "-$parameter has to be described"
        }
    }
}
