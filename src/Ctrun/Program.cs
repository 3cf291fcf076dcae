using ContainerTools.Ctrun.Commands;

return args is ["monitor", ..] ? MonitorCommand.Run(args.AsSpan(1)) : 0;
