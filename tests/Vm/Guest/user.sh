# A user without privileges who has a systemd of the own, and Podman as that user has it.

become_user_of_podman() {
    id web > /dev/null 2>&1 || useradd --create-home --uid 1000 --shell /bin/sh web
    systemctl start user@1000.service || fail "the user has no systemd: $(journalctl --no-pager --lines 30)"
    mkdir -p /b /home/web/.config/containers
    # That a runtime can do without cgroups and reports errors as JSON Podman knows of those only whose names it is told.
    cat > /home/web/.config/containers/containers.conf <<CONF
[engine]
runtime_supports_json = ["crun", "runc", "ctrun"]
runtime_supports_nocgroup = ["crun", "ctrun"]
[engine.runtimes]
ctrun = ["/usr/local/bin/ctrun"]
CONF
    chown -R web: /home/web
    runtime=${runtime:-ctrun}
    podman() {
        as_web podman "$@"
    }
}

as_web() {
    (
        cd /home/web
        exec setpriv --reuid 1000 --regid 1000 --init-groups env -i PATH="$PATH" HOME=/home/web USER=web XDG_RUNTIME_DIR=/run/user/1000 \
            DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/1000/bus "$@"
    )
}

# Whatever the user has left is shown by what is left after the user's systemd has gone.
leave_user_of_podman() {
    is 'what is left' '' "$(podman ps -aq)"
    systemctl stop user@1000.service
}
