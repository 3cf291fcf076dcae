BeforeAll {
    Import-Module "$PSScriptRoot/TestSupport.psm1" -Force
    Start-TestEngine
}

AfterAll { Stop-TestEngine }

Describe 'Test-ContainerHost' {
    BeforeEach { Skip-WithoutTestHost }

    It 'emits an object for each thing it looked at' {
        $all = Test-ContainerHost
        $all | ForEach-Object {
            $_ | Should -BeOfType ([ContainerTools.HostCapability])
            $_.Reason | Should -Not -BeNullOrEmpty
            if ($_.Status -eq 'Missing') { $_.Remedy | Should -Not -BeNullOrEmpty -Because "'$($_.Name)' is missing" }
        }
        $all.Category | Select-Object -Unique | Should -Contain 'Namespace'
    }

    It 'emits one category after another' {
        $categories = (Test-ContainerHost).Category
        $changes = 1
        for ($i = 1; $i -lt $categories.Count; $i++) { if ($categories[$i] -ne $categories[$i - 1]) { $changes++ } }
        $changes | Should -Be @($categories | Select-Object -Unique).Count
    }

    It 'agrees with the kernel about <name>' -ForEach @(
        @{ name = 'overlay'; there = { (Get-Content /proc/filesystems) -match '\boverlay$' } }
        @{ name = 'user'; there = { Test-Path /proc/self/ns/user } }
        @{ name = 'ctrun'; there = { $true } }
    ) {
        $capability = Test-ContainerHost $name
        ($capability.Status -ne 'Missing') | Should -Be ([bool](& $there))
    }

    It 'keeps what was asked for' {
        (Test-ContainerHost -Category Namespace, Tool).Category | Select-Object -Unique | Should -Be 'Namespace', 'Tool'
        (Test-ContainerHost n*).Name | ForEach-Object { $_ | Should -BeLike 'n*' }
    }

    It 'answers with true or false with -Quiet' {
        Test-ContainerHost -Quiet | Should -BeOfType ([bool])
        Test-ContainerHost -Quiet | Should -BeTrue
    }
}
