# How values are compared and shown.

function Test-IsList($Value) {
    $Value -is [System.Collections.IList] -or $Value -is [array]
}

function Test-ListEmpty([object[]] $List) {
    $null -eq $List -or $List.Count -eq 0 -or ($List.Count -eq 1 -and ($null -eq $List[0] -or
            ((Test-IsList $List[0]) -and $List[0].Count -eq 0)))
}

# Element by element, each expected one on the left of -eq or -ceq, which so decides about conversions.
function Test-ListEqual([object[]] $Actual, [object[]] $Expected, [bool] $CaseSensitive) {
    $isActualEmpty = Test-ListEmpty $Actual
    $isExpectedEmpty = Test-ListEmpty $Expected
    if ($isActualEmpty -or $isExpectedEmpty) { return $isActualEmpty -and $isExpectedEmpty }
    if ($Actual.Count -ne $Expected.Count) { return $false }
    for ($i = 0; $i -lt $Actual.Count; $i++) {
        if ((Test-IsList $Actual[$i]) -or (Test-IsList $Expected[$i])) {
            if (-not (Test-ListEqual @($Actual[$i]) @($Expected[$i]) $CaseSensitive)) { return $false }
        }
        elseif ($CaseSensitive) {
            if (-not ($Expected[$i] -ceq $Actual[$i])) { return $false }
        }
        elseif (-not ($Expected[$i] -eq $Actual[$i])) { return $false }
    }
    $true
}

function Format-Value($Value) {
    if ($null -eq $Value) { return '$null' }
    if ($Value -is [bool]) { return "`$$($Value.ToString().ToLowerInvariant())" }
    if ($Value -is [string]) { return "'$Value'" }
    if ($Value -is [type]) { return "[$Value]" }
    if ($Value -is [scriptblock]) { return "{$Value}" }
    if (Test-IsList $Value) { return '@(' + (@(foreach ($item in $Value) { Format-Value $item }) -join ', ') + ')' }
    if ($Value -is [System.Collections.IDictionary]) {
        return '@{' + (@(foreach ($key in $Value.Keys) { "$key=$(Format-Value $Value[$key])" }) -join '; ') + '}'
    }
    "$Value"
}

# Where two strings part, shown with the neighbourhood.
function Format-Difference([string] $Actual, [string] $Expected, [bool] $CaseSensitive) {
    $length = [math]::Min($Actual.Length, $Expected.Length)
    $index = 0
    while ($index -lt $length -and ($Actual[$index] -ceq $Expected[$index] -or (-not $CaseSensitive -and $Actual[$index] -eq $Expected[$index]))) {
        $index++
    }
    if ($length -lt 40) { return '' }
    $from = [math]::Max(0, $index - 20)
    $a = $Actual.Substring($from, [math]::Min(60, $Actual.Length - $from)) -replace '\r', '\r' -replace '\n', '\n'
    $e = $Expected.Substring($from, [math]::Min(60, $Expected.Length - $from)) -replace '\r', '\r' -replace '\n', '\n'
    " They differ at index $index, expected '…$e…', got '…$a…'."
}
