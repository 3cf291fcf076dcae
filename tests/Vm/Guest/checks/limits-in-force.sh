# What the kernel's files say, seen from inside the container through its cgroup namespace and from the host.
bundle one '{
    "memory": {"limit": 67108864, "swap": 100663296, "reservation": 33554432},
    "cpu": {"shares": 512, "quota": 150000, "period": 100000, "burst": 20000, "cpus": "1", "mems": "0"},
    "pids": {"limit": 33},
    "hugepageLimits": [{"pageSize": "2MB", "limit": 4194304}],
    "unified": {"memory.high": "50331648"}
}' 'cd /sys/fs/cgroup
for file in memory.max memory.swap.max memory.low memory.high cpu.weight cpu.max cpu.max.burst cpuset.cpus cpuset.mems pids.max hugetlb.2MB.max; do
    echo "$file=$(cat $file)"
done
echo "processors=$(nproc)"
echo "self=$(cat /proc/self/cgroup)"'
output=$(run one)
echo "$output"
for line in memory.max=67108864 memory.swap.max=33554432 memory.low=33554432 memory.high=50331648 cpu.weight=59 'cpu.max=150000 100000' cpu.max.burst=20000 \
    cpuset.cpus=1 cpuset.mems=0 pids.max=33 hugetlb.2MB.max=4194304 processors=1 self=0::/; do
    has "$output" "$line"
done
