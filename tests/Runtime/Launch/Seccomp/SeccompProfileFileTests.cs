using ContainerTools.Runtime.Launch.Seccomp;
using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Oci;
using Xunit;

namespace ContainerTools.Runtime.Tests.Launch.Seccomp;

public sealed class SeccompProfileFileTests : IDisposable
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), $"profile-{Guid.NewGuid():n}.json");

    public void Dispose() => File.Delete(_path);

    private OciSeccomp Load(string json, SeccompArchitecture native = SeccompArchitecture.X86_64, string kernel = "6.1", params string[] capabilities)
    {
        File.WriteAllText(_path, json);
        return SeccompProfileFile.Load(_path, capabilities, native, Version.Parse(kernel));
    }

    [Fact]
    public void A_profile_in_dockers_form_is_read()
    {
        OciSeccomp profile = Load("""
            {
              "defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 38,
              "archMap": [
                { "architecture": "SCMP_ARCH_X86_64", "subArchitectures": ["SCMP_ARCH_X86", "SCMP_ARCH_X32"] },
                { "architecture": "SCMP_ARCH_AARCH64", "subArchitectures": ["SCMP_ARCH_ARM"] }
              ],
              "syscalls": [
                { "names": ["read", "write"], "action": "SCMP_ACT_ALLOW", "args": [], "comment": "", "includes": {}, "excludes": {} },
                { "name": "clone", "action": "SCMP_ACT_ERRNO", "errnoRet": 1, "args": [{ "index": 0, "value": 2114060288, "valueTwo": 0, "op": "SCMP_CMP_MASKED_EQ" }] }
              ]
            }
            """);
        Assert.Equal(38u, profile.DefaultErrnoRet);
        Assert.Equal(["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"], profile.Architectures);
        Assert.Equal(["read", "write"], profile.Syscalls![0].Names);
        Assert.Equal(["clone"], profile.Syscalls[1].Names);
        Assert.Equal(1u, profile.Syscalls[1].ErrnoRet);
        Assert.Equal(2114060288UL, Assert.Single(profile.Syscalls[1].Args!).Value);
    }

    [Theory]
    [InlineData("""{"caps":["CAP_SYS_ADMIN"]}""", null, true)]
    [InlineData("""{"caps":["CAP_SYS_ADMIN","CAP_BPF"]}""", null, false)]
    [InlineData("""{"arches":["arm64","amd64"]}""", null, true)]
    [InlineData("""{"arches":["arm64"]}""", null, false)]
    [InlineData("""{"minKernel":"6.1"}""", null, true)]
    [InlineData("""{"minKernel":"5.20"}""", null, true)]
    [InlineData("""{"minKernel":"6.2"}""", null, false)]
    [InlineData("""{"arches":["amd64"],"caps":["CAP_BPF"]}""", null, false)]
    [InlineData(null, """{"caps":["CAP_BPF","CAP_SYS_ADMIN"]}""", false)]
    [InlineData(null, """{"caps":["CAP_BPF"]}""", true)]
    [InlineData(null, """{"arches":["amd64"]}""", false)]
    [InlineData(null, """{"arches":["s390x"]}""", true)]
    [InlineData(null, """{"minKernel":"4.8"}""", false)]
    [InlineData(null, """{"minKernel":"7.0"}""", true)]
    [InlineData("""{"caps":["CAP_SYS_ADMIN"]}""", """{"arches":["amd64"]}""", false)]
    public void Conditions_choose_the_rules(string? includes, string? excludes, bool counts)
    {
        OciSeccomp profile = Load(
            $$"""
            {"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mount"],"action":"SCMP_ACT_ERRNO","includes":{{includes ?? "null"}},"excludes":{{excludes ?? "null"}}}]}
            """,
            SeccompArchitecture.X86_64,
            "6.1",
            "CAP_SYS_ADMIN");
        Assert.Equal(counts ? 1 : 0, profile.Syscalls!.Count);
    }

    [Theory]
    [InlineData("", "JSON")]
    [InlineData("null", "empty")]
    [InlineData("[]", "JSON")]
    [InlineData("""{"syscalls":[]}""", "defaultAction is missing")]
    [InlineData("""{"defaultAction":"SCMP_ACT_MAYBE"}""", "defaultAction")]
    [InlineData("""{"defaultAction":"SCMP_ACT_ALLOW","architectures":["SCMP_ARCH_X86"],"archMap":[{"architecture":"SCMP_ARCH_X86_64"}]}""", "both architectures and archMap")]
    [InlineData("""{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"name":"a","names":["b"],"action":"SCMP_ACT_ERRNO"}]}""", "both name and names")]
    [InlineData("""{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["b"]}]}""", "syscalls[0].action is missing")]
    [InlineData("""{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"action":"SCMP_ACT_ERRNO"}]}""", "names no system call")]
    [InlineData("""{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[null]}""", "syscalls[0] is null")]
    [InlineData("""{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["b"],"action":"SCMP_ACT_ERRNO","includes":{"minKernel":"5"}}]}""", "minKernel is '5'")]
    [InlineData("""{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["b"],"action":"SCMP_ACT_ERRNO","excludes":{"minKernel":"0.0"}}]}""", "minKernel is '0.0'")]
    [InlineData("""{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["b"],"action":"SCMP_ACT_ERRNO","args":[{"index":0,"value":1,"op":"EQ"}]}]}""", "syscalls[0].args[0].op")]
    [InlineData("""{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["b"],"action":"SCMP_ACT_ERRNO","errnoRet":-1}]}""", "errnoRet")]
    public void A_mistake_is_told_with_the_file_and_the_place(string json, string part)
    {
        ContainerException error = Assert.Throws<ContainerException>(() => Load(json));
        Assert.Equal(ErrorCode.InvalidConfiguration, error.Code);
        Assert.Equal(_path, error.Target);
        Assert.Contains(_path, error.Message, StringComparison.Ordinal);
        Assert.Contains(part, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_file_is_told()
    {
        ContainerException error = Assert.Throws<ContainerException>(() => SeccompProfileFile.Load(_path + ".none", []));
        Assert.Equal(ErrorCode.FileNotFound, error.Code);
    }

    [Fact]
    public void The_profile_that_a_distribution_ships_compiles_and_decides_as_it_says()
    {
        const string Shipped = "/usr/share/containers/seccomp.json";
        if (!File.Exists(Shipped)) Assert.Skip($"{Shipped} is not installed (golang-github-containers-common).");
        OciSeccomp profile = SeccompProfileFile.Load(Shipped, Capability.DockerDefault.ToList(), SeccompArchitecture.X86_64, new Version(6, 1));
        FilterMachine machine = new(SeccompCompiler.Compile(profile, SeccompArchitecture.X86_64).Instructions);
        ProfileOracle oracle = new(profile, SeccompArchitecture.X86_64);
        foreach (uint audit in (uint[])[ProfileOracle.X86_64, ProfileOracle.X86])
        {
            for (uint number = 0; number < 600; number++)
            {
                foreach (ulong value in (ulong[])[0, 8, 16, 0x7e020000, ulong.MaxValue])
                {
                    ulong[] arguments = [value, value, value, value, value, value];
                    Assert.Equal(oracle.Evaluate(audit, number, arguments), machine.Run(audit, number, arguments));
                }
            }
        }

        Assert.InRange(machine.LongestPath(), 5, 25);
    }
}
