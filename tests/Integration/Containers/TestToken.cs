using Xunit;

namespace ContainerTools.Integration.Tests.Containers;

/// <summary>The running test's token, in one word.</summary>
internal static class TestToken
{
    public static CancellationToken Cancel => TestContext.Current.CancellationToken;
}
