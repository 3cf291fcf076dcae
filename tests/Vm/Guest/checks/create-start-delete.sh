bundle one '{"memory": {"limit": 67108864}}' 'exit 7'
ctrun create --bundle /b/one one < /dev/null > output 2>&1
has "$(ctrun state one)" '"created"'
is 'processes' 1 "$(wc -l < "$(group one)/cgroup.procs")"
is 'limit before the start' 67108864 "$(cat "$(group one)/memory.max")"
ctrun start one
stopped() { ctrun state one | grep -q '"stopped"'; }
until_true stopped
ctrun delete one
refused ctrun state one
