# The engine's way: a monitor that owns the container, tells that the kernel's killer struck, and leaves only what is to be left.
bundle one '{"memory": {"limit": 16777216, "swap": 16777216}, "pids": {"limit": 20}}' 'echo going; exec tail /dev/zero'
sed -i 's|"path": "rootfs"|"path": "/b/one/rootfs"|' /b/one/config.json
mkdir -p /b/one/run /b/one/container
mv /b/one/config.json /b/one/run/
echo '{"id": "one", "containerFolder": "/b/one/container", "logPath": "/b/one/container/log", "restartCondition": "None"}' > /b/one/run/monitor.json
ctrun monitor /b/one/run 3> /b/one/report &
until_true holds . /b/one/report
ended() { [ -e /b/one/container/exit.json ] && [ ! -e /b/one/run ]; }
echo "report: $(cat /b/one/report)"
has "$(cat /b/one/report)" '"running"'
until_true ended
wait $! || true
cat /b/one/container/exit.json
has "$(cat /b/one/container/exit.json)" '"exitCode":137'
has "$(cat /b/one/container/exit.json)" '"oomKilled":true'
has "$(cat /b/one/container/log)" going
