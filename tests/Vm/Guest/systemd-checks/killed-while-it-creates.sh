# ctrun is killed in the middle, at several moments: the next command clears up.
bundle victim "{$devices}" 'true' '' system.slice:app:victim
gone() { [ ! -e /sys/fs/cgroup/system.slice/app-victim.scope ]; }
for delay in 1000 2000 3000 5000 7000 10000 15000 20000 40000 80000; do
    ctrun --systemd-cgroup create --bundle /b/victim victim > /dev/null 2>&1 &
    busybox usleep $delay
    kill -9 $! 2> /dev/null || true
    wait $! 2> /dev/null || true
    ctrun delete --force victim
    [ ! -e /run/ctrun/victim ] || fail "the state is left after $delay"
    until_true gone
done
