BeforeAll {
    Import-Module "$PSScriptRoot/TestSupport.psm1" -Force
    Start-TestEngine
}

AfterAll { Stop-TestEngine }

Describe 'Test-ContainerStorage' {
    BeforeEach { Skip-WithoutTestHost }

    It 'emits nothing where all is well' { Test-ContainerStorage | Should -BeNullOrEmpty }

    It 'finds a missing layer and unpacks it again' {
        Get-ChildItem "$env:CONTAINERTOOLS_ROOT/layers" | Remove-Item -Recurse -Force
        $problem = Test-ContainerStorage
        $problem | Should -BeOfType ([ContainerTools.ContainerStorageProblem])
        $problem.Subject | Should -Be busybox:latest
        $problem.Repairable | Should -BeTrue
        $problem.Repaired | Should -BeFalse
        (Test-ContainerStorage -Repair).Repaired | Should -BeTrue
        Test-ContainerStorage | Should -BeNullOrEmpty
        Invoke-Container busybox -- echo well | Should -Be well
    }

    It 'finds what is left over and removes it' {
        $stray = "$env:CONTAINERTOOLS_ROOT/images/blobs/sha256/$('a' * 64)"
        Set-Content $stray x
        (Test-ContainerStorage).Subject | Should -Be "sha256:$('a' * 64)"
        (Test-ContainerStorage -Repair -WhatIf).Repaired | Should -BeFalse
        Test-Path $stray | Should -BeTrue
        (Test-ContainerStorage -Repair).Repaired | Should -BeTrue
        Test-Path $stray | Should -BeFalse
    }

    It 'finds what a killed pull has left and removes it' {
        $part = "$env:CONTAINERTOOLS_ROOT/downloads/$('c' * 64)"
        $folder = "$env:CONTAINERTOOLS_ROOT/ingest/dead"
        $null = New-Item -ItemType Directory -Force -Path $folder, "$env:CONTAINERTOOLS_ROOT/downloads"
        Set-Content $part x
        Set-Content "$folder/blob-1" x
        Set-Content "$env:CONTAINERTOOLS_ROOT/images/index.json.1.2.tmp" x
        @(Test-ContainerStorage) | Should -HaveCount 3
        (Test-ContainerStorage -Repair).Repaired | Should -Be $true, $true, $true
        Test-ContainerStorage | Should -BeNullOrEmpty
        Test-Path $part, $folder, "$env:CONTAINERTOOLS_ROOT/images/index.json.1.2.tmp" | Should -Be $false, $false, $false
    }

    It 'finds a damaged blob, and after a repair an import brings a good one' {
        $id = (Get-ContainerImage busybox).Layers[0].Substring(7)
        $blob = "$env:CONTAINERTOOLS_ROOT/images/blobs/sha256/$id"
        Export-ContainerImage busybox "$TestDrive/good.tar"
        $bytes = [System.IO.File]::ReadAllBytes($blob)
        $bytes[5000] = $bytes[5000] -bxor 1
        [System.IO.File]::WriteAllBytes($blob, $bytes)
        $problem = Test-ContainerStorage -Repair
        $problem.Problem | Should -BeLike '*damaged*'
        $problem.Repaired | Should -BeFalse
        $null = Import-ContainerImage "$TestDrive/good.tar"
        Test-ContainerStorage | Should -BeNullOrEmpty
    }
}
