using ContainerTools.Runtime.Linux;
using Xunit;

namespace ContainerTools.Runtime.Tests.Linux;

public sealed class SignalTests
{
    [Theory]
    [InlineData("SIGTERM", 15)]
    [InlineData("sigterm", 15)]
    [InlineData("term", 15)]
    [InlineData("15", 15)]
    [InlineData("KILL", 9)]
    [InlineData("HUP", 1)]
    [InlineData("SYS", 31)]
    [InlineData("CLD", 17)]
    [InlineData("SIGIOT", 6)]
    [InlineData("poll", 29)]
    [InlineData("RTMIN", 34)]
    [InlineData("RTMIN+3", 37)]
    [InlineData("SIGRTMIN+30", 64)]
    [InlineData("rtmax", 64)]
    [InlineData("SIGRTMAX-14", 50)]
    [InlineData("64", 64)]
    [InlineData("33", 33)]
    public void A_signal_is_read_as_docker_reads_it(string text, int number) => Assert.Equal(number, Signal.Parse(text));

    [Theory]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("65")]
    [InlineData("-9")]
    [InlineData("+9")]
    [InlineData(" 9")]
    [InlineData("SIG")]
    [InlineData("SIGSIGTERM")]
    [InlineData("TERMINATE")]
    [InlineData("RTMIN+31")]
    [InlineData("RTMIN-1")]
    [InlineData("RTMAX+1")]
    [InlineData("RTMAX-31")]
    [InlineData("RTMIN+")]
    [InlineData("RTMIN3")]
    [InlineData("99999999999")]
    public void Anything_else_is_an_error_with_the_text_as_target(string text)
    {
        ContainerException error = Assert.Throws<ContainerException>(() => Signal.Parse(text));
        Assert.Equal(ErrorCode.SignalUnknown, error.Code);
        Assert.Equal(text, error.Target);
    }

    [Fact]
    public void Zero_is_taken_where_only_the_process_is_asked_after()
    {
        Assert.Equal(0, Signal.Parse("0", allowZero: true));
        Assert.Throws<ContainerException>(() => Signal.Parse("-0", allowZero: true));
    }

    [Fact]
    public void Every_number_has_a_name_that_leads_back_to_it()
    {
        for (int number = 1; number <= 64; number++) Assert.Equal(number, Signal.Parse(Signal.Name(number)));
    }

    [Theory]
    [InlineData(15, "SIGTERM")]
    [InlineData(34, "SIGRTMIN")]
    [InlineData(37, "SIGRTMIN+3")]
    [InlineData(63, "SIGRTMAX-1")]
    [InlineData(32, "32")]
    [InlineData(65, "65")]
    public void A_number_has_the_name_kill_shows(int number, string name) => Assert.Equal(name, Signal.Name(number));
}
