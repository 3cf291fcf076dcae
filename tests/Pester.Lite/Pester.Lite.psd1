@{
    RootModule        = 'Pester.Lite.psm1'
    ModuleVersion     = '0.1.0'
    GUID              = '5c1d8d0e-7a53-4b0e-9a55-6a8f7b9f6c11'
    Author            = 'ContainerTools'
    Description       = 'The part of Pester 5 that the specs of ContainerTools use, for machines without Pester.'
    PowerShellVersion = '7.4'
    FunctionsToExport = @(
        'Describe', 'Context', 'It', 'BeforeDiscovery', 'BeforeAll', 'BeforeEach', 'AfterAll', 'AfterEach'
        'Should', 'Set-ItResult', 'Invoke-Pester', 'New-PesterConfiguration'
    )
    CmdletsToExport   = @()
    VariablesToExport = @()
    AliasesToExport   = @()
}
