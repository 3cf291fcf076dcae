namespace ContainerTools.Runtime.Images.Pipeline;

/// <summary>A buffer on its way through the stages of an import. The last stage that is done with it gives it back to its pool.</summary>
internal sealed class Chunk(ChunkPool pool, int size)
{
    private int _users;

    /// <summary>The buffer.</summary>
    public byte[] Buffer { get; } = new byte[size];

    /// <summary>How many of its bytes are meant.</summary>
    public int Length { get; set; }

    /// <summary>Those bytes.</summary>
    public ReadOnlyMemory<byte> Content => Buffer.AsMemory(0, Length);

    /// <summary>Says how many stages will call <see cref="Release"/>.</summary>
    public void Share(int users) => _users = users;

    /// <summary>One stage is done with it.</summary>
    public void Release()
    {
        if (Interlocked.Decrement(ref _users) == 0) pool.Return(this);
    }
}
