# What the checks with daemons are written with.

# start_daemon NAME READY COMMAND…: in the background, until READY succeeds.
start_daemon() {
    daemon_name=$1
    daemon_ready=$2
    shift 2
    "$@" > "/b/$daemon_name.log" 2>&1 < /dev/null &
    daemon=$!
    until_true daemon_answers
}

daemon_answers() {
    kill -0 "$daemon" 2> /dev/null || fail "$daemon_name has ended: $(tail -n 5 "/b/$daemon_name.log")"
    sh -c "$daemon_ready" > /dev/null 2>&1
}

# stop_daemon PROCESS
stop_daemon() {
    kill "$1"
    wait "$1" || true
}

# containerd, with roots of its own; $ctr talks to it.
start_containerd() {
    cat > /b/containerd.toml <<TOML
version = 2
root = "/b/containerd"
state = "/b/containerd-state"
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.blockfile"]
[grpc]
  address = "/b/containerd.sock"
TOML
    ctr='ctr -a /b/containerd.sock'
    start_daemon containerd "$ctr version" containerd --config /b/containerd.toml
}
