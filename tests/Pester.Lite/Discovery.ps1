# Phase one: run the spec files and the bodies of Describe and Context, and choose what the filters let through.

function Find-SpecFile([string[]] $Path) {
    foreach ($entry in $Path) {
        foreach ($item in Get-Item -Path $entry -Force) {
            if ($item.PSIsContainer) {
                (Get-ChildItem -LiteralPath $item.FullName -Filter '*.Tests.ps1' -File -Recurse).FullName | Sort-Object
            }
            else {
                $item.FullName
            }
        }
    }
}

function Invoke-FileDiscovery([string] $File, $State) {
    $root = New-Block -Name $File
    $root.State = $State
    $script:CurrentBlock = $root
    try {
        $null = & (New-BoundBlock { & $args[0] } $State) $File
    }
    catch {
        $root.ErrorRecord = $_
    }
    finally {
        $script:CurrentBlock = $null
    }
    $root
}

# The body of a block runs in a scope of its own that sees the item.
function Invoke-BlockDiscovery($Block) {
    $Block.State = $BlockSessionState.GetValue($Block.Body)
    $previous = $CurrentBlock
    $script:CurrentBlock = $Block
    try {
        $null = Invoke-InNewScope $Block.State $Block {
            Invoke-UserBlock $Block.Body $Block.Item
        }
    }
    finally {
        $script:CurrentBlock = $previous
    }
}

# <name> and <name.property> in a name stand for the data of the item or of one further out, <_> for the item itself.
function Expand-Name($Node) {
    if ($Node.Name.IndexOf([char]'<') -lt 0) { return $Node.Name }
    [regex]::Replace($Node.Name, '(?<!`)<([A-Za-z_][\w.]*)>', {
            param($match)
            $first, $rest = $match.Groups[1].Value.Split('.')
            for ($owner = $Node; $null -ne $owner; $owner = $owner.Parent) {
                if (-not $owner.HasItem) { continue }
                if ($first -eq '_') { $value = $owner.Item }
                elseif ($owner.Item -is [System.Collections.IDictionary] -and $owner.Item.Contains($first)) { $value = $owner.Item[$first] }
                else { continue }
                Set-StrictMode -Off
                foreach ($name in $rest) { $value = $value.$name }
                return "$value"
            }
            $match.Value
        }).Replace('`<', '<').Replace('`>', '>')
}

# Names what is below $Block and marks what runs: Selected for what the filters let through, Runs for a block that holds a
# test to be executed, so that no set-up runs for tests that are skipped or left out.
function Select-Node($Block, $Filter, [string] $Path, [bool] $Skip, [bool] $Tagged) {
    foreach ($node in $Block.Children) {
        $node.ExpandedName = Expand-Name $node
        $node.ExpandedPath = if ($Path) { "$Path.$($node.ExpandedName)" } else { $node.ExpandedName }
        $node.Skip = $node.Skip -or $Skip
        if (Test-TagMatch $node.Tag $Filter.ExcludeTag) { continue }
        $isTagged = $Tagged -or $Filter.Tag.Count -eq 0 -or (Test-TagMatch $node.Tag $Filter.Tag)
        if ($node.Kind -eq 'Block') {
            Select-Node $node $Filter $node.ExpandedPath $node.Skip $isTagged
            $Block.Selected = $Block.Selected -or $node.Selected
            $Block.Runs = $Block.Runs -or $node.Runs
        }
        else {
            $node.Selected = $isTagged -and (Test-FullNameMatch $node.ExpandedPath $Filter.FullName)
            $Block.Selected = $Block.Selected -or $node.Selected
            $Block.Runs = $Block.Runs -or ($node.Selected -and -not $node.Skip)
        }
    }
}

function Test-TagMatch([string[]] $Tag, [string[]] $Wanted) {
    foreach ($one in $Tag) { foreach ($pattern in $Wanted) { if ($one -like $pattern) { return $true } } }
    $false
}

# A full name that fits a block selects everything in it.
function Test-FullNameMatch([string] $Path, [string[]] $Wanted) {
    if (-not $Wanted) { return $true }
    foreach ($pattern in $Wanted) { if ($Path -like $pattern -or $Path -like "$pattern.*") { return $true } }
    $false
}
