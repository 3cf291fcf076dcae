# What the checks with Podman are written with. $manager is the cgroup manager; $runtime may name another runtime, to see what it does.

podman_with() {
    podman --runtime "${runtime:-/usr/local/bin/ctrun}" --cgroup-manager "$manager" "$@"
}

# An image "box" of busybox alone; the first check that wants it makes it. SCOPE: a folder that whoever runs Podman may write.
podman_image() {
    if podman image exists box; then return; fi
    root_of_busybox "$1/rootfs"
    tar -C "$1/rootfs" -cf "$1/rootfs.tar" .
    podman import "$1/rootfs.tar" box > /dev/null 2>&1
}

# The container's cgroup, as the kernel has it.
group_of() {
    echo "/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$(podman inspect -f '{{.State.Pid}}' "$1")/cgroup")"
}

idle='trap exit TERM; echo ready; while :; do sleep 0.05; done'
