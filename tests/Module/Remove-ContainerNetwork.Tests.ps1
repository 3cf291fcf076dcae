BeforeAll {
    Import-Module "$PSScriptRoot/TestSupport.psm1" -Force
    Start-TestEngine
}

AfterAll { Stop-TestEngine }

Describe 'Remove-ContainerNetwork' {
    BeforeEach { Skip-WithoutTestHost }

    It 'keeps <_>, and says no more than that' -ForEach 'bridge', 'host', 'none' {
        Remove-ContainerNetwork $_ -ErrorVariable problem -ErrorAction SilentlyContinue
        $problem[0].FullyQualifiedErrorId | Should -Be 'NetworkInUse,ContainerTools.Module.Cmdlets.RemoveContainerNetworkCommand'
        $problem[0].Exception.Message | Should -BeLike "*'$_' is there from the start*"
        $problem[0].ErrorDetails | Should -BeNullOrEmpty
    }

    It 'says that a network is not there' {
        { Remove-ContainerNetwork no-such-network -ErrorAction Stop } | Should -Throw -ErrorId 'NetworkNotFound,*'
    }
}
