bundle one '{"pids": {"limit": 4}}' 'sleep 1000 & sleep 1000 & sleep 1000 & sleep 1000 & echo survived'
code=0
output=$(run one 2>&1) || code=$?
echo "$output"
[ $code != 0 ] || fail "the fourth child was made"
has "$output" fork
