# dockerd with ctrun among its runtimes and systemd as its cgroup driver, which is what it takes on v2.
needs dockerd
needs docker
. /guest/daemons.sh
mkdir -p /b
root_of_busybox /b/rootfs
start_containerd
containerd=$daemon
cat > /b/daemon.json <<JSON
{
  "hosts": ["unix:///b/docker.sock"], "containerd": "/b/containerd.sock", "data-root": "/b/docker", "exec-root": "/b/docker-state", "pidfile": "/b/docker.pid",
  "bridge": "none", "iptables": false, "ip6tables": false, "runtimes": { "ctrun": { "path": "/usr/local/bin/ctrun" } }
}
JSON
export DOCKER_HOST=unix:///b/docker.sock
start_daemon dockerd 'docker version' dockerd --config-file /b/daemon.json
dockerd=$daemon
is driver 'systemd 2' "$(docker info -f '{{.CgroupDriver}} {{.CgroupVersion}}')"
tar -C /b/rootfs -c . | docker import - box
run='docker run --runtime ctrun --network none'
is foreground hello "$($run --rm box echo hello)"
code=0
$run --rm box sh -c 'exit 3' || code=$?
is 'exit code' 3 $code
code=0
$run --rm box no-such-program || code=$?
is 'no such program' 127 $code
id=$($run -d --name one -m 64m --pids-limit 50 --cpus 0.5 box sh -c 'trap exit TERM; echo ready; while :; do sleep 0.05; done')
scope=/sys/fs/cgroup/system.slice/docker-$id.scope
is memory 67108864 "$(cat "$scope/memory.max")"
is tasks 50 "$(cat "$scope/pids.max")"
is quota '50000 100000' "$(cat "$scope/cpu.max")"
is 'a command' inside "$(docker exec one echo inside)"
has "$(docker stats --no-stream one)" ' / 64MiB'
docker update -m 96m --memory-swap 192m --pids-limit 60 one
systemctl daemon-reload
is 'memory after the update' 100663296 "$(cat "$scope/memory.max")"
is 'tasks after the update' 60 "$(cat "$scope/pids.max")"
docker pause one
has "$(cat "$scope/cgroup.events")" 'frozen 1'
docker unpause one
said_ready() { docker logs one | grep -q ready; }
until_true said_ready
docker stop -t 100 one
is ended 'ctrun exited 0' "$(docker inspect -f '{{.HostConfig.Runtime}} {{.State.Status}} {{.State.ExitCode}}' one)"
docker start one
docker kill one
is killed 137 "$(docker wait one)"
docker rm one
until_true gone "$scope"
stop_daemon $dockerd
stop_daemon $containerd
