BeforeAll {
    Import-Module "$PSScriptRoot/TestSupport.psm1" -Force
    Start-TestEngine
}

Describe 'Get-ContainerNetwork' {
    It 'says that a network is not there' {
        { Get-ContainerNetwork no-such-network -ErrorAction Stop } | Should -Throw -ErrorId 'NetworkNotFound,*'
    }
}
