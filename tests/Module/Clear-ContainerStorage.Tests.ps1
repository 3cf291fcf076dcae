BeforeAll {
    Import-Module "$PSScriptRoot/TestSupport.psm1" -Force
    Start-TestEngine
}

AfterAll { Stop-TestEngine }

Describe 'Clear-ContainerStorage' {
    BeforeEach {
        Skip-WithoutTestHost
        $null = New-Container busybox -Name old -Label @{ a = 1 } -ErrorAction Stop -- true
        $null = Start-TestContainer runs
        $null = ConvertTo-ContainerImage old
        $null = ConvertTo-ContainerImage old named:1
        $null = New-ContainerVolume data
    }
    AfterEach {
        Clear-TestContainer
        if (-not (Get-TestHostProblem)) {
            Get-ContainerImage | Where-Object Reference -NE busybox:latest | Remove-ContainerImage
            Get-ContainerVolume | Remove-ContainerVolume
        }
    }

    It 'removes stopped containers and images without a name' {
        Clear-ContainerStorage -Confirm:$false | Should -BeNullOrEmpty
        (Get-Container).Name | Should -Be runs
        (Get-ContainerImage).Reference | Sort-Object | Should -Be busybox:latest, named:1
        (Get-ContainerVolume).Name | Should -Be data
    }

    It 'removes all that nobody uses with -All' {
        $gone = Clear-ContainerStorage Container, Image, Volume -All -Confirm:$false -PassThru
        $gone | Should -BeOfType ([ContainerTools.ContainerStorageItem])
        @($gone) | Should -HaveCount 4
        (Get-ContainerImage).Reference | Should -Be busybox:latest
        Get-ContainerVolume | Should -BeNullOrEmpty
    }

    It 'removes only <what>' -ForEach @(
        @{ what = 'what is older'; more = @{ OlderThan = '1:00:00' }; left = 'old', 'runs' }
        @{ what = 'what has a label'; more = @{ Label = 'a=1' }; left = 'runs' }
        @{ what = 'what has that value'; more = @{ Label = 'a=2' }; left = 'old', 'runs' }
    ) {
        Clear-ContainerStorage @more -Confirm:$false
        (Get-Container).Name | Sort-Object | Should -Be $left
    }

    It 'takes days as they are written, which PowerShell reads as a number' {
        Clear-ContainerStorage -OlderThan 30d -Confirm:$false
        (Get-Container).Name | Sort-Object | Should -Be old, runs
        { Clear-ContainerStorage -OlderThan 30 -Confirm:$false } | Should -Throw '*30d*'
        (Get-Container).Name | Sort-Object | Should -Be old, runs
    }

    It 'removes what pulls have left' {
        $left = "$env:CONTAINERTOOLS_ROOT/downloads/$('b' * 64)"
        $null = New-Item -ItemType Directory -Force -Path "$env:CONTAINERTOOLS_ROOT/downloads"
        Set-Content $left 1234 -NoNewline
        $item = Get-ContainerStorage Download -Detailed
        $item.Id | Should -Be "sha256:$('b' * 64)"
        $item.Size | Should -Be 4
        $item.InUse | Should -BeFalse
        Clear-ContainerStorage Download -WhatIf
        Test-Path $left | Should -BeTrue
        (Clear-ContainerStorage Download -Confirm:$false -PassThru).Id | Should -Be "sha256:$('b' * 64)"
        Test-Path $left | Should -BeFalse
    }

    It 'removes what nothing leads to any more, whatever else is meant' {
        $blob = "$env:CONTAINERTOOLS_ROOT/images/blobs/sha256/$('a' * 64)"
        Set-Content $blob 12345
        Clear-ContainerStorage Image -Label none=such -WhatIf
        Test-Path $blob | Should -BeTrue
        $said = Clear-ContainerStorage Image -Label none=such -Confirm:$false -Verbose 4>&1
        Test-Path $blob | Should -BeFalse
        "$said" | Should -Match '^[1-9].* are free now'
    }

    It 'says what would be freed with -WhatIf, and removes nothing' {
        $said = Clear-ContainerStorage -All -WhatIf 6>&1
        "$said" | Should -Match '^What if: [1-9][0-9.]* .*B would be freed\.$'
        @(Get-Container) | Should -HaveCount 2
        @(Get-ContainerImage) | Should -HaveCount 3
    }

    It 'frees what it said with -WhatIf, what only its own containers use included' {
        $null = New-Container named:1 -Name user -Volume mine:/mine -ErrorAction Stop -- true
        $would = "$(Clear-ContainerStorage Container, Image, Volume -All -WhatIf 6>&1)" -replace '^What if: (.*) would be freed\.$', '$1'
        $said = Clear-ContainerStorage Container, Image, Volume -All -Confirm:$false -Verbose -PassThru 4>&1
        $gone = $said | Where-Object { $_ -is [ContainerTools.ContainerStorageItem] }
        $gone.Name | Should -Contain user
        $gone.Name | Should -Contain named:1
        $gone.Name | Should -Contain mine
        "$($said | Select-Object -Last 1)" | Should -Be "$would are free now."
    }

    It 'refuses a kind that goes with others' {
        { Clear-ContainerStorage Layer } | Should -Throw -ErrorId 'ParameterArgumentValidationError,ContainerTools.Module.Cmdlets.ClearContainerStorageCommand'
    }
}
