# Compiles docs/help/*.md (one page per cmdlet, in the Markdown schema of PlatyPS) to the MAML file that Get-Help reads. One compiler,
# always this one: what Get-Help shows must not depend on whether PlatyPS happens to be installed on the machine that packs.

# Writes $Output from the pages, unless it is newer than all of them and than this compiler.
function Invoke-HelpCompiler([string] $Pages, [string] $Output) {
    $files = @(Get-ChildItem -LiteralPath $Pages -Filter '*.md' -File | Sort-Object Name)
    $newest = @($files.LastWriteTimeUtc) + (Get-Item -LiteralPath "$PSScriptRoot/Help.ps1").LastWriteTimeUtc | Sort-Object -Descending | Select-Object -First 1
    if ([System.IO.File]::Exists($Output) -and [System.IO.File]::GetLastWriteTimeUtc($Output) -gt $newest) { return }
    $null = [System.IO.Directory]::CreateDirectory([System.IO.Path]::GetDirectoryName($Output))
    $settings = [System.Xml.XmlWriterSettings]::new()
    $settings.Indent = $true
    $writer = [System.Xml.XmlWriter]::Create($Output, $settings)
    try {
        $writer.WriteStartElement('helpItems', 'http://msh')
        $writer.WriteAttributeString('schema', 'maml')
        foreach ($file in $files) {
            try { Write-MamlCommand $writer (Read-HelpPage $file.FullName) }
            catch { throw "$($file.FullName): $_" }
        }
        $writer.WriteEndElement()
    }
    finally {
        $writer.Dispose()
    }
}

# A page as data: Name, Synopsis, Syntax, Description, Examples, Parameters, Inputs, Outputs, Notes, Links.
function Read-HelpPage([string] $Path) {
    $lines = [System.IO.File]::ReadAllLines($Path)
    if ($lines[0] -ne '---') { throw 'The page does not begin with its metadata.' }
    $start = [array]::IndexOf($lines, '---', 1) + 1
    $page = @{ Name = $null; Sections = [ordered]@{} }
    $section = $null
    $isCode = $false
    foreach ($line in $lines[$start..($lines.Count - 1)]) {
        if ($line.StartsWith('```')) { $isCode = -not $isCode }
        if (-not $isCode -and $line -match '^# (.+)$') { $page.Name = $Matches[1].Trim(); continue }
        if (-not $isCode -and $line -match '^## (.+)$') {
            $section = [System.Collections.Generic.List[string]]::new()
            $page.Sections[$Matches[1].Trim()] = $section
            continue
        }
        if ($null -ne $section) { $section.Add($line) }
    }
    foreach ($needed in 'SYNOPSIS', 'SYNTAX', 'DESCRIPTION', 'EXAMPLES', 'PARAMETERS') {
        if (-not $page.Sections.Contains($needed)) { throw "The section '$needed' is missing." }
    }
    $page.Synopsis = @(Get-Paragraph $page.Sections['SYNOPSIS']) -join ' '
    $page.Description = @(Get-Paragraph $page.Sections['DESCRIPTION'])
    $page.Syntax = @(Split-Heading $page.Sections['SYNTAX'] | ForEach-Object { Read-Syntax $_ })
    $page.Examples = @(Split-Heading $page.Sections['EXAMPLES'] | ForEach-Object { Read-Example $_ })
    $page.Parameters = @(Split-Heading $page.Sections['PARAMETERS'] | Where-Object { $_.Title.StartsWith('-') } | ForEach-Object { Read-Parameter $_ })
    $page.Inputs = @(Split-Heading $page.Sections['INPUTS'])
    $page.Outputs = @(Split-Heading $page.Sections['OUTPUTS'])
    $page.Notes = @(Get-Paragraph $page.Sections['NOTES'])
    $page.Links = @($page.Sections['RELATED LINKS'] | Where-Object { $_ -match '\[([^\]]+)\]\(([^)]*)\)' } | ForEach-Object { $null = $_ -match '\[([^\]]+)\]\(([^)]*)\)'; @{ Text = $Matches[1]; Uri = $Matches[2] } })
    $page
}

