using System.Text;
using ContainerTools.Runtime.Linux;
using Microsoft.Win32.SafeHandles;
using Xunit;

namespace ContainerTools.Integration.Tests.Ctrun;

/// <summary>Terminals handed over the console socket, as engines do it.</summary>
public sealed class ConsoleTests
{
    private static SafeFileHandle Accept(SafeFileHandle listener)
    {
        Assert.True(Libc.Poll(listener, Libc.POLLIN, TimeSpan.FromMinutes(2)));
        using SafeFileHandle connection = Libc.TryAccept(listener)!;
        Assert.True(Libc.Poll(connection, Libc.POLLIN, TimeSpan.FromMinutes(2)));
        return Libc.ReceiveDescriptor(connection)!;
    }

    private static void ReadUntil(SafeFileHandle terminal, StringBuilder text, string end)
    {
        byte[] buffer = new byte[1024];
        while (!text.ToString().Contains(end, StringComparison.Ordinal))
        {
            Assert.True(Libc.Poll(terminal, Libc.POLLIN, TimeSpan.FromMinutes(2)), $"'{end}' does not come: {text}");
            int count = Libc.Read(terminal, buffer);
            Assert.True(count > 0, $"'{end}' does not come: {text}");
            text.Append(Encoding.UTF8.GetString(buffer, 0, count));
        }
    }

    [Fact]
    public void The_first_process_has_the_terminal_that_the_socket_got()
    {
        using CtrunBundle bundle = CtrunBundle.Create();
        bundle.WriteScript("tty; stty size; read word; echo got $word; sleep 1000", spec => spec with
        {
            Process = spec.Process! with { Terminal = true, ConsoleSize = new Runtime.Oci.OciBox(33, 99) },
        });
        string path = Path.Combine(bundle.Folder, "console");
        using SafeFileHandle listener = Libc.ListenLocal(path, 0x180);
        bundle.Launch("create", "c", "--console-socket", path);
        using SafeFileHandle terminal = Accept(listener);
        bundle.Succeed("start", "c");
        StringBuilder text = new();
        ReadUntil(terminal, text, "33 99\r\n");
        Assert.StartsWith("/dev/pts/0\r\n", text.ToString(), StringComparison.Ordinal);
        Libc.Write(terminal, "word\n"u8);
        ReadUntil(terminal, text, "got word\r\n");

        // And a further process has one of its own.
        using SafeFileHandle second = ExecuteWithTerminal(bundle, listener, path);
        ReadUntil(second, new StringBuilder(), "/dev/pts/1\r\n");
    }

    [Fact]
    public void A_terminal_without_a_holder_is_refused()
    {
        using CtrunBundle bundle = CtrunBundle.Create();
        bundle.Write(["/bin/true"], spec => spec with { Process = spec.Process! with { Terminal = true } });
        Assert.Contains("--console-socket", bundle.Fail("create", "c"), StringComparison.Ordinal);
        Assert.Contains("--console-socket", bundle.Fail("run", "--detach", "c"), StringComparison.Ordinal);
        bundle.Write(["/bin/true"]);
        Assert.Contains("no terminal", bundle.Fail("create", "--console-socket", "x", "c"), StringComparison.Ordinal);
        bundle.AssertClean();
    }

    [Fact]
    public void A_socket_that_nobody_listens_at_fails_and_leaves_nothing()
    {
        using CtrunBundle bundle = CtrunBundle.Create();
        bundle.Write(["/bin/sleep", "1000"], spec => spec with { Process = spec.Process! with { Terminal = true } });
        Assert.Contains("connect", bundle.Fail("create", "--console-socket", "/nowhere", "c"), StringComparison.Ordinal);
        bundle.AssertClean();
    }

    private static SafeFileHandle ExecuteWithTerminal(CtrunBundle bundle, SafeFileHandle listener, string path)
    {
        bundle.Launch("exec", "c /bin/sh -c 'tty; exec sleep 1000'", "--detach", "--tty", "--console-socket", path);
        return Accept(listener);
    }
}
