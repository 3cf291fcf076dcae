# The entry point and its configuration.

function New-PesterConfiguration {
    [CmdletBinding()]
    param([System.Collections.IDictionary] $Hashtable = @{})
    $configuration = [pscustomobject]@{
        Run    = [pscustomobject]@{ Path = @('.'); PassThru = $false; Exit = $false; Throw = $false }
        Filter = [pscustomobject]@{ Tag = @(); ExcludeTag = @(); FullName = @() }
        Output = [pscustomobject]@{ Verbosity = 'Normal' }
    }
    foreach ($section in $Hashtable.Keys) {
        foreach ($name in $Hashtable[$section].Keys) { $configuration.$section.$name = $Hashtable[$section][$name] }
    }
    $configuration
}

function Invoke-Pester {
    [CmdletBinding(DefaultParameterSetName = 'Simple')]
    param(
        [Parameter(Position = 0, ParameterSetName = 'Simple')] [string[]] $Path = @('.'),
        [Parameter(ParameterSetName = 'Simple')] [Alias('Tag', 'Tags')] [string[]] $TagFilter = @(),
        [Parameter(ParameterSetName = 'Simple')] [string[]] $ExcludeTagFilter = @(),
        [Parameter(ParameterSetName = 'Simple')] [string[]] $FullNameFilter = @(),
        [Parameter(ParameterSetName = 'Simple')] [ValidateSet('None', 'Normal', 'Detailed', 'Diagnostic')] [string] $Output = 'Normal',
        [Parameter(ParameterSetName = 'Simple')] [switch] $PassThru,
        [Parameter(ParameterSetName = 'Simple')] [switch] $CI,
        [Parameter(Mandatory, ParameterSetName = 'Advanced')] [object] $Configuration
    )

    if ($PSCmdlet.ParameterSetName -eq 'Simple') {
        $Configuration = @{
            Run    = @{ Path = $Path; PassThru = [bool]$PassThru; Exit = [bool]$CI }
            Filter = @{ Tag = $TagFilter; ExcludeTag = $ExcludeTagFilter; FullName = $FullNameFilter }
            Output = @{ Verbosity = $Output }
        }
    }
    if ($Configuration -is [System.Collections.IDictionary]) { $Configuration = New-PesterConfiguration $Configuration }
    $filter = @{
        Tag        = @($Configuration.Filter.Tag)
        ExcludeTag = @($Configuration.Filter.ExcludeTag)
        FullName   = @($Configuration.Filter.FullName)
    }
    $script:Verbosity = if ("$($Configuration.Output.Verbosity)" -eq 'Diagnostic') { 'Detailed' } else { "$($Configuration.Output.Verbosity)" }

    $clock = [System.Diagnostics.Stopwatch]::StartNew()
    $state = $CallerSessionState.GetValue($PSCmdlet.SessionState)
    $roots = @(foreach ($file in Find-SpecFile $Configuration.Run.Path) { Invoke-FileDiscovery $file $state })
    foreach ($root in $roots) {
        if ($null -ne $root.ErrorRecord) { Write-BlockError $root; continue }
        Select-Node $root $filter '' $false $false
        if (-not $root.Selected) { continue }
        $drive = New-TestDrive
        try { Invoke-Block $root } finally { Remove-TestDrive $drive }
    }

    $result = New-RunResult $roots $clock.Elapsed
    if ($Verbosity -ne 'None') {
        Write-Host "Tests Passed: $($result.PassedCount), Failed: $($result.FailedCount), Skipped: $($result.SkippedCount), Inconclusive: $($result.InconclusiveCount), NotRun: $($result.NotRunCount)"
    }
    if ($Configuration.Run.PassThru) { $result }
    $failures = $result.FailedCount + $result.FailedBlocksCount + $result.FailedContainersCount
    if ($Configuration.Run.Exit) { exit $failures }
    if ($Configuration.Run.Throw -and $failures -gt 0) { throw "Pester run failed, because $failures tests failed" }
}

function New-RunResult($Roots, [timespan] $Duration) {
    $tests = [System.Collections.Generic.List[object]]::new()
    $failedBlocks = [System.Collections.Generic.List[object]]::new()
    foreach ($root in $Roots) { Add-Result $root $tests $failedBlocks }
    $failedContainers = @($Roots | Where-Object { $null -ne $_.ErrorRecord })
    $of = @{}
    foreach ($result in 'Passed', 'Failed', 'Skipped', 'Inconclusive', 'NotRun') {
        $of[$result] = @($tests | Where-Object { $_.Result -eq $result })
    }
    $isGood = $of.Failed.Count -eq 0 -and $failedBlocks.Count -eq 0 -and $failedContainers.Count -eq 0
    [pscustomobject]@{
        Result                = if ($isGood) { 'Passed' } else { 'Failed' }
        TotalCount            = $tests.Count
        PassedCount           = $of.Passed.Count
        FailedCount           = $of.Failed.Count
        SkippedCount          = $of.Skipped.Count
        InconclusiveCount     = $of.Inconclusive.Count
        NotRunCount           = $of.NotRun.Count
        FailedBlocksCount     = $failedBlocks.Count
        FailedContainersCount = $failedContainers.Count
        Tests                 = $tests
        Passed                = $of.Passed
        Failed                = $of.Failed
        Skipped               = $of.Skipped
        NotRun                = $of.NotRun
        FailedBlocks          = $failedBlocks
        FailedContainers      = $failedContainers
        Duration              = $Duration
    }
}

function Add-Result($Block, $Tests, $FailedBlocks) {
    foreach ($node in $Block.Children) {
        if ($node.Kind -eq 'Test') { $Tests.Add($node); continue }
        if ($null -ne $node.ErrorRecord) { $FailedBlocks.Add($node) }
        Add-Result $node $Tests $FailedBlocks
    }
}
