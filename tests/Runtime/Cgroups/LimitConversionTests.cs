using ContainerTools.Runtime.Cgroups;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace ContainerTools.Runtime.Tests.Cgroups;

public sealed class LimitConversionTests
{
    /// <summary>The ends and the defaults of the scales, and one by hand: log2 2048 = 11, 10^((121 + 1375) / 612 - 7 / 34) = 173.2, rounded up.</summary>
    [Theory]
    [InlineData(0, 1)]
    [InlineData(2, 1)]
    [InlineData(1024, 100)]
    [InlineData(2048, 174)]
    [InlineData(262144, 10000)]
    [InlineData(300000, 10000)]
    public void Shares_become_weights(long shares, long weight) => Assert.Equal(weight, LimitConversion.WeightFromShares(shares));

    [Fact]
    public void Weights_grow_with_shares()
    {
        long last = 0;
        for (long shares = LimitConversion.LeastShares; shares <= LimitConversion.MostShares; shares++)
        {
            long weight = LimitConversion.WeightFromShares(shares);
            if (weight < Math.Max(last, 1) || weight > 10000) Assert.Fail($"{shares} shares are {weight}, and one less are {last}");
            last = weight;
        }
    }

    [Fact]
    public void Every_weight_reads_as_shares_that_give_this_weight()
    {
        for (long weight = 1; weight <= 10000; weight++)
        {
            long shares = LimitConversion.SharesFromWeight(weight);
            if (LimitConversion.WeightFromShares(shares) != weight) Assert.Fail($"weight {weight} reads as {shares} shares, which are {LimitConversion.WeightFromShares(shares)}");
        }
    }

    [Theory]
    [InlineData(2)]
    [InlineData(64)]
    [InlineData(256)]
    [InlineData(512)]
    [InlineData(1024)]
    [InlineData(2048)]
    [InlineData(4096)]
    [InlineData(262144)]
    public void Usual_shares_come_back_as_they_were(long shares)
        => Assert.Equal(shares, LimitConversion.SharesFromWeight(LimitConversion.WeightFromShares(shares)));

    [Theory]
    [InlineData(10, 1)]
    [InlineData(1000, 10000)]
    [InlineData(500, 4950)]
    public void Block_weights_become_io_weights(long block, long io) => Assert.Equal(io, LimitConversion.IOWeightFromBlockWeight(block));

    [Fact]
    public void Every_block_weight_comes_back()
    {
        for (int weight = LimitConversion.LeastBlockWeight; weight <= LimitConversion.MostBlockWeight; weight++)
            Assert.Equal(weight, LimitConversion.BlockWeightFromIOWeight(LimitConversion.IOWeightFromBlockWeight(weight)));
    }

    [Fact]
    public void Lists_mean_their_numbers()
    {
        Assert.Equal([0, 1, 2, 4], LimitConversion.ParseList("0-2,4")!);
        Assert.Equal([7], LimitConversion.ParseList(" 7\n")!);
        Assert.Empty(LimitConversion.ParseList("")!);
        foreach (string list in (string[])["a", "1-", "-1", "2-1", "1--2", "0-99999", "0x1", "99999999999"]) Assert.Null(LimitConversion.ParseList(list));
    }

    [Fact]
    public void A_list_written_range_by_range_has_just_the_numbers_of_its_ranges()
    {
        Gen<(int First, int Length)> range = from first in Gen.Choose(0, 200) from length in Gen.Choose(0, 9) select (first, length);
        Property property = Prop.ForAll(
            range.NonEmptyListOf().ToArbitrary(),
            ranges =>
            {
                string list = string.Join(',', ranges.Select(one => one.Length == 0 ? $"{one.First}" : $"{one.First}-{one.First + one.Length}"));
                var expected = ranges.SelectMany(one => Enumerable.Range(one.First, one.Length + 1)).ToHashSet();
                return LimitConversion.ParseList(list) is { } numbers && expected.SetEquals(numbers);
            });
        Check.One(Config.QuickThrowOnFailure, property);
    }
}
