using System.Formats.Tar;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace ContainerTools.Bench.Subjects;

/// <summary>Images as `docker save` writes them and as an OCI layout, the same in every run of the bench on a machine.</summary>
internal static class ImageArchive
{
    private const int LargeFiles = 10000;
    private const long LargeSize = 200L << 20;
    private static readonly DateTimeOffset s_time = DateTimeOffset.UnixEpoch.AddDays(20000);

    /// <summary>A layer with the content of a folder.</summary>
    public static void WriteLayer(string folder, string layer)
    {
        using TarWriter writer = new(File.Create(layer), TarEntryFormat.Pax);
        foreach (FileSystemInfo entry in new DirectoryInfo(folder).EnumerateFileSystemInfos("*", SearchOption.AllDirectories).OrderBy(entry => entry.FullName, StringComparer.Ordinal))
        {
            string name = Path.GetRelativePath(folder, entry.FullName);
            if (entry.LinkTarget is { } target) Add(writer, new PaxTarEntry(TarEntryType.SymbolicLink, name) { LinkName = target });
            else if (entry is DirectoryInfo) Add(writer, new PaxTarEntry(TarEntryType.Directory, name + "/") { Mode = (UnixFileMode)0x1ed });
            else Add(writer, new PaxTarEntry(TarEntryType.RegularFile, name) { Mode = entry.UnixFileMode, DataStream = File.OpenRead(entry.FullName) });
        }
    }

    /// <summary>
    /// A layer of 200 MB in 10,000 files in 200 folders: sizes as in a real system, many small and few large; the content half text-like and
    /// half random, so that nobody gains by compressing it.
    /// </summary>
    public static void WriteLargeLayer(string layer)
    {
        Random random = new(7);
        byte[] noise = Noise(8 << 20);
        double[] weights = [.. Enumerable.Range(0, LargeFiles).Select(_ => Math.Exp(NextNormal(random) * 1.8))];
        double total = weights.Sum();
        using TarWriter writer = new(File.Create(layer), TarEntryFormat.Pax);
        for (int folder = 0; folder < LargeFiles / 50; folder++)
        {
            Add(writer, new PaxTarEntry(TarEntryType.Directory, $"data/{folder:000}/") { Mode = (UnixFileMode)0x1ed });
            for (int file = 0; file < 50; file++)
            {
                int size = (int)Math.Min(noise.Length, weights[folder * 50 + file] / total * LargeSize);
                int offset = random.Next(noise.Length - size + 1);
                Add(writer, new PaxTarEntry(TarEntryType.RegularFile, $"data/{folder:000}/file-{file:00}.bin")
                {
                    Mode = (UnixFileMode)0x1a4,
                    DataStream = new MemoryStream(noise, offset, size, writable: false),
                });
            }
        }
    }

    /// <summary>The archive that `docker save` would write.</summary>
    /// <param name="layers">The layers' tar files, the lowest first.</param>
    /// <param name="reference">The image's name.</param>
    /// <param name="archive">The file.</param>
    public static void WriteDockerArchive(IReadOnlyList<string> layers, string reference, string archive)
    {
        string[] digests = [.. layers.Select(Digest)];
        byte[] configuration = Configuration(digests);
        string configurationName = $"{Hash(configuration)}.json";
        JsonArray manifest = new(new JsonObject
        {
            ["Config"] = configurationName,
            ["RepoTags"] = new JsonArray(reference),
            ["Layers"] = new JsonArray([.. digests.Select(digest => (JsonNode)$"{digest}/layer.tar")]),
        });
        using TarWriter writer = new(File.Create(archive), TarEntryFormat.Pax);
        for (int i = 0; i < digests.Length; i++)
        {
            Add(writer, new PaxTarEntry(TarEntryType.Directory, $"{digests[i]}/") { Mode = (UnixFileMode)0x1ed });
            using FileStream stream = File.OpenRead(layers[i]);
            Add(writer, new PaxTarEntry(TarEntryType.RegularFile, $"{digests[i]}/layer.tar") { DataStream = stream });
        }

        AddDocument(writer, configurationName, configuration);
        AddDocument(writer, "manifest.json", Encoding.UTF8.GetBytes(manifest.ToJsonString()));
    }

    /// <summary>An archive of as many images, which differ in their configuration only.</summary>
    /// <param name="layer">Their layer's tar file.</param>
    /// <param name="repository">Their repository; the tag is their number.</param>
    /// <param name="count">How many.</param>
    /// <param name="archive">The file.</param>
    public static void WriteManyImages(string layer, string repository, int count, string archive)
    {
        string digest = Digest(layer);
        JsonArray manifest = [];
        using TarWriter writer = new(File.Create(archive), TarEntryFormat.Pax);
        using (FileStream stream = File.OpenRead(layer))
        {
            Add(writer, new PaxTarEntry(TarEntryType.RegularFile, $"{digest}.tar") { DataStream = stream });
        }

        for (int i = 0; i < count; i++)
        {
            string tag = i.ToString(CultureInfo.InvariantCulture);
            byte[] configuration = Configuration([digest], $"NUMBER={tag}");
            string name = $"{Hash(configuration)}.json";
            AddDocument(writer, name, configuration);
            manifest.Add((JsonNode)new JsonObject
            {
                ["Config"] = name,
                ["RepoTags"] = new JsonArray($"{repository}:{tag}"),
                ["Layers"] = new JsonArray($"{digest}.tar"),
            });
        }

        AddDocument(writer, "manifest.json", Encoding.UTF8.GetBytes(manifest.ToJsonString()));
    }

