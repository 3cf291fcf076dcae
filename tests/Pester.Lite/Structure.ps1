# The keywords of a spec. During discovery they add to the tree; none of them runs a test.

$script:CurrentBlock = $null
$script:CurrentTest = $null

function New-Block {
    param([string] $Name, [string[]] $Tag, [bool] $Skip, [bool] $HasItem, $Item, $Parent, [scriptblock] $Body)
    [pscustomobject]@{
        Kind = 'Block'; Name = $Name; Tag = @($Tag); Skip = $Skip; HasItem = $HasItem; Item = $Item; Parent = $Parent; Body = $Body
        Children = [System.Collections.Generic.List[object]]::new()
        BeforeAll = [System.Collections.Generic.List[scriptblock]]::new()
        BeforeEach = [System.Collections.Generic.List[scriptblock]]::new()
        AfterEach = [System.Collections.Generic.List[scriptblock]]::new()
        AfterAll = [System.Collections.Generic.List[scriptblock]]::new()
        ExpandedName = $Name; ExpandedPath = ''; ErrorRecord = $null; Selected = $false; Runs = $false; State = $null
    }
}

function New-Test {
    param([string] $Name, [string[]] $Tag, [bool] $Skip, [bool] $HasItem, $Item, $Parent, [scriptblock] $Body)
    [pscustomobject]@{
        Kind = 'Test'; Name = $Name; Tag = @($Tag); Skip = $Skip; HasItem = $HasItem; Item = $Item; Parent = $Parent; Body = $Body
        ExpandedName = $Name; ExpandedPath = ''; Result = 'NotRun'; Selected = $false
        ErrorRecord = [System.Collections.Generic.List[object]]::new(); Duration = [timespan]::Zero
    }
}

function Get-CurrentBlock([string] $Keyword) {
    if ($null -eq $CurrentBlock) { throw "$Keyword can only be used in a spec that Invoke-Pester runs." }
    $CurrentBlock
}

function Add-Block {
    param($Name, $Fixture, $Tag, $Skip, $Bound)
    $parent = Get-CurrentBlock 'Describe'
    $hasItem = $Bound.ContainsKey('ForEach')
    $items = @($(if ($hasItem) { $Bound['ForEach'] } else { 'once' }))
    foreach ($item in $items) {
        $block = New-Block -Name $Name -Tag $Tag -Skip $Skip -HasItem $hasItem -Item $(if ($hasItem) { $item }) -Parent $parent -Body $Fixture
        $parent.Children.Add($block)
        Invoke-BlockDiscovery $block
    }
}

function Describe {
    [CmdletBinding()]
    param(
        [Parameter(Mandatory, Position = 0)] [string] $Name,
        [Parameter(Mandatory, Position = 1)] [scriptblock] $Fixture,
        [string[]] $Tag = @(),
        [switch] $Skip,
        [object] $ForEach
    )
    Add-Block -Name $Name -Fixture $Fixture -Tag $Tag -Skip $Skip -Bound $PSBoundParameters
}

function Context {
    [CmdletBinding()]
    param(
        [Parameter(Mandatory, Position = 0)] [string] $Name,
        [Parameter(Mandatory, Position = 1)] [scriptblock] $Fixture,
        [string[]] $Tag = @(),
        [switch] $Skip,
        [object] $ForEach
    )
    Add-Block -Name $Name -Fixture $Fixture -Tag $Tag -Skip $Skip -Bound $PSBoundParameters
}

function It {
    [CmdletBinding()]
    param(
        [Parameter(Mandatory, Position = 0)] [string] $Name,
        [Parameter(Mandatory, Position = 1)] [scriptblock] $Test,
        [Alias('TestCases')] [object[]] $ForEach,
        [string[]] $Tag = @(),
        [switch] $Skip
    )
    $parent = Get-CurrentBlock 'It'
    $hasItem = $PSBoundParameters.ContainsKey('ForEach')
    $items = @($(if ($hasItem) { $ForEach } else { 'once' }))
    foreach ($item in $items) {
        $node = New-Test -Name $Name -Tag $Tag -Skip $Skip -HasItem $hasItem -Item $(if ($hasItem) { $item }) -Parent $parent -Body $Test
        $parent.Children.Add($node)
    }
}

# Runs at once, in the scope of the spec, so that what it sets can be used by -ForEach, -Skip and names.
function BeforeDiscovery {
    [CmdletBinding()]
    param([Parameter(Mandatory, Position = 0)] [scriptblock] $ScriptBlock)
    $null = Get-CurrentBlock 'BeforeDiscovery'
    . $ScriptBlock
}

function BeforeAll([Parameter(Mandatory)] [scriptblock] $Scriptblock) { (Get-CurrentBlock 'BeforeAll').BeforeAll.Add($Scriptblock) }

function BeforeEach([Parameter(Mandatory)] [scriptblock] $Scriptblock) { (Get-CurrentBlock 'BeforeEach').BeforeEach.Add($Scriptblock) }

function AfterEach([Parameter(Mandatory)] [scriptblock] $Scriptblock) { (Get-CurrentBlock 'AfterEach').AfterEach.Add($Scriptblock) }

function AfterAll([Parameter(Mandatory)] [scriptblock] $Scriptblock) { (Get-CurrentBlock 'AfterAll').AfterAll.Add($Scriptblock) }

# Ends the running test with another result than passed or failed.
function Set-ItResult {
    [CmdletBinding()]
    param(
        [Parameter(Mandatory, ParameterSetName = 'Inconclusive')] [switch] $Inconclusive,
        [Parameter(Mandatory, ParameterSetName = 'Skipped')] [switch] $Skipped,
        [string] $Because
    )
    if ($null -eq $CurrentTest) { throw 'Set-ItResult can only be used in a running test.' }
    $result = $PSCmdlet.ParameterSetName
    $message = "is $($result.ToLowerInvariant())" + $(if ($Because) { ", because $($Because -replace '^because\s+')" })
    throw [System.Management.Automation.ErrorRecord]::new([System.Exception]::new($message), "PesterTest$result", 'InvalidResult', $null)
}
