using System.Diagnostics;
using System.Globalization;
using Xunit;

namespace ContainerTools.Integration.Tests.Images;

/// <summary>A tmpfs of limited room in a mount namespace of its own, reached from outside by its holder's /proc folder.</summary>
internal sealed class SmallDisk : IDisposable
{
    private const int Page = 4096;
    private readonly Process _holder;

    public SmallDisk(string mountPoint, int megabytes, int files)
    {
        StoreFixture.RequireRoot();
        StoreFixture.RequireTool("unshare");
        Directory.CreateDirectory(mountPoint);
        _holder = Process.Start(new ProcessStartInfo(
            "unshare", ["-m", "--propagation", "private", "sh", "-c", $"mount -t tmpfs -o size={megabytes}m,nr_inodes={files} tmpfs \"$0\" && echo $$ && read line", mountPoint])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        string? holder = _holder.StandardOutput.ReadLine();
        if (holder is null)
        {
            string reason = _holder.StandardError.ReadToEnd().Trim();
            Dispose();
            Assert.Skip($"needs to mount a file system in a mount namespace of its own: {reason}");
        }

        Folder = $"/proc/{int.Parse(holder, CultureInfo.InvariantCulture)}/root{mountPoint}";
        Directory.CreateDirectory(Ballast);
    }

    /// <summary>Its root.</summary>
    public string Folder { get; }

    private string Ballast => Path.Combine(Folder, "ballast");

    /// <summary>Leaves so many pages free, whatever else is there.</summary>
    public void LeavePages(int pages)
    {
        Empty();
        long free = new DriveInfo(Folder).AvailableFreeSpace;
        using FileStream file = new(Path.Combine(Ballast, "all"), new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            PreallocationSize = Math.Max(Page, free - ((long)pages * Page)),
        });
    }

    /// <summary>Leaves room for so many files and folders.</summary>
    public void LeaveFiles(int count)
    {
        Empty();
        try
        {
            for (int i = 0; ; i++) File.WriteAllBytes(Path.Combine(Ballast, i.ToString(CultureInfo.InvariantCulture)), []);
        }
        catch (IOException)
        {
            // There are no more.
        }

        foreach (string file in Directory.EnumerateFiles(Ballast).Take(count).ToList()) File.Delete(file);
    }

    /// <summary>Leaves all the room there is.</summary>
    public void Empty()
    {
        foreach (string file in Directory.EnumerateFiles(Ballast)) File.Delete(file);
    }

    public void Dispose()
    {
        _holder.StandardInput.Close();
        _holder.WaitForExit();
        _holder.Dispose();
    }
}
