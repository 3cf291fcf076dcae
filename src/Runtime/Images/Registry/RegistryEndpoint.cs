namespace ContainerTools.Runtime.Images.Registry;

/// <summary>A place where a repository is to be had.</summary>
/// <param name="Host">The registry's host, perhaps with a port.</param>
/// <param name="Path">The repository's path there.</param>
/// <param name="Insecure">Whether plain HTTP and certificates that nobody vouches for are accepted.</param>
/// <param name="IsMirror">Whether it stands in for another registry: what the caller gave to prove who he is, is not for it.</param>
internal sealed record RegistryEndpoint(string Host, string Path, bool Insecure, bool IsMirror = false)
{
    /// <summary>The host that speaks the protocol: Docker Hub has its own for that.</summary>
    public string ApiHost => Host == "docker.io" ? "registry-1.docker.io" : Host;

    /// <inheritdoc/>
    public override string ToString() => $"{Host}/{Path}";
}
