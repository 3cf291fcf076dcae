using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using ContainerTools.Runtime.Containers.Runs;
using ContainerTools.Runtime.Launch.Seccomp;
using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Oci;
using Xunit;

namespace ContainerTools.Runtime.Tests.Oci;

public sealed class OciReaderTests
{
    // Every field of the specification's Linux part, with values that are not defaults, and fields that nobody knows.
    private const string Everything =
        """
        {
          "ociVersion": "1.0.2", "hostname": "h\u00e9\n", "domainname": "d", "annotations": { "a.b": "c", "": "" }, "future": { "x": [1, null, "y"] },
          "root": { "path": "rootfs", "readonly": true, "note": 1 },
          "mounts": [
            { "destination": "/proc", "type": "proc", "source": "proc" },
            { "destination": "/x", "source": "/y", "options": ["bind", "ro"], "extra": true,
              "uidMappings": [{ "containerID": 0, "hostID": 100000, "size": 65536 }], "gidMappings": [{ "containerID": 1, "hostID": 2, "size": 4294967295 }] }
          ],
          "hooks": {
            "prestart": [{ "path": "/a" }], "createRuntime": [{ "path": "/b", "args": ["b", "1"], "env": ["X=1"], "timeout": 5 }], "createContainer": [],
            "startContainer": [{ "path": "/c" }], "poststart": [{ "path": "/d" }], "poststop": [{ "path": "/e" }]
          },
          "process": {
            "terminal": true, "consoleSize": { "height": 24, "width": 80 }, "cwd": "/w", "args": ["sh", "-c", ""], "env": ["A=1"],
            "user": { "uid": 1, "gid": 2, "umask": 18, "additionalGids": [3, 4], "username": "me", "additionalGroupNames": ["us"] },
            "capabilities": { "bounding": ["CAP_KILL"], "effective": [], "inheritable": ["CAP_CHOWN"], "permitted": ["CAP_KILL"], "ambient": ["CAP_MKNOD"] },
            "rlimits": [{ "type": "RLIMIT_NOFILE", "soft": 1024, "hard": 18446744073709551615 }], "noNewPrivileges": true, "apparmorProfile": "p",
            "oomScoreAdj": -100, "selinuxLabel": "l", "ioPriority": { "class": "IOPRIO_CLASS_BE", "priority": 3 },
            "scheduler": { "policy": "SCHED_DEADLINE", "nice": -1, "priority": 2, "flags": ["SCHED_FLAG_X"], "runtime": 1, "deadline": 2, "period": 3 },
            "execCPUAffinity": { "initial": "0-1", "final": "2" }, "commandLine": "unused"
          },
          "linux": {
            "namespaces": [{ "type": "pid" }, { "type": "network", "path": "/n" }],
            "uidMappings": [{ "containerID": 0, "hostID": 1, "size": 2 }], "gidMappings": [],
            "timeOffsets": { "monotonic": { "secs": -5, "nanosecs": 6 } },
            "devices": [{ "type": "c", "path": "/dev/fuse", "major": 10, "minor": 229, "fileMode": 438, "uid": 0, "gid": 5 }],
            "cgroupsPath": "/a/b", "rootfsPropagation": "rslave", "sysctl": { "net.core.somaxconn": "256" },
            "maskedPaths": ["/proc/kcore"], "readonlyPaths": ["/proc/sys"], "mountLabel": "m",
            "personality": { "domain": "LINUX32", "flags": [] }, "intelRdt": { "closID": "x" },
            "seccomp": {
              "defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 38, "architectures": ["SCMP_ARCH_X86"], "flags": ["SECCOMP_FILTER_FLAG_LOG"],
              "listenerPath": "/l", "listenerMetadata": "m",
              "syscalls": [{ "names": ["read"], "action": "SCMP_ACT_ALLOW", "errnoRet": 1, "args": [{ "index": 5, "value": 18446744073709551615, "valueTwo": 7, "op": "SCMP_CMP_MASKED_EQ" }] }]
            },
            "resources": {
              "devices": [{ "allow": false, "access": "rwm" }, { "allow": true, "type": "c", "major": 1, "minor": 3, "access": "r" }],
              "memory": { "limit": -1, "reservation": 2, "swap": 3, "kernel": 4, "kernelTCP": 5, "swappiness": 6, "disableOOMKiller": true, "useHierarchy": false, "checkBeforeUpdate": true },
              "cpu": { "shares": 1, "quota": -1, "burst": 2, "period": 3, "realtimeRuntime": 4, "realtimePeriod": 5, "cpus": "0", "mems": "0-1", "idle": 1 },
              "pids": { "limit": 7 },
              "blockIO": { "weight": 10, "leafWeight": 11, "weightDevice": [{ "major": 8, "minor": 0, "weight": 500, "leafWeight": 300 }],
                "throttleReadBpsDevice": [{ "major": 8, "minor": 1, "rate": 600 }], "throttleWriteBpsDevice": [{ "major": 8, "minor": 2, "rate": 601 }],
                "throttleReadIOPSDevice": [{ "major": 8, "minor": 3, "rate": 602 }], "throttleWriteIOPSDevice": [{ "major": 8, "minor": 4, "rate": 603 }] },
              "hugepageLimits": [{ "pageSize": "2MB", "limit": 9223372036854775808 }],
              "network": { "classID": 1048577, "priorities": [{ "name": "eth0", "priority": 500 }] },
              "rdma": { "mlx5_1": { "hcaHandles": 3, "hcaObjects": 10 } }, "unified": { "hugetlb.1GB.max": "1073741824" }, "later": 1
            }
          }
        }
        """;

