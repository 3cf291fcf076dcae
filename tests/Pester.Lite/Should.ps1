# Should: one parameter set for each operator, one entry in the table for what it means.

# Each test gets the actual value, the bound parameters and whether it is negated; it returns nothing when the assertion
# holds, else what was wrong. List operators see the whole pipeline input at once, as in Pester 5; the others see it item by item.
$script:Operators = @{
    Be                 = @{ List = $true; Test = { param($actual, $with, $not) Test-Equality $actual $with $not $false } }
    BeExactly          = @{ List = $true; Test = { param($actual, $with, $not) Test-Equality $actual $with $not $true } }
    BeNullOrEmpty      = @{ List = $true; Test = {
            param($actual, $with, $not)
            $isEmpty = switch (@($actual).Count) {
                0 { $true }
                1 { if (@($actual)[0] -is [hashtable]) { @($actual)[0].Count -eq 0 } else { [string]::IsNullOrEmpty(@($actual)[0]) } }
                default { $false }
            }
            if ($isEmpty -eq $not) { if ($not) { 'a value', 'got $null or empty' } else { '$null or empty', "got $(Format-Actual $actual)" } }
        }
    }
    Contain            = @{ List = $true; Test = {
            param($actual, $with, $not)
            if ((@($actual) -contains $with.ExpectedValue) -eq $not) {
                "$(Format-Value $with.ExpectedValue) $(if ($not) { 'not ' })to be in the collection", "it is $(Format-Value @($actual))"
            }
        }
    }
    HaveCount          = @{ List = $true; Test = {
            param($actual, $with, $not)
            $count = if ($null -eq $actual) { 0 } else { $actual.Count }
            if (($count -eq [int]$with.ExpectedValue) -eq $not) {
                "a collection with $(if ($not) { 'a size other than ' })$($with.ExpectedValue) item(s)", "it has $count`: $(Format-Value @($actual))"
            }
        }
    }
    BeTrue             = @{ Test = { param($actual, $with, $not) if ([bool]$actual -eq $not) { $(if ($not) { '$false' } else { '$true' }), "got $(Format-Value $actual)" } } }
    BeFalse            = @{ Test = { param($actual, $with, $not) if ((-not $actual) -eq $not) { $(if ($not) { '$true' } else { '$false' }), "got $(Format-Value $actual)" } } }
    BeGreaterThan      = @{ Test = { param($actual, $with, $not) Test-Order ($actual -gt $with.ExpectedValue) 'greater than' $actual $with $not } }
    BeGreaterOrEqual   = @{ Test = { param($actual, $with, $not) Test-Order ($actual -ge $with.ExpectedValue) 'greater than or equal to' $actual $with $not } }
    BeLessThan         = @{ Test = { param($actual, $with, $not) Test-Order ($actual -lt $with.ExpectedValue) 'less than' $actual $with $not } }
    BeLessOrEqual      = @{ Test = { param($actual, $with, $not) Test-Order ($actual -le $with.ExpectedValue) 'less than or equal to' $actual $with $not } }
    BeLike             = @{ Test = { param($actual, $with, $not) Test-Order ($actual -like $with.ExpectedValue) 'like' $actual $with $not } }
    BeLikeExactly      = @{ Test = { param($actual, $with, $not) Test-Order ($actual -clike $with.ExpectedValue) 'exactly like' $actual $with $not } }
    Match              = @{ Test = { param($actual, $with, $not) Test-Order ($actual -match $with.ExpectedValue) 'matching' $actual $with $not } }
    MatchExactly       = @{ Test = { param($actual, $with, $not) Test-Order ($actual -cmatch $with.ExpectedValue) 'exactly matching' $actual $with $not } }
    BeIn               = @{ Test = { param($actual, $with, $not) Test-Order ($with.ExpectedValue -contains $actual) 'in' $actual $with $not } }
    Exist              = @{ Test = {
            param($actual, $with, $not)
            if ((Test-Path -Path $actual) -eq $not) { "path $(Format-Value $actual) $(if ($not) { 'not ' })to exist", "it does$(if (-not $not) { ' not' })" }
        }
    }
    BeOfType           = @{ Test = {
            param($actual, $with, $not)
            $type = if ($with.ExpectedValue -is [type]) { $with.ExpectedValue } else { ("$($with.ExpectedValue)" -replace '^\[(.*)\]$', '$1') -as [type] }
            if ($null -eq $type) { throw [System.ArgumentException]::new("Could not find type [$($with.ExpectedValue)]. Make sure that the assembly that contains it is loaded.") }
            if (($actual -is $type) -eq $not) {
                "a value $(if ($not) { 'not ' })of type [$type]", "got $(Format-Value $actual)$(if ($null -ne $actual) { " of type [$($actual.GetType())]" })"
            }
        }
    }
    Throw              = @{ Test = { param($actual, $with, $not) Test-Throw $actual $with $not } }
}

