using ContainerTools.Runtime.Images;
using Xunit;

namespace ContainerTools.Runtime.Tests.Images;

public sealed class ImageReferenceTests
{
    private const string Digest = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    [Theory]
    [InlineData("busybox", "docker.io/library/busybox:latest", "busybox:latest", "busybox")]
    [InlineData("busybox:1.36", "docker.io/library/busybox:1.36", "busybox:1.36", "busybox")]
    [InlineData("library/busybox", "docker.io/library/busybox:latest", "busybox:latest", "busybox")]
    [InlineData("docker.io/busybox", "docker.io/library/busybox:latest", "busybox:latest", "busybox")]
    [InlineData("index.docker.io/library/busybox", "docker.io/library/busybox:latest", "busybox:latest", "busybox")]
    [InlineData("team/tool", "docker.io/team/tool:latest", "team/tool:latest", "team/tool")]
    [InlineData("library/team/tool", "docker.io/library/team/tool:latest", "library/team/tool:latest", "library/team/tool")]
    [InlineData("localhost/tool", "localhost/tool:latest", "localhost/tool:latest", "localhost/tool")]
    [InlineData("localhost:5000/tool:v1", "localhost:5000/tool:v1", "localhost:5000/tool:v1", "localhost:5000/tool")]
    [InlineData("example.com/a/b_c/d-e:V.1-x", "example.com/a/b_c/d-e:V.1-x", "example.com/a/b_c/d-e:V.1-x", "example.com/a/b_c/d-e")]
    [InlineData("[::1]:5000/tool", "[::1]:5000/tool:latest", "[::1]:5000/tool:latest", "[::1]:5000/tool")]
    [InlineData("busybox@" + Digest, "docker.io/library/busybox@" + Digest, "busybox@" + Digest, "busybox")]
    [InlineData("busybox:1@" + Digest, "docker.io/library/busybox:1@" + Digest, "busybox:1@" + Digest, "busybox")]
    public void Names_are_read_as_docker_reads_them(string text, string full, string familiar, string repository)
    {
        ImageReference reference = ImageReference.Parse(text);
        Assert.Equal(full, reference.ToString());
        Assert.Equal(familiar, reference.Familiar);
        Assert.Equal(repository, reference.FamiliarRepository);
        Assert.Equal(reference, ImageReference.Parse(familiar));
        Assert.Equal(reference, ImageReference.Parse(full));
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("Busybox")]
    [InlineData("busybox:")]
    [InlineData(":tag")]
    [InlineData("a//b")]
    [InlineData("/a")]
    [InlineData("a/")]
    [InlineData("-a")]
    [InlineData("a..b")]
    [InlineData("a_-b")]
    [InlineData("a:b:c")]
    [InlineData("a:-b")]
    [InlineData("a\n")]
    [InlineData("a:b\n")]
    [InlineData("a@sha256:123")]
    [InlineData("a@md5:e3b0c44298fc1c149afbf4c8996fb924")]
    [InlineData("../a")]
    [InlineData("<none>:<none>")]
    [InlineData("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")]
    public void What_is_no_name_is_refused(string text)
    {
        Assert.False(ImageReference.TryParse(text, out _));
        ContainerException error = Assert.Throws<ContainerException>(() => ImageReference.Parse(text));
        Assert.Equal(ErrorCode.InvalidArgument, error.Code);
        Assert.Equal(text, error.Target);
    }

    [Fact]
    public void An_upper_case_name_is_told_apart()
        => Assert.Contains("lower-case", Assert.Throws<ContainerException>(() => ImageReference.Parse("Busybox")).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("docker.io/a.b/c:1", "docker.io/a.b/c:1")]
    [InlineData("docker.io/0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", "docker.io/library/0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef:latest")]
    public void A_path_that_looks_like_a_host_or_an_id_keeps_its_registry(string text, string familiar)
    {
        ImageReference reference = ImageReference.Parse(text);
        Assert.Equal(familiar, reference.Familiar);
        Assert.Equal(reference.ToString(), ImageReference.Parse(reference.Familiar).ToString());
    }

    [Fact]
    public void Names_that_are_too_long_are_refused()
    {
        Assert.True(ImageReference.TryParse(new string('a', 200), out _));
        Assert.False(ImageReference.TryParse(new string('a', 256), out _));
        Assert.False(ImageReference.TryParse("a:" + new string('b', 129), out _));
    }

    [Fact]
    public void Any_text_is_a_name_or_is_not()
    {
        Random random = new(1);
        const string Alphabet = "abZ09._-:/@[]< \n";
        for (int round = 0; round < 100_000; round++)
        {
            string text = string.Concat(Enumerable.Range(0, random.Next(30)).Select(_ => Alphabet[random.Next(Alphabet.Length)]));
            if (!ImageReference.TryParse(text, out ImageReference? reference)) continue;
            // What was read once is read again as the same.
            Assert.Equal(reference, ImageReference.Parse(reference.ToString()));
            Assert.Equal(reference, ImageReference.Parse(reference.Familiar));
        }
    }
}
