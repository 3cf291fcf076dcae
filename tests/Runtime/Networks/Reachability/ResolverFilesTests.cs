using System.Text;
using ContainerTools.Runtime.Networks.Reachability;
using Xunit;

namespace ContainerTools.Runtime.Tests.Networks.Reachability;

/// <summary>A container's resolv.conf and hosts, read as the C library reads them.</summary>
public sealed class ResolverFilesTests
{
    [Fact]
    public void The_servers_the_search_domains_and_the_options_are_read()
    {
        ResolverConfiguration read = Parse(
            """
            # nameserver 9.9.9.9
            domain before.example
            nameserver 10.0.0.1
            nameserver nonsense
            nameserver fd00::1
            search one.example two.example.
            nameserver 10.0.0.2
            nameserver 10.0.0.3
            options ndots:2 timeout:9 attempts:77 rotate edns0 use-vc
            options ndots:many
            """);
        Assert.Equal(["10.0.0.1", "fd00::1", "10.0.0.2"], read.Servers.Select(server => server.ToString()));
        Assert.Equal(["one.example", "two.example"], read.Search);
        Assert.Equal((2, TimeSpan.FromSeconds(9), 5, true), (read.Dots, read.Timeout, read.Attempts, read.OverStream));
    }

    [Fact]
    public void Without_a_word_it_is_what_the_C_library_takes()
    {
        ResolverConfiguration read = Parse("");
        Assert.Equal("127.0.0.1", Assert.Single(read.Servers).ToString());
        Assert.Equal((1, TimeSpan.FromSeconds(5), 2, false), (read.Dots, read.Timeout, read.Attempts, read.OverStream));
        Assert.Empty(read.Search);
        Assert.Empty(Parse("search .").Search);
    }

    [Theory]
    [InlineData("ndots:1", "web", "web.one,web.two,web")]
    [InlineData("ndots:1", "web.red", "web.red,web.red.one,web.red.two")]
    [InlineData("ndots:0", "web", "web,web.one,web.two")]
    [InlineData("ndots:3", "a.b.c", "a.b.c.one,a.b.c.two,a.b.c")]
    [InlineData("ndots:1", "web.", "web")]
    public void A_short_name_is_looked_up_in_the_search_domains(string option, string name, string tried)
        => Assert.Equal(tried, string.Join(',', Parse($"search one two\noptions {option}").Candidates(name)));

    [Theory]
    [InlineData("web", "10.0.0.1,fd00::1")]
    [InlineData("WEB.example", "10.0.0.1")]
    [InlineData("we", "")]
    [InlineData("secret", "")]
    [InlineData("10.0.0.1", "")]
    [InlineData("odd", "")]
    [InlineData("last", "10.0.0.9")]
    public void A_name_in_hosts_has_the_addresses_of_its_lines(string name, string addresses)
    {
        byte[] file = Encoding.UTF8.GetBytes("# 10.0.0.7 web\n10.0.0.1\tweb.example  web # secret\r\nfd00::1 web\n10.0.0.1 web\n10.1 odd\n\n10.0.0.8\n10.0.0.9 last");
        Assert.Equal(addresses, string.Join(',', HostsFile.Find(file, name)));
    }

    [Fact]
    public void Bytes_that_are_no_text_do_no_harm()
    {
        byte[] noise = new byte[100_000];
        new Random(5).NextBytes(noise);
        Assert.Equal("127.0.0.1", Assert.Single(ResolverConfiguration.Parse(noise).Servers).ToString());
        Assert.Empty(HostsFile.Find(noise, "web"));
        Assert.Equal("10.0.0.1", Assert.Single(HostsFile.Find([.. noise, .. "\n10.0.0.1 web\n"u8], "web")).ToString());
    }

    private static ResolverConfiguration Parse(string text) => ResolverConfiguration.Parse(Encoding.UTF8.GetBytes(text));
}
