# "No internal processes": said in words, with what to do.
mkdir /sys/fs/cgroup/busy
sh -c 'echo $$ > /sys/fs/cgroup/busy/cgroup.procs; exec sleep 1000' &
until_true holds . /sys/fs/cgroup/busy/cgroup.procs
bundle one '{"pids": {"limit": 9}}' 'true' '' /busy/one
refused run one
has "$message" 'processes of its own'
has "$message" /sys/fs/cgroup/busy
[ ! -d /sys/fs/cgroup/busy/one ] || fail 'the cgroup is still there'
kill $!
wait $! || true
until_true rmdir /sys/fs/cgroup/busy

# Without limits the container runs there, and its parent stays what it was.
mkdir /sys/fs/cgroup/busy
sh -c 'echo $$ > /sys/fs/cgroup/busy/cgroup.procs; exec sleep 1000' &
until_true holds . /sys/fs/cgroup/busy/cgroup.procs
bundle two '{}' 'cat /proc/self/cgroup' '' /busy/two
is 'its cgroup' 0::/ "$(run two)"
is 'the parent' domain "$(cat /sys/fs/cgroup/busy/cgroup.type)"
kill $!
wait $! || true
until_true rmdir /sys/fs/cgroup/busy

# Below a threaded cgroup nothing can run; that is said instead of an errno.
mkdir -p /sys/fs/cgroup/busy/thread
echo threaded > /sys/fs/cgroup/busy/thread/cgroup.type
bundle three '{}' 'true' '' /busy/three
refused run three
has "$message" threaded
rmdir /sys/fs/cgroup/busy/thread /sys/fs/cgroup/busy
