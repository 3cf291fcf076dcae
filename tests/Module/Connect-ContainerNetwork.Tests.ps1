BeforeAll {
    Import-Module "$PSScriptRoot/TestSupport.psm1" -Force
    Start-TestEngine
}

AfterAll { Stop-TestEngine }

Describe 'Connect-ContainerNetwork' {
    BeforeEach { Skip-WithoutTestHost }
    AfterEach { Clear-TestContainer }

    It 'refuses a container that <mode>' -ForEach @(
        @{ mode = 'has no network'; network = 'none' }
        @{ mode = 'has the network of the host'; network = 'host' }
    ) {
        $null = New-Container busybox -Name one -Network $network
        { Connect-ContainerNetwork bridge one -ErrorAction Stop } | Should -Throw -ErrorId 'NetworkNotConnectable,*'
        (Get-Container one).Configuration.NetworkMode | Should -Be $network
    }

    It 'says that a network or a container is not there' {
        $null = New-Container busybox -Name one -Network bridge
        { Connect-ContainerNetwork no-such-network one -ErrorAction Stop } | Should -Throw -ErrorId 'NetworkNotFound,*'
        { Connect-ContainerNetwork bridge nobody -ErrorAction Stop } | Should -Throw -ErrorId 'ContainerNotFound,*'
        { Connect-ContainerNetwork bridge one -ErrorAction Stop } | Should -Throw -ErrorId 'NetworkAlreadyConnected,*'
    }
}
