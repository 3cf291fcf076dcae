# Memory that can be reclaimed does not stand in the way of a lower limit: it is reclaimed first (memory.reclaim).
[ -e /sys/fs/cgroup/memory.reclaim ] || [ "$(uname -r | cut -d. -f1)" -ge 6 ] || { echo 'no memory.reclaim before Linux 5.19'; exit 0; }
bundle one '{"memory": {"limit": 134217728}}' 'i=0; while [ $i -lt 3000 ]; do mkdir -p /tmp/d/$((i % 10))/$i; i=$((i + 1)); done; rm -rf /tmp/d; echo ready; sleep 1000'
start one
until_true holds ready /b/one/output
ctrun update --memory 6291456 --memory-swap 6291456 one
is memory.max 6291456 "$(cat "$(group one)/memory.max")"
has "$(ctrun state one)" '"running"'
remove one
