using System.Buffers.Binary;

namespace ContainerTools.Runtime.Linux;

/// <summary>
/// Elements of nftables' sets and maps, of the network namespace of the thread that made this: linux/netfilter/nf_tables.h. Tables, rules and sets are nft's work; a
/// start and an end of a container change elements alone, and the kernel does that in microseconds where nft first reads all that there is.
/// </summary>
internal sealed class FilterNetlink : IDisposable
{
    internal const int NETLINK_NETFILTER = 12;
    private const byte NFPROTO_INET = 1;
    internal const int NFNL_SUBSYS_NFTABLES = 10;
    internal const ushort NFNL_MSG_BATCH_BEGIN = 0x10;
    internal const ushort NFNL_MSG_BATCH_END = 0x11;
    private const ushort NFT_MSG_NEWSETELEM = (NFNL_SUBSYS_NFTABLES << 8) + 12;
    private const ushort NFT_MSG_GETSETELEM = (NFNL_SUBSYS_NFTABLES << 8) + 13;
    private const ushort NFT_MSG_DELSETELEM = (NFNL_SUBSYS_NFTABLES << 8) + 14;
    private const ushort NFTA_SET_ELEM_LIST_TABLE = 1;
    private const ushort NFTA_SET_ELEM_LIST_SET = 2;
    private const ushort NFTA_SET_ELEM_LIST_ELEMENTS = 3;
    private const ushort NFTA_LIST_ELEM = 1;
    private const ushort NFTA_SET_ELEM_KEY = 1;
    private const ushort NFTA_SET_ELEM_DATA = 2;
    private const ushort NFTA_DATA_VALUE = 1;
    private const ushort Nested = 0x8000;
    private const ushort Ack = 4;
    // NLM_F_CREATE | NLM_F_EXCL: an element that is there already is an error, whatever its value.
    private const ushort CreateOnly = 0x600;
    // NLM_F_CREATE: only one with another value is.
    private const ushort Create = 0x400;
    private const int FamilySize = 4;

    // An attribute's length has 16 bits, and every message is acknowledged, for which there is room for some hundreds.
    private const int ElementsPerMessage = 400;
    private readonly NetlinkSocket _socket = new(NETLINK_NETFILTER);

    /// <summary>Whether an element is there; false as well where the set, or its table, is not.</summary>
    /// <param name="table">A table of the family inet.</param>
    /// <param name="set">A set or a map.</param>
    /// <param name="key">The key, its fields filled with zeros to multiples of four bytes.</param>
    public bool HasElement(string table, string set, byte[] key)
    {
        NetlinkMessage message = Message(NFT_MSG_GETSETELEM, Ack, table, set);
        Add(message, [new FilterElement(set, key)]);
        bool found = false;
        int errno = _socket.TryAsk(message, (type, _) => found |= type == NFT_MSG_NEWSETELEM, out string? words);
        return errno == 0 || errno == Errno.ENOENT ? found : throw Error(errno, $"look at the set {set} of the table {table}", words);
    }

    /// <summary>Adds elements, all or none, in one transaction: its size is that of the elements, however many there are already.</summary>
    /// <returns>0; EEXIST where one is there already; ENOENT where a set or the table is not.</returns>
    public int TryAdd(string table, IReadOnlyCollection<FilterElement> elements, out string? words) => Change(NFT_MSG_NEWSETELEM, CreateOnly, table, elements, out words);

    /// <summary>Adds those elements of a map that are not there, all or none, in one transaction.</summary>
    /// <returns>0; EEXIST where one has another value; ENOENT where a set or the table is not there.</returns>
    public int TryEnsure(string table, IReadOnlyCollection<FilterElement> elements, out string? words)
        => Clash(Change(NFT_MSG_NEWSETELEM, Create, table, elements, out words));

    /// <summary>
    /// Removes elements of a map that have certain values, all or none, in one transaction: they are added first, which the kernel refuses where there are others, so that
    /// nobody can change one between a look at it and its removal.
    /// </summary>
    /// <returns>0, also where one is not there; EEXIST where one has another value; ENOENT where a set or the table is not there.</returns>
    public int TryRemoveExact(string table, IReadOnlyCollection<FilterElement> elements, out string? words)
    {
        words = null;
        if (elements.Count == 0) return 0;
        FilterElement[] keys = [.. elements.Select(static element => element with { Value = null })];
        return Clash(_socket.TryAskTogether(
            [Mark(NFNL_MSG_BATCH_BEGIN), .. Messages(NFT_MSG_NEWSETELEM, Create, table, elements), .. Messages(NFT_MSG_DELSETELEM, 0, table, keys), Mark(NFNL_MSG_BATCH_END)], out words));
    }

