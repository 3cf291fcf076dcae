BeforeAll {
    Import-Module "$PSScriptRoot/TestSupport.psm1" -Force
    Start-TestEngine
    if (-not (Get-TestHostProblem)) {
        $env:REGISTRY_AUTH_FILE = "$TestDrive/auth.json"
        $env:CONTAINERS_REGISTRIES_CONF = "$TestDrive/registries.conf"
        if (Get-TestRegistryPath) { $registry = Start-TestRegistry -Authentication }
    }
}

AfterAll {
    Stop-TestRegistry
    Remove-Item Env:REGISTRY_AUTH_FILE, Env:CONTAINERS_REGISTRIES_CONF -ErrorAction SilentlyContinue
    Stop-TestEngine
}

Describe 'Connect-ContainerRegistry' {
    BeforeEach { Skip-WithoutTestRegistry }

    It 'keeps credentials that the registry accepts, and uses them' {
        Publish-ContainerImage busybox -Reference "$registry/box" -AllowUnencrypted -ErrorVariable problem -ErrorAction SilentlyContinue
        $problem[0].FullyQualifiedErrorId | Should -Be 'RegistryUnauthorized,ContainerTools.Module.Cmdlets.PublishContainerImageCommand'
        $problem[0].CategoryInfo.Category | Should -Be 'AuthenticationError'
        Connect-ContainerRegistry $registry (Get-TestCredential) -AllowUnencrypted | Should -BeNullOrEmpty
        (Publish-ContainerImage busybox -Reference "$registry/box" -AllowUnencrypted -PassThru).Reference | Should -Be "$registry/box:latest"
        (Get-ContainerRegistry $registry).UserName | Should -Be 'alice'
    }

    It 'keeps none that it does not accept' {
        Connect-ContainerRegistry $registry (Get-TestCredential wrong) -AllowUnencrypted -PassThru -ErrorVariable problem -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        $problem[0].FullyQualifiedErrorId | Should -Be 'RegistryUnauthorized,ContainerTools.Module.Cmdlets.ConnectContainerRegistryCommand'
    }

    It 'emits the registry when asked, and does nothing with -WhatIf' {
        $connected = Connect-ContainerRegistry $registry (Get-TestCredential) -AllowUnencrypted -PassThru
        $connected | Should -BeOfType ([ContainerTools.ContainerRegistry])
        $connected.Source | Should -Be "$TestDrive/auth.json"
        Connect-ContainerRegistry nowhere.example (Get-TestCredential) -WhatIf
        Get-ContainerRegistry nowhere* | Should -BeNullOrEmpty
    }
}
