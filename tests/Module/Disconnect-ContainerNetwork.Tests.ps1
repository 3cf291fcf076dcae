BeforeAll {
    Import-Module "$PSScriptRoot/TestSupport.psm1" -Force
    Start-TestEngine
}

AfterAll { Stop-TestEngine }

Describe 'Disconnect-ContainerNetwork' {
    BeforeEach { Skip-WithoutTestHost }
    AfterEach { Clear-TestContainer }

    It 'refuses a container that <mode>' -ForEach @(
        @{ mode = 'has no network'; network = 'none' }
        @{ mode = 'has the network of the host'; network = 'host' }
    ) {
        $null = New-Container busybox -Name one -Network $network
        { Disconnect-ContainerNetwork bridge one -ErrorAction Stop } | Should -Throw -ErrorId 'NetworkNotConnectable,*'
        (Get-Container one).Configuration.NetworkMode | Should -Be $network
    }

    It 'takes a container out of its only network, and no second time' {
        $null = New-Container busybox -Name one -Network bridge
        Disconnect-ContainerNetwork bridge one -WhatIf
        (Get-Container one).Configuration.Networks | Should -HaveCount 1
        (Get-Container one | Disconnect-ContainerNetwork bridge -PassThru).Configuration.Networks | Should -BeNullOrEmpty
        { Disconnect-ContainerNetwork bridge one -ErrorAction Stop } | Should -Throw -ErrorId 'NetworkNotConnected,*'
    }
}
