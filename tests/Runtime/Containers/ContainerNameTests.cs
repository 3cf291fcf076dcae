using System.Globalization;
using ContainerTools.Runtime.Containers;
using Xunit;

namespace ContainerTools.Runtime.Tests.Containers;

public sealed class ContainerNameTests
{
    [Theory]
    [InlineData("ab")]
    [InlineData("a.")]
    [InlineData("0_x-Y.z")]
    public void Dockers_names_are_names(string name) => Assert.True(ContainerName.IsValid(name));

    [Theory]
    [InlineData("")]
    [InlineData("a")]
    [InlineData(".a")]
    [InlineData("-a")]
    [InlineData("_a")]
    [InlineData("a b")]
    [InlineData("a/b")]
    [InlineData("ab\n")]
    [InlineData("añ")]
    [InlineData("..")]
    public void Others_are_not(string name)
        => Assert.Equal(ErrorCode.InvalidArgument, Assert.Throws<ContainerException>(() => ContainerName.Check(name)).Code);

    [Fact]
    public void Generated_names_are_names()
    {
        for (int i = 0; i < 1000; i++)
        {
            string name = ContainerName.Generate(i % 5);
            Assert.True(ContainerName.IsValid(name), name);
            Assert.Contains('_', name);
        }
    }

    [Fact]
    public void Ids_are_64_hexadecimal_digits_and_short_ids_never_read_as_numbers()
    {
        for (int i = 0; i < 1000; i++)
        {
            string id = ContainerName.NewId();
            Assert.Equal(64, id.Length);
            Assert.True(ContainerName.IsIdPrefix(id));
            Assert.False(long.TryParse(id[..12], NumberStyles.None, CultureInfo.InvariantCulture, out _));
        }
    }
}
