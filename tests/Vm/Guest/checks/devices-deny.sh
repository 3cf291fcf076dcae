# The eBPF program: making a node is allowed, opening it is not, and what every container is promised works.
bundle one "{$devices}" '
mknod /tmp/kmsg c 1 11 && echo made
(: < /tmp/kmsg) && echo kmsg
mknod /tmp/mem c 1 1 && (: < /tmp/mem) && echo mem
for device in null zero full random urandom tty ptmx; do test -c /dev/$device || echo "no $device"; done
echo x > /dev/null && echo null
head -c 4 /dev/urandom | wc -c
head -c 2 /dev/zero | wc -c
(: < /dev/ptmx) && echo ptmx'
output=$(run one 2>&1)
echo "$output"
has "$output" made
has "$output" 'Operation not permitted'
has "$output" null
has "$output" ptmx
has "$output" '
4
2'
case $output in *'
kmsg'* | *'
mem'*) fail 'a denied device could be opened' ;; esac

# Without any rule in the document the same holds.
bundle two '{}' 'mknod /tmp/kmsg c 1 11; (: < /tmp/kmsg) && echo opened; echo x > /dev/null && echo null'
output=$(run two 2>&1)
echo "$output"
has "$output" null
case $output in *opened*) fail 'a device without a rule could be opened' ;; esac
