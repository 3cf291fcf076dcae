# Compiling, and the module folder.

function Invoke-Build {
    Invoke-Tool dotnet @('build', "$Root/ContainerTools.sln", '-c', $Configuration, '-v', 'quiet', '-nologo', '-clp:NoSummary')
}

# artifacts/package/ContainerTools, as Import-Module and Publish-PSResource want it. What it holds is compared by content
# and copied only where it differs, so that a second run changes nothing.
function Invoke-Package {
    Invoke-Build
    $runtime = Get-RuntimeIdentifier
    $publish = "$Artifacts/publish/Ctrun/release_$runtime"
    Invoke-Tool dotnet @('publish', "$Root/src/Ctrun", '-c', $Configuration, '-r', $runtime, '-o', $publish, '-v', 'quiet', '-nologo', '-clp:NoSummary')

    $files = [ordered]@{}
    $files["bin/$runtime/ctrun"] = "$publish/ctrun"
    foreach ($name in 'ContainerTools.psd1', 'LICENSE') {
        if (Test-Path -LiteralPath "$Root/$name") { $files[$name] = "$Root/$name" }
    }
    # What the module needs at run time goes to lib/, out of the shell's own load context; at the root lies the module alone.
    $output = "$Artifacts/bin/ContainerTools.Module/$($Configuration.ToLowerInvariant())"
    foreach ($file in Get-ChildItem -LiteralPath $output -File -Filter '*.dll') {
        $files[$(if ($file.Name -eq 'ContainerTools.Module.dll') { $file.Name } else { "lib/$($file.Name)" })] = $file.FullName
    }
    # Libraries that differ by processor.
    foreach ($folder in @(Get-ChildItem -LiteralPath $output -Directory -Filter 'linux-*')) {
        foreach ($file in Get-ChildItem -LiteralPath $folder.FullName -File -Filter '*.dll') {
            $files["lib/$($folder.Name)/$($file.Name)"] = $file.FullName
        }
    }
    # The engine compiled ahead of time for this processor: the first pipeline of a shell takes two thirds of the time. (The module itself stays as it
    # is: PowerShell loads it from the root, on any processor, and it gains little.)
    foreach ($file in Get-CompiledEngine $runtime) { $files["lib/$runtime/$($file.Name)"] = $file.FullName }
    foreach ($file in @(Get-ChildItem -Path "$Root/src/Module/Formats" -File -Filter '*.ps1xml' -ErrorAction Ignore)) {
        $files[$file.Name] = $file.FullName
    }
    $help = "$Artifacts/obj/help/ContainerTools.Module.dll-Help.xml"
    Invoke-HelpCompiler "$Root/docs/help" $help
    $files['en-US/ContainerTools.Module.dll-Help.xml'] = $help
    foreach ($file in Get-ChildItem -LiteralPath "$Root/en-US" -File -Filter '*.help.txt') { $files["en-US/$($file.Name)"] = $file.FullName }
    Sync-Folder $files $Package
}

# Nothing where the package of that compiler is not to be had: the engine is then compiled as it runs.
function Get-CompiledEngine([string] $Runtime) {
    $publish = "$Artifacts/publish/Engine/release_$Runtime"
    $log = "$publish.log"
    $null = [System.IO.Directory]::CreateDirectory($publish)
    & dotnet publish "$Root/src/Module" -c $Configuration -r $Runtime -p:PublishReadyToRun=true --self-contained false -o $publish -v quiet -nologo *> $log
    if ($LASTEXITCODE -ne 0) {
        Write-Host "The engine is not compiled ahead of time (see $log)."
        return
    }
    Get-ChildItem -LiteralPath $publish -File -Filter '*.dll' | Where-Object Name -ne 'ContainerTools.Module.dll'
}

function Get-RuntimeIdentifier {
    $architecture = [System.Runtime.InteropServices.RuntimeInformation]::OSArchitecture.ToString().ToLowerInvariant()
    "linux-$architecture"
}

# Makes $Destination hold exactly $Files (relative path → source), touching only what differs.
function Sync-Folder([System.Collections.IDictionary] $Files, [string] $Destination) {
    foreach ($relative in $Files.Keys) {
        $source = $Files[$relative]
        $target = "$Destination/$relative"
        if (Test-SameContent $source $target) { continue }
        $null = [System.IO.Directory]::CreateDirectory([System.IO.Path]::GetDirectoryName($target))
        # A new file under the old name: a process that has the old one mapped keeps it whole.
        [System.IO.File]::Copy($source, "$target.new", $true)
        [System.IO.File]::Move("$target.new", $target, $true)
    }
    foreach ($file in Get-ChildItem -LiteralPath $Destination -File -Recurse -Force) {
        $relative = [System.IO.Path]::GetRelativePath($Destination, $file.FullName)
        if (-not $Files.Contains($relative)) { Remove-Item -LiteralPath $file.FullName -Force }
    }
}

function Test-SameContent([string] $One, [string] $Other) {
    $a = [System.IO.FileInfo]::new($One)
    $b = [System.IO.FileInfo]::new($Other)
    if (-not $b.Exists -or $a.Length -ne $b.Length) { return $false }
    if ($a.LastWriteTimeUtc -eq $b.LastWriteTimeUtc) { return $true }
    $hash = [System.Security.Cryptography.SHA256]
    [System.Convert]::ToHexString($hash::HashData([System.IO.File]::ReadAllBytes($One))) -eq
        [System.Convert]::ToHexString($hash::HashData([System.IO.File]::ReadAllBytes($Other)))
}

# Everything that was built. The tools stay: the PowerShell among them may be the one that runs this.
function Remove-Artifact {
    foreach ($entry in @(Get-ChildItem -LiteralPath $Artifacts -Force -ErrorAction Ignore)) {
        if ($entry.Name -ne 'tools') { Remove-Item -LiteralPath $entry.FullName -Recurse -Force }
    }
}
