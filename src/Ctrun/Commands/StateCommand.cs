using ContainerTools.Runtime.Containers.Runs;
using ContainerTools.Runtime.Oci;

namespace ContainerTools.Ctrun.Commands;

/// <summary><c>ctrun state</c>.</summary>
internal static class StateCommand
{
    private const string Usage = "state ID";

    public static int Run(GlobalOptions options, ArgumentReader reader)
    {
        while (reader.Next(out _))
        {
            if (reader.Other(Usage)) return 0;
        }

        OciState state = RunStatusReader.Read(options.Store, reader.Single("the container's id"));
        Output.WriteJson(writer => StateText.Write(writer, state));
        return 0;
    }
}
