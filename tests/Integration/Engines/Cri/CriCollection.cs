using Xunit;

namespace ContainerTools.Integration.Tests.Engines.Cri;

/// <summary>The tests that share one containerd with the CRI plug-in.</summary>
[CollectionDefinition(Name)]
public sealed class CriCollection : ICollectionFixture<CriFixture>
{
    /// <summary>Its name.</summary>
    public const string Name = "cri";
}
