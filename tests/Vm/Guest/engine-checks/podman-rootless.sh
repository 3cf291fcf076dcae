# A user's own Podman: containers are scopes of the user's systemd, below the cgroups that are delegated to it.
needs podman
needs newuidmap
. /guest/podman.sh
. /guest/user.sh
manager=systemd
become_user_of_podman
podman_image /b
# The container's root is the user, its other ids the user's subordinate ones.
subordinate=$(sed -n 's/^web:\([0-9]*\):.*/\1/p' /etc/subuid)
output=$(podman_with run --rm --network none box sh -c 'id; cat /proc/self/uid_map')
has "$output" 'uid=0 gid=0'
is 'user ids' "0 1000 1 1 $subordinate 65536" "$(echo "$output" | sed 1d | xargs)"
has "$(podman_with run --rm --network none --userns keep-id box id)" 'uid=1000'
podman_with run -d --name one --network none -m 64m --pids-limit 50 box sh -c "$idle"
scope=$(group_of one)
has "$scope" /user.slice/user-1000.slice/user@1000.service/user.slice/libpod-
is memory 67108864 "$(cat "$scope/memory.max")"
is tasks 50 "$(cat "$scope/pids.max")"
is 'memory in systemd' 67108864 "$(as_web systemctl --user show "$(basename "$scope")" -p MemoryMax --value)"
is 'a command' 'inside 0' "$(podman_with exec one sh -c 'echo inside $(id -u)')"
podman_with pause one
has "$(cat "$scope/cgroup.events")" 'frozen 1'
podman_with unpause one
has "$(podman_with stats --no-stream one)" ' / 67.11MB'
podman_with update -m 96m one
is 'memory after the update' 100663296 "$(cat "$scope/memory.max")"
podman_with stop -t 100 one
is ended 'exited 0' "$(podman inspect -f '{{.State.Status}} {{.State.ExitCode}}' one)"
podman_with rm one
until_true gone "$scope"
# Without systemd: beside Podman's own cgroup, where the delegation lets it.
manager=cgroupfs
output=$(podman_with run --rm --network none -m 64m --cgroupns host box sh -c 'cat /proc/self/cgroup; cat /sys/fs/cgroup/memory.max')
has "$output" /user@1000.service/user.slice/
has "$output" 67108864
# In no cgroup of its own at all: it stays where Podman is.
own=$(as_web cat /proc/self/cgroup)
is 'no cgroup' "$own" "$(podman_with run --rm --network none --cgroups disabled --cgroupns host box cat /proc/self/cgroup)"
leave_user_of_podman
