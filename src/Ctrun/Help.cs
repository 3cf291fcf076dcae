namespace ContainerTools.Ctrun;

/// <summary>What <c>ctrun help</c> prints.</summary>
internal static class Help
{
    public const string Text =
        """
        ctrun runs containers from OCI bundles.

        usage: ctrun [--root FOLDER] [--log FILE] [--log-format text|json] [--debug]
                     [--systemd-cgroup | --cgroup-manager cgroupfs|systemd|disabled] COMMAND [options] [arguments]

          create ID          make a container whose process waits for 'start'
          start ID           let it run
          run ID             create and start; stays until the process ends, unless --detach
          exec ID COMMAND…   start a further process in a container
          state ID           show a container as JSON
          list               show all containers
          ps ID              show a container's processes
          events ID          show what a container uses, again and again
          kill ID [SIGNAL]   send a signal (SIGTERM) to a container
          pause ID           freeze a container's processes
          resume ID          let them go on
          update ID          change a container's limits
          delete ID          remove a container that has stopped
          monitor FOLDER     supervise a container of the engine; for the engine only
          network-probe PID  try what a container reaches; for the engine only
          probe FOLDER       try what the kernel can do; for the engine only
          plan               show the system calls that would start a bundle's process
          spec               write a config.json to start from
          features           show what this runtime supports, as JSON

        'ctrun COMMAND --help' shows a command's options. Containers are kept below /run/ctrun unless --root says otherwise.

        """;
}
