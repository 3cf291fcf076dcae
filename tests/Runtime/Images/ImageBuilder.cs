using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace ContainerTools.Tests.Archives;

/// <summary>Builds image archives of every kind, document by document, wrong ones as well.</summary>
internal sealed class ImageBuilder
{
    /// <summary>The files of the archive, in order.</summary>
    public Dictionary<string, byte[]> Files { get; } = [];

    public static string Digest(byte[] content) => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(content));

    public static byte[] Gzip(byte[] content)
    {
        using MemoryStream stream = new();
        using (GZipStream gzip = new(stream, CompressionLevel.Fastest)) gzip.Write(content);
        return stream.ToArray();
    }

    public static byte[] Zstd(byte[] content)
    {
        using ZstdSharp.Compressor compressor = new();
        return compressor.Wrap(content).ToArray();
    }

    /// <summary>A configuration for uncompressed layers.</summary>
    public static JsonObject Config(IEnumerable<byte[]> layers, string architecture = "amd64") => new()
    {
        ["created"] = "2024-05-06T07:08:09.123456789Z",
        ["author"] = "somebody",
        ["architecture"] = architecture,
        ["os"] = "linux",
        ["config"] = new JsonObject
        {
            ["Env"] = new JsonArray("PATH=/bin"),
            ["Cmd"] = new JsonArray("sh"),
            ["Entrypoint"] = null,
            ["Labels"] = new JsonObject { ["a"] = "b" },
            ["ExposedPorts"] = new JsonObject { ["80/tcp"] = new JsonObject() },
            ["Volumes"] = new JsonObject { ["/data"] = new JsonObject() },
            ["OnBuild"] = null,
        },
        ["rootfs"] = new JsonObject { ["type"] = "layers", ["diff_ids"] = new JsonArray([.. layers.Select(layer => (JsonNode)Digest(layer))]) },
    };

    public static byte[] Bytes(JsonNode node) => Encoding.UTF8.GetBytes(node.ToJsonString());

    /// <summary>Adds a blob of a layout.</summary>
    public string Blob(byte[] content)
    {
        Files[$"blobs/sha256/{Digest(content)[7..]}"] = content;
        return Digest(content);
    }

    public static JsonObject Descriptor(string mediaType, byte[] content)
        => new() { ["mediaType"] = mediaType, ["digest"] = Digest(content), ["size"] = content.Length };

    /// <summary>Adds an image to a layout; the descriptor of its manifest.</summary>
    /// <param name="layers">Uncompressed, base first.</param>
    /// <param name="compress">Whether the blobs are compressed.</param>
    /// <param name="architecture">Its platform.</param>
    /// <param name="docker">Whether it has Docker's media types.</param>
    /// <param name="config">The configuration, where it is not the usual one.</param>
    public JsonObject OciImage(IReadOnlyList<byte[]> layers, bool compress = true, string architecture = "amd64", bool docker = false, byte[]? config = null)
    {
        config ??= Bytes(Config(layers, architecture));
        Blob(config);
        JsonArray descriptors = [];
        foreach (byte[] layer in layers)
        {
            byte[] blob = compress ? Gzip(layer) : layer;
            Blob(blob);
            descriptors.Add(Descriptor(
                docker ? "application/vnd.docker.image.rootfs.diff.tar" + (compress ? ".gzip" : "") : "application/vnd.oci.image.layer.v1.tar" + (compress ? "+gzip" : ""), blob));
        }

        byte[] manifest = Bytes(new JsonObject
        {
            ["schemaVersion"] = 2,
            ["mediaType"] = docker ? "application/vnd.docker.distribution.manifest.v2+json" : "application/vnd.oci.image.manifest.v1+json",
            ["config"] = Descriptor(docker ? "application/vnd.docker.container.image.v1+json" : "application/vnd.oci.image.config.v1+json", config),
            ["layers"] = descriptors,
        });
        Blob(manifest);
        return Descriptor(docker ? "application/vnd.docker.distribution.manifest.v2+json" : "application/vnd.oci.image.manifest.v1+json", manifest);
    }

    /// <summary>Adds an index as a blob; its descriptor.</summary>
    public JsonObject InnerIndex(params JsonObject[] manifests)
    {
        byte[] index = Bytes(new JsonObject
        {
            ["schemaVersion"] = 2,
            ["mediaType"] = "application/vnd.oci.image.index.v1+json",
            ["manifests"] = new JsonArray([.. manifests.Select(manifest => manifest.DeepClone())]),
        });
        Blob(index);
        return Descriptor("application/vnd.oci.image.index.v1+json", index);
    }

    /// <summary>Adds a multi-platform image of images of two layers, one of them in an index of its own, with an attestation; the descriptor of the index.</summary>
    public JsonObject MultiPlatform(params string[] architectures)
    {
        byte[] common = new TarBuilder().File("common", "of all platforms").Build();
        List<JsonObject> images = [.. architectures.Select(architecture => For(
            OciImage([common, new TarBuilder().File("own", architecture).Build()], architecture: architecture), "linux", architecture))];
        byte[] statement = """{"_type":"https://in-toto.io/Statement/v0.1"}"""u8.ToArray(), config = """{"architecture":"unknown","os":"unknown"}"""u8.ToArray();
        Blob(statement);
        Blob(config);
        byte[] attestation = Bytes(new JsonObject
        {
            ["schemaVersion"] = 2,
            ["mediaType"] = "application/vnd.oci.image.manifest.v1+json",
            ["config"] = Descriptor("application/vnd.oci.image.config.v1+json", config),
            ["layers"] = new JsonArray(Descriptor("application/vnd.in-toto+json", statement)),
        });
        Blob(attestation);
        JsonObject attested = For(Descriptor("application/vnd.oci.image.manifest.v1+json", attestation), "unknown", "unknown");
        attested["annotations"] = new JsonObject { ["vnd.docker.reference.type"] = "attestation-manifest" };
        return InnerIndex([attested, .. images.SkipLast(1), InnerIndex(images[^1])]);
    }

    public static JsonObject Named(JsonObject descriptor, string name, string annotation = "io.containerd.image.name")
    {
        descriptor["annotations"] = new JsonObject { [annotation] = name };
        return descriptor;
    }

    public static JsonObject For(JsonObject descriptor, string os, string architecture, string? variant = null)
    {
        descriptor["platform"] = new JsonObject { ["os"] = os, ["architecture"] = architecture };
        if (variant is not null) descriptor["platform"]!["variant"] = variant;
        return descriptor;
    }

    /// <summary>Completes a layout.</summary>
    public ImageBuilder Layout(params JsonObject[] manifests)
    {
        Files["oci-layout"] = """{"imageLayoutVersion": "1.0.0"}"""u8.ToArray();
        Files["index.json"] = Bytes(new JsonObject { ["schemaVersion"] = 2, ["manifests"] = new JsonArray([.. manifests.Select(manifest => manifest.DeepClone())]) });
        return this;
    }

    /// <summary>Adds an image as docker save wrote it before version 25; its line for manifest.json.</summary>
    public JsonObject DockerImage(IReadOnlyList<byte[]> layers, params string[] names)
    {
        byte[] config = Bytes(Config(layers));
        string configName = $"{Digest(config)[7..]}.json";
        JsonArray paths = [];
        foreach (byte[] layer in layers)
        {
            string path = $"{Digest([.. layer, 1])[7..]}/layer.tar";
            Files[path] = layer;
            paths.Add(path);
        }

        Files[configName] = config;
        return new JsonObject { ["Config"] = configName, ["RepoTags"] = new JsonArray([.. names]), ["Layers"] = paths };
    }

    public ImageBuilder DockerManifest(params JsonObject[] images)
    {
        Files["manifest.json"] = Bytes(new JsonArray([.. images.Select(image => image.DeepClone())]));
        return this;
    }

    public byte[] Tar()
    {
        TarBuilder tar = new();
        foreach ((string name, byte[] content) in Files)
        {
            if (name.Length > 100) tar.GnuLong('L', Encoding.UTF8.GetBytes(name));
            tar.File(name, content);
        }

        return tar.Build();
    }

    public string WriteFolder(string folder)
    {
        foreach ((string name, byte[] content) in Files)
        {
            string path = Path.Combine(folder, name);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllBytes(path, content);
        }

        return folder;
    }
}
