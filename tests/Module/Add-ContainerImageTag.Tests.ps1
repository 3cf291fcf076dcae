BeforeAll {
    Import-Module "$PSScriptRoot/TestSupport.psm1" -Force
    Start-TestEngine
}

AfterAll { Stop-TestEngine }

Describe 'Add-ContainerImageTag' {
    BeforeEach { Skip-WithoutTestHost }
    AfterEach {
        if (-not (Get-TestHostProblem)) { Get-ContainerImage mine* | Remove-ContainerImageTag }
    }

    It 'gives an image further names, and emits nothing' {
        Add-ContainerImageTag busybox mine:1, mine:2 | Should -BeNullOrEmpty
        (Get-ContainerImage mine*).Reference | Sort-Object | Should -Be 'mine:1', 'mine:2'
        (Get-ContainerImage mine:1).Id | Should -Be (Get-ContainerImage busybox).Id
    }

    It 'takes the image from the pipeline, and emits it under its new name with -PassThru' {
        $image = Get-ContainerImage busybox | Add-ContainerImageTag -NewName mine -PassThru
        $image | Should -BeOfType ([ContainerTools.ContainerImage])
        $image.Reference | Should -Be 'mine:latest'
    }

    It 'changes nothing with -WhatIf' {
        Add-ContainerImageTag busybox mine:1 -WhatIf
        Get-ContainerImage mine* | Should -BeNullOrEmpty
    }

    It 'reports <id>' -ForEach @(
        @{ id = 'ImageNotFound'; image = 'nosuch'; name = 'mine' }
        @{ id = 'InvalidArgument'; image = 'busybox'; name = 'Not Valid' }
    ) {
        Add-ContainerImageTag $image $name -ErrorVariable problem -ErrorAction SilentlyContinue
        $problem[0].FullyQualifiedErrorId | Should -Be "$id,ContainerTools.Module.Cmdlets.AddContainerImageTagCommand"
    }
}
