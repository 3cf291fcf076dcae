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

Describe 'Disconnect-ContainerRegistry' {
    BeforeEach {
        Skip-WithoutTestRegistry
        if (Get-TestRegistryPath) { Connect-ContainerRegistry $registry (Get-TestCredential) -AllowUnencrypted }
    }

    It 'forgets credentials' {
        (Disconnect-ContainerRegistry $registry -PassThru).UserName | Should -Be 'alice'
        Get-ContainerRegistry | Should -BeNullOrEmpty
    }

    It 'takes registries from the pipeline, and forgets nothing with -WhatIf' {
        Get-ContainerRegistry | Disconnect-ContainerRegistry -WhatIf
        Get-ContainerRegistry | Should -HaveCount 1
        Get-ContainerRegistry | Disconnect-ContainerRegistry
        Get-ContainerRegistry | Should -BeNullOrEmpty
    }

    It 'reports a registry without credentials' {
        Disconnect-ContainerRegistry nosuch.example -ErrorVariable problem -ErrorAction SilentlyContinue
        $problem[0].FullyQualifiedErrorId | Should -Be 'RegistryNotFound,ContainerTools.Module.Cmdlets.DisconnectContainerRegistryCommand'
    }
}
