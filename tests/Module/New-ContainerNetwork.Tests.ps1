BeforeAll {
    Import-Module "$PSScriptRoot/TestSupport.psm1" -Force
    Start-TestEngine
}

Describe 'New-ContainerNetwork' {
    It 'refuses what is no subnet' {
        { New-ContainerNetwork bad -Subnet 10.1.2.3/99 -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidArgument,*'
    }

    It 'makes nothing with -WhatIf' {
        New-ContainerNetwork nothing -WhatIf | Should -BeNullOrEmpty
    }
}
