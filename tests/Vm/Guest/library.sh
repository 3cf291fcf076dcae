# What the checks are written with.

# bundle ID RESOURCES SCRIPT [NAMESPACES] [CGROUPS PATH]: an OCI bundle that runs a shell script. Capabilities are all there, so that whatever is
# refused has been refused by a cgroup.
bundle() {
    folder=/b/$1
    root_of_busybox "$folder/rootfs"
    printf '%s\n' "$3" > "$folder/rootfs/script"
    cat > "$folder/config.json" <<JSON
{
  "ociVersion": "1.2.0",
  "root": { "path": "rootfs" },
  "process": {
    "user": { "uid": 0, "gid": 0 }, "cwd": "/", "args": ["/bin/sh", "/script"], "env": ["PATH=/bin"],
    "capabilities": { "bounding": [$capabilities], "effective": [$capabilities], "permitted": [$capabilities] }
  },
  "mounts": [
    { "destination": "/proc", "type": "proc", "source": "proc" },
    { "destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "mode=755", "size=64k"] },
    { "destination": "/dev/pts", "type": "devpts", "source": "devpts", "options": ["newinstance", "ptmxmode=0666", "mode=0620"] },
    { "destination": "/sys", "type": "sysfs", "source": "sysfs", "options": ["ro"] },
    { "destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup", "options": ["ro", "nosuid", "nodev", "noexec"] }
  ],
  "linux": {
    "cgroupsPath": "${5-/checks/$1}",
    "namespaces": [${4:-$namespaces}],
    "resources": $2
  }
}
JSON
}

# root_of_busybox FOLDER: a root file system of busybox alone.
root_of_busybox() {
    mkdir -p "$1/bin" "$1/proc" "$1/dev" "$1/sys" "$1/tmp" "$1/etc"
    for busybox in /bin/busybox /usr/local/bin/busybox; do
        [ ! -x $busybox ] || cp $busybox "$1/bin/busybox"
    done
    chroot "$1" /bin/busybox --install -s /bin
}

capabilities='"CAP_MKNOD", "CAP_CHOWN", "CAP_SETUID", "CAP_SETGID", "CAP_KILL", "CAP_DAC_OVERRIDE"'
namespaces='{"type":"pid"},{"type":"mount"},{"type":"ipc"},{"type":"uts"},{"type":"network"},{"type":"cgroup"}'
devices='"devices": [{"allow": false, "access": "rwm"}]'

# run ID: in the foreground.
run() {
    ctrun run --bundle "/b/$1" "$1"
}

# start ID: in the background; returns when it runs. Its output goes to /b/ID/output.
start() {
    ctrun run --detach --bundle "/b/$1" "$1" > "/b/$1/output" 2>&1 < /dev/null
}

remove() {
    ctrun delete --force "$1"
}

# group ID: its cgroup on the host.
group() {
    echo "/sys/fs/cgroup/checks/$1"
}

fail() {
    echo "FAILED: $*"
    exit 1
}

# is WHAT EXPECTED ACTUAL
is() {
    [ "$2" = "$3" ] || fail "$1: expected '$2', got '$3'"
    echo "$1: $3"
}

# has TEXT PART
has() {
    case $1 in
        *"$2"*) echo "has '$2'" ;;
        *) fail "expected '$2' in: $1" ;;
    esac
}

# refused COMMAND…: must fail; its message is in $message.
refused() {
    if message=$("$@" 2>&1); then fail "$* was to be refused"; fi
    echo "refused: $message"
}

# until COMMAND…: waits for something that the kernel does in its own time. The guard only ends a machine that hangs.
until_true() {
    turns=0
    while ! "$@"; do
        turns=$((turns + 1))
        [ $turns -lt 6000 ] || fail "waited in vain for: $*"
        busybox usleep 20000
    done
}

holds() {
    grep -q "$1" "$2" 2>/dev/null
}

gone() {
    [ ! -e "$1" ]
}

# needs PROGRAM: the check is skipped where the distribution did not have it.
needs() {
    if ! command -v "$1" > /dev/null; then
        echo "$1 was not to be had for the virtual machine"
        exit 77
    fi
}
