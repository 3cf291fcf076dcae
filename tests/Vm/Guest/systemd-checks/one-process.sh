# Room for one process: the placeholder that systemd needs must not take it.
bundle alone '{"pids": {"limit": 1}, '"$devices"'}' 'echo works; read -r line < /proc/self/cgroup' '' system.slice:app:alone
is output works "$(ctrun --systemd-cgroup run --bundle /b/alone alone)"
bundle forks '{"pids": {"limit": 1}, '"$devices"'}' 'ls / && echo more' '' system.slice:app:forks
refused ctrun --systemd-cgroup run --bundle /b/forks forks
has "$message" fork
