using ContainerTools.Runtime;
using ContainerTools.Runtime.Images;
using Xunit;

namespace ContainerTools.Integration.Tests.Images;

/// <summary>Run by <see cref="ImportCrashTests"/> in a process of its own; it has nothing to clear up, because it is killed.</summary>
public sealed class ImportCrashChild
{
    /// <summary>The environment variable with the folder of the test.</summary>
    public const string RootVariable = "CONTAINERTOOLS_TEST_STORE";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Imports and removes until it is killed.</summary>
    [Fact(Explicit = true)]
    public async Task Imports_and_removes_for_ever()
    {
        string root = Environment.GetEnvironmentVariable(RootVariable)!;
        ImageStore store = new(new EnginePaths(Path.Combine(root, "root"), Path.Combine(root, "run")), _ => AsyncEnumerable.Empty<ImageUse>());
        string acknowledged = Path.Combine(root, "acknowledged");
        for (int i = 0; ; i = (i + 1) % 3)
        {
            string name = $"box{i}";
            await store.ImportAsync(new ImageImportOptions { Path = Path.Combine(root, "scratch", $"{name}.tar"), Reference = name }, null, Token);
            File.WriteAllText(acknowledged, name);
            string other = $"box{(i + 1) % 3}";
            if ((await store.ListAsync(Token).ToListAsync(Token)).Any(image => image.Reference == other + ":latest")) await store.RemoveAsync(other, new ImageRemoveOptions(), Token);
        }
    }
}
