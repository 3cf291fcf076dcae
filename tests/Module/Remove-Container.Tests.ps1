BeforeAll {
    Import-Module "$PSScriptRoot/TestSupport.psm1" -Force
    Start-TestEngine
}

AfterAll { Stop-TestEngine }

Describe 'Remove-Container' {
    BeforeEach { Skip-WithoutTestHost }
    AfterEach { Clear-TestContainer }

    It 'removes a container with everything it had, and emits nothing' {
        $container = New-TestContainer one
        $folder = "$env:CONTAINERTOOLS_ROOT/containers/$($container.Id)"
        Test-Path -LiteralPath $folder | Should -BeTrue
        Remove-Container one | Should -BeNullOrEmpty
        Get-Container | Should -BeNullOrEmpty
        Test-Path -LiteralPath $folder | Should -BeFalse
    }

    It 'frees the name' {
        $null = New-TestContainer one
        Remove-Container one
        (New-TestContainer one).Name | Should -Be 'one'
    }

    It 'removes what the pipeline brings <how>' -ForEach @(
        @{ how = 'by object'; remove = { Get-Container | Remove-Container -PassThru } }
        @{ how = 'by name'; remove = { 'one', 'two' | Remove-Container -PassThru } }
        @{ how = 'by property'; remove = { Get-Container | Select-Object Id | Remove-Container -PassThru } }
        @{ how = 'by pattern'; remove = { Remove-Container * -PassThru } }
    ) {
        $null = New-TestContainer one
        $null = New-TestContainer two
        (& $remove).Name | Sort-Object | Should -Be 'one', 'two'
        Get-Container | Should -BeNullOrEmpty
    }

    It 'refuses a container that runs, and removes the others' {
        $null = Start-TestContainer one
        $null = New-TestContainer two
        Remove-Container one, two -ErrorVariable problem -ErrorAction SilentlyContinue
        $problem | Should -HaveCount 1
        $problem[0].FullyQualifiedErrorId | Should -Be 'ContainerRunning,ContainerTools.Module.Cmdlets.RemoveContainerCommand'
        $problem[0].CategoryInfo.Category | Should -Be 'InvalidOperation'
        $problem[0].TargetObject.Name | Should -Be 'one'
        (Get-Container).Name | Should -Be 'one'
    }

    It 'removes a container that <what> with -Force' -ForEach @(
        @{ what = 'runs'; prepare = { } }
        @{ what = 'is paused'; prepare = { Suspend-Container one } }
    ) {
        $processId = (Start-TestContainer one).ProcessId
        & $prepare
        Remove-Container one -Force
        Get-Container | Should -BeNullOrEmpty
        Test-Path "/proc/$processId" | Should -BeFalse
    }

    It 'removes what only it has kept of an image that was removed by force' {
        $null = New-TestContainer base
        $id = (ConvertTo-ContainerImage base gone:1).Id
        $blob = "$env:CONTAINERTOOLS_ROOT/images/blobs/sha256/$($id -replace '^sha256:')"
        $null = New-Container gone:1 -Name one -ErrorAction Stop -- true
        $null = New-Container gone:1 -Name two -ErrorAction Stop -- true
        Remove-ContainerImage gone:1 -Force
        Remove-Container base, one
        Test-Path $blob | Should -BeTrue
        Remove-Container two
        Test-Path $blob | Should -BeFalse
        Test-ContainerStorage | Should -BeNullOrEmpty
    }

    It 'removes nothing with -WhatIf' {
        $null = New-TestContainer one
        Remove-Container one -WhatIf
        (Get-Container).Name | Should -Be 'one'
    }

    It 'reports a name that does not exist, and not a pattern that fits nothing' {
        Remove-Container nobody -ErrorVariable problem -ErrorAction SilentlyContinue
        $problem[0].FullyQualifiedErrorId | Should -Be 'ContainerNotFound,ContainerTools.Module.Cmdlets.RemoveContainerCommand'
        $problem[0].CategoryInfo.Category | Should -Be 'ObjectNotFound'
        $problem[0].TargetObject | Should -Be 'nobody'
        { Remove-Container nobody* -ErrorAction Stop } | Should -Not -Throw
    }
}
