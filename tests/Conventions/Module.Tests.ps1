# What every cmdlet of the module has in common, looked up in the module itself: a new cmdlet is checked without a new test.
BeforeDiscovery {
    $root = [System.IO.Path]::GetFullPath("$PSScriptRoot/../..")
    $package = if ($env:CONTAINERTOOLS_PACKAGE) { $env:CONTAINERTOOLS_PACKAGE } else { "$root/artifacts/package/ContainerTools" }
    if (-not (Test-Path -LiteralPath $package)) { throw "$package does not exist; 'build.sh package' makes it." }
    Import-Module $package
    $cmdlets = @(foreach ($command in Get-Command -Module ContainerTools -CommandType Cmdlet) {
            @{
                Name = $command.Name; Command = $command; Type = $command.ImplementingType
                Attribute = $command.ImplementingType.GetCustomAttributes([System.Management.Automation.CmdletAttribute], $false)[0]
                Help = "$root/docs/help/$($command.Name).md"
            }
        })
    $reading = 'Get', 'Test', 'Wait', 'Find'
    $changing = @($cmdlets | Where-Object { $_.Attribute.VerbName -notin $reading })
    $choosing = @($cmdlets | Where-Object { $_.Command.Parameters.ContainsKey('Name') -and $_.Name -notin 'New-Container', 'New-ContainerVolume', 'New-ContainerNetwork', 'Invoke-Container', 'Test-ContainerHost' })
}

BeforeAll {
    $root = [System.IO.Path]::GetFullPath("$PSScriptRoot/../..")
    $common = [System.Management.Automation.PSCmdlet]::CommonParameters + [System.Management.Automation.PSCmdlet]::OptionalCommonParameters
    # What Get-Verb lists: the constants of these classes.
    $approved = 'Common', 'Communications', 'Data', 'Diagnostic', 'Lifecycle', 'Other', 'Security' | ForEach-Object {
        ("System.Management.Automation.Verbs$_" -as [type]).GetFields().Name
    }

    # The parameters that a cmdlet has for itself.
    function Get-OwnParameter($Command) {
        $Command.Parameters.Values | Where-Object { $_.Name -notin $common }
    }
}

Describe 'The module' {
    It 'exports what it has, and only that' {
        $manifest = Import-PowerShellDataFile -LiteralPath "$root/ContainerTools.psd1"
        $types = (Get-Module ContainerTools).ImplementingAssembly.GetExportedTypes() | Where-Object {
            $_.GetCustomAttributes([System.Management.Automation.CmdletAttribute], $false).Count -gt 0
        }
        $names = $types | ForEach-Object {
            $attribute = $_.GetCustomAttributes([System.Management.Automation.CmdletAttribute], $false)[0]
            "$($attribute.VerbName)-$($attribute.NounName)"
        }
        $manifest.CmdletsToExport | Sort-Object | Should -Be ($names | Sort-Object)
        $manifest.FunctionsToExport | Should -BeNullOrEmpty
        $aliases = $types | ForEach-Object { $_.GetCustomAttributes([System.Management.Automation.AliasAttribute], $false) } | ForEach-Object { $_.AliasNames }
        $manifest.AliasesToExport | Sort-Object | Should -Be ($aliases | Sort-Object)
    }

    It 'keeps the engine out of the shell''s own load context' {
        $own = [System.Runtime.Loader.AssemblyLoadContext]::Default.Assemblies | ForEach-Object { $_.GetName().Name }
        $own | Should -Contain 'ContainerTools.Abstractions'
        foreach ($library in 'ContainerTools.Runtime', 'Tmds.LibC', 'ZstdSharp') { $own | Should -Not -Contain $library }
    }

    It 'has types that PowerShell finds by name' {
        'ContainerTools.Container' -as [type] | Should -Not -BeNullOrEmpty
        'ContainerTools.Module.HumanUnits' -as [type] | Should -Not -BeNullOrEmpty
    }

    It 'has a page of help for each cmdlet and no other' {
        (Get-ChildItem -LiteralPath "$root/docs/help" -Filter *-*.md).BaseName | Sort-Object | Should -Be ((Get-Command -Module ContainerTools -CommandType Cmdlet).Name | Sort-Object)
    }

    It 'says what the name of each error means' {
        $topic = Get-Content -Raw -LiteralPath "$root/en-US/about_ContainerErrors.help.txt"
        $named = [regex]::Matches($topic, '(?m)^    ([A-Z]\w+)\n        \S') | ForEach-Object { $_.Groups[1].Value }
        $named | Should -Be ([Enum]::GetNames([ContainerTools.ErrorCode]))
    }

    It 'shows each type of object that it emits in a view of its own' {
        $views = [System.Xml.XmlDocument]::new()
        $views.Load("$root/src/Module/Formats/ContainerTools.format.ps1xml")
        $shown = $views.SelectNodes('//TypeName') | ForEach-Object InnerText
        $emitted = (Get-Command -Module ContainerTools -CommandType Cmdlet).OutputType.Name | Where-Object { $_ -like 'ContainerTools.*' } | Select-Object -Unique
        $emitted | Should -Not -BeNullOrEmpty
        foreach ($type in $emitted) { $shown | Should -Contain $type }
    }

    It 'says of each type of object what is shown of it in a list' {
        $emitted = (Get-Command -Module ContainerTools -CommandType Cmdlet).OutputType.Name | Where-Object { $_ -like 'ContainerTools.*' } | Select-Object -Unique
        foreach ($type in $emitted) {
            $set = (Get-TypeData $type).DefaultDisplayPropertySet.ReferencedProperties
            $set | Should -Not -BeNullOrEmpty -Because "$type is shown below objects of other types as well"
            foreach ($property in $set) { ($type -as [type]).GetProperty($property) | Should -Not -BeNullOrEmpty -Because "$type.$property is to be shown" }
        }
    }
}

