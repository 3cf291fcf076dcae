# Prepares the machine, runs every check and reports on the second serial port.
export PATH=/bin HOME=/ LC_ALL=C
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mkdir -p /dev/pts /dev/shm
mount -t devpts devpts /dev/pts
mount -t cgroup2 cgroup2 /sys/fs/cgroup
ip link set lo up 2>/dev/null
# The checks open the kernel's log to see which device rules hold; nothing else is to stand in their way.
echo 0 > /proc/sys/kernel/dmesg_restrict
exec < /dev/null

report=/dev/ttyS1
stty -F $report raw
{
    echo "kernel $(uname -r)"
    for check in /guest/checks/*.sh; do
        name=$(basename "$check" .sh)
        echo "begin $name"
        # Each check in a shell of its own, with the files and cgroups that it makes counted before and after.
        (
            . /guest/library.sh
            set -e
            cd /tmp
            . "$check"
        ) > /tmp/output 2>&1
        code=$?
        sed 's/^/| /' /tmp/output
        /bin/busybox sh /guest/leftovers.sh > /tmp/leftovers 2>&1 || { code=99; sed 's/^/| left behind: /' /tmp/leftovers; }
        echo "end $name $code"
    done
    echo done
} > $report 2>&1
sync
poweroff -f