# The parts under ### headings: Title and Lines.
function Split-Heading($Lines) {
    $part = $null
    $isCode = $false
    foreach ($line in @($Lines)) {
        if ($line -match '^```') { $isCode = -not $isCode }
        if (-not $isCode -and $line -match '^### (.+)$') {
            if ($part) { $part }
            $part = @{ Title = $Matches[1].Trim(); Lines = [System.Collections.Generic.List[string]]::new() }
        }
        elseif ($part) { $part.Lines.Add($line) }
    }
    if ($part) { $part }
}

# Paragraphs of plain text; the lines of a list stay lines of their own. Code in fences is left to who asks for it.
function Get-Paragraph($Lines) {
    $text = [System.Text.StringBuilder]::new()
    $isCode = $false
    foreach ($line in @($Lines) + '') {
        if ("$line".StartsWith('```')) { $isCode = -not $isCode; continue }
        if ($isCode) { continue }
        $isItem = "$line" -match '^\s*([-*]|\d+\.) '
        if (("$line".Trim() -eq '' -or $isItem) -and $text.Length -gt 0) {
            ConvertTo-PlainText $text.ToString()
            $null = $text.Clear()
        }
        if ("$line".Trim() -ne '') { $null = $text.Append($(if ($text.Length) { ' ' })).Append("$line".Trim()) }
    }
}

# Get-Help shows text as it is: marks of Markdown go, what they mark stays.
function ConvertTo-PlainText([string] $Text) {
    $Text = $Text -replace '\[([^\]]+)\]\([^)]*\)', '$1'
    $Text = $Text -replace '\*\*([^*]+)\*\*', '$1' -replace '`([^`]+)`', '$1'
    $Text -replace '\\([\\`*_{}\[\]()#+.!<>-])', '$1'
}

function Read-Syntax($Part) {
    $text = @($Part.Lines | Where-Object { $_ -notmatch '^```' }) -join ' '
    @{
        Set   = $Part.Title -replace ' \(Default\)$'
        # The order of the parameters is the order in which the page shows them.
        Order = @([regex]::Matches($text, '(?<=[\s\[])-([A-Za-z]\w*)').ForEach({ $_.Groups[1].Value }))
    }
}

function Read-Example($Part) {
    $code = [System.Collections.Generic.List[string]]::new()
    $isCode = $false
    foreach ($line in $Part.Lines) {
        if ($line.StartsWith('```')) { $isCode = -not $isCode }
        elseif ($isCode) { $code.Add($line) }
    }
    @{ Title = ConvertTo-PlainText $Part.Title; Code = $code -join "`n"; Remarks = @(Get-Paragraph $Part.Lines) }
}

# The YAML of a parameter has one shape only: keys, lists of words, and the list of parameter sets.
function Read-Parameter($Part) {
    $parameter = @{
        Name = $Part.Title.TrimStart('-'); Description = @(Get-Paragraph $Part.Lines); Type = ''; Default = ''; Globbing = 'false'
        Aliases = @(); Values = @(); Sets = [System.Collections.Generic.List[hashtable]]::new()
    }
    $list = ''
    $isYaml = $false
    foreach ($line in $Part.Lines) {
        if ($line -match '^```') { $isYaml = $line -match 'yaml'; continue }
        if (-not $isYaml) { continue }
        switch -Regex ($line) {
            '^Type: (.*)$' { $parameter.Type = $Matches[1].Trim() }
            '^DefaultValue: (.*)$' { $parameter.Default = $Matches[1].Trim().Trim("'").Replace("''", "'") }
            '^SupportsWildcards: (.*)$' { $parameter.Globbing = $Matches[1].Trim() }
            '^(Aliases|AcceptedValues|ParameterSets):' { $list = $Matches[1] }
            '^- Name: (.*)$' { if ($list -eq 'ParameterSets') { $parameter.Sets.Add(@{ Name = $Matches[1].Trim() }) } }
            '^- (?!Name: )(.*)$' {
                if ($list -eq 'Aliases') { $parameter.Aliases += $Matches[1].Trim() }
                elseif ($list -eq 'AcceptedValues') { $parameter.Values += $Matches[1].Trim() }
            }
            '^  (\w+): (.*)$' { if ($list -eq 'ParameterSets' -and $parameter.Sets.Count) { $parameter.Sets[-1][$Matches[1]] = $Matches[2].Trim() } }
        }
    }
    if (-not $parameter.Type) { throw "The parameter -$($parameter.Name) has no type." }
    if ($parameter.Sets.Count -eq 0) { throw "The parameter -$($parameter.Name) belongs to no parameter set." }
    $parameter
}

