using System.Text;
using ContainerTools.Runtime.Containers;

namespace ContainerTools.Runtime.Networks;

/// <summary>The host's resolv.conf(5), and what a container gets of it.</summary>
internal static class HostResolver
{
    // What /etc/resolv.conf leads to where systemd-resolved listens on 127.0.0.53, and where it keeps the real servers.
    private const string StubServer = "127.0.0.53";
    private const string BehindStub = "/run/systemd/resolve/resolv.conf";

    /// <summary>The servers that names are asked of which no container has: the container's own, else the host's.</summary>
    public static IReadOnlyList<string> Servers(ContainerConfiguration configuration) => configuration.DnsServers.Count > 0 ? configuration.DnsServers : Words("nameserver");

    /// <summary>A container's resolv.conf.</summary>
    public static string File(ContainerConfiguration configuration, string server)
    {
        IReadOnlyList<string> search = configuration.DnsSearch.Count > 0 ? configuration.DnsSearch : Words("search");
        IReadOnlyList<string> options = configuration.DnsOptions.Count > 0 ? configuration.DnsOptions : ["ndots:0"];
        StringBuilder text = new();
        text.Append("nameserver ").Append(server).Append('\n');
        // Docker's word for no search at all.
        if (search is not ["."] && search.Count > 0) text.Append("search ").AppendJoin(' ', search).Append('\n');
        return text.Append("options ").AppendJoin(' ', options).Append('\n').ToString();
    }

    /// <summary>What follows a keyword in the host's file; of repeated ones, all servers, and the last of the others.</summary>
    public static IReadOnlyList<string> Words(string keyword)
    {
        IReadOnlyList<string> words = Words(ContainerStateReader.ReadFile("/etc/resolv.conf"), keyword);
        return words is [StubServer] || (keyword != "nameserver" && Words(ContainerStateReader.ReadFile("/etc/resolv.conf"), "nameserver") is [StubServer])
            ? Words(ContainerStateReader.ReadFile(BehindStub), keyword) is { Count: > 0 } real ? real : words
            : words;
    }

    /// <summary>What follows a keyword in a file.</summary>
    public static IReadOnlyList<string> Words(byte[]? file, string keyword)
    {
        List<string> found = [];
        foreach (string line in Encoding.UTF8.GetString(file ?? []).Split('\n'))
        {
            string[] words = line.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
            if (words.Length < 2 || words[0] != keyword) continue;
            if (keyword != "nameserver") found.Clear();
            found.AddRange(keyword == "nameserver" ? words[1..2] : words[1..]);
        }

        return found;
    }
}
