namespace ContainerTools;

/// <summary>When the image of a new container is pulled from its registry.</summary>
public enum ImagePullPolicy
{
    /// <summary>When it is not on this machine.</summary>
    Missing,
    /// <summary>Each time, so that a tag that has moved is followed; layers that are here are not fetched again.</summary>
    Always,
    /// <summary>Never: the image must be here.</summary>
    Never,
}
