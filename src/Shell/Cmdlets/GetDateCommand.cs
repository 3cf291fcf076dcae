using System.Globalization;
using System.Management.Automation;

namespace Microsoft.PowerShell.Commands;

/// <summary>Now, or another time, as a DateTime or as text.</summary>
[Cmdlet(VerbsCommon.Get, "Date", DefaultParameterSetName = "DateAndFormat")]
[OutputType(typeof(DateTime), typeof(string))]
public sealed class GetDateCommand : PSCmdlet
{
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("LastWriteTime")]
    public DateTime Date { get; set; }

    [Parameter]
    [Alias("UnixTime")]
    public double UnixTimeSeconds { get; set; }

    [Parameter]
    public int Year { get; set; }

    [Parameter]
    public int Month { get; set; }

    [Parameter]
    public int Day { get; set; }

    [Parameter]
    public int Hour { get; set; }

    [Parameter]
    public int Minute { get; set; }

    [Parameter]
    public int Second { get; set; }

    [Parameter]
    public int Millisecond { get; set; }

    [Parameter]
    public string? Format { get; set; }

    [Parameter]
    public SwitchParameter AsUTC { get; set; }

    protected override void ProcessRecord()
    {
        DateTime time = Has(nameof(UnixTimeSeconds))
            ? DateTimeOffset.UnixEpoch.AddSeconds(UnixTimeSeconds).LocalDateTime
            : Has(nameof(Date)) ? Date : DateTime.Now;
        if (Has(nameof(Year)))
            time = time.AddYears(Year - time.Year);
        if (Has(nameof(Month)))
            time = time.AddMonths(Month - time.Month);
        if (Has(nameof(Day)))
            time = time.AddDays(Day - time.Day);
        if (Has(nameof(Hour)))
            time = time.AddHours(Hour - time.Hour);
        if (Has(nameof(Minute)))
            time = time.AddMinutes(Minute - time.Minute);
        if (Has(nameof(Second)))
            time = time.AddSeconds(Second - time.Second);
        if (Has(nameof(Millisecond)))
            time = time.AddMilliseconds(Millisecond - time.Millisecond);
        if (AsUTC)
            time = time.ToUniversalTime();
        if (Format is null)
        {
            WriteObject(time);
            return;
        }
        WriteObject(Format switch
        {
            "FileDate" => time.ToString("yyyyMMdd", CultureInfo.InvariantCulture),
            "FileDateTime" => time.ToString("yyyyMMdd'T'HHmmssffff", CultureInfo.InvariantCulture),
            "FileDateUniversal" => time.ToUniversalTime().ToString("yyyyMMdd'Z'", CultureInfo.InvariantCulture),
            "FileDateTimeUniversal" => time.ToUniversalTime().ToString("yyyyMMdd'T'HHmmssffff'Z'", CultureInfo.InvariantCulture),
            _ => time.ToString(Format, CultureInfo.CurrentCulture),
        });
    }

    private bool Has(string name) => MyInvocation.BoundParameters.ContainsKey(name);
}
