# TestDrive: and $TestDrive: a temporary folder for one file. What a block leaves there goes when the block ends.

function New-TestDrive {
    $path = [System.IO.Path]::Combine([System.IO.Path]::GetTempPath(), 'pester-' + [guid]::NewGuid().ToString('n'))
    $null = [System.IO.Directory]::CreateDirectory($path)
    $provider = $ExecutionContext.SessionState.Provider.GetOne('FileSystem')
    $drive = [System.Management.Automation.PSDriveInfo]::new('TestDrive', $provider, $path, 'The folder of the running spec', $null)
    $null = $ExecutionContext.SessionState.Drive.New($drive, 'global')
    $global:TestDrive = $path
    $path
}

function Get-TestDriveEntry([string] $Path) {
    , [System.Collections.Generic.HashSet[string]]::new(
        [string[]] [System.IO.Directory]::GetFileSystemEntries($Path, '*', [System.IO.SearchOption]::AllDirectories))
}

function Restore-TestDrive([string] $Path, $Before) {
    foreach ($entry in [System.IO.DirectoryInfo]::new($Path).GetFileSystemInfos()) {
        $isFolder = $entry -is [System.IO.DirectoryInfo] -and $null -eq $entry.LinkTarget
        if (-not $Before.Contains($entry.FullName)) {
            if ($isFolder) { $entry.Delete($true) } else { $entry.Delete() }
        }
        elseif ($isFolder) {
            Restore-TestDrive $entry.FullName $Before
        }
    }
}

function Remove-TestDrive([string] $Path) {
    $ExecutionContext.SessionState.Drive.Remove('TestDrive', $true, 'global')
    Remove-Variable -Name TestDrive -Scope Global
    [System.IO.Directory]::Delete($Path, $true)
}
