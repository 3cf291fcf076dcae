using System.Buffers.Binary;
using System.Net;
using System.Text;
using ContainerTools.Runtime.Monitoring;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace ContainerTools.Runtime.Tests.Monitoring;

/// <summary>Questions to the resolver, and what hostile ones cannot do.</summary>
public sealed class DnsMessageTests
{
    private const int HeaderSize = 12;

    [Fact]
    public void A_question_is_read()
    {
        Assert.True(DnsMessage.TryRead(Query("WeB.Red", DnsMessage.AAAA), out DnsMessage question));
        Assert.Equal(("web.red", DnsMessage.AAAA, 512), (question.Name, question.Type, question.DatagramSize));
        Assert.True(DnsMessage.TryRead(Query("web", DnsMessage.A, size: 1232), out question));
        Assert.Equal(1232, question.DatagramSize);
        Assert.True(DnsMessage.TryRead(Query("web", DnsMessage.A, size: 100), out question));
        Assert.Equal(512, question.DatagramSize);
        Assert.True(DnsMessage.TryRead(Query("", DnsMessage.A), out question));
        Assert.Equal("", question.Name);
    }

    [Fact]
    public void What_is_no_question_is_not_read()
    {
        byte[] good = Query("web", DnsMessage.A);
        for (int length = 0; length < good.Length; length++) Assert.False(DnsMessage.TryRead(good.AsSpan(0, length), out _));
        Refuse(2, 0x80);
        Refuse(2, 0x28);
        // Two questions, another class, a pointer in the name, a label that leads over the end.
        Refuse(5, 2);
        Refuse(good.Length - 1, 3);
        Refuse(HeaderSize, 0xC0);
        Refuse(HeaderSize, 63);
        Assert.False(DnsMessage.TryRead(Query(string.Join('.', Enumerable.Repeat(new string('a', 60), 5)), DnsMessage.A), out _));

        void Refuse(int place, byte value)
        {
            byte[] bad = [.. good];
            bad[place] = value;
            Assert.False(DnsMessage.TryRead(bad, out _));
        }
    }

    [Fact]
    public void An_answer_holds_the_records_that_fit_and_says_when_it_is_cut()
    {
        byte[] query = Query("web", DnsMessage.A, size: 4096);
        Assert.True(DnsMessage.TryRead(query, out DnsMessage question));
        byte[][] values = [.. Enumerable.Range(0, 100).Select(i => (byte[])[10, 0, 0, (byte)i])];
        byte[] whole = question.Answer(query, values, 4096);
        Assert.Equal(100, BinaryPrimitives.ReadUInt16BigEndian(whole.AsSpan(6)));
        Assert.False(DnsMessage.IsCut(whole));
        Assert.True(question.IsAnswer(query, whole));
        byte[] cut = question.Answer(query, values, 512);
        Assert.True(cut.Length <= 512);
        Assert.True(DnsMessage.IsCut(cut));
        Assert.True(DnsMessage.IsCut(question.Cut(query)));
        byte[] failure = question.Failure(query, DnsMessage.ServerFailure);
        Assert.True(DnsMessage.HasFailed(failure));
        Assert.True(question.IsAnswer(query, failure));
    }

    [Fact]
    public void Only_an_answer_to_the_question_is_one()
    {
        byte[] query = Query("web.example", DnsMessage.A);
        Assert.True(DnsMessage.TryRead(query, out DnsMessage question));
        byte[] answer = question.Answer(query, [[1, 2, 3, 4]], 512);
        Assert.False(question.IsAnswer(query, query));
        Assert.False(question.IsAnswer(query, answer.AsSpan(0, HeaderSize - 1)));
        Assert.False(question.IsAnswer(query, With(0, (byte)(answer[0] ^ 1))));
        // Another name, another type; letters of the other case are the same name.
        Assert.False(question.IsAnswer(query, With(HeaderSize + 1, (byte)'x')));
        Assert.False(question.IsAnswer(query, With(query.Length - 3, 28)));
        Assert.True(question.IsAnswer(query, With(HeaderSize + 1, (byte)'W')));
        Assert.False(question.IsAnswer(query, With(HeaderSize + 4, (byte)(query[HeaderSize + 4] ^ 0x20))));

        byte[] With(int place, byte value)
        {
            byte[] other = [.. answer];
            other[place] = value;
            return other;
        }
    }

