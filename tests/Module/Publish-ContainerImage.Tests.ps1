BeforeAll {
    Import-Module "$PSScriptRoot/TestSupport.psm1" -Force
    Start-TestEngine
    if (-not (Get-TestHostProblem)) {
        $env:REGISTRY_AUTH_FILE = "$TestDrive/auth.json"
        $env:CONTAINERS_REGISTRIES_CONF = "$TestDrive/registries.conf"
        if (Get-TestRegistryPath) { $registry = Start-TestRegistry }
    }
}

AfterAll {
    Stop-TestRegistry
    Remove-Item Env:REGISTRY_AUTH_FILE, Env:CONTAINERS_REGISTRIES_CONF -ErrorAction SilentlyContinue
    Stop-TestEngine
}

Describe 'Publish-ContainerImage' {
    It 'answers to the word that Docker has for it' {
        (Get-Command Push-ContainerImage).ResolvedCommand.Name | Should -Be 'Publish-ContainerImage'
    }

    BeforeEach { Skip-WithoutTestRegistry }

    It 'publishes under another name, and says so when asked' {
        Publish-ContainerImage busybox -Reference "$registry/one:1" -AllowUnencrypted | Should -BeNullOrEmpty
        $remote = Publish-ContainerImage busybox -Reference "$registry/two/three:2" -AllowUnencrypted -PassThru
        $remote | Should -BeOfType ([ContainerTools.RemoteContainerImage])
        $remote.Reference | Should -Be "$registry/two/three:2"
        $remote.Id | Should -Be (Get-ContainerImage busybox).Id
    }

    It 'compresses layers <how>' -ForEach @(
        @{ how = 'with gzip, unless told otherwise'; arguments = @{}; type = '+gzip' }
        @{ how = 'with zstd'; arguments = @{ Compression = 'Zstd' }; type = '+zstd' }
        @{ how = 'not at all'; arguments = @{ Compression = 'None' }; type = '' }
    ) {
        $remote = Publish-ContainerImage busybox -Reference "$registry/compressed:1" @arguments -AllowUnencrypted -PassThru
        $remote.Layers.MediaType | Should -Be "application/vnd.oci.image.layer.v1.tar$type"
        $local = Get-ContainerImage busybox
        $remote.Id | Should -Be $local.Id
        ($remote.Digest -eq $local.Digest) | Should -Be ($type -eq '')
    }

    It 'gives one name to one image only' {
        Import-ContainerImage (New-BusyboxArchive "$TestDrive/other.tar") other:1 -Message different
        try {
            Publish-ContainerImage busybox, other:1 -Reference "$registry/same:1" -AllowUnencrypted -ErrorVariable problem -ErrorAction SilentlyContinue
            $problem[0].FullyQualifiedErrorId | Should -Be 'InvalidArgument,ContainerTools.Module.Cmdlets.PublishContainerImageCommand'
            Find-ContainerImage -Registry $registry -Filter same -AllowUnencrypted | Should -BeNullOrEmpty
        } finally { Remove-ContainerImage other:1 }
    }

    It 'takes images from the pipeline' {
        (Get-ContainerImage busybox | Publish-ContainerImage -Reference "$registry/piped" -AllowUnencrypted -PassThru).Reference | Should -Be "$registry/piped:latest"
    }

    It 'publishes an image of several names under the one that was meant' {
        Add-ContainerImageTag busybox "$registry/named:1"
        try {
            (Get-ContainerImage "$registry/named*" | Publish-ContainerImage -AllowUnencrypted -PassThru).Reference | Should -Be "$registry/named:1"
        } finally { Remove-ContainerImageTag "$registry/named:1" }
    }

    It 'publishes for the platform that the image is for, and for no other' {
        Publish-ContainerImage busybox -Reference "$registry/arch:1" -Platform linux/s390x -AllowUnencrypted -ErrorVariable problem -ErrorAction SilentlyContinue
        $problem[0].FullyQualifiedErrorId | Should -Be 'ImageUnsupported,ContainerTools.Module.Cmdlets.PublishContainerImageCommand'
        Find-ContainerImage -Registry $registry -Filter arch -AllowUnencrypted | Should -BeNullOrEmpty
        $here = "linux/$((Get-ContainerImage busybox).Architecture)"
        (Publish-ContainerImage busybox -Reference "$registry/arch:1" -Platform $here -AllowUnencrypted -PassThru).Platform | Should -Be $here
    }

    It 'publishes nothing with -WhatIf' {
        Publish-ContainerImage busybox -Reference "$registry/never:1" -AllowUnencrypted -WhatIf
        Find-ContainerImage -Registry $registry -Filter never -AllowUnencrypted | Should -BeNullOrEmpty
    }

    It 'reports an image that is not there, and a name with a digest' {
        Publish-ContainerImage nosuch -AllowUnencrypted -ErrorVariable problem -ErrorAction SilentlyContinue
        $problem[0].FullyQualifiedErrorId | Should -Be 'ImageNotFound,ContainerTools.Module.Cmdlets.PublishContainerImageCommand'
        Publish-ContainerImage busybox -Reference "$registry/x@sha256:$('a' * 64)" -AllowUnencrypted -ErrorVariable problem -ErrorAction SilentlyContinue
        $problem[0].FullyQualifiedErrorId | Should -Be 'InvalidArgument,ContainerTools.Module.Cmdlets.PublishContainerImageCommand'
    }
}
