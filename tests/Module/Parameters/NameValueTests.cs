using System.Collections;
using System.Collections.Specialized;
using System.Management.Automation;
using ContainerTools.Module.Parameters;
using Xunit;

namespace ContainerTools.Module.Tests.Parameters;

public sealed class NameValueTests
{
    [Fact]
    public void Text_tables_and_mixtures_become_pairs()
    {
        OrderedDictionary table = new() { ["B"] = 2, ["C"] = "three", ["D"] = null };

        Assert.Equal(["A=1", "B=2", "C=three", "D", "E"], Read(new object[] { "A=1", table, new PSObject("E") }));
        Assert.Equal(["A=x=y"], Read("A=x=y"));
        Assert.Equal(["A="], Read(new Hashtable { ["A"] = "" }));
    }

    [Theory]
    [InlineData("=x")]
    [InlineData("")]
    public void A_pair_without_a_name_is_refused(string text)
        => Assert.Throws<ArgumentTransformationMetadataException>(() => Read(text));

    private static string[] Read(object input) => Assert.IsType<string[]>(new NameValueAttribute().Transform(null!, input));
}
