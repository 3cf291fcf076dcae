using System.Text;
using ContainerTools.Runtime.Monitoring;
using Xunit;

namespace ContainerTools.Runtime.Tests.Monitoring;

public sealed class ControlRequestTests
{
    [Theory]
    [InlineData(ControlVerb.Attach, false, false)]
    [InlineData(ControlVerb.Attach, true, false)]
    [InlineData(ControlVerb.Attach, false, true)]
    [InlineData(ControlVerb.Attach, true, true)]
    [InlineData(ControlVerb.Wait, false, false)]
    internal void What_is_written_is_read(ControlVerb verb, bool standardInput, bool hold)
    {
        ControlRequest request = new() { Verb = verb, StandardInput = standardInput, Hold = hold };
        ReadOnlySpan<byte> line = request.ToLine();
        Assert.Equal((byte)'\n', line[^1]);
        Assert.InRange(line.Length, 1, ControlRequest.MaximumLine);
        Assert.Equal(request, ControlRequest.Parse(line[..^1]));
    }

    [Fact]
    public void Unknown_members_are_passed_over()
        => Assert.Equal(
            new ControlRequest { Verb = ControlVerb.Attach, StandardInput = true },
            ControlRequest.Parse("{\"new\":{\"a\":[1]},\"stdin\":true,\"verb\":\"attach\",\"hold\":\"what\"}"u8));

    [Theory]
    [InlineData("")]
    [InlineData("attach")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("{\"verb\":1}")]
    [InlineData("{\"verb\":\"destroy\"}")]
    [InlineData("{\"verb\":\"attach\"")]
    public void Anything_else_is_no_request(string line) => Assert.Null(ControlRequest.Parse(Encoding.UTF8.GetBytes(line)));
}
