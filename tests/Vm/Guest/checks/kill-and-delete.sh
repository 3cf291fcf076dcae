# Without a pid namespace the first process leaves children, some in cgroups of their own making.
bundle one '{}' 'for i in 1 2 3 4 5; do sleep 1000 & done; (trap "" TERM HUP; sleep 1000) & exec sleep 1000' '{"type":"mount"},{"type":"cgroup"}'
start one
seven() { [ "$(wc -l < "$(group one)/cgroup.procs")" = 7 ] || [ "$(wc -l < "$(group one)/cgroup.procs")" = 8 ]; }
until_true seven
mkdir -p "$(group one)/child/grandchild"
sed -n 3p "$(group one)/cgroup.procs" > "$(group one)/child/grandchild/cgroup.procs"
refused ctrun delete one
ctrun kill one KILL
stopped() { ctrun state one | grep -q '"stopped"'; }
until_true stopped
ctrun delete one
[ ! -d "$(group one)" ] || fail 'the cgroup is still there'
has "x$(ps | grep -c 'sleep 1000' || true)" x
if ps | grep -v grep | grep -q 'sleep 1000'; then fail "$(ps)"; fi
