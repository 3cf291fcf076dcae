# Nobody writes to cgroup.procs: the first process is there from clone3(CLONE_INTO_CGROUP) on, and its parent never was.
bundle one '{"pids": {"limit": 20}}' 'cat /proc/self/cgroup; exec sleep 1000'
plan=$(ctrun plan --bundle /b/one one)
case $plan in *'enter the cgroup'*) fail "the plan moves the process: $plan" ;; esac
start one
until_true holds . /b/one/output
is 'seen from inside' 0::/ "$(cat /b/one/output)"
pid=$(cat "$(group one)/cgroup.procs")
is 'seen from the host' 0::/checks/one "$(cat /proc/$pid/cgroup)"
is 'our own' 0::/ "$(cat /proc/self/cgroup)"
# Commands that are executed later are born there too.
is 'a command' 0::/ "$(ctrun exec one cat /proc/self/cgroup)"
# The limit held from the first instruction on: the peak was never above it.
is 'processes in it' 1 "$(cat "$(group one)/pids.current")"
remove one
