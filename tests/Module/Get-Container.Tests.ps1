BeforeAll {
    Import-Module "$PSScriptRoot/TestSupport.psm1" -Force
    Start-TestEngine
}

AfterAll { Stop-TestEngine }

Describe 'Get-Container' {
    BeforeEach {
        Skip-WithoutTestHost
        $null = New-TestContainer web1
        $null = Start-TestContainer web2
        $null = New-TestContainer db
    }
    AfterEach { Clear-TestContainer }

    It 'gets all containers, the oldest first, one object each' {
        $all = Get-Container
        $all.Name | Should -Be 'web1', 'web2', 'db'
        $all | ForEach-Object { $_ | Should -BeOfType ([ContainerTools.Container]) }
    }

    It 'gets by <what>' -ForEach @(
        @{ what = 'name'; get = { Get-Container web1 }; expected = 'web1' }
        @{ what = 'several names'; get = { Get-Container db, web1 }; expected = 'db', 'web1' }
        @{ what = 'pattern'; get = { Get-Container WEB* }; expected = 'web1', 'web2' }
        @{ what = 'id'; get = { Get-Container -Id (Get-Container db).Id }; expected = 'db' }
        @{ what = 'id prefix'; get = { Get-Container -Id (Get-Container db).ShortId }; expected = 'db' }
        @{ what = 'name from the pipeline'; get = { 'db' | Get-Container }; expected = 'db' }
        @{ what = 'object'; get = { Get-Container db | Get-Container }; expected = 'db' }
        @{ what = 'state'; get = { Get-Container -State Running }; expected = 'web2' }
        @{ what = 'states'; get = { Get-Container -State Running, Created }; expected = 'web1', 'web2', 'db' }
        @{ what = 'label'; get = { Get-Container -Label spec=db }; expected = 'db' }
        @{ what = 'label of any value'; get = { Get-Container -Label spec }; expected = 'web1', 'web2', 'db' }
        @{ what = 'label in a table'; get = { Get-Container -Label @{ spec = 'web1' } }; expected = 'web1' }
        @{ what = 'image'; get = { Get-Container -Image busybox:latest }; expected = 'web1', 'web2', 'db' }
        @{ what = 'pattern of the image'; get = { Get-Container -Image busy* -State Running }; expected = 'web2' }
        @{ what = 'pattern and state'; get = { Get-Container web* -State Created }; expected = 'web1' }
        @{ what = 'name and state'; get = { Get-Container web2 -State Running }; expected = 'web2' }
        @{ what = 'a name twice'; get = { Get-Container db, db, d* }; expected = 'db' }
    ) {
        (& $get).Name | Should -Be $expected
    }

    It 'gets nothing, without an error, by <what>' -ForEach @(
        @{ what = 'a pattern that fits nothing'; get = { Get-Container nobody* -ErrorAction Stop } }
        @{ what = 'a state that none is in'; get = { Get-Container -State Paused -ErrorAction Stop } }
        @{ what = 'a name in another state'; get = { Get-Container db -State Running -ErrorAction Stop } }
        @{ what = 'a label with another value'; get = { Get-Container -Label spec=other -ErrorAction Stop } }
    ) {
        & $get | Should -BeNullOrEmpty
    }

    It 'reports each name that does not exist and gets the others' {
        $found = Get-Container nobody, db, noone -ErrorVariable problem -ErrorAction SilentlyContinue
        $found.Name | Should -Be 'db'
        $problem.FullyQualifiedErrorId | Should -Be @(, 'ContainerNotFound,ContainerTools.Module.Cmdlets.GetContainerCommand' * 2)
        $problem.TargetObject | Should -Be 'nobody', 'noone'
    }

    It 'says everything about a container that runs' {
        $container = Get-Container web2
        $container.Id | Should -Match '^[0-9a-f]{64}$'
        $container.Image | Should -Be 'busybox'
        $container.ImageId | Should -Be (Get-ContainerImage busybox).Id
        $container.State | Should -Be 'Running'
        $container.Command | Should -Be 'sleep', '1000000'
        $container.Labels['spec'] | Should -Be 'web2'
        $container.CreatedAt | Should -BeOfType ([datetimeoffset])
        $container.ExitCode | Should -BeNullOrEmpty
        $container.Configuration.StopSignal | Should -Be 'SIGKILL'
    }

    It 'asks the kernel as well with -Detailed' {
        $container = Get-Container web2 -Detailed
        $container | Should -BeOfType ([ContainerTools.Container])
        $container.Limit | Should -BeOfType ([ContainerTools.ContainerLimit])
        $container.Processes.ProcessId | Should -Be $container.ProcessId
        (Get-Container db -Detailed).PSObject.Properties['Processes'] | Should -BeNullOrEmpty
    }
}
