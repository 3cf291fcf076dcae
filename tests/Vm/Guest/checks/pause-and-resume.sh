bundle one '{}' 'i=0; while :; do i=$((i + 1)); echo $i > /tmp/next; mv /tmp/next /tmp/count; done'
start one
until_true holds . /b/one/rootfs/tmp/count
ctrun pause one
has "$(cat "$(group one)/cgroup.events")" 'frozen 1'
has "$(ctrun state one)" '"paused"'
before=$(cat /b/one/rootfs/tmp/count)
usleep 300000
is 'the count while paused' "$before" "$(cat /b/one/rootfs/tmp/count)"
refused ctrun exec one true
ctrun resume one
has "$(cat "$(group one)/cgroup.events")" 'frozen 0'
moved() { [ "$(cat /b/one/rootfs/tmp/count)" != "$before" ]; }
until_true moved
# What is frozen can be deleted by force.
ctrun pause one
remove one
