using Xunit;
using static ContainerTools.Integration.Tests.Containers.TestToken;

namespace ContainerTools.Integration.Tests.Containers;

/// <summary>The engine's parts together.</summary>
public sealed class EngineTests(EngineFixture engine) : IClassFixture<EngineFixture>
{
    [Fact]
    public async Task An_image_that_a_container_uses_stays()
    {
        Container container = await engine.StartSleeperAsync();
        ContainerException error = await Assert.ThrowsAsync<ContainerException>(
            () => engine.Engine.Images.RemoveAsync(EngineFixture.ImageName, new ImageRemoveOptions(), Cancel));
        Assert.Equal(ErrorCode.ImageInUse, error.Code);
        await engine.Containers.RemoveAsync(container.Id, new ContainerRemoveOptions { Force = true }, Cancel);
        await engine.Containers.CreateAsync(engine.Options("true"), Cancel);
    }

    [Fact]
    public async Task Many_containers_are_listed_oldest_first_by_an_engine_that_has_not_seen_them()
    {
        Assert.SkipWhen(engine.SkipReason is not null, engine.SkipReason ?? "");
        Container[] made = await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => engine.Containers.CreateAsync(engine.Options("true"), Cancel)));
        HashSet<string> ids = [.. made.Select(container => container.Id)];
        List<Container> listed = [];
        await using Runtime.LocalContainerEngine other = new(engine.Paths);
        await foreach (Container container in other.Containers.ListAsync(ContainerFilter.All, Cancel))
        {
            if (ids.Contains(container.Id)) listed.Add(container);
        }

        Assert.Equal(200, listed.Count);
        Assert.Equal(listed.Select(container => container.CreatedAt).Order(), listed.Select(container => container.CreatedAt));
    }
}
