BeforeAll {
    Import-Module "$PSScriptRoot/TestSupport.psm1" -Force
    Start-TestEngine
}

Describe 'Remove-ContainerNetwork' {
    It 'says that a network is not there' {
        { Remove-ContainerNetwork no-such-network -ErrorAction Stop } | Should -Throw -ErrorId 'NetworkNotFound,*'
    }
}
