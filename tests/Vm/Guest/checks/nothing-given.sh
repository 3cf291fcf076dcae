# No cgroupsPath, no resources: the id is the path.
bundle one '{}' 'cat /proc/self/cgroup' '{"type":"pid"},{"type":"mount"}'
sed -i '/cgroupsPath/d; s/"resources": {}/"sysctl": {}/' /b/one/config.json
is 'path' 0::/one "$(run one)"
