# Phase two: set-ups, tests and tear-downs.

function Invoke-Block($Block) {
    if (-not $Block.Selected) { return }
    if (-not $Block.Runs) { Set-ResultBelow $Block 'Skipped'; return }
    Write-BlockName $Block
    $drive = Get-TestDriveEntry $TestDrive
    try {
        $null = Invoke-InNewScope $Block.State $Block {
            try {
                foreach ($setup in $Block.BeforeAll) { Invoke-UserBlock $setup $Block.Item }
                foreach ($node in $Block.Children) {
                    if ($node.Kind -eq 'Block') { Invoke-Block $node } else { Invoke-Test $node }
                }
            }
            catch {
                # A set-up that fails fails every test that counted on it.
                $Block.ErrorRecord = $_
                Set-ResultBelow $Block 'Failed' $_
            }
            finally {
                foreach ($teardown in $Block.AfterAll) { Invoke-UserBlock $teardown $Block.Item }
            }
        }
    }
    catch {
        $Block.ErrorRecord = $_
        Write-BlockError $Block
    }
    Restore-TestDrive $TestDrive $drive
}

function Set-ResultBelow($Block, [string] $Result, $ErrorRecord) {
    foreach ($node in $Block.Children) {
        if (-not $node.Selected) { continue }
        if ($node.Kind -eq 'Block') { Set-ResultBelow $node $Result $ErrorRecord; continue }
        if ($node.Result -ne 'NotRun') { continue }
        $node.Result = if ($node.Skip) { 'Skipped' } else { $Result }
        if ($null -ne $ErrorRecord -and $node.Result -eq 'Failed') { $node.ErrorRecord.Add($ErrorRecord) }
        Write-TestResult $node
    }
}

function Invoke-Test($Test) {
    if (-not $Test.Selected) { return }
    if ($Test.Skip) {
        $Test.Result = 'Skipped'
        Write-TestResult $Test
        return
    }

    $blocks = [System.Collections.Generic.List[object]]::new()
    for ($block = $Test.Parent; $null -ne $block; $block = $block.Parent) { $blocks.Insert(0, $block) }
    $state = $BlockSessionState.GetValue($Test.Body)
    $clock = [System.Diagnostics.Stopwatch]::StartNew()
    $script:CurrentTest = $Test
    try {
        $null = Invoke-InNewScope $state $Test {
            try {
                foreach ($block in $blocks) { foreach ($setup in $block.BeforeEach) { Invoke-UserBlock $setup } }
                Invoke-UserBlock $Test.Body $Test.Item
            }
            catch {
                $Test.ErrorRecord.Add($_)
            }
            finally {
                # Tear-downs run from the inside out, after a failure as well.
                for ($i = $blocks.Count - 1; $i -ge 0; $i--) {
                    foreach ($teardown in $blocks[$i].AfterEach) { Invoke-UserBlock $teardown }
                }
            }
        }
    }
    catch {
        $Test.ErrorRecord.Add($_)
    }
    finally {
        $script:CurrentTest = $null
    }

    $Test.Duration = $clock.Elapsed
    $Test.Result = if ($Test.ErrorRecord.Count -eq 0) { 'Passed' }
    else {
        switch ($Test.ErrorRecord[0].FullyQualifiedErrorId) {
            'PesterTestSkipped' { 'Skipped' }
            'PesterTestInconclusive' { 'Inconclusive' }
            default { 'Failed' }
        }
    }
    Write-TestResult $Test
}
