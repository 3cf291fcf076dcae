bundle one '{"devices": [{"allow": false, "access": "rwm"}, {"allow": true, "type": "c", "major": 1, "minor": 11, "access": "r"}]}' '
mknod /tmp/kmsg c 1 11
(: < /tmp/kmsg) && echo reading
(: > /tmp/kmsg) && echo writing
true'
output=$(run one 2>&1)
echo "$output"
has "$output" reading
case $output in *writing*) fail 'only reading was allowed' ;; esac

bundle two '{"devices": [{"allow": true, "access": "rwm"}]}' 'mknod /tmp/kmsg c 1 11; (: > /tmp/kmsg) && echo writing'
has "$(run two 2>&1)" writing
