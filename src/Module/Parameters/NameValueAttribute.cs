using System.Collections;
using System.Management.Automation;

namespace ContainerTools.Module.Parameters;

/// <summary>
/// Lets pairs be given as tables or as text: <c>@{ A = 1 }</c> and <c>A=1</c> alike become <c>A=1</c>. A null value in a table leaves the
/// name alone (<c>A</c>).
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class NameValueAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object? Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        if (inputData is null) return null;
        List<string> pairs = [];
        Add(inputData, pairs);
        return pairs.ToArray();
    }

    private static void Add(object? data, List<string> pairs)
    {
        switch (data is PSObject { BaseObject: not PSCustomObject } wrapper ? wrapper.BaseObject : data)
        {
            case null:
                break;
            case IDictionary table:
                foreach (DictionaryEntry entry in table) pairs.Add(Join(entry.Key, entry.Value));
                break;
            // What Container.Labels is.
            case IEnumerable<KeyValuePair<string, string>> entries:
                foreach (KeyValuePair<string, string> entry in entries) pairs.Add(Join(entry.Key, entry.Value));
                break;
            case string text:
                pairs.Add(Check(text));
                break;
            case IEnumerable items:
                foreach (object? item in items) Add(item, pairs);
                break;
            case { } other:
                pairs.Add(Check(Text(other)));
                break;
        }
    }

    private static string Join(object key, object? value) => Check(value is null ? Text(key) : $"{Text(key)}={Text(value)}");

    private static string Text(object value) => LanguagePrimitives.ConvertTo<string>(value);

    private static string Check(string pair) => pair.Length > 0 && pair[0] != '='
        ? pair
        : throw new ArgumentTransformationMetadataException($"'{pair}' has no name; use NAME=value or a table such as @{{ NAME = 'value' }}.");
}
