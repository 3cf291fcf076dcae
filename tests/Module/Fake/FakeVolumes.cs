namespace ContainerTools.Module.Tests;

/// <summary>Volumes in memory.</summary>
internal sealed class FakeVolumes : IVolumeOperations
{
    public List<ContainerVolume> List { get; } = [];

    public Task<IReadOnlyList<ContainerVolume>> ListAsync(CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<ContainerVolume>>(List);

    public Task<ContainerVolume> GetAsync(string name, CancellationToken cancellationToken) => Task.FromResult(
        List.Find(volume => volume.Name == name) ?? throw new ContainerException(ErrorCode.VolumeNotFound, $"There is no volume '{name}'.", name));

    public Task<ContainerVolume> CreateAsync(VolumeCreateOptions options, CancellationToken cancellationToken)
    {
        ContainerVolume volume = new() { Name = options.Name ?? "generated", CreatedAt = DateTimeOffset.UtcNow, Labels = options.Labels };
        List.Add(volume);
        return Task.FromResult(volume);
    }

    public Task RemoveAsync(string name, CancellationToken cancellationToken)
    {
        List.RemoveAll(volume => volume.Name == name);
        return Task.CompletedTask;
    }
}
