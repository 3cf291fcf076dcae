# Podman writing the tree itself.
needs podman
manager=cgroupfs
. /guest/podman.sh
podman_image /b
podman_with run -d --name two --network none -m 64m --pids-limit 50 box sh -c "$idle"
group=$(group_of two)
has "$group" /libpod_parent/libpod-
is memory 67108864 "$(cat "$group/memory.max")"
is tasks 50 "$(cat "$group/pids.max")"
is 'a command' inside "$(podman_with exec two echo inside)"
podman_with pause two
has "$(cat "$group/cgroup.events")" 'frozen 1'
podman_with unpause two
podman_with update -m 96m two
is 'memory after the update' 100663296 "$(cat "$group/memory.max")"
podman_with stop -t 100 two
is ended 0 "$(podman inspect -f '{{.State.ExitCode}}' two)"
podman_with rm two
until_true gone "$group"
