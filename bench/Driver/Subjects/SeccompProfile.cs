using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;

namespace ContainerTools.Bench.Subjects;

/// <summary>
/// Docker's default seccomp profile as the distribution's packages bring it (containers-common), turned into what an engine writes
/// into config.json: the rules that hold for this architecture, this kernel and these capabilities.
/// </summary>
internal static class SeccompProfile
{
    private static readonly string[] s_files = ["/usr/share/containers/seccomp.json", "/etc/containers/seccomp.json"];

    /// <summary>Where it is; null where no package brought it.</summary>
    public static string? File { get; } = s_files.FirstOrDefault(System.IO.File.Exists);

    /// <summary>linux.seccomp</summary>
    public static JsonObject ForContainer(string file, IReadOnlyCollection<string> capabilities)
    {
        JsonNode profile = JsonNode.Parse(System.IO.File.ReadAllText(file))!;
        JsonObject result = new() { ["defaultAction"] = profile["defaultAction"]!.DeepClone() };
        if (profile["defaultErrnoRet"] is { } number) result["defaultErrnoRet"] = number.DeepClone();
        string native = RuntimeInformation.OSArchitecture == Architecture.Arm64 ? "SCMP_ARCH_AARCH64" : "SCMP_ARCH_X86_64";
        JsonNode? map = profile["archMap"]!.AsArray().FirstOrDefault(entry => (string?)entry!["architecture"] == native);
        result["architectures"] = new JsonArray([(JsonNode)native, .. map?["subArchitectures"]?.AsArray().Select(name => name!.DeepClone()) ?? []]);
        JsonArray rules = [];
        foreach (JsonNode? rule in profile["syscalls"]!.AsArray())
        {
            if (Applies(rule!, capabilities) && Names(rule!) is { Count: > 0 } names) rules.Add((JsonNode)Rule(rule!, names));
        }

        result["syscalls"] = rules;
        return result;
    }

    private static JsonObject Rule(JsonNode rule, JsonArray names)
    {
        JsonObject result = new() { ["names"] = names, ["action"] = rule["action"]!.DeepClone() };
        if (rule["args"] is JsonArray { Count: > 0 } args) result["args"] = args.DeepClone();
        if (rule["errnoRet"] is { } number) result["errnoRet"] = number.DeepClone();
        return result;
    }

    private static JsonArray Names(JsonNode rule) =>
        rule["names"] is JsonArray names ? (JsonArray)names.DeepClone() : rule["name"] is { } name ? [name.DeepClone()] : [];

    private static bool Applies(JsonNode rule, IReadOnlyCollection<string> capabilities)
    {
        string architecture = RuntimeInformation.OSArchitecture == Architecture.Arm64 ? "arm64" : "amd64";
        bool included = Texts(rule["includes"]?["caps"]) is not { Length: > 0 } caps || caps.All(capabilities.Contains);
        included &= Texts(rule["includes"]?["arches"]) is not { Length: > 0 } arches || arches.Contains(architecture);
        included &= rule["includes"]?["minKernel"] is not { } kernel || Environment.OSVersion.Version >= Version.Parse((string)kernel!);
        bool excluded = Texts(rule["excludes"]?["caps"])?.Any(capabilities.Contains) == true
            || Texts(rule["excludes"]?["arches"])?.Contains(architecture) == true;
        return included && !excluded;
    }

    private static string[]? Texts(JsonNode? node) => node?.AsArray().Select(item => Convert.ToString((string?)item, CultureInfo.InvariantCulture)!).ToArray();
}
