BeforeAll {
    Import-Module "$PSScriptRoot/TestSupport.psm1" -Force
    Start-TestEngine
}

AfterAll { Stop-TestEngine }

Describe 'Get-ContainerChange' {
    BeforeEach {
        Skip-WithoutTestHost
        $null = New-Container busybox -Name one -ErrorAction Stop -- sh -c 'echo text > /added; rm /etc/group' | Start-Container -PassThru | Wait-Container
    }
    AfterEach { Clear-TestContainer }

    It 'shows what a container has changed <how>' -ForEach @(
        @{ how = 'by name'; get = { Get-ContainerChange one } }
        @{ how = 'by pattern'; get = { Get-ContainerChange o* } }
        @{ how = 'by object'; get = { Get-Container one | Get-ContainerChange } }
    ) {
        $changes = & $get
        $changes | Should -BeOfType ([ContainerTools.ContainerChange])
        $changes.ForEach{ "$_" } | Should -Be 'Added /added', 'Changed /etc', 'Deleted /etc/group'
        $changes[0].Size | Should -Be 5
        $changes[0].Container | Should -Be one
    }

    It 'shows only changes of a kind' {
        (Get-ContainerChange one -Kind Deleted).Path | Should -Be '/etc/group'
    }

    It 'reports a container that does not exist' {
        Get-ContainerChange nosuch -ErrorVariable problem -ErrorAction SilentlyContinue
        $problem[0].FullyQualifiedErrorId | Should -Be 'ContainerNotFound,ContainerTools.Module.Cmdlets.GetContainerChangeCommand'
    }
}
