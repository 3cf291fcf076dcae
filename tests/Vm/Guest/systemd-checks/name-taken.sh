# A unit of that name runs already: refused, and nothing happens to it.
bundle first "{$devices}" 'echo ready; exec sleep 1000' '' system.slice:app:taken
bundle second "{$devices}" 'true' '' system.slice:app:taken
ctrun --systemd-cgroup run --detach --bundle /b/first first > /b/first/output 2>&1
until_true holds ready /b/first/output
refused ctrun --systemd-cgroup run --bundle /b/second second
has "$message" app-taken.scope
sleep 1
has "$(ctrun state first)" '"running"'
remove first
