# What the kernel kills for want of memory is told from what somebody killed. Podman's monitor reads it in the cgroup, which systemd would take away in the same moment:
# here nobody but Podman does.
needs podman
manager=cgroupfs
. /guest/podman.sh
podman_image /b
code=0
podman_with run --name greedy --network none -m 16m --memory-swap 16m box sh -c 'a=x; while :; do a=$a$a; done' || code=$?
is 'exit code' 137 $code
is 'out of memory' true "$(podman inspect -f '{{.State.OOMKilled}}' greedy)"
podman_with rm greedy
