#!/bin/sh
# The first process of the bench's namespaces (bench.ps1 makes them): prepares them and runs the driver. It stays, to reap
# what loses its parent; when it ends, the kernel ends everything that was started and forgets everything that was mounted.
#
#   inside.sh <work folder> <driver> [arguments]
set -eu
work=$1
shift
PATH=$PATH:/usr/sbin:/sbin

mount -t tmpfs -o mode=755 bench "$work"
# The runtimes' and engines' records of what runs.
mount -t tmpfs -o mode=755 bench-run /run
ip link set lo up

# crun refuses a hybrid layout while it sees a cgroup2 mount with controllers. All who are measured get the same view.
if [ ! -e /sys/fs/cgroup/cgroup.controllers ]; then
    hidden=$(awk '$3 == "cgroup2" { print $2 }' /proc/mounts)
    for mount in $hidden; do umount "$mount"; done
    export CONTAINERTOOLS_BENCH_HIDDEN_CGROUP2="$hidden"
fi

cd "$work"
"$@"
