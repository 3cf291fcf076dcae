using System.Buffers.Binary;
using System.Text;
using ContainerTools.Runtime.Monitoring;
using ContainerTools.Runtime.Networks.Reachability;
using Xunit;

namespace ContainerTools.Runtime.Tests.Networks.Reachability;

/// <summary>Questions that a container's name servers are asked, and what hostile answers cannot do.</summary>
public sealed class DnsQuestionTests
{
    private const int HeaderSize = 12;
    private const ushort Alias = 5;

    [Fact]
    public void A_question_is_one_that_our_own_server_understands()
    {
        DnsQuestion question = DnsQuestion.Of("Web.red", DnsMessage.AAAA, 0xABCD)!;
        Assert.Equal([0xAB, 0xCD, 1, 0, 0, 1], question.Query[..6]);
        Assert.True(DnsMessage.TryRead(question.Query, out DnsMessage read));
        Assert.Equal(("web.red", DnsMessage.AAAA), (read.Name, read.Type));
        byte[] answer = read.Answer(question.Query, [[.. Enumerable.Range(1, 16).Select(i => (byte)i)]], 512);
        Assert.True(question.IsAnswer(answer));
        Assert.False(DnsQuestion.Of("Web.red", DnsMessage.A, 0xABCD)!.IsAnswer(answer));
        Assert.False(DnsQuestion.Of("Web.red", DnsMessage.AAAA, 0xABCE)!.IsAnswer(answer));
        Assert.Equal("102:304:506:708:90a:b0c:d0e:f10", Addresses(question, answer));
        Assert.Equal("", Addresses(question, read.Failure(question.Query, 3)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("a..b")]
    [InlineData("a b")]
    [InlineData("bücher")]
    public void What_no_message_can_hold_is_not_asked(string name) => Assert.Null(DnsQuestion.Of(name, DnsMessage.A, 1));

    [Fact]
    public void Aliases_lead_to_addresses_and_nothing_else_does()
    {
        DnsQuestion question = DnsQuestion.Of("www.example", DnsMessage.A, 1)!;
        byte[] answer = Answer(
            question,
            ("other.example", DnsMessage.A, [9, 9, 9, 9]),
            ("WWW.example", Alias, Name("web.example")),
            ("web.example", Alias, Name("host.example")),
            ("web.example", DnsMessage.A, [8, 8, 8, 8]),
            ("host.example", DnsMessage.A, [10, 0, 0, 1]),
            ("host.example", DnsMessage.AAAA, new byte[16]),
            ("host.example", DnsMessage.A, [10, 0, 0, 2]));
        Assert.Equal("10.0.0.1 10.0.0.2", Addresses(question, answer));
        // An alias whose name is elsewhere in the message.
        Assert.Equal("10.0.0.3", Addresses(question, Answer(question, ("www.example", Alias, [0xC0, HeaderSize + 4]), ("example", DnsMessage.A, [10, 0, 0, 3]))));
    }

    [Fact]
    public void An_answer_that_leads_astray_is_none()
    {
        DnsQuestion question = DnsQuestion.Of("www.example", DnsMessage.A, 1)!;
        byte[] good = Answer(question, ("www.example", Alias, Name("web.example")), ("web.example", DnsMessage.A, [10, 0, 0, 1]));
        Assert.Equal("10.0.0.1", Addresses(question, good));
        for (int length = 0; length < good.Length; length++) Assert.Equal("damaged", Addresses(question, good[..length]));
        // An address of three bytes; a name that points to itself; one that points beyond the end.
        Assert.Equal("damaged", Addresses(question, Answer(question, ("www.example", DnsMessage.A, [10, 0, 0]))));
        Assert.Equal("damaged", Addresses(question, Answer(question, ("www.example", Alias, [0xC0, (byte)(question.Query.Length + 13 + 10)]))));
        Assert.Equal("damaged", Addresses(question, Answer(question, ("www.example", Alias, [0xFF, 0xFF]))));
        // More records than there are.
        byte[] more = [.. good];
        BinaryPrimitives.WriteUInt16BigEndian(more.AsSpan(6), ushort.MaxValue);
        Assert.Equal("damaged", Addresses(question, more));
    }

    [Fact]
    public void Mutated_answers_never_throw()
    {
        Random random = new(20261125);
        DnsQuestion question = DnsQuestion.Of("www.example", DnsMessage.A, 1)!;
        byte[] seed = Answer(question, ("www.example", Alias, [0xC0, HeaderSize + 4]), ("example", DnsMessage.A, [10, 0, 0, 3]), ("example", DnsMessage.A, [10, 0, 0, 4]));
        for (int i = 0; i < 100_000; i++)
        {
            byte[] answer = [.. seed];
            for (int change = random.Next(1, 6); change > 0; change--) answer[random.Next(answer.Length)] = (byte)random.Next(256);
            if (random.Next(4) == 0) answer = answer[..random.Next(answer.Length)];
            question.TryReadAddresses(answer, out IReadOnlyList<System.Net.IPAddress> found);
            Assert.All(found, address => Assert.Equal(4, address.GetAddressBytes().Length));
        }
    }

    private static string Addresses(DnsQuestion question, byte[] answer)
        => question.TryReadAddresses(answer, out IReadOnlyList<System.Net.IPAddress> found) ? string.Join(' ', found) : "damaged";

    private static byte[] Answer(DnsQuestion question, params (string Owner, ushort Type, byte[] Data)[] records)
    {
        List<byte> answer = [.. question.Query];
        answer[2] = 0x81;
        answer[3] = 0x80;
        answer[7] = (byte)records.Length;
        foreach ((string owner, ushort type, byte[] data) in records) answer.AddRange([.. Name(owner), (byte)(type >> 8), (byte)type, 0, 1, 0, 0, 0, 60, 0, (byte)data.Length, .. data]);
        return [.. answer];
    }

    private static byte[] Name(string name) => [.. name.Split('.').SelectMany(label => (byte[])[(byte)label.Length, .. Encoding.ASCII.GetBytes(label)]), 0];
}
