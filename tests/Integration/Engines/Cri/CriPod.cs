namespace ContainerTools.Integration.Tests.Engines.Cri;

/// <summary>A pod and its containers, which are removed with it.</summary>
internal sealed class CriPod : IDisposable
{
    private readonly CriFixture _fixture;
    private readonly PodSandboxConfig _config;
    private bool _removed;

    private CriPod(CriFixture fixture, PodSandboxConfig config, string id)
    {
        _fixture = fixture;
        _config = config;
        Id = id;
    }

    public string Id { get; }

    private RuntimeService.RuntimeServiceClient Client => _fixture.Client;

    /// <summary>Runs a pod in the network of the node.</summary>
    public static CriPod Run(CriFixture fixture, string handler, string name, Action<PodSandboxConfig>? change = null)
    {
        var config = new PodSandboxConfig
        {
            Metadata = new PodSandboxMetadata { Name = name, Uid = $"{name}-{handler}", Namespace = "tests" },
            LogDirectory = $"{fixture.Sandbox.Folder}/logs/{handler}/{name}",
            Linux = new LinuxPodSandboxConfig
            {
                CgroupParent = $"{fixture.Sandbox.CgroupParent}/{handler}-{name}",
                SecurityContext = new LinuxSandboxSecurityContext { NamespaceOptions = new NamespaceOption { Network = NamespaceMode.Node } },
            },
        };
        change?.Invoke(config);
        string id = fixture.Client.RunPodSandbox(new RunPodSandboxRequest { Config = config, RuntimeHandler = handler }).PodSandboxId;
        return new CriPod(fixture, config, id);
    }

    /// <summary>Creates a container of a shell script; its id.</summary>
    public string Create(string name, string script, Action<ContainerConfig>? change = null)
    {
        var config = new ContainerConfig
        {
            Metadata = new ContainerMetadata { Name = name },
            Image = new ImageSpec { Image = CriFixture.Image },
            Command = { "/bin/sh", "-c" },
            Args = { script },
            LogPath = name + ".log",
            Linux = new LinuxContainerConfig { SecurityContext = new LinuxContainerSecurityContext { NamespaceOptions = _config.Linux.SecurityContext.NamespaceOptions } },
        };
        change?.Invoke(config);
        return Client.CreateContainer(new CreateContainerRequest { PodSandboxId = Id, Config = config, SandboxConfig = _config }).ContainerId;
    }

    /// <summary>Creates and starts a container; its id.</summary>
    public string Start(string name, string script, Action<ContainerConfig>? change = null)
    {
        string id = Create(name, script, change);
        Start(id);
        return id;
    }

    /// <summary>Creates and starts a container, and waits for its end; what it wrote, as the log has it.</summary>
    public string RunToEnd(string name, string script, Action<ContainerConfig>? change = null)
    {
        string id = Start(name, script, change);
        WaitForEnd(id);
        return Log(name);
    }

    /// <summary>What a container wrote so far.</summary>
    public string Log(string name)
    {
        string path = _fixture.Sandbox.FolderFromOutside + _config.LogDirectory[_fixture.Sandbox.Folder.Length..] + $"/{name}.log";
        // A line of the log: time, stream, F for a full line or P for a part of one, text.
        return string.Concat(File.ReadLines(path).Select(line => line.Split(' ', 4)).Select(parts => parts[3] + (parts[2] == "F" ? "\n" : "")));
    }

    /// <summary>Waits until a container has ended.</summary>
    public ContainerStatus WaitForEnd(string id)
    {
        EngineSandbox.WaitUntil(() => Status(id).State == ContainerState.ContainerExited, "the container's end");
        return Status(id);
    }

    public PodSandboxStatus Status() => Client.PodSandboxStatus(new PodSandboxStatusRequest { PodSandboxId = Id }).Status;

    public void Stop() => Client.StopPodSandbox(new StopPodSandboxRequest { PodSandboxId = Id });

    public ContainerStatus Status(string id) => Client.ContainerStatus(new ContainerStatusRequest { ContainerId = id }).Status;

    public ContainerStats Stats(string id) => Client.ContainerStats(new ContainerStatsRequest { ContainerId = id }).Stats;

    public void Start(string id) => Client.StartContainer(new StartContainerRequest { ContainerId = id });

    public void Update(string id, LinuxContainerResources resources)
        => Client.UpdateContainerResources(new UpdateContainerResourcesRequest { ContainerId = id, Linux = resources });

    public ExecSyncResponse Exec(string id, params string[] command) => Client.ExecSync(new ExecSyncRequest { ContainerId = id, Cmd = { command } });

    /// <summary>Stops a container; it is killed when the time in seconds is over.</summary>
    public void Stop(string id, long timeout) => Client.StopContainer(new StopContainerRequest { ContainerId = id, Timeout = timeout });

    public void Remove(string id) => Client.RemoveContainer(new RemoveContainerRequest { ContainerId = id });

    /// <summary>Stops and removes the pod with all that is in it.</summary>
    public void Remove()
    {
        if (_removed) return;
        Stop();
        Client.RemovePodSandbox(new RemovePodSandboxRequest { PodSandboxId = Id });
        _removed = true;
    }

    public void Dispose() => Remove();
}
