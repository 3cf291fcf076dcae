using Xunit;

namespace ContainerTools.Integration.Tests.Engines;

/// <summary>The tests that share one containerd and one dockerd.</summary>
[CollectionDefinition(Name)]
public sealed class DaemonCollection : ICollectionFixture<DaemonFixture>
{
    /// <summary>Its name.</summary>
    public const string Name = "daemons";
}
