# No cgroupsPath: a scope of the container's id in the usual slice.
bundle plain "{$devices}" 'cat /proc/self/cgroup' '{"type":"pid"},{"type":"mount"}' ''
is cgroup 0::/system.slice/ctrun-plain.scope "$(ctrun --systemd-cgroup run --bundle /b/plain plain)"
