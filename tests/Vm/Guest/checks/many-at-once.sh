bundle one '{"memory": {"limit": 67108864}, "pids": {"limit": 9}}' true
for i in 1 2 3 4 5 6; do
    mkdir -p /b/$i
    sed "s|/checks/one|/checks/$i|; s|\"rootfs\"|\"/b/one/rootfs\"|" /b/one/config.json > /b/$i/config.json
    (ctrun run --bundle /b/$i $i; echo "$i ended with $?") &
done
wait
[ -z "$(find /sys/fs/cgroup/checks -mindepth 1 -type d)" ] || fail "$(find /sys/fs/cgroup/checks)"
