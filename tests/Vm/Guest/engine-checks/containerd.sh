# containerd's shim for runc, with ctrun as its binary: cgroups by path and as scopes of systemd.
needs containerd
needs ctr
. /guest/daemons.sh
mkdir -p /b
root_of_busybox /b/rootfs
start_containerd
containerd=$daemon
ctr_run() {
    $ctr run --runtime io.containerd.runc.v2 --runc-binary /usr/local/bin/ctrun "$@"
}
is foreground hello "$(ctr_run --rm --cgroup /checks/first --rootfs /b/rootfs first /bin/echo hello)"
code=0
ctr_run --rm --cgroup /checks/second --rootfs /b/rootfs second /bin/sh -c 'exit 3' || code=$?
is 'exit code' 3 $code
ctr_run -d --memory-limit 67108864 --cgroup /checks/task --rootfs /b/rootfs task /bin/sh -c 'trap exit TERM; while :; do sleep 0.05; done'
is memory 67108864 "$(cat /sys/fs/cgroup/checks/task/memory.max)"
is 'a command' inside "$($ctr task exec --exec-id one task /bin/echo inside)"
code=0
$ctr task exec --exec-id two task /bin/sh -c 'exit 7' || code=$?
is 'exit code of a command' 7 $code
$ctr task pause task
has "$(cat /sys/fs/cgroup/checks/task/cgroup.events)" 'frozen 1'
$ctr task resume task
metrics=$($ctr task metrics task)
has "$metrics" memory.usage_limit
has "$metrics" 67108864
has "$metrics" pids.current
$ctr task kill -s TERM task
stopped() { $ctr task ls | grep -q STOPPED; }
until_true stopped
$ctr task delete task
$ctr container delete task
is 'its cgroup' '' "$(find /sys/fs/cgroup/checks -mindepth 1 -type d)"
rmdir /sys/fs/cgroup/checks
ctr_run -d --runc-systemd-cgroup --memory-limit 67108864 --cgroup system.slice:ctr:scope --rootfs /b/rootfs scope /bin/sleep 1000
is 'memory of the scope' 67108864 "$(cat /sys/fs/cgroup/system.slice/ctr-scope.scope/memory.max)"
is 'memory in systemd' 67108864 "$(systemctl show ctr-scope.scope -p MemoryMax --value)"
$ctr task kill -s KILL scope
until_true stopped
has "$($ctr task delete scope 2>&1)" 'exit code 137'
$ctr container delete scope
until_true gone /sys/fs/cgroup/system.slice/ctr-scope.scope
stop_daemon $containerd
