using ContainerTools.Runtime.DBus;

namespace ContainerTools.Runtime.Cgroups.Systemd;

/// <summary>A property of a unit (org.freedesktop.systemd1(5)).</summary>
/// <param name="Name">Its name, <c>MemoryMax</c>.</param>
/// <param name="Value">
/// A <see cref="string"/> (s), <see cref="bool"/> (b), <see cref="int"/> (i), <see cref="uint"/> (u), <see cref="long"/> (x), <see cref="ulong"/> (t), a list of
/// <see cref="byte"/> (ay), <see cref="uint"/> (au), <see cref="string"/> (as), or of pairs of strings (a(ss)).
/// </param>
internal sealed record SystemdProperty(string Name, object Value)
{
    /// <summary>Where a number is no limit.</summary>
    public const ulong Infinity = ulong.MaxValue;

    /// <summary>Writes a list of properties, a(sv).</summary>
    public static void Write(DBusWriter writer, IReadOnlyList<SystemdProperty> properties) => writer.Array(8, list =>
    {
        foreach (SystemdProperty property in properties)
        {
            list.Align(8);
            list.Text(property.Name);
            property.WriteVariant(list);
        }
    });

    private void WriteVariant(DBusWriter writer)
    {
        switch (Value)
        {
            case string text:
                writer.Signature("s");
                writer.Text(text);
                break;
            case bool flag:
                writer.Signature("b");
                writer.Boolean(flag);
                break;
            case int number:
                writer.Signature("i");
                writer.UInt32((uint)number);
                break;
            case uint number:
                writer.Signature("u");
                writer.UInt32(number);
                break;
            case long number:
                writer.Signature("x");
                writer.UInt64((ulong)number);
                break;
            case ulong number:
                writer.Signature("t");
                writer.UInt64(number);
                break;
            case byte[] bytes:
                writer.Signature("ay");
                writer.Array(1, list => { foreach (byte one in bytes) list.Byte(one); });
                break;
            case uint[] numbers:
                writer.Signature("au");
                writer.Array(4, list => { foreach (uint one in numbers) list.UInt32(one); });
                break;
            case string[] texts:
                writer.Signature("as");
                writer.Array(4, list => { foreach (string one in texts) list.Text(one); });
                break;
            case (string, string)[] pairs:
                writer.Signature("a(ss)");
                writer.Array(8, list =>
                {
                    foreach ((string first, string second) in pairs)
                    {
                        list.Align(8);
                        list.Text(first);
                        list.Text(second);
                    }
                });
                break;
            default:
                throw new ArgumentException($"There is no D-Bus type for {Value.GetType()}.");
        }
    }
}
