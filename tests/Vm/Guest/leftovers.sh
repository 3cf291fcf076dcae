# Says what a check has left behind, and clears it away so that the next one starts clean.
result=0
for state in /run/ctrun/*; do
    [ -d "$state" ] || continue
    echo "container $(basename "$state")"
    ctrun delete --force "$(basename "$state")"
    result=1
done
for group in $(find /sys/fs/cgroup -mindepth 2 -type d); do
    echo "cgroup $group"
    result=1
done
# The parents belong to whoever named them in the configuration.
for group in $(find /sys/fs/cgroup -mindepth 1 -depth -type d); do
    echo 1 > "$group/cgroup.kill"
    rmdir "$group"
done
if grep -q ' /b/' /proc/mounts; then
    grep ' /b/' /proc/mounts
    result=1
fi
for process in /proc/[0-9]*; do
    case $(readlink "$process/exe") in
        /b/* | *ctrun*) echo "process $(tr '\0' ' ' < "$process/cmdline")"; result=1 ;;
    esac
done
rm -rf /b
exit $result
