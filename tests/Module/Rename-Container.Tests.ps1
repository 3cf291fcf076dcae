BeforeAll {
    Import-Module "$PSScriptRoot/TestSupport.psm1" -Force
    Start-TestEngine
}

AfterAll { Stop-TestEngine }

Describe 'Rename-Container' {
    BeforeEach { Skip-WithoutTestHost }
    AfterEach { Clear-TestContainer }

    It 'renames a container, and emits nothing' {
        $before = New-TestContainer one
        Rename-Container one two | Should -BeNullOrEmpty
        (Get-Container).Name | Should -Be 'two'
        (Get-Container two).Id | Should -Be $before.Id
    }

    It 'renames a container that runs' {
        $null = Start-TestContainer one
        (Rename-Container one two -PassThru).State | Should -Be 'Running'
        (Get-Container two).State | Should -Be 'Running'
    }

    It 'takes containers from the pipeline <how>' -ForEach @(
        @{ how = 'by object'; rename = { Get-Container one | Rename-Container -NewName two -PassThru } }
        @{ how = 'by property'; rename = { [pscustomobject]@{ Name = 'one'; NewName = 'two' } | Rename-Container -PassThru } }
        @{ how = 'by id prefix'; rename = { Rename-Container -Id (Get-Container one).ShortId -NewName two -PassThru } }
    ) {
        $null = New-TestContainer one
        (& $rename).Name | Should -Be 'two'
    }

    It 'renames nothing with -WhatIf' {
        $null = New-TestContainer one
        Rename-Container one two -WhatIf
        (Get-Container).Name | Should -Be 'one'
    }

    It 'reports <what> as <id>' -ForEach @(
        @{ what = 'a name that is taken'; old = 'one'; new = 'two'; id = 'ContainerNameInUse'; category = 'ResourceExists' }
        @{ what = 'a name that cannot be one'; old = 'one'; new = 'a/b'; id = 'InvalidArgument'; category = 'InvalidArgument' }
        @{ what = 'a container that does not exist'; old = 'nobody'; new = 'three'; id = 'ContainerNotFound'; category = 'ObjectNotFound' }
    ) {
        $null = New-TestContainer one
        $null = New-TestContainer two
        Rename-Container $old $new -ErrorVariable problem -ErrorAction SilentlyContinue
        $problem[0].FullyQualifiedErrorId | Should -Be "$id,ContainerTools.Module.Cmdlets.RenameContainerCommand"
        $problem[0].CategoryInfo.Category | Should -Be $category
        "$($problem[0].TargetObject)" | Should -Be $old
        (Get-Container).Name | Should -Be 'one', 'two'
    }
}
