using System.Text;

namespace ContainerTools.Integration.Tests.Images;

/// <summary>Trees of files of every kind, and their description by other tools than ours.</summary>
internal static class Tree
{
    /// <summary>Makes files of all kinds.</summary>
    /// <param name="folder">A new folder.</param>
    /// <param name="ustar">Only what the ustar format can hold.</param>
    public static void Make(string folder, bool ustar)
    {
        Directory.CreateDirectory(folder);
        string script = """
            set -e
            umask 022
            mkdir -p etc 'with space' deep/er/still tmp empty
            chmod 1777 tmp; chmod 2755 deep; chmod 0000 empty
            echo hello > etc/file; printf '' > etc/none; head -c 300000 /dev/urandom > etc/random
            cp /bin/true su; chown 0:0 su; chmod 4755 su
            echo x > owned; chown 12345:54321 owned; chmod 640 owned
            ln etc/file hard; ln etc/file deep/er/hard2
            ln -s etc/file soft; ln -s /absolute/dangling dangling; chown -h 7:8 dangling
            mknod null c 1 3; chmod 666 null; mknod disk b 8 17; mkfifo pipe
            mknod big c 259 70000
            touch -d '1999-12-31 23:59:58.123456789 UTC' etc/file deep; touch -d '2030-01-01 UTC' etc/none; touch -h -d '2001-02-03 UTC' soft
            touch "$(printf 'latin1-\344')" "$(printf 'new\nline')"
            """;
        StringBuilder rest = new(script);
        if (!ustar)
        {
            rest.Append('\n').Append("""
                long=$(printf 'n%.0s' $(seq 1 200)); touch "$long"; mkdir -p "$long-d/$long"; echo y > "$long-d/$long/$long"; ln -s "$long-d/$long/$long" longlink; ln "$long" "$long-hard"
                truncate -s 20M sparse; printf middle | dd of=sparse bs=1 seek=5000000 conv=notrunc status=none; printf end | dd of=sparse bs=1 seek=20971517 conv=notrunc status=none
                truncate -s 5M hole
                for i in $(seq 1 12); do printf x | dd of=many bs=1 seek=$((i * 100000)) conv=notrunc status=none; done
                setfattr -n user.note -v "some value" etc/file; setfattr -n user.binary -v 0x00ff0a3d00 etc/random; setfattr -n trusted.t -v t deep
                setfattr -n security.capability -v 0x0100000200040000000000000000000000000000 su-cap 2>/dev/null || { cp /bin/true su-cap; setfattr -n security.capability -v 0x0100000200040000000000000000000000000000 su-cap; }
                """);
        }

        rest.Append("\ntouch -d '2020-01-01 00:00:00.5 UTC' deep . ");
        StoreFixture.Run("sh", "-c", $"cd \"$0\"; {rest}", folder);
    }

    /// <summary>One line per file: type, mode, owner, size, links, time, target, device, content, attributes.</summary>
    /// <param name="folder">The tree.</param>
    /// <param name="whole">With attributes and fractions of seconds.</param>
    public static string Describe(string folder, bool whole = true)
    {
        string time = whole ? "%T@" : "%Ts";
        string files = StoreFixture.Run(
            "sh", "-c", $"cd \"$0\"; find . -mindepth 1 -printf '%y %m %U %G %n {time} %P -> %l %s\\n' | sed 's/^\\(d [^\\n]*\\) [0-9]*$/\\1/' | LC_ALL=C sort | base64 -w0", folder);
        string root = StoreFixture.Run("sh", "-c", $"cd \"$0\"; find . -maxdepth 0 -printf '%m %U %G {time}'", folder);
        string devices = StoreFixture.Run("sh", "-c", "cd \"$0\"; find . \\( -type c -o -type b \\) -exec stat -c '%n %t %T' {} + | LC_ALL=C sort", folder);
        string sums = StoreFixture.Run("sh", "-c", "cd \"$0\"; find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum -b | base64 -w0", folder);
        string attributes = whole && HasTool("getfattr")
            ? StoreFixture.Run("sh", "-c", "cd \"$0\"; find . -print0 | LC_ALL=C sort -z | xargs -0 getfattr -h -d -m - -e hex 2>/dev/null | grep -v '^#\\|selinux\\|^$' | base64 -w0", folder)
            : "";
        string text = Encoding.Latin1.GetString(Convert.FromBase64String(files));
        return string.Join('\n', root, text, devices, Encoding.Latin1.GetString(Convert.FromBase64String(sums)), Encoding.Latin1.GetString(Convert.FromBase64String(attributes)));
    }

    private static bool HasTool(string name) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, name)));
}
