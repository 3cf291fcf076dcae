# What systemd knows it writes again when it reloads: it has to know the limits that ctrun set, at the start and later.
bundle one '{"memory": {"limit": 67108864, "swap": 134217728}, "cpu": {"quota": 25000, "period": 100000, "shares": 512}, "pids": {"limit": 50}, '"$devices"'}' \
    'echo ready; exec sleep 1000' '' machine-web.slice:app:one
scope=/sys/fs/cgroup/machine.slice/machine-web.slice/app-one.scope
ctrun --systemd-cgroup run --detach --bundle /b/one one > /b/one/output 2>&1
until_true holds ready /b/one/output
property() { systemctl show app-one.scope -p "$1" --value; }
is slice machine-web.slice "$(property Slice)"
is delegated yes "$(property Delegate)"
is path /machine.slice/machine-web.slice/app-one.scope "$(property ControlGroup)"
is processes 1 "$(wc -l < $scope/cgroup.procs)"
is 'memory in systemd' 67108864 "$(property MemoryMax)"
is 'swap in systemd' 67108864 "$(property MemorySwapMax)"
is 'quota in systemd' 250ms "$(property CPUQuotaPerSecUSec)"
is 'weight in systemd' 59 "$(property CPUWeight)"
is 'tasks in systemd' 50 "$(property TasksMax)"
systemctl daemon-reload
is memory 67108864 "$(cat $scope/memory.max)"
is quota '25000 100000' "$(cat $scope/cpu.max)"
is weight 59 "$(cat $scope/cpu.weight)"
is tasks 50 "$(cat $scope/pids.max)"
ctrun update --memory 96M --memory-swap 200M --pids-limit 77 one
systemctl daemon-reload
is 'memory after the update' 100663296 "$(cat $scope/memory.max)"
is 'swap after the update' 109051904 "$(cat $scope/memory.swap.max)"
is 'tasks after the update' 77 "$(cat $scope/pids.max)"
remove one
