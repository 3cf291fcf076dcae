bundle one '{"memory": {"limit": 134217728}}' 'x=$(head -c 40000000 /dev/zero | tr "\0" x); echo ready; sleep 1000; echo $x'
start one
until_true holds ready /b/one/output
ctrun update --memory 100000000 --memory-swap 150000000 --cpu-share 512 --cpu-quota 20000 --cpu-period 50000 --cpuset-cpus 1 --pids-limit 44 one
cd "$(group one)"
is memory.max 99999744 "$(cat memory.max)"
is memory.swap.max 49999872 "$(cat memory.swap.max)"
is cpu.weight 59 "$(cat cpu.weight)"
is cpu.max '20000 50000' "$(cat cpu.max)"
is cpuset.cpus 1 "$(cat cpuset.cpus)"
is pids.max 44 "$(cat pids.max)"

# Below what is in use: refused with both numbers, and nobody dies of it.
refused ctrun update --memory 8388608 one
has "$message" 8388608
has "$message" 'in use'
is memory.max 99999744 "$(cat memory.max)"
has "$(ctrun state one)" '"running"'
is 'killed' 'oom_kill 0' "$(grep '^oom_kill ' memory.events)"

# What the kernel would take without a word, or not at all.
refused ctrun update --cpuset-cpus 7 one
has "$message" '0-1'
refused ctrun update --cpu-share 1 one
refused ctrun update --memory 100000000 --memory-swap 1000 one

ctrun update --memory -1 --pids-limit -1 --cpu-quota -1 one
is memory.max max "$(cat memory.max)"
is memory.swap.max max "$(cat memory.swap.max)"
is pids.max max "$(cat pids.max)"
is cpu.max 'max 50000' "$(cat cpu.max)"
cd /
remove one
