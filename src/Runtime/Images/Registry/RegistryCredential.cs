namespace ContainerTools.Runtime.Images.Registry;

/// <summary>What somebody is known by to a registry.</summary>
/// <param name="UserName">The name; empty with a token.</param>
/// <param name="Secret">The password, or the token.</param>
/// <param name="IsToken">Whether the secret is an identity token, to be exchanged for access tokens.</param>
internal sealed record RegistryCredential(string UserName, string Secret, bool IsToken)
{
    /// <summary>Without the secret.</summary>
    public override string ToString() => UserName;
}
