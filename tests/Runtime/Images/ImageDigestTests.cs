using ContainerTools.Runtime.Images;
using Xunit;

namespace ContainerTools.Runtime.Tests.Images;

public sealed class ImageDigestTests
{
    private const string A = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    private const string B = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

    [Fact]
    public void The_chain_of_one_layer_is_its_diff_id() => Assert.Equal([A], ImageDigest.Chains([A]));

    [Fact]
    public void The_chain_of_more_is_the_digest_of_the_text_of_both()
    {
        // printf '%s %s' "$A" "$B" | sha256sum
        Assert.Equal(ImageDigest.Of(System.Text.Encoding.ASCII.GetBytes($"{A} {B}")), ImageDigest.Chains([A, B])[1]);
        Assert.NotEqual(ImageDigest.Chains([A, B])[1], ImageDigest.Chains([B, A])[1]);
    }

    [Theory]
    [InlineData(A, true)]
    [InlineData("sha256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", false)]
    [InlineData("sha256:aa", false)]
    [InlineData("sha256:../../../../../../../../../../../../../../../../../../../../../etc/passwd", false)]
    [InlineData("", false)]
    [InlineData(null, false)]
    public void Only_whole_digests_are_valid(string? digest, bool valid) => Assert.Equal(valid, ImageDigest.IsValid(digest));

    [Fact]
    public void What_is_no_digest_does_not_become_a_path()
    {
        Assert.Equal(ErrorCode.ImageCorrupt, Assert.Throws<ContainerException>(() => ImageDigest.Hex("sha256:../../etc")).Code);
        Assert.Equal(ErrorCode.ImageUnsupported, Assert.Throws<ContainerException>(() => ImageDigest.Hex("sha512:abc")).Code);
    }
}
