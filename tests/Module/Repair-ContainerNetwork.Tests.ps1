BeforeAll {
    Import-Module "$PSScriptRoot/TestSupport.psm1" -Force
    Start-TestEngine
}

Describe 'Repair-ContainerNetwork' {
    It 'says that a network is not there' {
        { Repair-ContainerNetwork no-such-network -ErrorAction Stop } | Should -Throw -ErrorId 'NetworkNotFound,*'
    }
}
