# A pod is a slice, and what is in it shares namespaces.
needs podman
manager=systemd
. /guest/podman.sh
podman_image /b
podman_with pod create --name pod --network none -m 128m --share net,ipc,uts --infra-image localhost/box --infra-command '/bin/sleep 1000'
podman_with run -d --pod pod --name a box sleep 1000
podman_with run -d --pod pod --name b box sleep 1000
first=$(podman inspect -f '{{.State.Pid}}' a)
second=$(podman inspect -f '{{.State.Pid}}' b)
for name in net ipc uts; do
    is "$name namespace" "$(readlink "/proc/$first/ns/$name")" "$(readlink "/proc/$second/ns/$name")"
done
slice=$(dirname "$(group_of a)")
has "$slice" machine-libpod_pod_
is slice "$slice" "$(dirname "$(group_of b)")"
is 'memory of the pod' 134217728 "$(cat "$slice/memory.max")"
podman_with pod pause pod
has "$(cat "$(group_of a)/cgroup.events")" 'frozen 1'
podman_with pod unpause pod
podman_with pod rm -f -t 0 pod
is 'what is left' '' "$(podman ps -aq)"
until_true gone "$slice"