$Maml = 'http://schemas.microsoft.com/maml/2004/10'
$Command = 'http://schemas.microsoft.com/maml/dev/command/2004/10'
$Dev = 'http://schemas.microsoft.com/maml/dev/2004/10'

function Write-MamlCommand([System.Xml.XmlWriter] $Writer, $Page) {
    $verb, $noun = $Page.Name.Split('-', 2)
    $Writer.WriteStartElement('command', 'command', $Command)
    $Writer.WriteAttributeString('xmlns', 'maml', $null, $Maml)
    $Writer.WriteAttributeString('xmlns', 'dev', $null, $Dev)

    $Writer.WriteStartElement('details', $Command)
    $Writer.WriteElementString('name', $Command, $Page.Name)
    $Writer.WriteElementString('verb', $Command, $verb)
    $Writer.WriteElementString('noun', $Command, $noun)
    Write-MamlText $Writer 'description' @($Page.Synopsis)
    $Writer.WriteEndElement()
    Write-MamlText $Writer 'description' $Page.Description

    $Writer.WriteStartElement('syntax', $Command)
    foreach ($syntax in $Page.Syntax) {
        $Writer.WriteStartElement('syntaxItem', $Command)
        $Writer.WriteElementString('name', $Maml, $Page.Name)
        foreach ($name in $syntax.Order) {
            $parameter = $Page.Parameters | Where-Object { $_.Name -eq $name } | Select-Object -First 1
            if (-not $parameter) { throw "The syntax names -$name, which is not described." }
            $set = $parameter.Sets | Where-Object { $_.Name -in $syntax.Set, '(All)', '__AllParameterSets' } | Select-Object -First 1
            if (-not $set) { throw "The syntax '$($syntax.Set)' names -$name, which does not belong to it." }
            Write-MamlParameter $Writer $parameter $set
        }
        $Writer.WriteEndElement()
    }
    $Writer.WriteEndElement()

    $Writer.WriteStartElement('parameters', $Command)
    foreach ($parameter in $Page.Parameters) { Write-MamlParameter $Writer $parameter $parameter.Sets[0] }
    $Writer.WriteEndElement()

    Write-MamlType $Writer 'inputTypes' 'inputType' $Page.Inputs
    Write-MamlType $Writer 'returnValues' 'returnValue' $Page.Outputs

    $Writer.WriteStartElement('alertSet', $Maml)
    Write-MamlText $Writer 'alert' $Page.Notes
    $Writer.WriteEndElement()

    $Writer.WriteStartElement('examples', $Command)
    foreach ($example in $Page.Examples) {
        $Writer.WriteStartElement('example', $Command)
        $Writer.WriteElementString('title', $Maml, "--------- $($example.Title) ---------")
        $Writer.WriteElementString('code', $Dev, $example.Code)
        $Writer.WriteStartElement('remarks', $Dev)
        # The empty paragraph keeps the next example apart.
        foreach ($paragraph in @($example.Remarks) + '') { $Writer.WriteElementString('para', $Maml, $paragraph) }
        $Writer.WriteEndElement()
        $Writer.WriteEndElement()
    }
    $Writer.WriteEndElement()

    $Writer.WriteStartElement('relatedLinks', $Command)
    foreach ($link in $Page.Links) {
        $Writer.WriteStartElement('navigationLink', $Maml)
        $Writer.WriteElementString('linkText', $Maml, $link.Text)
        # A link to another page is the name of a command; an address is one only on the web.
        $Writer.WriteElementString('uri', $Maml, $(if ($link.Uri -match '^https?://') { $link.Uri }))
        $Writer.WriteEndElement()
    }
    $Writer.WriteEndElement()
    $Writer.WriteEndElement()
}

