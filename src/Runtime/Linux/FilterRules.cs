namespace ContainerTools.Runtime.Linux;

/// <summary>Makes tables, chains and rules of nftables in the calling thread's network namespace without the tool, all of them or none: linux/netfilter/nf_tables.h.</summary>
internal static class FilterRules
{
    private const ushort Ack = 4;
    private const ushort CreateAtEnd = 0x400 | 0x800;
    private const int FamilySize = 4;

    /// <summary>A message to nftables.</summary>
    /// <param name="type">NFT_MSG_…</param>
    /// <param name="family">NFPROTO_…</param>
    public static NetlinkMessage Message(int type, byte family)
    {
        NetlinkMessage message = new((ushort)((FilterNetlink.NFNL_SUBSYS_NFTABLES << 8) | type), Ack | CreateAtEnd);
        message.Structure(FamilySize)[0] = family;
        return message;
    }

    /// <summary>Applies a transaction.</summary>
    /// <param name="messages">Made by <see cref="Message"/>.</param>
    /// <param name="what">What it is for, for the error.</param>
    /// <exception cref="KernelException">Nothing has been changed.</exception>
    public static void Apply(IReadOnlyList<NetlinkMessage> messages, string what)
    {
        using NetlinkSocket socket = new(FilterNetlink.NETLINK_NETFILTER);
        NetlinkMessage[] transaction = [FilterNetlink.Mark(FilterNetlink.NFNL_MSG_BATCH_BEGIN), .. messages, FilterNetlink.Mark(FilterNetlink.NFNL_MSG_BATCH_END)];
        int errno = socket.TryAskTogether(transaction, out string? words);
        if (errno != 0) throw FilterNetlink.Error(errno, what, words);
    }
}
