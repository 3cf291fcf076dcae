using System.Net;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace ContainerTools.Runtime.Tests.Networks;

/// <summary>Published ports as they are written.</summary>
public sealed class PortMappingTests
{
    [Theory]
    [InlineData("80", "*:0->80/tcp")]
    [InlineData("8080:80", "*:8080->80/tcp")]
    [InlineData("8080:80/udp", "*:8080->80/udp")]
    [InlineData("8080:80/SCTP", "*:8080->80/sctp")]
    [InlineData("127.0.0.1:8080:80", "127.0.0.1:8080->80/tcp")]
    [InlineData("127.0.0.1::80", "127.0.0.1:0->80/tcp")]
    [InlineData("0.0.0.0:8080:80", "0.0.0.0:8080->80/tcp")]
    [InlineData("[::]:8080:80", "[::]:8080->80/tcp")]
    [InlineData("[fd00::1]:8080:80/udp", "[fd00::1]:8080->80/udp")]
    [InlineData("[fd00::1]::80", "[fd00::1]:0->80/tcp")]
    [InlineData("8000-8002:80-82", "*:8000->80/tcp *:8001->81/tcp *:8002->82/tcp")]
    [InlineData("80-81", "*:0->80/tcp *:0->81/tcp")]
    [InlineData("65535:1", "*:65535->1/tcp")]
    public void Dockers_form_is_read(string text, string mappings) => Assert.Equal(mappings, string.Join(' ', PortMapping.Parse(text)));

    [Theory]
    [InlineData("")]
    [InlineData(":")]
    [InlineData("0")]
    [InlineData("65536")]
    [InlineData("-1")]
    [InlineData("80/http")]
    [InlineData("80/")]
    [InlineData("eighty")]
    [InlineData("8080:")]
    [InlineData("8000-8002:80")]
    [InlineData("8002-8000:80-82")]
    [InlineData("80-82-84")]
    [InlineData("1.2.3:8080:80")]
    [InlineData("1.2.3.4.5:8080:80")]
    [InlineData("300.0.0.1:8080:80")]
    [InlineData("fd00::1:8080:80")]
    [InlineData("[fd00::1]8080:80")]
    [InlineData("[fd00::1]:80")]
    [InlineData("[127.0.0.1:8080:80")]
    [InlineData(" 80")]
    [InlineData("+80")]
    [InlineData("0x50")]
    [InlineData("host:8080:80")]
    public void What_cannot_be_understood_is_refused_in_a_sentence(string text)
    {
        ContainerException error = Assert.Throws<ContainerException>(() => PortMapping.Parse(text));
        Assert.Equal(ErrorCode.InvalidArgument, error.Code);
        Assert.Contains($"'{text}'", error.Message, StringComparison.Ordinal);
        Assert.EndsWith(".", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_mapping_is_read_as_it_was_written()
    {
        Gen<PortMapping> mappings =
            from address in Gen.Elements(null, IPAddress.Loopback, IPAddress.Any, IPAddress.IPv6Any, IPAddress.Parse("fd00::12"), IPAddress.Parse("192.0.2.7"))
            from host in Gen.Choose(0, 65535)
            from port in Gen.Choose(1, 65535)
            from protocol in Gen.Elements(PortProtocol.Tcp, PortProtocol.Udp, PortProtocol.Sctp)
            select new PortMapping { HostAddress = address, HostPort = host, ContainerPort = port, Protocol = protocol };
        Prop.ForAll(mappings.ToArbitrary(), mapping =>
        {
            string address = mapping.HostAddress is null ? "" : mapping.HostAddress.GetAddressBytes().Length == 16 ? $"[{mapping.HostAddress}]:" : $"{mapping.HostAddress}:";
            string host = mapping.HostPort > 0 ? $"{mapping.HostPort}:" : address.Length > 0 ? ":" : "";
            return PortMapping.Parse($"{address}{host}{mapping.ContainerPort}/{mapping.Protocol}") is [var read] && read == mapping;
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Random_text_is_read_or_refused() => Prop.ForAll(
        Gen.Elements("0123456789.:[]-/tcpudsfx% ".ToCharArray()).ArrayOf().Select(static letters => new string(letters)).ToArbitrary(),
        static text =>
        {
            try
            {
                return PortMapping.Parse(text).All(static mapping => mapping.ContainerPort is > 0 and <= 65535 && mapping.HostPort is >= 0 and <= 65535);
            }
            catch (ContainerException error)
            {
                return error.Code == ErrorCode.InvalidArgument;
            }
        }).QuickCheckThrowOnFailure();
}