function Write-MamlText([System.Xml.XmlWriter] $Writer, [string] $Element, [string[]] $Paragraphs) {
    $Writer.WriteStartElement($Element, $Maml)
    foreach ($paragraph in $Paragraphs) { $Writer.WriteElementString('para', $Maml, $paragraph) }
    $Writer.WriteEndElement()
}

function Write-MamlParameter([System.Xml.XmlWriter] $Writer, $Parameter, $Set) {
    $pipeline = @(
        if ($Set['ValueFromPipeline'] -eq 'true') { 'ByValue' }
        if ($Set['ValueFromPipelineByPropertyName'] -eq 'true') { 'ByPropertyName' }
    ) -join ', '
    $Writer.WriteStartElement('parameter', $Command)
    $Writer.WriteAttributeString('required', "$($Set['IsRequired'])")
    $Writer.WriteAttributeString('variableLength', $(if ($Parameter.Type.EndsWith('[]')) { 'true' } else { 'false' }))
    $Writer.WriteAttributeString('globbing', $Parameter.Globbing)
    $Writer.WriteAttributeString('pipelineInput', $(if ($pipeline) { "True ($pipeline)" } else { 'False' }))
    $Writer.WriteAttributeString('position', "$($Set['Position'])".ToLowerInvariant())
    $Writer.WriteAttributeString('aliases', $(if ($Parameter.Aliases.Count) { $Parameter.Aliases -join ', ' } else { 'none' }))
    $Writer.WriteElementString('name', $Maml, $Parameter.Name)
    Write-MamlText $Writer 'description' $Parameter.Description
    $type = Get-ShortTypeName $Parameter.Type
    if ($Parameter.Values.Count) {
        $Writer.WriteStartElement('parameterValueGroup', $Command)
        foreach ($value in $Parameter.Values) {
            $Writer.WriteStartElement('parameterValue', $Command)
            $Writer.WriteAttributeString('required', 'false')
            $Writer.WriteAttributeString('variableLength', 'false')
            $Writer.WriteString($value)
            $Writer.WriteEndElement()
        }
        $Writer.WriteEndElement()
    }
    if ($type -ne 'SwitchParameter') {
        $Writer.WriteStartElement('parameterValue', $Command)
        $Writer.WriteAttributeString('required', 'true')
        $Writer.WriteAttributeString('variableLength', $(if ($type.EndsWith('[]')) { 'true' } else { 'false' }))
        $Writer.WriteString($type)
        $Writer.WriteEndElement()
    }
    $Writer.WriteStartElement('type', $Dev)
    $Writer.WriteElementString('name', $Maml, $type)
    $Writer.WriteEndElement()
    $Writer.WriteElementString('defaultValue', $Dev, $(if ($Parameter.Default) { $Parameter.Default } else { 'None' }))
    $Writer.WriteEndElement()
}

function Write-MamlType([System.Xml.XmlWriter] $Writer, [string] $Group, [string] $Item, $Parts) {
    $Writer.WriteStartElement($Group, $Command)
    foreach ($part in $Parts) {
        $Writer.WriteStartElement($Item, $Command)
        $Writer.WriteStartElement('type', $Dev)
        $Writer.WriteElementString('name', $Maml, $part.Title)
        $Writer.WriteEndElement()
        Write-MamlText $Writer 'description' @(Get-Paragraph $part.Lines)
        $Writer.WriteEndElement()
    }
    $Writer.WriteEndElement()
}

# The type as the syntax shows it: System.Nullable`1[System.Int64] is Int64.
function Get-ShortTypeName([string] $Type) {
    $Type = $Type -replace '^System\.Nullable`1\[(?:\[)?([\w.]+)[^\]]*\]+$', '$1'
    $suffix = if ($Type.EndsWith('[]')) { '[]' } else { '' }
    $Type.TrimEnd('[', ']').Split('.')[-1] + $suffix
}
