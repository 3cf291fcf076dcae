bundle one "{$devices}" 'mknod /tmp/kmsg c 1 11; while :; do if (: < /tmp/kmsg) 2>/dev/null; then echo yes > /tmp/next; else echo no > /tmp/next; fi; mv /tmp/next /tmp/now; done'
start one
until_true holds no /b/one/rootfs/tmp/now
echo '{"devices": [{"allow": false, "access": "rwm"}, {"allow": true, "type": "c", "major": 1, "minor": 11, "access": "rw"}]}' > rules.json
ctrun update --resources rules.json one
until_true holds yes /b/one/rootfs/tmp/now
echo "{$devices}" > rules.json
ctrun update --resources rules.json one
until_true holds no /b/one/rootfs/tmp/now
# A change of something else changes no device.
ctrun update --pids-limit 50 one
is 'still denied' no "$(cat /b/one/rootfs/tmp/now)"
remove one
