BeforeAll {
    Import-Module "$PSScriptRoot/TestSupport.psm1" -Force
    Start-TestEngine
    if (-not (Get-TestHostProblem)) {
        $env:REGISTRY_AUTH_FILE = "$TestDrive/auth.json"
        $env:CONTAINERS_REGISTRIES_CONF = "$TestDrive/registries.conf"
        if (Get-TestRegistryPath) { $registry = Start-TestRegistry
            foreach ($name in 'a:1', 'a:2', 'team/b:x') { Publish-ContainerImage busybox -Reference "$registry/$name" -AllowUnencrypted } }
    }
}

AfterAll {
    Stop-TestRegistry
    Remove-Item Env:REGISTRY_AUTH_FILE, Env:CONTAINERS_REGISTRIES_CONF -ErrorAction SilentlyContinue
    Stop-TestEngine
}

Describe 'Find-ContainerImage' {
    BeforeEach { Skip-WithoutTestRegistry }

    It 'lists tags' {
        $found = Find-ContainerImage "$registry/a" -AllowUnencrypted
        $found[0] | Should -BeOfType ([ContainerTools.RemoteImageTag])
        $found.Reference | Sort-Object | Should -Be "$registry/a:1", "$registry/a:2"
        (Find-ContainerImage "$registry/a" -Tag 2* -AllowUnencrypted).Tag | Should -Be '2'
    }

    It 'lists repositories, and their tags after them' {
        (Find-ContainerImage -Registry $registry -AllowUnencrypted).Repository | Sort-Object | Should -Be "$registry/a", "$registry/team/b"
        (Find-ContainerImage -Registry $registry -Filter team/* -AllowUnencrypted | Find-ContainerImage -AllowUnencrypted).Reference | Should -Be "$registry/team/b:x"
    }

    It 'takes a registry alone for a wish to see its repositories' {
        (Find-ContainerImage $registry -AllowUnencrypted).Repository | Sort-Object | Should -Be "$registry/a", "$registry/team/b"
        (Find-ContainerImage $registry team/* -AllowUnencrypted).Repository | Should -Be "$registry/team/b"
    }

    It 'finds a short name where the configuration searches, and says where' {
        "unqualified-search-registries = ['$registry']" | Set-Content $env:CONTAINERS_REGISTRIES_CONF
        try {
            $found = Find-ContainerImage team/b -AllowUnencrypted
            $found.Reference | Should -Be "$registry/team/b:x"
            $found.Registry | Should -Be $registry
        } finally { Remove-Item $env:CONTAINERS_REGISTRIES_CONF }
    }

    It 'reports a repository that is not there, and goes on' {
        $found = Find-ContainerImage "$registry/none", "$registry/team/b" -AllowUnencrypted -ErrorVariable problem -ErrorAction SilentlyContinue
        $problem[0].FullyQualifiedErrorId | Should -Be 'ImageNotFound,ContainerTools.Module.Cmdlets.FindContainerImageCommand'
        $found.Tag | Should -Be 'x'
    }
}
