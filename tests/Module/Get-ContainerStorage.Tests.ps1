BeforeAll {
    Import-Module "$PSScriptRoot/TestSupport.psm1" -Force
    Start-TestEngine
}

AfterAll { Stop-TestEngine }

Describe 'Get-ContainerStorage' {
    BeforeEach {
        Skip-WithoutTestHost
        $null = New-Container busybox -Name one -Volume data:/data -ErrorAction Stop -- sh -c 'dd if=/dev/zero of=/big bs=1000 count=1000' | Start-Container -PassThru | Wait-Container
    }
    AfterEach {
        Clear-TestContainer
        if (-not (Get-TestHostProblem)) { Get-ContainerVolume | Remove-ContainerVolume }
    }

    It 'shows how much room each kind takes up' {
        $usage = Get-ContainerStorage
        $usage | Should -BeOfType ([ContainerTools.ContainerStorageUsage])
        $usage.Kind | Should -Be Image, Container, Volume, Download
        ($usage | ForEach-Object Count) | Should -Be 1, 1, 1, 0
        $usage.InUse | Should -Be 1, 0, 1, 0
        $usage[1].Reclaimable | Should -BeGreaterThan 1000000
        $usage[0].Reclaimable | Should -Be 0
    }

    It 'shows each thing, with what it shares' {
        $null = ConvertTo-ContainerImage one made:1
        try {
            $items = Get-ContainerStorage -Detailed
            $items | Should -BeOfType ([ContainerTools.ContainerStorageItem])
            $made = $items | Where-Object Name -EQ made:1
            $base = $items | Where-Object Name -EQ busybox:latest
            $made.SharedSize | Should -BeGreaterThan 500000
            $made.OwnSize | Should -BeGreaterThan 2000000
            $base.OwnSize | Should -BeLessThan 10000
            @($items | Where-Object Kind -EQ Layer) | Should -HaveCount 2
        }
        finally { Remove-ContainerImage made:1 }
    }

    It 'is shown as a list with all that is known' {
        $list = Get-ContainerStorage Volume -Detailed | Format-List | Out-String -Width 200
        $list | Should -Match 'Name +: data'
        $list | Should -Match 'OwnSize +: '
        $list | Should -Match 'Dangling +: False'
    }

    It 'shows sizes at <_> columns, however long the names are' -ForEach 80, 120 {
        $long = "registry.example/$('a' * 100)"
        $null = Add-ContainerImageTag busybox "${long}:1"
        $null = ConvertTo-ContainerImage one "${long}:2"
        try {
            $table = Get-ContainerStorage -Detailed | Out-String -Width $_
            $table | Should -Match '(?m)^Kind +Size +Shared +Own +InUse +Name *\r?$'
            $table | Should -Match '(?m)^Image +[0-9.]+ [KMG]?B +[0-9.]+ [KMG]?B +[0-9.]+ [KMG]?B +True +busybox:latest \+1 *\r?$'
            $table | Should -Match '(?m)^Image +[0-9.]+ [KMG]?B .* False +registry.example/a'
        }
        finally { "${long}:1", "${long}:2" | Remove-ContainerImageTag; Get-ContainerImage | Where-Object { -not $_.Reference } | Remove-ContainerImage }
    }

    It 'shows layers where they are asked for' {
        $layers = Get-ContainerStorage Layer
        $layers.Kind | Should -Be Layer
        $layers.Count | Should -Be 1
        $layers.InUse | Should -Be 1
        $layers.Size | Should -BeGreaterThan 500000
        $layers.Reclaimable | Should -Be 0
    }

    It 'counts what nobody uses any more' {
        $before = (Get-ContainerStorage Image).Size
        Set-Content "$env:CONTAINERTOOLS_ROOT/images/blobs/sha256/$('a' * 64)" 12345 -NoNewline
        $image = Get-ContainerStorage Image
        $image.Size | Should -Be ($before + 5)
        $image.Reclaimable | Should -Be 5
        Clear-ContainerStorage Image -Confirm:$false
        (Get-ContainerStorage Image).Size | Should -Be $before
    }

    It 'shows one kind' { (Get-ContainerStorage Volume -Detailed).Name | Should -Be data }
}
