using ContainerTools.Tests.Archives;
using Xunit;
using static ContainerTools.Integration.Tests.Containers.TestToken;

namespace ContainerTools.Integration.Tests.Containers;

/// <summary>Images of so many layers that their paths do not fit into the one page that mount(2) takes.</summary>
public sealed class ManyLayersTests(EngineFixture engine) : IClassFixture<EngineFixture>
{
    [Theory]
    [InlineData(127, false)]
    [InlineData(127, true)]
    [InlineData(300, false)]
    public async Task A_container_runs_on_all_of_them(int count, bool userNamespace)
    {
        Assert.SkipWhen(engine.SkipReason is not null, engine.SkipReason ?? "");
        byte[] below = File.ReadAllBytes(Path.Combine(engine.Scratch, "busybox.tar"));
        byte[][] layers = [below, .. Enumerable.Range(1, count - 1).Select(i => new TarBuilder().File($"file{i}", $"{i}\n").File("last", $"{i}\n").Build())];
        ImageBuilder builder = new();
        builder.DockerManifest(builder.DockerImage(layers, $"many:{count}"));
        string file = Path.Combine(engine.Scratch, "many.tar");
        File.WriteAllBytes(file, builder.Tar());
        await engine.Engine.Images.ImportAsync(new ImageImportOptions { Path = file }, null, Cancel);
        (int exitCode, string output) = await engine.RunAsync(new ContainerCreateOptions
        {
            Image = $"many:{count}",
            NetworkMode = "none",
            UserNamespace = userNamespace,
            Command = ["sh", "-c", "cat /last /file1; echo new > /last; cat /last; ls / | grep -c file"],
        });
        Assert.Equal((0, $"{count - 1}\n1\nnew\n{count - 1}\n"), (exitCode, output));
    }
}
