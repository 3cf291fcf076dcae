using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Networks.Reachability;
using Microsoft.Win32.SafeHandles;
using Xunit;

namespace ContainerTools.Runtime.Tests.Networks.Reachability;

/// <summary>A process's files as it sees them, whatever it has put there.</summary>
public sealed class ContainerViewTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("containertools-view-").FullName;
    private readonly ulong _startTime = ProcessStat.StartTimeOf(Environment.ProcessId)!.Value;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_file_is_read_and_what_is_none_is_empty()
    {
        using ContainerView view = ContainerView.Join(Environment.ProcessId, _startTime);
        File.WriteAllText(Path("file"), "text");
        File.CreateSymbolicLink(Path("link"), Path("file"));
        File.CreateSymbolicLink(Path("circle"), Path("circle"));
        File.WriteAllBytes(Path("large"), new byte[3 << 20]);
        Assert.Equal("text"u8, view.Read(Path("file")));
        Assert.Equal("text"u8, view.Read(Path("link")));
        Assert.Empty(view.Read(Path("absent")));
        Assert.Empty(view.Read(_folder));
        Assert.Empty(view.Read("/dev/zero"));
        Assert.Empty(view.Read(Path("circle")));
        // A link of /proc that leads out of every root.
        Assert.Empty(view.Read("/proc/self/exe"));
        Assert.InRange(view.Read(Path("large")).Length, 1 << 20, 2 << 20);
    }

    [Fact]
    public void What_is_no_file_is_not_even_opened()
    {
        using ContainerView view = ContainerView.Join(Environment.ProcessId, _startTime);
        using SafeFileHandle watch = Libc.CreateInotify();
        using SafeFileHandle folder = Libc.Open(_folder, Libc.O_PATH | Libc.O_DIRECTORY | Libc.O_CLOEXEC);
        Assert.Equal(0, Libc.MakeNodeAt(folder, "pipe"u8, Libc.S_IFIFO | 0x180, 0));
        const uint InOpen = 0x20;
        Libc.AddWatch(watch, _folder, InOpen);
        Assert.Empty(view.Read(Path("pipe")));
        Assert.False(Libc.Poll(watch, Libc.POLLIN, TimeSpan.Zero));
        // The watch would have told.
        File.WriteAllText(Path("file"), "text");
        Assert.True(Libc.Poll(watch, Libc.POLLIN, TimeSpan.Zero));
    }

    [Fact]
    public void A_process_that_has_the_number_of_one_that_ended_is_not_looked_at()
    {
        Assert.Equal(ErrorCode.ContainerNotRunning, Assert.Throws<ContainerException>(() => ContainerView.Join(Environment.ProcessId, _startTime - 1)).Code);
        Assert.Equal(ErrorCode.ContainerNotRunning, Assert.Throws<ContainerException>(() => ContainerView.Join(int.MaxValue, _startTime)).Code);
    }

    private string Path(string name) => System.IO.Path.Combine(_folder, name);
}
