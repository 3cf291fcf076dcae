using ContainerTools.Runtime.Containers.Runs;

namespace ContainerTools.Ctrun.Commands;

/// <summary><c>ctrun delete</c>.</summary>
internal static class DeleteCommand
{
    private const string Usage = "delete [--force|-f] ID";

    public static int Run(GlobalOptions options, ArgumentReader reader)
    {
        bool force = false;
        while (reader.Next(out string option))
        {
            if (option is "force" or "f") force = reader.Flag();
            else if (reader.Other(Usage)) return 0;
        }

        RunDeletion.Delete(options.Store, reader.Single("the container's id"), force, options.Log.Warning);
        return 0;
    }
}
