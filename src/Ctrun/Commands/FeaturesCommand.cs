using System.Text.Json;
using ContainerTools.Runtime.Launch;
using ContainerTools.Runtime.Linux;

namespace ContainerTools.Ctrun.Commands;

/// <summary><c>ctrun features</c>: the features document of the runtime specification (features.md), with what is there and nothing else.</summary>
internal static class FeaturesCommand
{
    private const string Usage = "features";

    public static int Run(ArgumentReader reader)
    {
        while (reader.Next(out _))
        {
            if (reader.Other(Usage)) return 0;
        }

        reader.None();
        Output.WriteJson(Write);
        return 0;
    }

    private static void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("ociVersionMin"u8, "1.0.0");
        writer.WriteString("ociVersionMax"u8, "1.2.0");
        Strings(writer, "hooks", ["prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"]);
        Strings(writer, "mountOptions", MountOptions.Known);
        writer.WriteStartObject("linux"u8);
        Strings(writer, "namespaces", ["cgroup", "ipc", "mount", "network", "pid", "time", "user", "uts"]);
        Strings(writer, "capabilities", Capability.All);
        writer.WriteStartObject("cgroup"u8);
        writer.WriteBoolean("v1"u8, true);
        writer.WriteBoolean("v2"u8, true);
        writer.WriteBoolean("systemd"u8, true);
        writer.WriteBoolean("systemdUser"u8, true);
        writer.WriteEndObject();
        writer.WriteStartObject("seccomp"u8);
        writer.WriteBoolean("enabled"u8, true);
        Strings(writer, "actions", [
            "SCMP_ACT_ALLOW", "SCMP_ACT_ERRNO", "SCMP_ACT_KILL", "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_KILL_THREAD", "SCMP_ACT_LOG", "SCMP_ACT_NOTIFY", "SCMP_ACT_TRACE", "SCMP_ACT_TRAP"]);
        Strings(writer, "operators", [
            "SCMP_CMP_EQ", "SCMP_CMP_GE", "SCMP_CMP_GT", "SCMP_CMP_LE", "SCMP_CMP_LT", "SCMP_CMP_MASKED_EQ", "SCMP_CMP_NE"]);
        Strings(writer, "archs", ["SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM", "SCMP_ARCH_X32", "SCMP_ARCH_X86", "SCMP_ARCH_X86_64"]);
        Strings(writer, "knownFlags", ["SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_SPEC_ALLOW", "SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"]);
        Strings(writer, "supportedFlags", ["SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_SPEC_ALLOW", "SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"]);
        writer.WriteEndObject();
        Enabled(writer, "apparmor", true);
        Enabled(writer, "selinux", true);
        Enabled(writer, "intelRdt", false);
        writer.WriteStartObject("mountExtensions"u8);
        Enabled(writer, "idmap", true);
        writer.WriteEndObject();
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private static void Enabled(Utf8JsonWriter writer, string name, bool enabled)
    {
        writer.WriteStartObject(name);
        writer.WriteBoolean("enabled"u8, enabled);
        writer.WriteEndObject();
    }

    private static void Strings(Utf8JsonWriter writer, string name, IReadOnlyList<string> values)
    {
        writer.WriteStartArray(name);
        foreach (string value in values) writer.WriteStringValue(value);
        writer.WriteEndArray();
    }
}
