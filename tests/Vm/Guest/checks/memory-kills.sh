bundle one '{"memory": {"limit": 16777216, "swap": 16777216}}' 'exec tail /dev/zero'
before=$(cat /proc/vmstat | sed -n 's/^oom_kill //p')
code=0
run one || code=$?
is 'exit code' 137 $code
is 'kills by the kernel' $((before + 1)) "$(sed -n 's/^oom_kill //p' /proc/vmstat)"
