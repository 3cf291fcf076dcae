BeforeAll {
    Import-Module "$PSScriptRoot/TestSupport.psm1" -Force
    Start-TestEngine
    $env:REGISTRY_AUTH_FILE = "$TestDrive/auth.json"
    [System.IO.File]::WriteAllText($env:REGISTRY_AUTH_FILE, '{"auths":{"one.example":{"auth":"YWxpY2U6c2VjcmV0"},"https://index.docker.io/v1/":{"auth":"Ym9iOnNlY3JldA=="}}}')
}

AfterAll {
    Remove-Item Env:REGISTRY_AUTH_FILE -ErrorAction SilentlyContinue
    Stop-TestEngine
}

Describe 'Get-ContainerRegistry' {
    BeforeEach { Skip-WithoutTestHost }

    It 'lists what Podman and Docker know' {
        $all = Get-ContainerRegistry
        $all[0] | Should -BeOfType ([ContainerTools.ContainerRegistry])
        $all.Registry | Should -Be 'docker.io', 'one.example'
        $all.UserName | Should -Be 'bob', 'alice'
        $all.Source | Select-Object -Unique | Should -Be $env:REGISTRY_AUTH_FILE
    }

    It 'takes names and patterns, and reports a name without credentials' {
        (Get-ContainerRegistry *.example).Registry | Should -Be 'one.example'
        (Get-ContainerRegistry docker.io).UserName | Should -Be 'bob'
        Get-ContainerRegistry none* | Should -BeNullOrEmpty
        Get-ContainerRegistry nosuch.example -ErrorVariable problem -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        $problem[0].FullyQualifiedErrorId | Should -Be 'RegistryNotFound,ContainerTools.Module.Cmdlets.GetContainerRegistryCommand'
    }
}
