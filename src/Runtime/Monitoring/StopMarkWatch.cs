using ContainerTools.Runtime.Linux;
using Microsoft.Win32.SafeHandles;

namespace ContainerTools.Runtime.Monitoring;

/// <summary>Watches a run folder, while the container rests between two runs, for the mark that says it is to stop.</summary>
internal sealed class StopMarkWatch : IEventHandler, IDisposable
{
    private readonly RunFolder _folder;
    private readonly Action _onMarked;
    private readonly SafeFileHandle _inotify;
    private readonly EventLoop.Registration _registration;

    /// <summary>Begins. A mark that is there already is for <see cref="Check"/>, after this.</summary>
    /// <exception cref="ContainerException">The errno of inotify_add_watch(2).</exception>
    public StopMarkWatch(EventLoop loop, RunFolder folder, Action onMarked)
    {
        _folder = folder;
        _onMarked = onMarked;
        _inotify = Libc.CreateInotify();
        try
        {
            Libc.AddWatch(_inotify, folder.Path, Libc.IN_CREATE | Libc.IN_MOVED_TO);
            _registration = loop.Add(_inotify, Libc.EPOLLIN, this);
        }
        catch
        {
            _inotify.Dispose();
            throw;
        }
    }

    /// <summary>Looks for the mark.</summary>
    public void Check()
    {
        if (_folder.IsStopped) _onMarked();
    }

    /// <inheritdoc/>
    public void OnReady(uint events)
    {
        Libc.DrainInotify(_inotify);
        Check();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _registration.Dispose();
        _inotify.Dispose();
    }
}
