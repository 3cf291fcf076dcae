# report_checks FOLDER LEFTOVERS: runs every check of a folder and reports on the second serial port; the script says what a check has left behind.
report_checks() {
    report=/dev/ttyS1
    busybox stty -F $report raw
    {
        echo "kernel $(uname -r)"
        for check in "$1"/*.sh; do
            name=$(basename "$check" .sh)
            echo "begin $name"
            begun=$(cut -d. -f1 /proc/uptime)
            # Each check in a shell of its own, with the files and cgroups that it makes counted before and after.
            (
                . /guest/library.sh
                set -e
                cd /tmp
                . "$check"
            ) > /tmp/output 2>&1
            code=$?
            sed 's/^/| /' /tmp/output
            busybox sh "$2" > /tmp/leftovers 2>&1 || { code=99; sed 's/^/| left behind: /' /tmp/leftovers; }
            echo "| $(($(cut -d. -f1 /proc/uptime) - begun)) seconds"
            echo "end $name $code"
        done
        echo done
    } > $report 2>&1
}
