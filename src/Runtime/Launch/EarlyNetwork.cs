using System.Runtime.InteropServices;
using ContainerTools.Runtime.Launch.Contributors;
using ContainerTools.Runtime.Linux;
using ContainerTools.Runtime.Oci;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Launch;

/// <summary>
/// The new network namespace of a container, made by a thread on the side while the cgroup is made and the plan compiled: to the kernel it is the most work of
/// all namespaces (half a millisecond, network_namespaces(7)), and clone3(2) would keep the launcher waiting for it. The first process joins it. For ctrun only.
/// </summary>
internal sealed unsafe class EarlyNetwork : IDisposable
{
    private readonly nint thread;
    private readonly int* result;
    private SafeFileHandle? made;
    private bool joined;

    private EarlyNetwork(nint thread, int* result)
    {
        this.thread = thread;
        this.result = result;
    }

    /// <summary>Whether a container's can be made early: it gets a new one, which no user namespace of its own has to own.</summary>
    public static bool IsFor(OciSpec spec)
    {
        bool makes = false;
        foreach (OciNamespace item in spec.Linux?.Namespaces ?? [])
        {
            if (item.Type == "user") return false;
            if (item.Type == "network") makes = string.IsNullOrEmpty(item.Path);
        }

        return makes;
    }

    /// <summary>Begins; null where it <see cref="IsFor">cannot be</see>, or no thread is to be had.</summary>
    public static EarlyNetwork? Begin(OciSpec spec)
    {
        if (!IsFor(spec)) return null;
        int* result = (int*)NativeMemory.Alloc(sizeof(int));
        *result = -1;
        if (Libc.StartThread(out nint thread, &Make, (nint)result) == 0) return new EarlyNetwork(thread, result);
        NativeMemory.Free(result);
        return null;
    }

    /// <summary>Waits until it is made. The thread has ended then: whoever clones has none beside it.</summary>
    /// <returns>It, which stays this object's; null where it could not be made: then clone3(2) makes it, or says why not.</returns>
    public SafeFileHandle? Wait()
    {
        if (joined) return made;
        Libc.JoinThread(thread);
        joined = true;
        if (*result >= 0) made = new SafeFileHandle(*result, ownsHandle: true);
        NativeMemory.Free(result);
        return made;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Wait();
        made?.Dispose();
    }

    // Only this thread leaves the launcher's namespace, and it ends here.
    [UnmanagedCallersOnly]
    private static nint Make(nint result)
    {
        if (Libc.TryUnshare(Namespaces.NewNetwork) == 0) *(int*)result = Libc.OpenKernelFile("/proc/thread-self/ns/net", Libc.O_RDONLY | Libc.O_CLOEXEC);
        return 0;
    }
}
