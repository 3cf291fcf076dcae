using System.Collections.Concurrent;
using System.Globalization;
using ContainerTools.Tests.Archives;

namespace ContainerTools.Tests.Registries;

/// <summary>Writing (OCI distribution specification 1.1, "Push").</summary>
internal sealed partial class FakeRegistry
{
    private readonly ConcurrentDictionary<string, byte[]> _uploads = new();
    private int _lastUpload;

    /// <summary>What has come of an upload that is not closed yet.</summary>
    public void SetUpload(string id, byte[] content) => _uploads[id] = content;

    private FakeAnswer? Written(FakeRequest request, string[] parts, string repository)
    {
        if (request.Method == "PUT" && parts is [.., "manifests", _])
        {
            string digest = ImageBuilder.Digest(request.Body);
            Manifests[$"{repository}@{digest}"] = (request.Body, request.Headers["content-type"]);
            if (!parts[^1].StartsWith("sha256:", StringComparison.Ordinal)) Manifests[$"{repository}:{parts[^1]}"] = (request.Body, request.Headers["content-type"]);
            return new FakeAnswer { Status = 201, Headers = ["Docker-Content-Digest: " + digest] };
        }

        if (request.Method == "POST" && parts is [.., "blobs", "uploads"])
        {
            if (Query(request, "mount") is { } wanted && Blobs.ContainsKey(wanted)) return new FakeAnswer { Status = 201, Headers = ["Location: /v2/blobs/" + wanted] };
            string id = Interlocked.Increment(ref _lastUpload).ToString(CultureInfo.InvariantCulture);
            _uploads[id] = [];
            return At(202, id);
        }

        if (parts is not [.., "uploads", _] || !_uploads.TryGetValue(parts[^1], out byte[]? have)) return null;
        switch (request.Method)
        {
            case "GET":
                return At(204, parts[^1]);
            case "PATCH":
                string begin = request.Headers["content-range"].Split('-')[0];
                if (begin != have.Length.ToString(CultureInfo.InvariantCulture)) return At(416, parts[^1]);
                _uploads[parts[^1]] = [.. have, .. request.Body];
                return At(202, parts[^1]);
            case "PUT":
                byte[] content = [.. have, .. request.Body];
                string digest = ImageBuilder.Digest(content);
                if (Query(request, "digest") != digest) return new FakeAnswer { Status = 400, Body = """{"errors":[{"code":"DIGEST_INVALID"}]}"""u8.ToArray() };
                Blobs[digest] = content;
                return new FakeAnswer { Status = 201 };
            default:
                return null;
        }
    }

    private FakeAnswer At(int status, string id) => new()
    {
        Status = status,
        Headers = [$"Location: /v2/uploads/{id}", string.Create(CultureInfo.InvariantCulture, $"Range: 0-{Math.Max(0, _uploads[id].Length - 1)}")],
    };

    private static string? Query(FakeRequest request, string name)
    {
        int question = request.Target.IndexOf('?');
        if (question < 0) return null;
        string? pair = request.Target[(question + 1)..].Split('&').FirstOrDefault(pair => pair.StartsWith(name + "=", StringComparison.Ordinal));
        return pair is null ? null : Uri.UnescapeDataString(pair[(name.Length + 1)..]);
    }
}