    private static string Folder([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;

    private static void AssertSame(byte[] document)
    {
        OciSpec expected = JsonSerializer.Deserialize(document, OciJson.Default.OciSpec)!;
        OciSpec actual = OciReader.ReadSpec(document);
        Assert.Equal(JsonSerializer.Serialize(expected, OciJson.Default.OciSpec), JsonSerializer.Serialize(actual, OciJson.Default.OciSpec));
    }

    [Fact]
    public void A_document_with_every_field_is_read_as_the_serializer_reads_it()
    {
        byte[] document = Encoding.UTF8.GetBytes(Everything);
        AssertSame(document);
        // And nothing is lost on the way: what is written again says the same.
        OciSpec spec = OciReader.ReadSpec(document);
        AssertSame(JsonSerializer.SerializeToUtf8Bytes(spec, OciJson.Default.OciSpec));
        string text = JsonSerializer.Serialize(spec, OciJson.Default.OciSpec);
        foreach (string word in (string[])["future", "intelRdt", "commandLine", "later", "note", "extra"]) Assert.Contains($"\"{word}\"", text, StringComparison.Ordinal);
    }

    [Fact]
    public void The_engines_configurations_are_read_as_the_serializer_reads_them()
    {
        string[] files = Directory.GetFiles(Path.Combine(Folder(), "..", "Containers", "Golden"), "*.json");
        Assert.NotEmpty(files);
        foreach (string file in files) AssertSame(File.ReadAllBytes(file));
    }

    [Fact]
    public void A_profile_and_a_template_are_read_as_the_serializer_reads_them()
    {
        OciSpec template = SpecTemplate.Create(null);
        OciSpec spec = template with { Linux = template.Linux! with { Seccomp = DefaultSeccompProfile.Create(Capability.DockerDefault.ToList()) } };
        AssertSame(JsonSerializer.SerializeToUtf8Bytes(spec, OciJson.Default.OciSpec));
    }

    [Fact]
    public void Null_stands_for_absent()
    {
        OciSpec spec = OciReader.ReadSpec("""
            {"ociVersion":null,"root":null,"mounts":null,"process":{"cwd":"/","user":null,"terminal":null,"args":null,"oomScoreAdj":null},"linux":{"resources":null,"sysctl":null}}
            """u8);
        Assert.Equal("1.2.0", spec.OciVersion);
        Assert.Null(spec.Root);
        Assert.Null(spec.Mounts);
        Assert.Equal(0u, spec.Process!.User.Uid);
        Assert.False(spec.Process.Terminal);
        Assert.Null(spec.Linux!.Resources);
    }

    [Fact]
    public void A_byte_order_mark_is_passed_over()
        => Assert.Equal("x", OciReader.ReadSpec([.. "\uFEFF"u8, .. """{"hostname":"x"}"""u8]).Hostname);

    [Fact]
    public void Of_a_repeated_member_the_last_counts()
        => Assert.Equal("b", OciReader.ReadSpec("""{"hostname":"a","hostname":"b"}"""u8).Hostname);

    [Theory]
    [InlineData("""[]""", "the document: expected an object")]
    [InlineData("""null""", "the document: expected an object")]
    [InlineData("""{"root":{}}""", "root: path is missing")]
    [InlineData("""{"root":{"path":7}}""", "root.path: expected a text")]
    [InlineData("""{"root":[]}""", "root: expected an object")]
    [InlineData("""{"mounts":{}}""", "mounts: expected a list")]
    [InlineData("""{"mounts":[{"destination":"/a"},{"source":"/b"}]}""", "mounts[1]: destination is missing")]
    [InlineData("""{"mounts":[{"destination":"/a"},null]}""", "mounts[1]: expected an object")]
    [InlineData("""{"mounts":[{"destination":"/a","options":["ro",{}]}]}""", "mounts[0].options[1]: expected a text")]
    [InlineData("""{"mounts":[{"destination":"/a","options":[null]}]}""", "mounts[0].options[0]: expected a text")]
    [InlineData("""{"process":{"cwd":"/","args":["a"],"terminal":"yes"}}""", "process.terminal: expected true or false")]
    [InlineData("""{"process":{"cwd":"/","user":{"additionalGids":[1,-2]}}}""", "process.user.additionalGids[1]: expected a whole number from 0 to 4294967295")]
    [InlineData("""{"process":{"cwd":"/","user":{"uid":1.5}}}""", "process.user.uid: expected a whole number from 0 to 4294967295")]
    [InlineData("""{"process":{"cwd":"/","user":{"uid":"1"}}}""", "process.user.uid: expected a number")]
    [InlineData("""{"process":{}}""", "process: cwd is missing")]
    [InlineData("""{"linux":{"sysctl":{"a":"b","c":1}}}""", "linux.sysctl.c: expected a text")]
    [InlineData("""{"linux":{"sysctl":{"a":null}}}""", "linux.sysctl.a: expected a text")]
    [InlineData("""{"linux":{"timeOffsets":{"monotonic":null}}}""", "linux.timeOffsets.monotonic: expected an object")]
    [InlineData("""{"linux":{"seccomp":{"defaultAction":"a","syscalls":[{"names":["x"],"action":"b","args":[{"index":0}]}]}}}""", "linux.seccomp.syscalls[0].args[0]: value is missing")]
    [InlineData("""{"linux":{"resources":{"blockIO":{"weight":70000}}}}""", "linux.resources.blockIO.weight: expected a whole number from 0 to 65535")]
    [InlineData("""{"linux":{"resources":{"memory":{"limit":9223372036854775808}}}}""", "linux.resources.memory.limit: expected a whole number")]
    [InlineData("""{"a":[[1,2],[3]],"root":{"path":false}}""", "root.path: expected a text")]
    public void A_mistake_is_told_with_its_place(string document, string message)
    {
        JsonException error = Assert.Throws<JsonException>(() => OciReader.ReadSpec(Encoding.UTF8.GetBytes(document)));
        Assert.Equal(message, error.Message);
        Assert.Null(error.LineNumber);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("""{"root":{"path":"a"}""")]
    [InlineData("""{"root":{"path":"a"}} x""")]
    [InlineData("""{"root":{"path":"a"},}""")]
    [InlineData("""{"future":{"x":}}""")]
    [InlineData("""{'root':1}""")]
    public void What_is_no_json_is_told_with_its_line(string document)
        => Assert.NotNull(Assert.ThrowsAny<JsonException>(() => OciReader.ReadSpec(Encoding.UTF8.GetBytes(document))).LineNumber);

    [Fact]
    public void Nesting_without_end_is_refused()
        => Assert.ThrowsAny<JsonException>(() => OciReader.ReadSpec(Encoding.UTF8.GetBytes("""{"future":""" + new string('[', 100_000))));
}
