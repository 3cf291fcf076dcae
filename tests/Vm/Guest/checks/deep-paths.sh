# Controllers are handed down along the path, also below parents that are there already without them.
mkdir -p /sys/fs/cgroup/a/b
bundle one '{"memory": {"limit": 67108864}, "cpu": {"shares": 2048, "cpus": "0"}, "pids": {"limit": 9}}' 'cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/cpu.weight /sys/fs/cgroup/pids.max' '' /a/b/c/one
output=$(run one)
is 'limits' "67108864
174
9" "$output"
[ ! -d /sys/fs/cgroup/a/b/c/one ] || fail 'the cgroup is still there'
rmdir /sys/fs/cgroup/a/b/c
rmdir /sys/fs/cgroup/a/b
rmdir /sys/fs/cgroup/a
