using ContainerTools.Runtime.Layers;
using ContainerTools.Runtime.Linux;
using Xunit;

namespace ContainerTools.Runtime.Tests;

public sealed class UserRunFolderTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("containertools-tests-").FullName;

    private string Own => Path.Combine(_folder, "own");

    public void Dispose() => FolderRemoval.Remove(_folder);

    [Fact]
    public void It_is_made_for_its_user_alone_and_taken_again()
    {
        Assert.Equal(Own, UserRunFolder.Make(Own));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Own));
        Assert.Equal(Own, UserRunFolder.Make(Own));
    }

    [Theory]
    [InlineData(UnixFileMode.OtherWrite)]
    [InlineData(UnixFileMode.GroupRead)]
    public void One_that_others_can_reach_is_refused(UnixFileMode open)
    {
        Directory.CreateDirectory(Own);
        File.SetUnixFileMode(Own, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | open);
        Refused();
    }

    [Fact]
    public void A_link_and_a_file_are_refused()
    {
        File.CreateSymbolicLink(Own, Directory.CreateDirectory(Path.Combine(_folder, "elsewhere")).FullName);
        Refused();
        File.Delete(Own);
        File.WriteAllText(Own, "");
        Refused();
    }

    [Fact]
    public void One_of_somebody_else_is_refused()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "needs root, to make a folder of somebody else");
        UserRunFolder.Make(Own);
        using (Microsoft.Win32.SafeHandles.SafeFileHandle folder = Libc.Open(_folder, Libc.O_RDONLY | Libc.O_DIRECTORY | Libc.O_CLOEXEC))
        {
            Assert.Equal(0, Libc.ChangeOwnerAt(folder, "own"u8, 12345, 12345));
        }

        Refused();
    }

    private void Refused()
    {
        ContainerException error = Assert.Throws<ContainerException>(() => UserRunFolder.Make(Own));
        Assert.Equal(ErrorCode.PermissionDenied, error.Code);
        Assert.Contains("CONTAINERTOOLS_RUN", error.Message, StringComparison.Ordinal);
    }
}
