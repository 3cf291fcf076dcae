using System.Net;
using System.Text;
using ContainerTools.Runtime.Containers;
using ContainerTools.Runtime.Linux;

namespace ContainerTools.Runtime.Networks;

/// <summary>
/// The addresses that a container had in its last run: a line for each in the file <c>addresses</c> of its folder, the network's name and the address. Only a wish:
/// the container gets them again where nobody else has them.
/// </summary>
internal sealed class LastAddresses
{
    private const string FileName = "addresses";
    private readonly string _path;
    private readonly string _text;

    private LastAddresses(string path, string text)
    {
        _path = path;
        _text = text;
    }

    /// <summary>Those of a container's folder.</summary>
    public static LastAddresses Load(string folder)
    {
        string path = Path.Combine(folder, FileName);
        try
        {
            return new LastAddresses(path, Encoding.UTF8.GetString(ContainerStateReader.ReadFile(path) ?? []));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            System.Diagnostics.Trace.TraceWarning("The addresses of the last run cannot be read: {0}", error.Message);
            return new LastAddresses(path, "");
        }
    }

    /// <summary>The one in a subnet of a network, or null.</summary>
    public IPAddress? Of(string network, NetworkSubnet subnet)
    {
        foreach (string line in _text.Split('\n'))
        {
            if (line.Split(' ') is [var name, var text] && name == network && IPAddress.TryParse(text, out IPAddress? address) && subnet.Subnet.Contains(address)) return address;
        }

        return null;
    }

    /// <summary>Writes down those of a plan, where they are others; a wish that cannot be written keeps no container from its start.</summary>
    public void Keep(NetworkPlan plan)
    {
        StringBuilder text = new();
        foreach (EndpointPlan endpoint in plan.Endpoints)
        {
            foreach (string address in endpoint.Addresses) text.Append(endpoint.Network).Append(' ').Append(address.AsSpan(0, address.IndexOf('/', StringComparison.Ordinal))).Append('\n');
        }

        if (text.ToString() == _text) return;
        try
        {
            AtomicFile.Write(_path, Encoding.UTF8.GetBytes(text.ToString()), durable: false);
        }
        catch (Exception error) when (error is ContainerException or IOException or UnauthorizedAccessException)
        {
            System.Diagnostics.Trace.TraceWarning("The addresses of this run are not kept for the next: {0}", error.Message);
        }
    }
}
