namespace ContainerTools.Runtime.Monitoring;

/// <summary>Is told when its file is ready.</summary>
internal interface IEventHandler
{
    /// <summary>Something has happened to the file.</summary>
    /// <param name="events">EPOLLIN, EPOLLOUT, EPOLLHUP …</param>
    void OnReady(uint events);
}
