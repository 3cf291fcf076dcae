using System.Collections.Concurrent;

namespace ContainerTools.Runtime.Tests.Registries;

/// <summary>Writes down what is told.</summary>
internal sealed class ProgressCollector(ConcurrentQueue<EngineProgress> reports) : IProgress<EngineProgress>
{
    public void Report(EngineProgress value) => reports.Enqueue(value);
}
