bundle one '{"memory": {"limit": 67108864}}' 'cat /proc/self/uid_map /proc/self/cgroup' "$namespaces"',{"type":"user"}'
sed -i 's|"linux": {|"linux": { "uidMappings": [{"containerID": 0, "hostID": 100000, "size": 65536}], "gidMappings": [{"containerID": 0, "hostID": 100000, "size": 65536}],|' /b/one/config.json
chown -R 100000:100000 /b/one/rootfs
output=$(run one)
echo "$output"
has "$output" 100000
has "$output" 0::/
