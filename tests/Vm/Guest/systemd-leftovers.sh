# Says what a check has left behind, and clears it away so that the next one starts clean.
result=0
for state in /run/ctrun/*; do
    [ -d "$state" ] || continue
    echo "container $(basename "$state")"
    ctrun delete --force "$(basename "$state")"
    result=1
done
for unit in $(systemctl list-units --all --plain --no-legend --type=scope | awk '$1 != "init.scope" { print $1 }'); do
    echo "unit $unit"
    systemctl stop "$unit"
    result=1
done
for group in $(find /sys/fs/cgroup -name '*.scope' ! -name init.scope); do
    echo "cgroup $group"
    result=1
done
for process in /proc/[0-9]*; do
    case $(readlink "$process/exe") in
        /b/* | *ctrun*) echo "process $(tr '\0' ' ' < "$process/cmdline")"; result=1 ;;
    esac
done
rm -rf /b
exit $result
