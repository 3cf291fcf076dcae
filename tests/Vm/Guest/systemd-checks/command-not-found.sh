# A start that fails leaves no scope.
bundle nothing "{$devices}" 'true' '' system.slice:app:nothing
sed -i 's#"/bin/sh", "/script"#"/bin/nothing"#' /b/nothing/config.json
code=0
ctrun --systemd-cgroup run --bundle /b/nothing nothing || code=$?
is 'exit code' 127 $code
