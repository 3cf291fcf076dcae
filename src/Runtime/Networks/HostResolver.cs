using System.Globalization;
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

    /// <summary>How long a server is waited for, and how often all are asked (<c>timeout:</c> and <c>attempts:</c> of resolv.conf(5)); Docker's 4 seconds and the C library's 2 times if nothing is said.</summary>
    public static (int Seconds, int Attempts) Patience(ContainerConfiguration configuration)
    {
        int seconds = 4, attempts = 2;
        foreach (string option in configuration.DnsOptions.Count > 0 ? configuration.DnsOptions : Words("options"))
        {
            if (option.Split(':') is not [string name, string text] || !int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number)) continue;
            // The C library's own limits.
            if (name == "timeout") seconds = Math.Clamp(number, 1, 30);
            else if (name == "attempts") attempts = Math.Clamp(number, 1, 5);
        }

        return (seconds, attempts);
    }

    /// <summary>A container's resolv.conf.</summary>
    /// <param name="configuration">What was asked for.</param>
    /// <param name="servers">The servers.</param>
    /// <param name="withHost">Whether search domains that were not asked for are the host's.</param>
    public static string File(ContainerConfiguration configuration, IReadOnlyList<string> servers, bool withHost)
    {
        IReadOnlyList<string> search = configuration.DnsSearch.Count > 0 ? configuration.DnsSearch : withHost ? Words("search") : [];
        IReadOnlyList<string> options = configuration.DnsOptions.Count > 0 ? configuration.DnsOptions : servers is [Containers.NetworkFiles.DnsServer] ? ["ndots:0"] : withHost ? Words("options") : [];
        StringBuilder text = new();
        foreach (string server in servers) text.Append("nameserver ").Append(server).Append('\n');
        // Docker's word for no search at all.
        if (search is not ["."] && search.Count > 0) text.Append("search ").AppendJoin(' ', search).Append('\n');
        if (options.Count > 0) text.Append("options ").AppendJoin(' ', options).Append('\n');
        return text.ToString();
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
