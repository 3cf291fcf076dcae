# systemd has a device policy of its own: it must allow what the container may use, and not bring back what it may not.
bundle dev "{$devices}" 'echo x > /dev/null && echo null works
mknod /tmp/kmsg c 1 11; exec 3< /tmp/kmsg && echo kmsg works' '' system.slice:app:dev
output=$(ctrun --systemd-cgroup run --bundle /b/dev dev 2>&1) || true
has "$output" 'null works'
case $output in *'kmsg works'*) fail "a device that is not allowed can be opened: $output" ;; esac
has "$output" 'Operation not permitted'
