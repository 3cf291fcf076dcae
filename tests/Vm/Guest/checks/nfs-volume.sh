# A volume of a real NFS server: the kernel's own, told by hand what rpc.mountd would tell it. The containers have a network namespace with nothing in it, and one has
# a user namespace as well: the mount is made in the host's.
for module in netfs fscache sunrpc grace lockd nfs_acl auth_rpcgss dns_resolver nfsd nfs nfsv4; do
    if ! grep -q "^$module " /proc/modules && ! insmod /modules/$module.ko; then
        echo "$module was not to be had for the virtual machine"
        exit 77
    fi
done
mkdir -p /export /var/lib/nfs/v4recovery
echo 'from the server' > /export/file
mount -t nfsd nfsd /proc/fs/nfsd
cd /proc/fs/nfsd
echo '-3 +4 +4.1 +4.2' > versions
echo 10 > nfsv4leasetime
echo 10 > nfsv4gracetime
echo 'tcp 2049' > portlist
echo 1 > threads
# Nobody was here before who might want his locks back; a kernel that goes on waiting for him does so for ten seconds.
echo Y > v4_end_grace || true
# exports(5): insecure, async, no_root_squash, no_subtree_check, fsid=0.
never=2147483647
echo "nfsd 127.0.0.1 $never all" > /proc/net/rpc/auth.unix.ip/channel
echo "all /export $never $((0x2 + 0x10 + 0x400 + 0x2000)) 65534 65534 0" > /proc/net/rpc/nfsd.export/channel
echo "all 1 \\x00000000 $never /export" > /proc/net/rpc/nfsd.fh/channel
cd /tmp

# with_volume ID TYPE SOURCE OPTIONS: mounts it on /data in the container.
with_volume() {
    sed -i "s|\"mounts\": \[|\"mounts\": [ { \"destination\": \"/data\", \"type\": \"$2\", \"source\": \"$3\", \"options\": [$4] },|" "/b/$1/config.json"
}

address='"addr=127.0.0.1", "vers=4.2"'
bundle writer '{}' 'ls /sys/class/net; cat /data/file; echo "from the container" > /data/written; grep " /data " /proc/mounts'
with_volume writer nfs 127.0.0.1:/ "$address"
output=$(run writer)
echo "$output"
has "$output" 'from the server'
has "$output" ' nfs4 rw,'
is 'what the server has' 'from the container' "$(cat /export/written)"

bundle reader '{}' 'cat /data/written; touch /data/no 2>&1'
with_volume reader nfs4 127.0.0.1:/ "$address, \"ro\""
output=$(run reader || true)
has "$output" 'from the container'
has "$output" 'Read-only file system'

# Again: a container that is started anew has a mount of its own. In a user namespace files are written under the ids that the host sees.
mkdir -m 777 /export/shared
bundle mapped '{}' 'cat /data/written; echo mapped > /data/shared/mapped' "$namespaces"',{"type":"user"}'
sed -i 's|"linux": {|"linux": { "uidMappings": [{"containerID": 0, "hostID": 100000, "size": 65536}], "gidMappings": [{"containerID": 0, "hostID": 100000, "size": 65536}],|' /b/mapped/config.json
chown -R 100000:100000 /b/mapped/rootfs
with_volume mapped nfs 127.0.0.1:/ "$address"
for turn in first second; do
    rm -f /export/shared/mapped
    has "$(run mapped)" 'from the container'
    is "what the server has, the $turn time" 'mapped 100000' "$(cat /export/shared/mapped) $(stat -c %u /export/shared/mapped)"
done

# Who is told to mount what is not there says so in the kernel's words, and with the server's name.
bundle nowhere '{}' 'true'
with_volume nowhere nfs 127.0.0.1:/none "$address"
refused run nowhere
has "$message" 'mount nfs on /data: 127.0.0.1:/none'
bundle wrong '{}' 'true'
with_volume wrong nfs 127.0.0.1:/ "$address, \"nonsense=1\""
refused run wrong
has "$message" 'nonsense'
is 'mounts of the host' '' "$(grep ' nfs4\? ' /proc/mounts)"

# No server any more: the start fails, and says which one it is.
echo 0 > /proc/fs/nfsd/threads
bundle gone '{}' 'true'
with_volume gone nfs 127.0.0.1:/ "$address, \"soft\", \"timeo=10\", \"retrans=1\""
refused run gone
has "$message" 'mount nfs on /data: 127.0.0.1:/: '
umount /proc/fs/nfsd
