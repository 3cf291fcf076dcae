# A machine without D-Bus has systemd's own socket.
bundle nobus "{$devices}" 'cat /proc/self/cgroup' '{"type":"pid"},{"type":"mount"}' system.slice:app:nobus
systemctl stop dbus.socket dbus.service
rm -f /run/dbus/system_bus_socket
output=$(ctrun --systemd-cgroup run --bundle /b/nobus nobus 2>&1) || true
again=$(ctrun --systemd-cgroup run --bundle /b/nobus nobus 2>&1) || true
systemctl start dbus.socket
is cgroup 0::/system.slice/app-nobus.scope "$output"
is again 0::/system.slice/app-nobus.scope "$again"
