# Containers in a network of the driver ipvlan, as the engine plans it: machines of the device's own network, with its hardware address.
for module in libcrc32c nfnetlink nf_tables dummy ipvlan; do
    if ! grep -q "^$module " /proc/modules && ! insmod /modules/$module.ko; then
        echo "$module was not to be had for the virtual machine"
        exit 77
    fi
done
ip link add lan type dummy
ip link set lan up

# member ID ADDRESS SCRIPT: starts a monitor for a container in the network. Its number is in $!.
member() {
    bundle "$1" '{}' "$3"
    sed -i "s|\"path\": \"rootfs\"|\"path\": \"/b/$1/rootfs\"|" "/b/$1/config.json"
    mkdir -p "/b/$1/run" "/b/$1/container"
    mv "/b/$1/config.json" "/b/$1/run/"
    echo "{\"id\": \"$1\", \"containerFolder\": \"/b/$1/container\", \"logPath\": \"/b/$1/container/log\", \"restartCondition\": \"None\"}" > "/b/$1/run/monitor.json"
    cat > "/b/$1/run/network.json" <<JSON
{ "id": "$1", "networksRun": "/b/networks", "ports": [], "servers": [], "endpoints": [
  { "network": "lan", "driver": "ipvlan", "parent": "lan", "device": "eth0", "hostDevice": "", "addresses": ["$2/24"], "gateways": [], "mtu": 0, "internal": false, "names": ["$1"] }] }
JSON
    ctrun monitor "/b/$1/run" 3> "/b/$1/report" &
    until_true holds . "/b/$1/report"
    has "$(cat "/b/$1/report")" '"running"'
}

over() { [ -e "/b/$1/container/exit.json" ] && [ ! -e "/b/$1/run" ]; }

member server 10.7.0.2 'echo served > /tmp/index.html; exec httpd -f -h /tmp -p 8080'
server=$!
member client 10.7.0.3 'until wget -q -O - http://10.7.0.2:8080/index.html; do usleep 20000; done; cat /sys/class/net/eth0/address; ip -o address show eth0'
wait $! || true
until_true over client
log=$(cat /b/client/container/log)
echo "$log"
has "$log" served
has "$log" "$(cat /sys/class/net/lan/address)"
has "$log" 10.7.0.3/24

kill -9 "$(sed 's/.*"processId":\([0-9]*\).*/\1/' /b/server/report)"
wait $server || true
until_true over server
is 'links of the host' 'dummy0 lan lo' "$(ls /sys/class/net | tr '\n' ' ' | sed 's/ $//')"
ip link del lan
