using System.Management.Automation;
using System.Threading.Channels;
using ContainerTools.Module.Parameters;

namespace ContainerTools.Module.Cmdlets;

/// <summary>Get-ContainerLog: what containers wrote to standard output and standard error.</summary>
[Cmdlet(VerbsCommon.Get, "ContainerLog", DefaultParameterSetName = NameSet)]
[OutputType(typeof(ContainerLogEntry))]
public sealed class GetContainerLogCommand : ContainerTargetCmdlet
{
    /// <summary>The type name that selects the view with times.</summary>
    internal const string TimestampTypeName = "ContainerTools.ContainerLogEntry#Timestamp";

    private readonly List<Container> _followed = [];

    /// <summary>Only the last so many lines.</summary>
    [Parameter]
    [Alias("Last", "n")]
    [ValidateRange(0, int.MaxValue)]
    public int? Tail { get; set; }

    /// <summary>Only lines from this time on: a date, or how long ago.</summary>
    [Parameter]
    [Moment]
    public DateTimeOffset? Since { get; set; }

    /// <summary>Only lines before this time: a date, or how long ago.</summary>
    [Parameter]
    [Moment]
    public DateTimeOffset? Until { get; set; }

    /// <summary>Go on reading until the containers end.</summary>
    [Parameter]
    [Alias("f", "Wait")]
    public SwitchParameter Follow { get; set; }

    /// <summary>Show when each line was written.</summary>
    [Parameter]
    [Alias("t")]
    public SwitchParameter Timestamps { get; set; }

    /// <summary>Only this stream.</summary>
    [Parameter]
    public OutputStream? Stream { get; set; }

    /// <inheritdoc/>
    protected override void ProcessContainer(Container container)
    {
        if (Follow)
        {
            // Only at the end it is known whether there is one to follow or several.
            _followed.Add(container);
            return;
        }

        Attempt(container, () =>
        {
            foreach (ContainerLogEntry entry in Enumerate(Engine.Containers.ReadLogAsync(container.Id, Options, Cancellation))) Emit(entry);
        });
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        if (_followed.Count == 0) return;
        Channel<ContainerLogEntry> entries = Channel.CreateBounded<ContainerLogEntry>(1024);
        Task<Exception?>[] readers = [.. _followed.Select(container => Task.Run(() => ReadAsync(container, entries.Writer)))];
        Task.WhenAll(readers).ContinueWith(_ => entries.Writer.Complete(), TaskScheduler.Default);
        while (Await(entries.Reader.WaitToReadAsync(Cancellation).AsTask()))
        {
            while (entries.Reader.TryRead(out ContainerLogEntry? entry)) Emit(entry);
        }

        for (int index = 0; index < readers.Length; index++)
        {
            if (Await(readers[index]) is { } error) WriteFailure(error, _followed[index]);
        }
    }

    private ContainerLogOptions Options => new() { Tail = Tail, Since = Since, Until = Until, Follow = Follow, Stream = Stream };

    private async Task<Exception?> ReadAsync(Container container, ChannelWriter<ContainerLogEntry> writer)
    {
        try
        {
            await foreach (ContainerLogEntry entry in Engine.Containers.ReadLogAsync(container.Id, Options, Cancellation))
            {
                await writer.WriteAsync(entry, Cancellation);
            }

            return null;
        }
        catch (Exception error) when (IsForUser(error))
        {
            return error;
        }
    }

    private void Emit(ContainerLogEntry entry)
    {
        if (!Timestamps)
        {
            WriteObject(entry);
            return;
        }

        PSObject shown = new(entry);
        shown.TypeNames.Insert(0, TimestampTypeName);
        WriteObject(shown);
    }
}
