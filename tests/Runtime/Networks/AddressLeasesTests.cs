using System.Collections.Concurrent;
using System.Net;
using ContainerTools.Runtime.Networks;
using Xunit;

namespace ContainerTools.Runtime.Tests.Networks;

/// <summary>Addresses of a network: never the same one twice.</summary>
public sealed class AddressLeasesTests : IDisposable
{
    private static readonly NetworkSubnet s_subnet = Subnet("10.7.0.0/24");
    private readonly string _run = Directory.CreateTempSubdirectory("containertools-leases-").FullName;
    private readonly AddressLeases _leases;

    public AddressLeasesTests()
    {
        _leases = new AddressLeases(_run, "net");
        _leases.Prepare();
    }

    public void Dispose() => Directory.Delete(_run, recursive: true);

    [Fact]
    public void The_lowest_free_address_is_taken_and_given_back()
    {
        Assert.Equal("10.7.0.2", Take("a"));
        Assert.Equal("10.7.0.3", Take("b"));
        _leases.Release("a", IPAddress.Parse("10.7.0.2"), []);
        Assert.Equal("10.7.0.2", Take("c"));
    }

    [Theory]
    [InlineData("10.7.1.1", ErrorCode.InvalidArgument, "is not in the subnet")]
    [InlineData("10.7.0.1", ErrorCode.AddressInUse, "is the gateway")]
    [InlineData("10.7.0.0", ErrorCode.InvalidArgument, "is the base")]
    [InlineData("10.7.0.255", ErrorCode.InvalidArgument, "for broadcasts")]
    public void A_fixed_address_that_no_container_can_have_is_refused(string address, ErrorCode code, string words)
    {
        ContainerException error = Assert.Throws<ContainerException>(() => _leases.Take(s_subnet, IPAddress.Parse(address), "a", "a", _ => true));
        Assert.Equal(code, error.Code);
        Assert.Contains(words, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_fixed_IPv6_address_is_not_that_of_all_routers()
    {
        NetworkSubnet subnet = Subnet("fd00:7::/64");
        Assert.Equal(ErrorCode.InvalidArgument, Assert.Throws<ContainerException>(() => _leases.Take(subnet, IPAddress.Parse("fd00:7::"), "a", "a", _ => true)).Code);
        Assert.Equal("fd00:7::ff", _leases.Take(subnet, IPAddress.Parse("fd00:7::ff"), "a", "a", _ => true).ToString());
        Assert.Equal("fd00:7::2", _leases.Take(subnet, null, "a", "a", _ => true).ToString());
    }

    [Fact]
    public void A_fixed_address_is_had_once_and_taken_over_from_a_lost_run()
    {
        IPAddress wanted = IPAddress.Parse("10.7.0.9");
        Assert.Equal(wanted, _leases.Take(s_subnet, wanted, "a", "a", _ => true));
        Assert.Equal(ErrorCode.AddressInUse, Assert.Throws<ContainerException>(() => _leases.Take(s_subnet, wanted, "b", "b", _ => true)).Code);
        Assert.Equal(wanted, _leases.Take(s_subnet, wanted, "b", "b", id => id != "a"));
        _leases.Release("a", wanted, []);
        Assert.Equal("b", Assert.Single(_leases.Containers()).Id);
    }

    [Fact]
    public void The_address_of_the_last_run_comes_back_where_it_is_free()
    {
        IPAddress last = IPAddress.Parse("10.7.0.40");
        Assert.Equal(last, _leases.Take(s_subnet, null, "a", "a", _ => true, last));
        Assert.Equal("10.7.0.2", _leases.Take(s_subnet, null, "b", "b", _ => true, last).ToString());
        // The network was made again with another gateway or range.
        Assert.Equal("10.7.0.3", _leases.Take(s_subnet, null, "c", "c", _ => true, s_subnet.Gateway).ToString());
        Assert.Equal("10.7.0.4", _leases.Take(s_subnet with { Range = IPNetwork.Parse("10.7.0.0/29") }, null, "d", "d", _ => true, last).ToString());
    }

    [Fact]
    public void A_range_is_exhausted_and_refilled_by_lost_runs()
    {
        NetworkSubnet narrow = s_subnet with { Range = IPNetwork.Parse("10.7.0.252/30") };
        // 255 is the subnet's address for broadcasts, though the range does not end where the subnet ends.
        Assert.Equal(["10.7.0.252", "10.7.0.253", "10.7.0.254"], Enumerable.Range(0, 3).Select(i => _leases.Take(narrow, null, $"{i}", "n", _ => true).ToString()));
        ContainerException error = Assert.Throws<ContainerException>(() => _leases.Take(narrow, null, "x", "x", _ => true));
        Assert.Equal(ErrorCode.AddressInUse, error.Code);
        Assert.Contains("10.7.0.252/30", error.Message, StringComparison.Ordinal);
        Assert.Equal("10.7.0.253", _leases.Take(narrow, null, "x", "x", id => id != "1").ToString());
    }

    [Fact]
    public void Parallel_takers_who_clear_away_lost_runs_never_get_the_same_address()
    {
        // Each round fills the range with runs that are lost then, so that all takers find nothing free at once and sweep.
        NetworkSubnet narrow = s_subnet with { Range = IPNetwork.Parse("10.7.0.16/28") };
        const int places = 16;
        for (int round = 0; round < 50; round++)
        {
            string lost = $"lost{round}", live = $"live{round}";
            for (int i = 0; i < places; i++) _leases.Take(narrow, null, lost, lost, id => id == lost);
            ConcurrentBag<string> given = [];
            Parallel.For(0, places, new ParallelOptions { MaxDegreeOfParallelism = places }, i =>
            {
                AddressLeases own = new(_run, "net");
                given.Add(own.Take(narrow, null, live, live, id => id == live).ToString());
            });
            Assert.Equal(places, given.Distinct().Count());
        }
    }

    [Fact]
    public void Names_lead_to_addresses_until_they_are_given_back()
    {
        IPAddress address = _leases.Take(s_subnet, null, "a", "Web", _ => true);
        _leases.AddNames("a", ["Web", "www"], address);
        Assert.Equal(["10.7.0.2"], Leading("web"));
        _leases.Rename("a", address, "Shop", ["Web"]);
        Assert.Empty(Leading("web"));
        Assert.Equal(["10.7.0.2"], Leading("shop"));
        Assert.Equal("a Shop", new FileInfo(Path.Combine(_run, "net", "addresses", "10.7.0.2")).LinkTarget);
        _leases.Rename("b", address, "Other", ["Shop"]);
        Assert.Equal(["10.7.0.2"], Leading("shop"));
        _leases.Release("a", address, ["Shop", "www"]);
        Assert.Empty(Leading("shop"));
        Assert.Empty(Leading("www"));
    }

    [Fact]
    public void What_a_killed_process_took_for_a_container_is_given_back_without_a_plan()
    {
        IPAddress wanted = IPAddress.Parse("10.7.0.9");
        _leases.Take(s_subnet, wanted, "a", "web", _ => true);
        _leases.AddNames("a", ["web", "www"], wanted);
        Take("ab");
        _leases.ReleaseAll("a");
        Assert.Empty(Leading("web"));
        Assert.Empty(Leading("www"));
        Assert.Equal("ab", Assert.Single(_leases.Containers()).Id);
        Assert.Equal(wanted, _leases.Take(s_subnet, wanted, "a", "web", _ => true));
    }

    [Fact]
    public void A_renaming_that_was_killed_leaves_no_name()
    {
        IPAddress address = _leases.Take(s_subnet, null, "a", "web", _ => true);
        _leases.AddNames("a", ["web"], address);
        _leases.Rename("a", address, "shop", []);
        // The plan has still the old name.
        _leases.Release("a", address, ["web"]);
        Assert.Empty(Leading("web"));
        Assert.Empty(Leading("shop"));
    }

    [Fact]
    public void A_name_that_is_left_over_leads_to_nobody()
    {
        IPAddress address = _leases.Take(s_subnet, null, "a", "web", _ => true);
        _leases.AddNames("a", ["web", "left"], address);
        Assert.True(Leads("left"));
        _leases.Release("a", address, ["web"]);
        Assert.Single(Leading("left"));
        Assert.False(Leads("left"));
        // Nor to the next who gets the address, unless the name becomes his.
        Assert.Equal(address, _leases.Take(s_subnet, null, "b", "db", _ => true));
        Assert.False(Leads("left"));
        _leases.AddNames("b", ["left"], address);
        Assert.True(Leads("left"));

        bool Leads(string name) => AddressLeases.Leads(_run, "net", Path.Combine(_run, "net", "names", name, address.ToString()));
    }

    [Fact]
    public void A_removed_network_gives_no_address()
    {
        Take("a");
        Assert.False(_leases.TryClose(_ => true));
        Assert.True(_leases.TryClose(_ => false));
        Assert.Equal(ErrorCode.NetworkNotFound, Assert.Throws<ContainerException>(() => Take("b")).Code);
        _leases.Release("a", IPAddress.Parse("10.7.0.2"), ["a"]);
    }

    private static NetworkSubnet Subnet(string text) => new(IPNetwork.Parse(text), Subnets.At(IPNetwork.Parse(text), 1));

    private string Take(string id) => _leases.Take(s_subnet, null, id, id, _ => true).ToString();

    private string[] Leading(string name)
    {
        string folder = Path.Combine(_run, "net", "names", name);
        return Directory.Exists(folder) ? [.. Directory.GetFileSystemEntries(folder).Select(Path.GetFileName)!] : [];
    }
}
