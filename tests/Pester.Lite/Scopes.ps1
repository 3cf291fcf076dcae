# Set-ups and tests share variables through PowerShell's own scopes: every block and every test gets a scope in the session
# state of the spec, set-ups are dot-sourced into it, and the scopes of nested blocks nest.

$script:InstanceMembers = [System.Reflection.BindingFlags]'Instance, NonPublic'
$script:BlockSessionState = [scriptblock].GetProperty('SessionStateInternal', $InstanceMembers)
$script:CallerSessionState = [System.Management.Automation.SessionState].GetProperty('Internal', $InstanceMembers)

# A script block with the text of $Block that runs in the session state $State (PowerShell's internal object). No public
# way leads there for the session state of the prompt, which belongs to no module.
function New-BoundBlock([scriptblock] $Block, $State) {
    $bound = [scriptblock]::Create($Block.ToString())
    $BlockSessionState.SetValue($bound, $State)
    $bound
}

# Runs $Action, a block of this module, within a fresh scope of the session state $State. What -ForEach brings is defined
# there: $_ is the item, and each key of a dictionary a variable. They are set by the block that makes the scope itself,
# because $_ of a dot-sourced block is its own.
function Invoke-InNewScope($State, $Node, [scriptblock] $Action) {
    $opener = if ($Node.HasItem) {
        {
            $_ = $args[1]
            if ($args[1] -is [System.Collections.IDictionary]) {
                foreach ($______ in $args[1].GetEnumerator()) { $ExecutionContext.SessionState.PSVariable.Set($______.Key, $______.Value) }
            }
            & $args[0]
        }
    }
    else {
        { & $args[0] }
    }
    & (New-BoundBlock $opener $State) $Action $Node.Item
}

# Dot-sources a block of the spec into the current scope of its session state. A dictionary from -ForEach fills the block's
# own parameters, as Pester does it.
function Invoke-UserBlock([scriptblock] $Block, $Item) {
    if ($null -ne $Block.Ast.ParamBlock -and $Item -is [System.Collections.IDictionary]) {
        $parameters = @{}
        foreach ($parameter in $Block.Ast.ParamBlock.Parameters) {
            $name = $parameter.Name.VariablePath.UserPath
            if ($Item.Contains($name)) { $parameters[$name] = $Item[$name] }
        }
        # The loop is what a stray break or continue in the spec ends, instead of one of ours.
        do { . $Block @parameters } until ($true)
    }
    else {
        do { . $Block } until ($true)
    }
}
