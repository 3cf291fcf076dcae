using ContainerTools.Runtime.DBus;
using Xunit;

namespace ContainerTools.Runtime.Tests.DBus;

/// <summary>The wire format, against bytes worked out by hand from the D-Bus Specification ("Message Protocol").</summary>
public sealed class DBusMessageTests
{
    [Fact]
    public void A_call_is_written_as_the_specification_says()
    {
        DBusWriter body = new();
        body.Text("hi");
        DBusMessage call = new()
        {
            Kind = DBusMessageKind.Call,
            Serial = 7,
            Path = "/a",
            Member = "Do",
            Signature = "s",
            Body = body.Written.ToArray(),
        };
        Assert.Equal(
            "6c010001" + "07000000" + "07000000" + "27000000" // little-endian, call, no flags, version 1; body of 7; serial 7; fields of 39
            + "01016f00" + "02000000" + "2f6100" + "0000000000" // path
            + "03017300" + "02000000" + "446f00" + "0000000000" // member
            + "08016700" + "017300" + "00" + "" // signature, up to the end of the fields and the padding of the header
            + "02000000" + "686900",
            Hex(call.ToBytes()));
    }

    [Fact]
    public void Every_field_comes_back()
    {
        DBusMessage message = new()
        {
            Kind = DBusMessageKind.Error,
            Serial = 3,
            ReplySerial = 9,
            Destination = ":1.5",
            Path = "/x/y",
            Interface = "a.b",
            Member = "M",
            ErrorName = "a.b.No",
            Signature = "s",
            Body = Body(static writer => writer.Text("why")),
        };
        ReadOnlySpan<byte> bytes = message.ToBytes();
        Assert.Equal(bytes.Length, DBusMessage.LengthOf(bytes));
        DBusMessage read = DBusMessage.Parse(bytes);
        Assert.Equal(message with { Body = read.Body }, read);
        Assert.Equal("why", read.FirstText);
    }

    [Fact]
    public void Arrays_do_not_count_the_padding_before_their_first_element()
    {
        byte[] bytes = Body(static writer => writer.Array(8, static list => list.UInt64(5)));
        Assert.Equal("08000000" + "00000000" + "0500000000000000", Hex(bytes));
        Assert.Equal("00000000" + "00000000", Hex(Body(static writer => writer.Array(8, static _ => { }))));
    }

    [Theory]
    [InlineData("y")]
    [InlineData("as")]
    [InlineData("a(ss)")]
    [InlineData("a{sv}")]
    [InlineData("(uba(ii))")]
    public void Unknown_values_are_skipped_whole(string signature)
    {
        byte[] bytes = Body(writer =>
        {
            Fill(writer, signature);
            writer.Text("after");
        });
        DBusReader reader = new(bytes);
        Assert.Equal(0, reader.Skip(signature).Length);
        Assert.Equal("after", reader.Text());
    }

    [Theory]
    [InlineData("00")]
    [InlineData("05000000686900")]
    [InlineData("ffffffff")]
    public void What_is_cut_off_or_longer_than_it_can_be_is_an_error(string hex)
    {
        byte[] bytes = Convert.FromHexString(hex);
        Assert.Throws<DBusException>(() => new DBusReader(bytes).Text());
    }

    [Theory]
    [InlineData("vvvvv")]
    [InlineData("((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((y))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))")]
    [InlineData("(y")]
    [InlineData("?")]
    [InlineData("")]
    public void Nonsense_in_a_signature_is_an_error(string signature)
    {
        byte[] bytes = new byte[4];
        Assert.Throws<DBusException>(() => new DBusReader(bytes).Skip(signature));
    }

    [Theory]
    [InlineData("42010001000000000100000000000000")] // big-endian
    [InlineData("6c010002000000000100000000000000")] // version 2
    [InlineData("6c010001ffffff7f01000000ffffff7f")] // far too long
    public void Another_protocol_is_an_error(string hex) => Assert.Throws<DBusException>(() => DBusMessage.LengthOf(Convert.FromHexString(hex)));

    private static void Fill(DBusWriter writer, string signature)
    {
        switch (signature)
        {
            case "y":
                writer.Byte(1);
                break;
            case "as":
                writer.Array(4, static list => { list.Text("a"); list.Text("bcd"); });
                break;
            case "a(ss)":
                writer.Array(8, static list => { list.Align(8); list.Text("a"); list.Text("b"); });
                break;
            case "a{sv}":
                writer.Array(8, static list => { list.Align(8); list.Text("a"); list.Signature("t"); list.UInt64(1); });
                break;
            default:
                writer.Align(8);
                writer.UInt32(1);
                writer.Boolean(true);
                writer.Array(8, static list => { list.Align(8); list.UInt32(1); list.UInt32(2); });
                break;
        }
    }

    private static byte[] Body(Action<DBusWriter> write)
    {
        DBusWriter writer = new();
        write(writer);
        return writer.Written.ToArray();
    }

    private static string Hex(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(bytes);
}
