using Xunit;

namespace ContainerTools.Vm.Tests;

/// <summary>The tests that one boot of the machine with systemd serves.</summary>
[CollectionDefinition(Name)]
public sealed class SystemdCollection : ICollectionFixture<SystemdMachine>
{
    public const string Name = "systemd";
}
