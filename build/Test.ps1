# Every test this machine can run, in two lanes, each suite in a process of its own with a guard against hanging. Ends with
# one line that adds them all up.

# Minutes after which a suite counts as hung. Far above what any needs: it is no limit on behaviour.
$SuiteGuard = 30

function Invoke-Test([string] $Filter) {
    Invoke-Package
    $results = "$Artifacts/test-results"
    Remove-Item -LiteralPath $results -Recurse -Force -ErrorAction Ignore
    $null = New-Item -ItemType Directory -Path $results -Force
    $env:CONTAINERTOOLS_PACKAGE = $Package
    $env:CONTAINERTOOLS_CTRUN = "$Package/bin/$(Get-RuntimeIdentifier)/ctrun"

    $suites = @(Get-Suite $results | Where-Object { $_.Name -like $Filter })
    # What works on the real kernel shares cgroups, names and devices with its like: one after another. The rest runs beside it.
    $lanes = @(
        , @($suites | Where-Object { $_.OnKernel })
        , @($suites | Where-Object { -not $_.OnKernel })
    )
    Invoke-Lane $lanes

    $passed = ($suites.Passed | Measure-Object -Sum).Sum
    $failed = ($suites.Failed | Measure-Object -Sum).Sum
    $skipped = ($suites.Skipped | Measure-Object -Sum).Sum
    Write-Report $suites
    Write-Host ''
    Write-Host "$([int]$passed) passed, $([int]$failed) failed, $([int]$skipped) skipped"
    if ($failed -gt 0) { return 1 }
    if ($passed -eq 0) { [Console]::Error.WriteLine('No test ran.'); return 1 }
    0
}

# The test programs (tests/**/*.csproj) and the folders of specs (tests/*/**/*.Tests.ps1).
function Get-Suite([string] $Results) {
    foreach ($project in Get-ChildItem -Path "$Root/tests" -Filter '*.csproj' -File -Recurse | Sort-Object FullName) {
        $assembly = $project.BaseName
        $name = [System.IO.Path]::GetRelativePath($Root, $project.DirectoryName)
        $result = "$Results/$assembly.xml"
        $program = "$Artifacts/bin/$assembly/$($Configuration.ToLowerInvariant())/$assembly"
        New-Suite -Name $name -Kind Program -Result $result -OnKernel ($name -like 'tests/Integration*') `
            -Command @($program, '-noColor', '-noLogo', '-xml', $result)
    }
    foreach ($folder in Get-ChildItem -Path "$Root/tests" -Directory | Sort-Object Name) {
        if ($folder.Name -eq 'Pester.Lite') { continue }
        if (@(Get-ChildItem -LiteralPath $folder.FullName -Filter '*.Tests.ps1' -File -Recurse).Count -eq 0) { continue }
        New-SpecSuite $folder $Results (Get-PowerShellCommand)
        # Ours has to pass with our Pester what the real one passes: whatever PowerShell runs the build, these run on both.
        if ($folder.Name -eq 'Shell' -and -not (Test-OwnShell)) {
            New-SpecSuite $folder $Results @('env', 'CONTAINERTOOLS_PESTER=lite', (Get-OwnShellPath)) 'src/Shell'
        }
    }
}

function New-SpecSuite($Folder, [string] $Results, [string[]] $PowerShell, [string] $On) {
    $name = "tests/$($Folder.Name)" + $(if ($On) { " on $On" })
    $result = "$Results/$($name.Replace('/', '.')).json"
    $command = $PowerShell + @('-NoProfile', '-NonInteractive', '-File', "$Root/build/Invoke-Specs.ps1", '-Path', $Folder.FullName, '-Result', $result)
    New-Suite -Name $name -Kind Specs -Result $result -OnKernel ($Folder.Name -eq 'Module') -Command $command
}

function New-Suite([string] $Name, [string] $Kind, [string] $Result, [bool] $OnKernel, [string[]] $Command) {
    [pscustomobject]@{
        Name = $Name; Kind = $Kind; Result = $Result; OnKernel = $OnKernel; Command = $Command; Log = "$Result.log"
        Process = $null; Clock = $null; Passed = 0; Failed = 0; Skipped = 0
        Failures = [System.Collections.Generic.List[object]]::new(); Skips = [System.Collections.Generic.List[object]]::new()
    }
}

function Invoke-Lane([object[]] $Lanes) {
    $waiting = @(foreach ($lane in $Lanes) { , [System.Collections.Generic.Queue[object]]::new([object[]]@($lane)) })
    $running = [object[]]::new($waiting.Count)
    do {
        $isBusy = $false
        for ($i = 0; $i -lt $waiting.Count; $i++) {
            $suite = $running[$i]
            if ($null -ne $suite -and $suite.Process.HasExited) {
                Complete-Suite $suite
                $running[$i] = $suite = $null
            }
            if ($null -eq $suite -and $waiting[$i].Count -gt 0) {
                $running[$i] = $suite = $waiting[$i].Dequeue()
                Write-Host "  $($suite.Name) …"
                $suite.Clock = [System.Diagnostics.Stopwatch]::StartNew()
                $suite.Process = Start-Guarded $suite.Command $suite.Log $SuiteGuard
            }
            $isBusy = $isBusy -or $null -ne $suite
        }
        if ($isBusy) { Start-Sleep -Milliseconds 50 }
    } while ($isBusy)
}

# Reads what the suite reported. A suite that crashed, hung or left no report is a failure of its own.
function Complete-Suite($Suite) {
    $problem = $null
    try {
        if ($Suite.Kind -eq 'Program') { Read-ProgramResult $Suite } else { Read-SpecResult $Suite }
    }
    catch {
        $problem = "left no report that can be read ($_)"
    }
    $code = $Suite.Process.ExitCode
    if ($code -in 124, 137) { $problem = "was ended after $SuiteGuard minutes" }
    elseif ($null -eq $problem -and $code -ne 0 -and $Suite.Failed -eq 0) { $problem = "ended with exit code $code without a failed test" }
    if ($null -ne $problem) {
        $Suite.Failed++
        $tail = @(Get-Content -LiteralPath $Suite.Log -Tail 40 -ErrorAction Ignore) -join "`n"
        $Suite.Failures.Add([pscustomobject]@{ Name = $Suite.Name; Message = "The suite $problem. Its last words:`n$tail" })
    }
    Write-Host ("  {0}: {1} passed, {2} failed, {3} skipped in {4:0.0} s" -f
        $Suite.Name, $Suite.Passed, $Suite.Failed, $Suite.Skipped, $Suite.Clock.Elapsed.TotalSeconds)
}