    /// <summary>An image as an OCI layout, with its layers uncompressed as well.</summary>
    /// <param name="layers">The layers' tar files, the lowest first.</param>
    /// <param name="tag">The image's tag in the layout.</param>
    /// <param name="folder">The layout's folder.</param>
    public static void WriteLayout(IReadOnlyList<string> layers, string tag, string folder)
    {
        string blobs = Directory.CreateDirectory(Path.Combine(folder, "blobs", "sha256")).FullName;
        string[] digests = [.. layers.Select(Digest)];
        for (int i = 0; i < digests.Length; i++) File.Copy(layers[i], Path.Combine(blobs, digests[i]), overwrite: true);
        byte[] configuration = Configuration(digests);
        byte[] manifest = Encoding.UTF8.GetBytes(new JsonObject
        {
            ["schemaVersion"] = 2,
            ["mediaType"] = "application/vnd.oci.image.manifest.v1+json",
            ["config"] = Blob(blobs, configuration, "application/vnd.oci.image.config.v1+json"),
            ["layers"] = new JsonArray([.. digests.Select((digest, i) =>
                (JsonNode)Descriptor("application/vnd.oci.image.layer.v1.tar", digest, new FileInfo(layers[i]).Length))]),
        }.ToJsonString());
        JsonObject descriptor = Blob(blobs, manifest, "application/vnd.oci.image.manifest.v1+json");
        descriptor["annotations"] = new JsonObject { ["org.opencontainers.image.ref.name"] = tag };
        File.WriteAllText(Path.Combine(folder, "index.json"), new JsonObject { ["schemaVersion"] = 2, ["manifests"] = new JsonArray(descriptor) }.ToJsonString());
        File.WriteAllText(Path.Combine(folder, "oci-layout"), """{"imageLayoutVersion":"1.0.0"}""");
    }

    /// <summary>Half text-like and half random bytes, so that nobody gains by compressing them; the same every time.</summary>
    public static byte[] Noise(int length)
    {
        byte[] noise = new byte[length];
        new Random(7).NextBytes(noise);
        for (int i = 0; i < noise.Length; i += 2) noise[i] = (byte)('a' + noise[i] % 26);
        return noise;
    }

    /// <summary>Words as a program's sources have them, a few often and many seldom; the same every time. gzip makes two fifths of it.</summary>
    public static byte[] Text(int length)
    {
        Random random = new(7);
        byte[][] words = new byte[20_000][];
        for (int i = 0; i < words.Length; i++)
        {
            words[i] = new byte[random.Next(2, 12)];
            for (int letter = 0; letter < words[i].Length; letter++) words[i][letter] = (byte)('a' + random.Next(26));
        }

        byte[] text = new byte[length];
        for (int end = 0, word = 0; end < length; word++)
        {
            byte[] next = words[(int)(words.Length * Math.Pow(random.NextDouble(), 6))];
            int fits = Math.Min(next.Length, length - end);
            next.AsSpan(0, fits).CopyTo(text.AsSpan(end));
            end += fits;
            if (end < length) text[end++] = (byte)(word % 12 == 11 ? '\n' : ' ');
        }

        return text;
    }

    private static byte[] Configuration(IReadOnlyList<string> layerDigests, params string[] environment) => Encoding.UTF8.GetBytes(new JsonObject
    {
        ["created"] = "2024-01-01T00:00:00Z",
        ["architecture"] = RuntimeInformation.OSArchitecture == Architecture.Arm64 ? "arm64" : "amd64",
        ["os"] = "linux",
        ["config"] = new JsonObject { ["Env"] = new JsonArray([.. environment.Prepend("PATH=/bin").Select(text => (JsonNode)text)]), ["Cmd"] = new JsonArray("/bin/true") },
        ["rootfs"] = new JsonObject { ["type"] = "layers", ["diff_ids"] = new JsonArray([.. layerDigests.Select(digest => (JsonNode)$"sha256:{digest}")]) },
        ["history"] = new JsonArray([.. layerDigests.Select(_ => (JsonNode)new JsonObject { ["created"] = "2024-01-01T00:00:00Z", ["created_by"] = "bench" })]),
    }.ToJsonString());

    private static JsonObject Blob(string folder, byte[] content, string mediaType)
    {
        File.WriteAllBytes(Path.Combine(folder, Hash(content)), content);
        return Descriptor(mediaType, Hash(content), content.Length);
    }

    private static JsonObject Descriptor(string mediaType, string digest, long size) =>
        new() { ["mediaType"] = mediaType, ["digest"] = $"sha256:{digest}", ["size"] = size };

    internal static void Add(TarWriter writer, PaxTarEntry entry)
    {
        entry.ModificationTime = s_time;
        writer.WriteEntry(entry);
        entry.DataStream?.Dispose();
    }

    private static void AddDocument(TarWriter writer, string name, byte[] content) =>
        Add(writer, new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(content) });

    private static string Digest(string file)
    {
        using FileStream stream = File.OpenRead(file);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }

    private static string Hash(byte[] content) => Convert.ToHexStringLower(SHA256.HashData(content));

    private static double NextNormal(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
