using System.Diagnostics;
using System.Globalization;
using Xunit;

namespace ContainerTools.Runtime.Tests.Fuzz;

/// <summary>
/// So many rounds with the same inputs in every run; or, with CONTAINERTOOLS_FUZZ_SECONDS, other inputs for so long. What fails is kept in a file, to become
/// part of the corpus.
/// </summary>
internal static class FuzzRun
{
    /// <summary>Whether this is a long run.</summary>
    public static double Seconds { get; } =
        double.TryParse(Environment.GetEnvironmentVariable("CONTAINERTOOLS_FUZZ_SECONDS"), NumberStyles.Float, CultureInfo.InvariantCulture, out double seconds) ? seconds : 0;

    /// <summary>Tries inputs.</summary>
    /// <param name="rounds">How many, in a short run.</param>
    /// <param name="corpus">What they are made of; tried as it is, first.</param>
    /// <param name="next">Makes an input.</param>
    /// <param name="attempt">Tries one; throws where something is wrong.</param>
    public static async Task RunAsync(int rounds, byte[][] corpus, Func<Mutator, byte[]> next, Func<byte[], Task> attempt)
    {
        foreach (byte[] input in corpus) await AttemptAsync(input, attempt);
        Mutator mutator = new(new Random(Seconds > 0 ? Environment.TickCount : 20250607), corpus);
        Stopwatch time = Stopwatch.StartNew();
        for (int round = 0; Seconds > 0 ? time.Elapsed.TotalSeconds < Seconds : round < rounds; round++) await AttemptAsync(next(mutator), attempt);
    }

    /// <summary>The same for what does not wait.</summary>
    public static Task RunAsync(int rounds, byte[][] corpus, Func<Mutator, byte[]> next, Action<byte[]> attempt)
        => RunAsync(rounds, corpus, next, input =>
        {
            attempt(input);
            return Task.CompletedTask;
        });

    private static async Task AttemptAsync(byte[] input, Func<byte[], Task> attempt)
    {
        try
        {
            await attempt(input);
        }
        catch (Exception error) when (error is not OperationCanceledException || !TestContext.Current.CancellationToken.IsCancellationRequested)
        {
            string file = Path.Combine(Path.GetTempPath(), $"containertools-fuzz-{Guid.NewGuid():n}");
            File.WriteAllBytes(file, input);
            Assert.Fail($"{error.GetType().Name} at the input {file}: {error}");
        }
    }
}
