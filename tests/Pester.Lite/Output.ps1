# What the run shows. None: nothing; Normal: failures and skips; Detailed: every block and test.

$script:Verbosity = 'Normal'

function Write-BlockName($Block) {
    if ($Verbosity -ne 'Detailed') { return }
    $depth = 0
    for ($parent = $Block.Parent; $null -ne $parent; $parent = $parent.Parent) { $depth++ }
    if ($depth -eq 0) { Write-Host "`nRunning $($Block.Name)" }
    else { Write-Host ('  ' * ($depth - 1) + $Block.ExpandedName) -ForegroundColor Cyan }
}

function Write-BlockError($Block) {
    if ($Verbosity -eq 'None') { return }
    Write-Host "[-] $(if ($Block.ExpandedPath) { $Block.ExpandedPath } else { $Block.Name }) failed outside a test" -ForegroundColor Red
    Write-Host (Format-Failure $Block.ErrorRecord) -ForegroundColor Red
}

function Write-TestResult($Test) {
    $duration = "$([int]$Test.Duration.TotalMilliseconds)ms"
    if ($Verbosity -eq 'None') { return }
    $name = $Test.ExpandedPath
    switch ($Test.Result) {
        'Passed' { if ($Verbosity -eq 'Detailed') { Write-Host "  [+] $name $duration" -ForegroundColor Green } }
        'Failed' {
            Write-Host "  [-] $name $duration" -ForegroundColor Red
            foreach ($record in $Test.ErrorRecord) { Write-Host (Format-Failure $record) -ForegroundColor Red }
        }
        default {
            $reason = if ($Test.ErrorRecord.Count) { " $($Test.ErrorRecord[0])" }
            Write-Host "  [!] $name$reason" -ForegroundColor Yellow
        }
    }
}

function Format-Failure($ErrorRecord) {
    $where = @("$($ErrorRecord.ScriptStackTrace)" -split '\r?\n' -notmatch 'Pester\.Lite|<No file>' | Select-Object -First 4)
    ("$ErrorRecord", ($where -join "`n") -join "`n") -replace '(?m)^', '      '
}
