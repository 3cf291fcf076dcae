using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using ContainerTools.Tests.Archives;
using ContainerTools.Tests.Registries;

namespace ContainerTools.Runtime.Tests.Registries.Trust;

/// <summary>Puts signatures into a registry as cosign does.</summary>
internal static class CosignLayout
{
    /// <summary>Signs an image with a key.</summary>
    public static void Sign(FakeRegistry registry, string repository, string digest, string name, ECDsa key)
        => Sign(registry, repository, digest, Payload(digest, name), payload => key.SignData(payload, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence));

    /// <summary>Signs a payload with whatever.</summary>
    public static void Sign(FakeRegistry registry, string repository, string digest, string payload, Func<byte[], byte[]> sign)
    {
        byte[] content = Encoding.UTF8.GetBytes(payload);
        registry.Blobs[ImageBuilder.Digest(content)] = content;
        JsonObject layer = ImageBuilder.Descriptor("application/vnd.dev.cosign.simplesigning.v1+json", content);
        layer["annotations"] = new JsonObject { ["dev.cosignproject.cosign/signature"] = Convert.ToBase64String(sign(content)) };
        registry.AddManifest(
            repository, digest.Replace(':', '-') + ".sig",
            new JsonObject
            {
                ["schemaVersion"] = 2,
                ["mediaType"] = "application/vnd.oci.image.manifest.v1+json",
                ["config"] = ImageBuilder.Descriptor("application/vnd.oci.image.config.v1+json", "{}"u8.ToArray()),
                ["layers"] = new JsonArray(layer),
            },
            "application/vnd.oci.image.manifest.v1+json");
    }

    /// <summary>What is signed.</summary>
    public static string Payload(string digest, string name)
        => $$$"""{"critical":{"identity":{"docker-reference":"{{{name}}}"},"image":{"docker-manifest-digest":"{{{digest}}}"},"type":"cosign container image signature"},"optional":null}""";
}
