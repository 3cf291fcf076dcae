BeforeAll {
    Import-Module "$PSScriptRoot/TestSupport.psm1" -Force
    Start-TestEngine
}

AfterAll { Stop-TestEngine }

Describe 'ConvertTo-ContainerImage' {
    BeforeEach {
        Skip-WithoutTestHost
        $null = New-Container busybox -Name one -ErrorAction Stop -- sh -c 'echo text > /added' | Start-Container -PassThru | Wait-Container
    }
    AfterEach {
        Clear-TestContainer
        if (-not (Get-TestHostProblem)) { Get-ContainerImage mine* | Remove-ContainerImage -Force }
        Remove-Item Env:SOURCE_DATE_EPOCH -ErrorAction Ignore
    }

    It 'makes an image of a container <how>' -ForEach @(
        @{ how = 'by name'; make = { ConvertTo-ContainerImage one mine:1 } }
        @{ how = 'by object'; make = { Get-Container one | ConvertTo-ContainerImage -Reference mine:1 } }
    ) {
        $image = & $make
        $image | Should -BeOfType ([ContainerTools.ContainerImage])
        $image.Reference | Should -Be 'mine:1'
        Invoke-Container mine:1 -- cat /added | Should -Be 'text'
    }

    It 'takes changes of the configuration' {
        $image = ConvertTo-ContainerImage one mine:1 -Author me -Message words -Command cat, /added -EntryPoint @() -Environment @{ A = 1 } -Label @{ b = 2 } `
            -ExposedPort 80, 53/udp -Volume /data -User root -WorkingDirectory /tmp -StopSignal INT
        $image.Author | Should -Be me
        $image.Labels['b'] | Should -Be 2
        $image.Configuration.Command | Should -Be 'cat', '/added'
        $image.Configuration.Environment | Should -Contain 'A=1'
        $image.Configuration.ExposedPorts | Should -Be '53/udp', '80/tcp'
        $image.Configuration.Volumes | Should -Be '/data'
        (Get-ContainerImageHistory mine:1)[0].Comment | Should -Be words
    }

    It 'makes the same image again where the time is given <how>' -ForEach @(
        @{ how = 'as a parameter'; more = @{ SourceDateEpoch = '2020-01-01Z' } }
        @{ how = 'as a number of seconds'; more = @{ SourceDateEpoch = 1577836800 } }
        @{ how = 'as the text of such a number'; more = @{ SourceDateEpoch = '1577836800' } }
        @{ how = 'in SOURCE_DATE_EPOCH'; more = @{} }
    ) {
        $env:SOURCE_DATE_EPOCH = '1577836800'
        $image = ConvertTo-ContainerImage one mine:1 @more
        $image.CreatedAt | Should -Be ([DateTimeOffset]'2020-01-01Z')
        (ConvertTo-ContainerImage one mine:2 @more).Id | Should -Be $image.Id
    }

    It 'reports <what>' -ForEach @(
        @{ what = 'a port that is none'; more = @{ ExposedPort = '80/xyz' }; id = 'InvalidArgument' }
        @{ what = 'a time that is none'; more = @{}; epoch = 'yesterday'; id = 'InvalidArgument' }
        @{ what = 'a name that is none'; more = @{ Reference = 'No Name' }; id = 'InvalidArgument' }
    ) {
        if ($epoch) { $env:SOURCE_DATE_EPOCH = $epoch }
        ConvertTo-ContainerImage one @more -ErrorVariable problem -ErrorAction SilentlyContinue
        $problem[0].FullyQualifiedErrorId | Should -BeLike "$id,*"
    }

    It 'gives one name to one image only' {
        $null = New-Container busybox -Name another
        try {
            Get-Container one, another | ConvertTo-ContainerImage -Reference mine:1 -ErrorVariable problem -ErrorAction SilentlyContinue
            $problem[0].FullyQualifiedErrorId | Should -Be 'InvalidArgument,ContainerTools.Module.Cmdlets.ConvertToContainerImageCommand'
            Get-ContainerImage mine* | Should -BeNullOrEmpty
        } finally { Remove-Container another }
    }

    It 'makes nothing with -WhatIf' {
        ConvertTo-ContainerImage one mine:1 -WhatIf
        Get-ContainerImage mine* | Should -BeNullOrEmpty
    }
}