# xUnit's own XML, format 2.
function Read-ProgramResult($Suite) {
    $document = [System.Xml.XmlDocument]::new()
    $document.Load($Suite.Result)
    foreach ($test in $document.SelectNodes('//test')) {
        switch ($test.GetAttribute('result')) {
            'Pass' { $Suite.Passed++ }
            'Skip' {
                $Suite.Skipped++
                $Suite.Skips.Add([pscustomobject]@{ Name = $test.GetAttribute('name'); Message = $test.SelectSingleNode('reason').InnerText })
            }
            'NotRun' { }
            default {
                $Suite.Failed++
                $Suite.Failures.Add([pscustomobject]@{ Name = $test.GetAttribute('name'); Message = Get-FailureText $test })
            }
        }
    }
    # Errors outside a test: constructors of fixtures, clean-up.
    foreach ($failure in $document.SelectNodes('//errors/error')) {
        $Suite.Failed++
        $Suite.Failures.Add([pscustomobject]@{ Name = "$($Suite.Name) $($failure.GetAttribute('name'))"; Message = Get-FailureText $failure })
    }
}

function Get-FailureText($Node) {
    $parts = foreach ($path in 'failure/message', 'failure/stack-trace') {
        $part = $Node.SelectSingleNode($path)
        if ($null -ne $part) { $part.InnerText.TrimEnd() }
    }
    $parts -join "`n"
}

function Read-SpecResult($Suite) {
    $report = Get-Content -LiteralPath $Suite.Result -Raw | ConvertFrom-Json
    $Suite.Passed = $report.Passed
    $Suite.Failed = $report.Failed
    $Suite.Skipped = $report.Skipped
    foreach ($failure in @($report.Failures)) { $Suite.Failures.Add($failure) }
    foreach ($skip in @($report.Skips)) { $Suite.Skips.Add($skip) }
}

# The reasons of what was skipped, each once with how often, then every failure.
function Write-Report($Suites) {
    $skips = @($Suites | ForEach-Object { $_.Skips })
    if ($skips.Count -gt 0) {
        Write-Host "`nSkipped:"
        foreach ($group in $skips | Group-Object Message | Sort-Object Count -Descending) {
            Write-Host "  $($group.Count) × $(if ($group.Name) { $group.Name } else { 'no reason given' })"
            foreach ($skip in $group.Group | Select-Object -First 5) { Write-Host "      $($skip.Name)" }
            if ($group.Count -gt 5) { Write-Host "      … and $($group.Count - 5) more" }
        }
    }
    $failures = @($Suites | ForEach-Object { $_.Failures })
    if ($failures.Count -gt 0) {
        Write-Host "`nFailed:"
        foreach ($failure in $failures) {
            Write-Host "  $($failure.Name)"
            Write-Host ("$($failure.Message)" -replace '(?m)^', '      ')
        }
    }
}