function Format-Actual($Actual) {
    if (@($Actual).Count -eq 1) { Format-Value @($Actual)[0] } else { Format-Value $Actual }
}

function Test-Equality($Actual, $With, [bool] $Not, [bool] $CaseSensitive) {
    if ((Test-ListEqual @($Actual) @($With.ExpectedValue) $CaseSensitive) -ne $Not) { return }
    $difference = ''
    if (-not $Not -and @($Actual).Count -eq 1 -and @($Actual)[0] -is [string] -and $With.ExpectedValue -is [string]) {
        $difference = Format-Difference @($Actual)[0] $With.ExpectedValue $CaseSensitive
    }
    "$(if ($Not) { 'a value other than ' })$(Format-Value $With.ExpectedValue)", "got $(Format-Actual $Actual).$difference".TrimEnd('.')
}

function Test-Order([bool] $Holds, [string] $Relation, $Actual, $With, [bool] $Not) {
    if ($Holds -eq $Not) { "a value $(if ($Not) { 'not ' })$Relation $(Format-Value $With.ExpectedValue)", "got $(Format-Value $Actual)" }
}

# The error that the block throws is matched by message and id, both with wildcards, and by type.
function Test-Throw($Actual, $With, [bool] $Not) {
    if ($Actual -isnot [scriptblock]) {
        throw [System.ArgumentException]::new("Input is missing or not a ScriptBlock. Input to '-Throw' and '-Not -Throw' must be enclosed in curly braces.")
    }
    $thrown = $null
    try { do { $null = & $Actual } until ($true) } catch { $thrown = $_ }
    if ($Not) {
        if ($null -ne $thrown) { 'no exception to be thrown', "'$($thrown.Exception.Message)' was" }
        return
    }
    $wanted = [System.Collections.Generic.List[string]]::new()
    $misses = [System.Collections.Generic.List[string]]::new()
    if ($With.ContainsKey('ExceptionType')) {
        $wanted.Add("of type [$($With.ExceptionType)]")
        if ($null -ne $thrown -and $thrown.Exception -isnot $With.ExceptionType) { $misses.Add("its type is [$($thrown.Exception.GetType())]") }
    }
    if ("$($With['ExpectedMessage'])".Trim()) {
        $wanted.Add("with a message like '$($With.ExpectedMessage)'")
        if ($null -ne $thrown -and $thrown.Exception.Message -notlike $With.ExpectedMessage) { $misses.Add("its message is '$($thrown.Exception.Message)'") }
    }
    if ("$($With['ErrorId'])".Trim()) {
        $wanted.Add("with the id '$($With.ErrorId)'")
        if ($null -ne $thrown -and $thrown.FullyQualifiedErrorId -notlike $With.ErrorId) { $misses.Add("its id is '$($thrown.FullyQualifiedErrorId)'") }
    }
    if ($null -eq $thrown) { $misses.Add('none was thrown') }
    if ($misses.Count) { return ("an exception $($wanted -join ', ')".TrimEnd() + ' to be thrown'), ($misses -join ', ') }
    if ($With['PassThru']) { $With['Thrown'] = $thrown }
}

