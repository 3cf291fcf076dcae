@{
    RootModule           = 'ContainerTools.Module.dll'
    ModuleVersion        = '0.1.0'
    GUID                 = '5083b04d-7a59-4fe8-a9a3-3e36948a5133'
    Author               = 'ContainerTools'
    CompanyName          = 'ContainerTools'
    Copyright            = '(c) ContainerTools. All rights reserved.'
    Description          = 'A container engine that lives in PowerShell: create, run, limit, inspect and remove Linux containers as live, typed objects, without a daemon.'
    PowerShellVersion    = '7.6'
    CompatiblePSEditions = @('Core')

    # The types of the objects in the pipeline. They are loaded before the module and beside PowerShell's own assemblies, because that is the
    # only place where PowerShell looks for types by name. The engine and its libraries, also in lib, load in a context of their own.
    RequiredAssemblies   = @('lib/ContainerTools.Abstractions.dll')
    FormatsToProcess     = @('ContainerTools.format.ps1xml')
    TypesToProcess       = @('ContainerTools.types.ps1xml')

    CmdletsToExport      = @(
        'Add-ContainerImageTag'
        'Clear-ContainerStorage'
        'Connect-ContainerNetwork'
        'Connect-ContainerRegistry'
        'ConvertTo-ContainerImage'
        'Disconnect-ContainerNetwork'
        'Disconnect-ContainerRegistry'
        'Export-Container'
        'Export-ContainerImage'
        'Find-ContainerImage'
        'Get-Container'
        'Get-ContainerChange'
        'Get-ContainerImage'
        'Get-ContainerImageHistory'
        'Get-ContainerLimit'
        'Get-ContainerLog'
        'Get-ContainerNetwork'
        'Get-ContainerProcess'
        'Get-ContainerRegistry'
        'Get-ContainerStorage'
        'Get-ContainerVolume'
        'Import-ContainerImage'
        'Invoke-Container'
        'Invoke-ContainerCommand'
        'New-Container'
        'New-ContainerNetwork'
        'New-ContainerVolume'
        'Publish-ContainerImage'
        'Receive-ContainerImage'
        'Remove-Container'
        'Remove-ContainerImage'
        'Remove-ContainerImageTag'
        'Remove-ContainerNetwork'
        'Remove-ContainerVolume'
        'Rename-Container'
        'Repair-ContainerNetwork'
        'Restart-Container'
        'Resume-Container'
        'Send-ContainerSignal'
        'Set-ContainerLimit'
        'Start-Container'
        'Stop-Container'
        'Suspend-Container'
        'Test-ContainerHost'
        'Test-ContainerNetwork'
        'Test-ContainerStorage'
        'Wait-Container'
    )
    FunctionsToExport    = @()
    VariablesToExport    = @()
    # Docker's words.
    AliasesToExport      = @('Pull-ContainerImage', 'Push-ContainerImage')

    PrivateData          = @{
        PSData = @{
            Tags = @('Container', 'Containers', 'OCI', 'Docker', 'Linux', 'PSEdition_Core')
        }
    }
}