    [Theory]
    [InlineData("4.3.2.10.in-addr.arpa", "10.2.3.4")]
    [InlineData("1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa", "fd00::1")]
    [InlineData("3.2.10.in-addr.arpa", null)]
    [InlineData("4.3.2.999.in-addr.arpa", null)]
    [InlineData("x.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa", null)]
    [InlineData("in-addr.arpa", null)]
    [InlineData("web", null)]
    public void A_name_for_a_reverse_look_up_stands_for_an_address(string name, string? address) => Assert.Equal(address, DnsMessage.ReverseAddress(name)?.ToString());

    [Theory]
    [InlineData("web.red", new byte[] { 3, 119, 101, 98, 3, 114, 101, 100, 0 })]
    [InlineData("web..red", null)]
    [InlineData("", null)]
    public void A_name_is_laid_out_in_labels(string name, byte[]? data) => Assert.Equal(data, DnsMessage.NameData(name));

    [Fact]
    public void A_name_with_a_label_that_is_too_long_has_no_record()
    {
        Assert.NotNull(DnsMessage.NameData(new string('a', 63) + ".red"));
        Assert.Null(DnsMessage.NameData(new string('a', 64) + ".red"));
        Assert.Null(DnsMessage.NameData(string.Join('.', Enumerable.Repeat(new string('a', 60), 5))));
    }

    [Fact]
    public void Random_bytes_never_throw() => Prop.ForAll(
        Gen.Choose(0, 255).Select(static value => (byte)value).ArrayOf().ToArbitrary(), Survives).QuickCheckThrowOnFailure();

    [Fact]
    public void Mutated_questions_never_throw()
    {
        Random random = new(20250731);
        byte[][] seeds =
        [
            Query("web", DnsMessage.A), Query("a.b.c.d.e", DnsMessage.AAAA, size: 4096), Query("4.3.2.10.in-addr.arpa", DnsMessage.Pointer),
            Query("1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa", DnsMessage.Pointer, size: 600),
        ];
        for (int i = 0; i < 100_000; i++) Assert.True(Survives(Mutate(random, seeds[random.Next(seeds.Length)])));
    }

    /// <summary>A query as a client sends it.</summary>
    internal static byte[] Query(string name, ushort type, int size = 0)
    {
        List<byte> query = [0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, (byte)(size > 0 ? 1 : 0)];
        foreach (string label in name.Split('.', StringSplitOptions.RemoveEmptyEntries)) query.AddRange([(byte)label.Length, .. Encoding.ASCII.GetBytes(label)]);
        query.AddRange([0, (byte)(type >> 8), (byte)type, 0, 1]);
        if (size > 0) query.AddRange([0, 0, 41, (byte)(size >> 8), (byte)size, 0, 0, 0, 0, 0, 0]);
        return [.. query];
    }

    /// <summary>A query with a few bytes changed, cut, put in or doubled.</summary>
    internal static byte[] Mutate(Random random, byte[] seed)
    {
        List<byte> bytes = [.. seed];
        for (int changes = random.Next(1, 6); changes > 0 && bytes.Count > 0; changes--)
        {
            int place = random.Next(bytes.Count);
            switch (random.Next(5))
            {
                case 0: bytes[place] = (byte)random.Next(256); break;
                case 1: bytes.RemoveRange(place, random.Next(bytes.Count - place)); break;
                case 2: bytes.Insert(place, (byte)random.Next(256)); break;
                case 3: bytes.InsertRange(place, bytes.GetRange(place, bytes.Count - place)); break;
                default: bytes[place] ^= (byte)(1 << random.Next(8)); break;
            }
        }

        return [.. bytes];
    }

    private static bool Survives(byte[] packet)
    {
        if (!DnsMessage.TryRead(packet, out DnsMessage question)) return true;
        _ = DnsMessage.ReverseAddress(question.Name);
        byte[][] values = [IPAddress.Loopback.GetAddressBytes(), IPAddress.IPv6Loopback.GetAddressBytes()];
        foreach (byte[] answer in (byte[][])[question.Answer(packet, values, question.DatagramSize), question.Failure(packet, 2), question.Cut(packet)])
        {
            if (answer.Length > question.DatagramSize || answer[0] != packet[0] || answer[1] != packet[1] || (answer[2] & 0x80) == 0) return false;
            if (!question.IsAnswer(packet, answer)) return false;
        }

        _ = question.IsAnswer(packet, packet);
        return question.Name.All(static letter => letter is > ' ' and < '\u007f');
    }
}