function Should {
    [CmdletBinding()]
    param(
        [Parameter(ValueFromPipeline)] [object] $ActualValue,
        [switch] $Not,
        [string] $Because,
        [Parameter(Mandatory, ParameterSetName = 'Be')] [Alias('EQ')] [switch] $Be,
        [Parameter(Mandatory, ParameterSetName = 'BeExactly')] [Alias('CEQ')] [switch] $BeExactly,
        [Parameter(Mandatory, ParameterSetName = 'BeNullOrEmpty')] [switch] $BeNullOrEmpty,
        [Parameter(Mandatory, ParameterSetName = 'BeTrue')] [switch] $BeTrue,
        [Parameter(Mandatory, ParameterSetName = 'BeFalse')] [switch] $BeFalse,
        [Parameter(Mandatory, ParameterSetName = 'BeGreaterThan')] [Alias('GT')] [switch] $BeGreaterThan,
        [Parameter(Mandatory, ParameterSetName = 'BeGreaterOrEqual')] [Alias('GE')] [switch] $BeGreaterOrEqual,
        [Parameter(Mandatory, ParameterSetName = 'BeLessThan')] [Alias('LT')] [switch] $BeLessThan,
        [Parameter(Mandatory, ParameterSetName = 'BeLessOrEqual')] [Alias('LE')] [switch] $BeLessOrEqual,
        [Parameter(Mandatory, ParameterSetName = 'BeLike')] [switch] $BeLike,
        [Parameter(Mandatory, ParameterSetName = 'BeLikeExactly')] [switch] $BeLikeExactly,
        [Parameter(Mandatory, ParameterSetName = 'Match')] [switch] $Match,
        [Parameter(Mandatory, ParameterSetName = 'MatchExactly')] [Alias('CMATCH')] [switch] $MatchExactly,
        [Parameter(Mandatory, ParameterSetName = 'BeIn')] [switch] $BeIn,
        [Parameter(Mandatory, ParameterSetName = 'Contain')] [switch] $Contain,
        [Parameter(Mandatory, ParameterSetName = 'HaveCount')] [switch] $HaveCount,
        [Parameter(Mandatory, ParameterSetName = 'Exist')] [switch] $Exist,
        [Parameter(Mandatory, ParameterSetName = 'BeOfType')] [Alias('HaveType')] [switch] $BeOfType,
        [Parameter(Mandatory, ParameterSetName = 'Throw')] [switch] $Throw,

        [Parameter(Position = 0, ParameterSetName = 'Be')]
        [Parameter(Position = 0, ParameterSetName = 'BeExactly')]
        [Parameter(Position = 0, ParameterSetName = 'BeGreaterThan')]
        [Parameter(Position = 0, ParameterSetName = 'BeGreaterOrEqual')]
        [Parameter(Position = 0, ParameterSetName = 'BeLessThan')]
        [Parameter(Position = 0, ParameterSetName = 'BeLessOrEqual')]
        [Parameter(Position = 0, ParameterSetName = 'BeLike')]
        [Parameter(Position = 0, ParameterSetName = 'BeLikeExactly')]
        [Parameter(Position = 0, ParameterSetName = 'Match')]
        [Parameter(Position = 0, ParameterSetName = 'MatchExactly')]
        [Parameter(Position = 0, ParameterSetName = 'BeIn')]
        [Parameter(Position = 0, ParameterSetName = 'Contain')]
        [Parameter(Position = 0, ParameterSetName = 'BeOfType')]
        [Parameter(Position = 0, ParameterSetName = 'HaveCount')]
        [Alias('RegularExpression', 'ExpectedType')] [object] $ExpectedValue,
        [Parameter(Position = 0, ParameterSetName = 'Throw')] [string] $ExpectedMessage,
        [Parameter(Position = 1, ParameterSetName = 'Throw')] [string] $ErrorId,
        [Parameter(Position = 2, ParameterSetName = 'Throw')] [type] $ExceptionType,
        [Parameter(ParameterSetName = 'Throw')] [switch] $PassThru
    )

    begin { $values = [System.Collections.Generic.List[psobject]]::new() }

    process { $values.Add($ActualValue) }

    end {
        $operator = $Operators[$PSCmdlet.ParameterSetName]
        $with = @{}
        foreach ($key in $PSBoundParameters.Keys) { $with[$key] = $PSBoundParameters[$key] }
        $with['ExpectedValue'] = $ExpectedValue
        $inputs = [System.Collections.Generic.List[object]]::new()
        if ($values.Count -eq 0) { $inputs.Add($null) } elseif ($operator['List']) { $inputs.Add($values.ToArray()) } else { $inputs.AddRange($values) }
        foreach ($value in $inputs) {
            $problem = @(& $operator.Test $value $with $Not.IsPresent)
            if ($problem.Count -eq 0) { continue }
            $reason = if ("$Because".Trim()) { ", because $($Because.Trim() -replace '^because\s+')," } else { ',' }
            $where = "$([System.IO.Path]::GetFileName($MyInvocation.ScriptName)):$($MyInvocation.ScriptLineNumber)"
            $message = "Expected $($problem[0])$reason but $($problem[1]). ($where`: $($MyInvocation.Line.Trim()))"
            throw [System.Management.Automation.ErrorRecord]::new(
                [System.Exception]::new($message), 'PesterAssertionFailed', 'InvalidResult', $null)
        }
        if ($with.ContainsKey('Thrown')) { $with['Thrown'] }
    }
}
