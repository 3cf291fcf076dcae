BeforeAll {
    Import-Module "$PSScriptRoot/TestSupport.psm1" -Force
    Start-TestEngine
}

AfterAll { Stop-TestEngine }

Describe 'Get-ContainerNetwork' {
    BeforeEach { Skip-WithoutTestHost }
    AfterEach { Clear-TestContainer }

    It 'tells who runs without a network' {
        $container = Start-TestContainer apart
        $null = New-TestContainer resting
        $members = (Get-ContainerNetwork none).Containers
        $members | Should -BeOfType ([ContainerTools.NetworkContainer])
        $members.Name | Should -Be 'apart'
        $members.Id | Should -Be $container.Id
        Get-ContainerNetwork none | Out-String | Should -BeLike '*none*apart*'
        $members | Out-String | Should -BeLike "*Name*IPv4Address*HardwareAddress*apart*$($container.ShortId)*"
        (Get-ContainerNetwork host).Containers | Should -BeNullOrEmpty
    }

    It 'says that a network is not there' {
        { Get-ContainerNetwork no-such-network -ErrorAction Stop } | Should -Throw -ErrorId 'NetworkNotFound,*'
    }
}
