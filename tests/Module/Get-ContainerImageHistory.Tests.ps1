BeforeAll {
    Import-Module "$PSScriptRoot/TestSupport.psm1" -Force
    Start-TestEngine
}

AfterAll { Stop-TestEngine }

Describe 'Get-ContainerImageHistory' {
    BeforeEach { Skip-WithoutTestHost }

    It 'tells how an image came about, <how>' -ForEach @(
        @{ how = 'by reference'; get = { Get-ContainerImageHistory busybox } }
        @{ how = 'by pattern'; get = { Get-ContainerImageHistory busy* } }
        @{ how = 'by object'; get = { Get-ContainerImage busybox | Get-ContainerImageHistory } }
    ) {
        $steps = @(& $get)
        $steps | Should -HaveCount 1
        $steps[0] | Should -BeOfType ([ContainerTools.ContainerImageHistory])
        $steps[0].CreatedBy | Should -BeLike 'import busybox.tar*'
        $steps[0].Size | Should -Be (Get-ContainerImage busybox).Size
    }

    It 'reports an image that does not exist' {
        Get-ContainerImageHistory nosuch -ErrorVariable problem -ErrorAction SilentlyContinue
        $problem[0].FullyQualifiedErrorId | Should -Be 'ImageNotFound,ContainerTools.Module.Cmdlets.GetContainerImageHistoryCommand'
    }
}