Describe '<Name>' -ForEach $cmdlets {
    It 'has an approved verb' {
        $approved | Should -Contain $Attribute.VerbName
    }

    It 'has a noun in the singular, of the module' {
        $Attribute.NounName | Should -BeLikeExactly 'Container*'
        $Attribute.NounName | Should -Not -Match '[^s]s$'
    }

    It 'is a sealed class in a file of its own' {
        $Type.IsSealed | Should -BeTrue
        $Type.Name | Should -Be "$($Attribute.VerbName)$($Attribute.NounName)Command"
        $files = @(Get-ChildItem -LiteralPath "$root/src/Module/Cmdlets" -Filter "$($Type.Name).cs" -Recurse)
        $files | Should -HaveCount 1
        @([regex]::Matches((Get-Content -LiteralPath $files[0].FullName -Raw), '(?m)^(public|internal)[\w ]* (class|record|enum|interface|struct) ')) | Should -HaveCount 1
    }

    It 'declares what it emits' {
        $Command.OutputType | Should -Not -BeNullOrEmpty
    }

    It 'has a spec' {
        Test-Path -LiteralPath "$root/tests/Module/$Name.Tests.ps1" | Should -BeTrue
    }

    It 'has help with a synopsis, a description and two examples or more' {
        $page = Get-Content -LiteralPath $Help -Raw
        $page | Should -Match '(?m)^## SYNOPSIS\r?\n\r?\n\w'
        $page | Should -Match '(?m)^## DESCRIPTION\r?\n\r?\n\w'
        @([regex]::Matches($page, '(?m)^### Example \d+: ')).Count | Should -BeGreaterOrEqual 2
        $page | Should -Not -Match '\{\{'
    }

    It 'describes each of its parameters, with its aliases, and no other' {
        $page = Get-Content -LiteralPath $Help -Raw
        $described = @([regex]::Matches($page, '(?m)^### -(\w+)\r?\n\r?\n(?!```)\S') | ForEach-Object { $_.Groups[1].Value })
        $own = @((Get-OwnParameter $Command).Name)
        if ($Attribute.SupportsShouldProcess) { $own += 'Confirm', 'WhatIf' }
        $described | Sort-Object | Should -Be ($own | Sort-Object)
        foreach ($parameter in Get-OwnParameter $Command) {
            $section = ($page -split "(?m)^### -$($parameter.Name)\r?\n")[1] -split '(?m)^##'
            foreach ($alias in $parameter.Aliases) { $section[0] | Should -Match "(?m)^- $alias\r?$" -Because "-$($parameter.Name) is called that as well" }
        }
    }

    It 'names parameters as PowerShell does' {
        foreach ($parameter in Get-OwnParameter $Command) { $parameter.Name | Should -MatchExactly '^[A-Z][A-Za-z0-9]+$' }
    }
}

Describe '<Name> changes something and' -ForEach $changing {
    It 'supports -WhatIf and -Confirm' {
        $Attribute.SupportsShouldProcess | Should -BeTrue
        $Command.Parameters.ContainsKey('WhatIf') | Should -BeTrue
    }

    It 'emits only when asked to, unless making objects is what it does' {
        if ($Attribute.VerbName -notin 'New', 'Import', 'Invoke', 'ConvertTo', 'Receive') {
            $Command.Parameters.ContainsKey('PassThru') | Should -BeTrue
            $Command.Parameters['PassThru'].SwitchParameter | Should -BeTrue
        }
    }
}

Describe '<Name> chooses by name and' -ForEach $choosing {
    It 'calls -Name -Id as well' {
        $Command.Parameters['Name'].Aliases | Should -Contain 'Id'
    }

    It 'takes wildcards, where it can work on several' {
        $attributes = $Command.Parameters['Name'].Attributes
        if ($Command.Parameters['Name'].ParameterType.IsArray) {
            @($attributes | Where-Object { $_ -is [System.Management.Automation.SupportsWildcardsAttribute] }) | Should -HaveCount 1
        }
    }

    It 'completes names' {
        $attributes = $Command.Parameters['Name'].Attributes
        @($attributes | Where-Object { $_ -is [System.Management.Automation.ArgumentCompleterAttribute] }) | Should -HaveCount 1
    }

    It 'takes the pipeline' {
        $taking = Get-OwnParameter $Command | Where-Object {
            @($_.Attributes | Where-Object { $_ -is [System.Management.Automation.ParameterAttribute] -and $_.ValueFromPipeline }).Count -gt 0
        }
        $taking | Should -Not -BeNullOrEmpty
    }
}
