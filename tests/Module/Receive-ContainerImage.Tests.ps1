BeforeAll {
    Import-Module "$PSScriptRoot/TestSupport.psm1" -Force
    Start-TestEngine
    if (-not (Get-TestHostProblem)) {
        $env:REGISTRY_AUTH_FILE = "$TestDrive/auth.json"
        $env:CONTAINERS_REGISTRIES_CONF = "$TestDrive/registries.conf"
        if (Get-TestRegistryPath) { $registry = Start-TestRegistry
            Publish-ContainerImage busybox -Reference "$registry/team/box:1" -AllowUnencrypted }
    }
}

AfterAll {
    Stop-TestRegistry
    Remove-Item Env:REGISTRY_AUTH_FILE, Env:CONTAINERS_REGISTRIES_CONF -ErrorAction SilentlyContinue
    Stop-TestEngine
}

Describe 'Receive-ContainerImage' {
    It 'answers to the word that Docker has for it' {
        (Get-Command Pull-ContainerImage).ResolvedCommand.Name | Should -Be 'Receive-ContainerImage'
    }

    BeforeEach { Skip-WithoutTestRegistry }
    AfterEach {
        Clear-TestContainer
        if (-not (Get-TestHostProblem)) { Get-ContainerImage | Where-Object Reference -NE busybox:latest | Remove-ContainerImage }
    }

    It 'receives an image that runs' {
        $image = Receive-ContainerImage "$registry/team/box:1" -AllowUnencrypted
        $image | Should -BeOfType ([ContainerTools.ContainerImage])
        $image.Reference | Should -Be "$registry/team/box:1"
        $image.Id | Should -Be (Get-ContainerImage busybox).Id
        Invoke-Container "$registry/team/box:1" -- echo hello | Should -Be 'hello'
    }

    It 'takes <what> from the pipeline' -ForEach @(
        @{ what = 'a name'; receive = { "$registry/team/box:1" | Receive-ContainerImage -AllowUnencrypted } }
        @{ what = 'what was found'; receive = { Find-ContainerImage "$registry/team/box" -AllowUnencrypted | Receive-ContainerImage -AllowUnencrypted } }
    ) {
        (& $receive).Reference | Should -Be "$registry/team/box:1"
    }

    It 'requires a digest when told to, and takes one' {
        Receive-ContainerImage "$registry/team/box:1" -AllowUnencrypted -RequireDigest -ErrorVariable problem -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        $problem[0].FullyQualifiedErrorId | Should -Be 'DigestRequired,ContainerTools.Module.Cmdlets.ReceiveContainerImageCommand'
        $digest = (Get-ContainerImage "$registry/team/box:1" -Remote -AllowUnencrypted).Digest
        (Receive-ContainerImage "$registry/team/box@$digest" -AllowUnencrypted -RequireDigest).Digest | Should -Be $digest
    }

    It 'is not needed for a new container, whose image comes by itself' {
        Set-Content "$TestDrive/registries.conf" "unqualified-search-registries = [`"$registry`"]`n[[registry]]`nlocation = `"$registry`"`ninsecure = true"
        try {
            Invoke-Container "$registry/team/box:1" -- echo whole | Should -Be 'whole'
            Invoke-Container team/box:1 -- echo short | Should -Be 'short'
            New-Container team/none:1 -ErrorVariable problem -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
            $problem[0].FullyQualifiedErrorId | Should -Be 'ImageNotFound,ContainerTools.Module.Cmdlets.NewContainerCommand'
        }
        finally {
            Remove-Item "$TestDrive/registries.conf"
        }
    }

    It 'receives nothing with -WhatIf' {
        Receive-ContainerImage "$registry/team/box:1" -AllowUnencrypted -WhatIf | Should -BeNullOrEmpty
        Get-ContainerImage "$registry/*" | Should -BeNullOrEmpty
    }

    It 'reports <what> as <id>, and goes on with the next' -ForEach @(
        @{ what = 'an image that is not there'; name = { "$registry/team/box:none" }; id = 'ImageNotFound'; category = 'ObjectNotFound' }
        @{ what = 'a registry that is not there'; name = { 'localhost:1/box' }; id = 'RegistryUnreachable'; category = 'ConnectionError' }
        @{ what = 'a name that is none'; name = { 'Not A Name' }; id = 'InvalidArgument'; category = 'InvalidArgument' }
    ) {
        $wrong = & $name
        $images = Receive-ContainerImage $wrong, "$registry/team/box:1" -AllowUnencrypted -ErrorVariable problem -ErrorAction SilentlyContinue
        $problem | Should -HaveCount 1
        $problem[0].FullyQualifiedErrorId | Should -Be "$id,ContainerTools.Module.Cmdlets.ReceiveContainerImageCommand"
        $problem[0].CategoryInfo.Category | Should -Be $category
        $problem[0].TargetObject | Should -Be $wrong
        $images.Reference | Should -Be "$registry/team/box:1"
    }
}