    /// <summary>Removes elements, all or none, in one transaction.</summary>
    /// <returns>0; ENOENT where one, a set or the table is not there.</returns>
    public int TryRemove(string table, IReadOnlyCollection<FilterElement> elements, out string? words) => Change(NFT_MSG_DELSETELEM, 0, table, elements, out words);

    /// <summary>Removes elements and adds others, all or none, in one transaction.</summary>
    /// <returns>As <see cref="TryAdd"/> and <see cref="TryRemove"/>.</returns>
    public int TryReplace(string table, IReadOnlyCollection<FilterElement> removed, IReadOnlyCollection<FilterElement> added, out string? words)
    {
        words = null;
        if (removed.Count + added.Count == 0) return 0;
        return _socket.TryAskTogether(
            [Mark(NFNL_MSG_BATCH_BEGIN), .. Messages(NFT_MSG_DELSETELEM, 0, table, removed), .. Messages(NFT_MSG_NEWSETELEM, CreateOnly, table, added), Mark(NFNL_MSG_BATCH_END)], out words);
    }

    /// <summary>The error of a request.</summary>
    public static KernelException Error(int errno, string what, string? words) => NetlinkSocket.Error(errno, what, words, "nf_tables");

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();

    /// <summary>The messages of a transaction, which go to the kernel together.</summary>
    internal static IReadOnlyList<NetlinkMessage> Transaction(bool add, string table, IReadOnlyCollection<FilterElement> elements)
        => Transaction(add ? NFT_MSG_NEWSETELEM : NFT_MSG_DELSETELEM, add ? CreateOnly : (ushort)0, table, elements);

    // Another value for the same key: some kernels say that it is busy.
    private static int Clash(int errno) => errno == Errno.EBUSY ? Errno.EEXIST : errno;

    private int Change(ushort type, ushort flags, string table, IReadOnlyCollection<FilterElement> elements, out string? words)
    {
        words = null;
        return elements.Count == 0 ? 0 : _socket.TryAskTogether(Transaction(type, flags, table, elements), out words);
    }

    private static List<NetlinkMessage> Transaction(ushort type, ushort flags, string table, IReadOnlyCollection<FilterElement> elements)
        => [Mark(NFNL_MSG_BATCH_BEGIN), .. Messages(type, flags, table, elements), Mark(NFNL_MSG_BATCH_END)];

    private static List<NetlinkMessage> Messages(ushort type, ushort flags, string table, IReadOnlyCollection<FilterElement> elements)
    {
        List<NetlinkMessage> messages = [];
        foreach (IGrouping<string, FilterElement> group in elements.GroupBy(static element => element.Set))
        {
            foreach (FilterElement[] part in group.Chunk(ElementsPerMessage))
            {
                NetlinkMessage message = Message(type, (ushort)(Ack | flags), table, group.Key);
                Add(message, part);
                messages.Add(message);
            }
        }

        return messages;
    }

    // struct nfgenmsg: family, version, and in network byte order the subsystem that a transaction is for.
    internal static NetlinkMessage Mark(ushort type)
    {
        NetlinkMessage message = new(type, 0);
        BinaryPrimitives.WriteUInt16BigEndian(message.Structure(FamilySize)[2..], NFNL_SUBSYS_NFTABLES);
        return message;
    }

    private static NetlinkMessage Message(ushort type, ushort flags, string table, string set)
    {
        NetlinkMessage message = new(type, flags);
        message.Structure(FamilySize)[0] = NFPROTO_INET;
        return message.Add(NFTA_SET_ELEM_LIST_TABLE, table).Add(NFTA_SET_ELEM_LIST_SET, set);
    }

    private static void Add(NetlinkMessage message, FilterElement[] elements) => message.Nest(NFTA_SET_ELEM_LIST_ELEMENTS | Nested, () =>
    {
        foreach (FilterElement element in elements)
        {
            message.Nest(NFTA_LIST_ELEM | Nested, () =>
            {
                message.Nest(NFTA_SET_ELEM_KEY | Nested, () => message.Add(NFTA_DATA_VALUE, element.Key));
                if (element.Value is { } value) message.Nest(NFTA_SET_ELEM_DATA | Nested, () => message.Add(NFTA_DATA_VALUE, value));
            });
        }
    });
}
