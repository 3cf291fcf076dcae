using System.Globalization;

namespace ContainerTools.Module.Parameters;

/// <summary>Reads per-process limits in Docker's form: <c>nofile=1024:2048</c>, <c>core=unlimited</c>.</summary>
internal static class ProcessLimitText
{
    /// <summary>Reads one; a single number is both soft and hard limit.</summary>
    public static ProcessLimit Parse(string text)
    {
        string[] pair = text.Split('=', 2);
        string[] numbers = pair.Length == 2 ? pair[1].Split(':', 2) : [];
        if (pair[0].Length == 0 || numbers.Length == 0 || !TryNumber(numbers[0], out ulong soft) || !TryNumber(numbers[^1], out ulong hard))
        {
            throw new ContainerException(
                ErrorCode.LimitInvalid, $"'{text}' is not a process limit; use name=soft:hard, for example nofile=1024:2048 or core=unlimited.", text);
        }

        string name = pair[0].ToUpperInvariant();
        return new ProcessLimit(name.StartsWith("RLIMIT_", StringComparison.Ordinal) ? name : "RLIMIT_" + name, soft, hard);
    }

    private static bool TryNumber(string text, out ulong number)
    {
        if (text is "unlimited" or "-1")
        {
            number = ulong.MaxValue;
            return true;
        }

        return ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }
}
