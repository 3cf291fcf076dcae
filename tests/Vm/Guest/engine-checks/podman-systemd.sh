# Podman with the cgroup manager that it uses where there is systemd: every container is a scope.
needs podman
manager=systemd
. /guest/podman.sh
podman_image /b
code=0
is 'foreground' "hello" "$(podman_with run --rm --network none box echo hello)"
podman_with run --rm --network none box sh -c 'exit 3' || code=$?
is 'exit code' 3 $code
refused podman_with run --rm --network none box no-such-program
has "$message" no-such-program
podman_with run -d --name one --network none -m 64m --memory-swap 96m --pids-limit 50 --cpus 0.5 box sh -c "$idle"
scope=$(group_of one)
has "$scope" /machine.slice/libpod-
property() { systemctl show "$(basename "$scope")" -p "$1" --value; }
is memory 67108864 "$(cat "$scope/memory.max")"
is swap 33554432 "$(cat "$scope/memory.swap.max")"
is tasks 50 "$(cat "$scope/pids.max")"
is quota '50000 100000' "$(cat "$scope/cpu.max")"
is 'memory in systemd' 67108864 "$(property MemoryMax)"
is 'tasks in systemd' 50 "$(property TasksMax)"
is delegated yes "$(property Delegate)"
# A command is in the scope as well.
has "$(podman_with exec one sh -c 'cat /proc/self/cgroup; echo inside')" inside
code=0
podman_with exec one sh -c 'exit 7' || code=$?
is 'exit code of a command' 7 $code
podman_with pause one
has "$(cat "$scope/cgroup.events")" 'frozen 1'
podman_with unpause one
has "$(cat "$scope/cgroup.events")" 'frozen 0'
has "$(podman_with stats --no-stream one)" ' / 67.11MB'
podman_with update -m 96m --memory-swap 128m --pids-limit 60 --cpus 0.7 one
systemctl daemon-reload
is 'memory after the update' 100663296 "$(cat "$scope/memory.max")"
is 'swap after the update' 33554432 "$(cat "$scope/memory.swap.max")"
is 'tasks after the update' 60 "$(cat "$scope/pids.max")"
is 'quota after the update' '70000 100000' "$(cat "$scope/cpu.max")"
is 'memory in systemd' 100663296 "$(property MemoryMax)"
podman_with stop -t 100 one
is ended '/usr/local/bin/ctrun exited 0' "$(podman inspect -f '{{.OCIRuntime}} {{.State.Status}} {{.State.ExitCode}}' one)"
podman_with start one
podman_with kill one
is killed 137 "$(podman wait one)"
podman_with rm one
until_true gone "$scope"
