BeforeAll {
    Import-Module "$PSScriptRoot/TestSupport.psm1" -Force
    Start-TestEngine
}

AfterAll { Stop-TestEngine }

Describe 'Get-ContainerImage' {
    BeforeEach { Skip-WithoutTestHost }

    It 'gets images by <what>' -ForEach @(
        @{ what = 'nothing'; get = { Get-ContainerImage } }
        @{ what = 'reference'; get = { Get-ContainerImage busybox:latest } }
        @{ what = 'name alone'; get = { Get-ContainerImage busybox } }
        @{ what = 'pattern'; get = { Get-ContainerImage busy* } }
        @{ what = 'id'; get = { Get-ContainerImage -Id (Get-ContainerImage).Id } }
        @{ what = 'id prefix'; get = { Get-ContainerImage (Get-ContainerImage).ShortId } }
        @{ what = 'name from the pipeline'; get = { 'busybox' | Get-ContainerImage } }
        @{ what = 'a name twice'; get = { Get-ContainerImage busybox, busybox:latest, b* } }
    ) {
        $image = & $get
        $image | Should -BeOfType ([ContainerTools.ContainerImage])
        $image.Reference | Should -Be 'busybox:latest'
    }

    It 'is shown as a table, as a list with what matters, and wide by its reference' {
        $image = Get-ContainerImage busybox
        ($image | Format-Table | Out-String) | Should -Match 'Repository +Tag +Id +Created +Size'
        $list = $image | Format-List | Out-String -Width 200
        $list | Should -Match "Digest +: $($image.Digest)"
        $list | Should -Match "Architecture +: $($image.Architecture)"
        $list | Should -Match 'Layers +: \{sha256:'
        ($image | Format-Wide | Out-String).Trim() | Should -Be 'busybox:latest'
    }

    It 'says what it is' {
        $image = Get-ContainerImage busybox
        $image.Id | Should -Match '^sha256:[0-9a-f]{64}$'
        $image.Repository | Should -Be 'busybox'
        $image.Tag | Should -Be 'latest'
        $image.OperatingSystem | Should -Be 'linux'
        $image.Layers | Should -HaveCount 1
        $image.Configuration.Command | Should -Be 'sh'
    }

    It 'reports a name that does not exist, and not a pattern that fits nothing' {
        Get-ContainerImage nosuch -ErrorVariable problem -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        $problem[0].FullyQualifiedErrorId | Should -Be 'ImageNotFound,ContainerTools.Module.Cmdlets.GetContainerImageCommand'
        $problem[0].CategoryInfo.Category | Should -Be 'ObjectNotFound'
        $problem[0].TargetObject | Should -Be 'nosuch'
        { Get-ContainerImage nosuch* -ErrorAction Stop } | Should -Not -Throw
    }
}
