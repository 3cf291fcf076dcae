/*
 * The floor: what the kernel alone asks for. It issues the system calls that any runtime must issue to run one program in
 * six new namespaces, with the mounts, masks and capabilities of `runc spec` and three limits, and nothing else: no
 * configuration is read, no state is kept, nothing is checked that the kernel does not check. What a runtime takes beyond
 * this is its own.
 *
 *   floor [--cgroup /path] [--user] <root file system> <program> [arguments]
 *
 * It takes the cheapest way there is on the machine at hand: on cgroup v2 the child is born in its cgroup (CLONE_INTO_CGROUP);
 * on v1 it moves itself, as a single thread ("0" to tasks), which does not take the kernel's lock on all thread groups.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/sched.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

static void die(const char *what)
{
    fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
    _exit(125);
}

#define TRY(call) do { if ((call) < 0) die(#call); } while (0)

/* ---- cgroups ---- */

struct limit { const char *controller, *file_v1, *value_v1, *file_v2, *value_v2; };

static const struct limit limits[] = {
    { "memory", "memory.limit_in_bytes", "268435456", "memory.max", "268435456" },
    { "cpu", "cpu.cfs_quota_us", "100000", "cpu.max", "100000 100000" },
    { "pids", "pids.max", "128", "pids.max", "128" },
};
#define LIMITS (sizeof limits / sizeof *limits)

static int unified;
static char folders[LIMITS][256];
static int tasks[LIMITS];
static int folder_count;

static void write_file(const char *folder, const char *name, const char *value)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) die(path);
    if (write(fd, value, strlen(value)) < 0) die(path);
    close(fd);
}

static void make_folder(const char *folder)
{
    char path[512];
    snprintf(path, sizeof path, "%s", folder);
    if (mkdir(path, 0755) == 0 || errno == EEXIST) return;
    /* The parents, which are there after the first run. */
    for (char *slash = strchr(path + 16, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        if (mkdir(path, 0755) < 0 && errno != EEXIST) die(path);
        if (unified) write_file(path, "cgroup.subtree_control", "+memory +cpu +pids");
        *slash = '/';
    }
    if (mkdir(path, 0755) < 0 && errno != EEXIST) die(path);
}

static void make_cgroup(const char *cgroup)
{
    struct statfs fs;
    TRY(statfs("/sys/fs/cgroup", &fs));
    unified = fs.f_type == 0x63677270; /* CGROUP2_SUPER_MAGIC */
    if (unified) {
        snprintf(folders[folder_count++], sizeof *folders, "/sys/fs/cgroup%s", cgroup);
        make_folder(folders[0]);
    }
    for (size_t i = 0; i < LIMITS; i++) {
        if (unified) {
            write_file(folders[0], limits[i].file_v2, limits[i].value_v2);
            continue;
        }
        snprintf(folders[folder_count], sizeof *folders, "/sys/fs/cgroup/%s%s", limits[i].controller, cgroup);
        make_folder(folders[folder_count]);
        write_file(folders[folder_count], limits[i].file_v1, limits[i].value_v1);
        char path[512];
        snprintf(path, sizeof path, "%s/tasks", folders[folder_count]);
        tasks[folder_count] = open(path, O_WRONLY | O_CLOEXEC);
        if (tasks[folder_count++] < 0) die(path);
    }
}

/* ---- the child ---- */

static void mount_at(const char *source, const char *target, const char *type, unsigned long flags, const char *data)
{
    if (mount(source, target, type, flags, data) < 0) die(target);
}

static const char *const links[][2] = {
    { "/proc/self/fd", "dev/fd" }, { "/proc/self/fd/0", "dev/stdin" }, { "/proc/self/fd/1", "dev/stdout" },
    { "/proc/self/fd/2", "dev/stderr" }, { "pts/ptmx", "dev/ptmx" },
};
static const struct { const char *path; int major, minor; } nodes[] = {
    { "dev/null", 1, 3 }, { "dev/zero", 1, 5 }, { "dev/full", 1, 7 }, { "dev/random", 1, 8 }, { "dev/urandom", 1, 9 }, { "dev/tty", 5, 0 },
};
static const char *const masked[] = {
    "proc/acpi", "proc/asound", "proc/kcore", "proc/keys", "proc/latency_stats", "proc/timer_list", "proc/timer_stats",
    "proc/sched_debug", "sys/firmware", "proc/scsi",
};
static const char *const read_only[] = { "proc/bus", "proc/fs", "proc/irq", "proc/sys", "proc/sysrq-trigger" };

static void make_devices(int user)
{
    for (size_t i = 0; i < sizeof nodes / sizeof *nodes; i++) {
        if (user) { /* A user namespace may not make device nodes: the host's are bound. */
            char host[64];
            snprintf(host, sizeof host, "/%s", nodes[i].path);
            int fd = open(nodes[i].path, O_CREAT | O_CLOEXEC, 0666);
            if (fd < 0) die(nodes[i].path);
            close(fd);
            mount_at(host, nodes[i].path, NULL, MS_BIND, NULL);
        } else {
            TRY(mknod(nodes[i].path, S_IFCHR | 0666, makedev(nodes[i].major, nodes[i].minor)));
        }
    }
    for (size_t i = 0; i < sizeof links / sizeof *links; i++) TRY(symlink(links[i][0], links[i][1]));
}

static void mount_all(const char *root, int user)
{
    mount_at(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
    mount_at(root, root, NULL, MS_BIND | MS_REC, NULL);
    TRY(chdir(root));
    mount_at("proc", "proc", "proc", 0, NULL);
    mount_at("tmpfs", "dev", "tmpfs", MS_NOSUID | MS_STRICTATIME, "mode=755,size=65536k");
    TRY(mkdir("dev/pts", 0755));
    TRY(mkdir("dev/shm", 0755));
    TRY(mkdir("dev/mqueue", 0755));
    mount_at("devpts", "dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=0620,gid=5");
    mount_at("shm", "dev/shm", "tmpfs", MS_NOSUID | MS_NOEXEC | MS_NODEV, "mode=1777,size=65536k");
    mount_at("mqueue", "dev/mqueue", "mqueue", MS_NOSUID | MS_NOEXEC | MS_NODEV, NULL);
    mount_at("sysfs", "sys", "sysfs", MS_NOSUID | MS_NOEXEC | MS_NODEV | MS_RDONLY, NULL);
    make_devices(user);
}

static void enter_root(void)
{
    TRY(syscall(SYS_pivot_root, ".", "."));
    if (umount2(".", MNT_DETACH) < 0) die("umount of the old root");
    TRY(chdir("/"));
}

static void mask(void)
{
    for (size_t i = 0; i < sizeof read_only / sizeof *read_only; i++) {
        if (mount(read_only[i], read_only[i], NULL, MS_BIND | MS_REC, NULL) < 0) {
            if (errno == ENOENT) continue;
            die(read_only[i]);
        }
        mount_at(NULL, read_only[i], NULL, MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
    }
    for (size_t i = 0; i < sizeof masked / sizeof *masked; i++) {
        struct stat st;
        if (stat(masked[i], &st) < 0) continue;
        if (S_ISDIR(st.st_mode)) mount_at("tmpfs", masked[i], "tmpfs", MS_RDONLY, "size=0k");
        else mount_at("/dev/null", masked[i], NULL, MS_BIND, NULL);
    }
    struct statfs fs;
    TRY(statfs("/", &fs));
    mount_at(NULL, "/", NULL, MS_BIND | MS_REMOUNT | MS_RDONLY | (fs.f_flags & (MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME | MS_RELATIME)), NULL);
}

static void loopback_up(void)
{
    struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP };
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) die("socket");
    TRY(ioctl(fd, SIOCSIFFLAGS, &request));
    close(fd);
}

static void drop_privileges(void)
{
    const uint32_t kept = 1u << CAP_AUDIT_WRITE | 1u << CAP_KILL | 1u << CAP_NET_BIND_SERVICE;
    for (int capability = 0; capability <= 40; capability++)
        if (capability >= 32 || !(kept >> capability & 1))
            if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) < 0 && errno != EINVAL) die("PR_CAPBSET_DROP");
    struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
    struct __user_cap_data_struct data[2] = { { kept, kept, kept }, { 0, 0, 0 } };
    TRY(syscall(SYS_capset, &header, data));
    for (int capability = 0; capability < 32; capability++)
        if (kept >> capability & 1) TRY(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0));
    TRY(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
}

/* born: it started in its cgroup, so that its cgroup namespace is right from the start. */
static void child(const char *root, char **argv, int user, int born, int gate)
{
    if (!born) {
        for (int i = 0; i < folder_count; i++) TRY(write(tasks[i], "0", 1));
        TRY(unshare(CLONE_NEWCGROUP));
    }
    if (user) {
        char byte;
        TRY(read(gate, &byte, 1)); /* the id maps are written */
        TRY(setresgid(0, 0, 0));
        TRY(setresuid(0, 0, 0));
    }
    TRY(sethostname("bench", 5));
    mount_all(root, user);
    loopback_up();
    enter_root();
    mask();
    struct rlimit files = { 1024, 1024 };
    TRY(setrlimit(RLIMIT_NOFILE, &files));
    drop_privileges();
    static char *const environment[] = { "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", NULL };
    execve(argv[0], argv, environment);
    die(argv[0]);
}

/* ---- the parent ---- */

static void write_map(pid_t pid, const char *name)
{
    char folder[32];
    snprintf(folder, sizeof folder, "/proc/%d", pid);
    write_file(folder, name, "0 100000 65536");
}

int main(int argc, char **argv)
{
    const char *cgroup = NULL;
    int user = 0, at = 1, gate[2], status, cgroup_fd = -1;
    for (; at < argc && argv[at][0] == '-'; at++) {
        if (strcmp(argv[at], "--user") == 0) user = 1;
        else if (strcmp(argv[at], "--cgroup") == 0 && at + 1 < argc) cgroup = argv[++at];
        else { fprintf(stderr, "floor: unknown option %s\n", argv[at]); return 125; }
    }
    if (argc - at < 2) { fprintf(stderr, "usage: floor [--cgroup /path] [--user] <root> <program> [arguments]\n"); return 125; }
    if (cgroup) make_cgroup(cgroup);
    TRY(pipe2(gate, O_CLOEXEC));

    struct clone_args arguments = {
        .flags = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET | (user ? CLONE_NEWUSER : 0),
        .exit_signal = SIGCHLD,
    };
    if (cgroup && unified) {
        cgroup_fd = open(folders[0], O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (cgroup_fd < 0) die(folders[0]);
        arguments.flags |= CLONE_INTO_CGROUP | CLONE_NEWCGROUP;
        arguments.cgroup = (uint64_t)cgroup_fd;
    }
    if (!cgroup) arguments.flags |= CLONE_NEWCGROUP;
    pid_t pid = (pid_t)syscall(SYS_clone3, &arguments, sizeof arguments);
    if (pid < 0) die("clone3");
    if (pid == 0) child(argv[at], argv + at + 1, user, cgroup_fd >= 0 || !cgroup, gate[0]);

    if (user) {
        write_map(pid, "uid_map");
        write_map(pid, "gid_map");
        TRY(write(gate[1], "", 1));
    }
    TRY(waitpid(pid, &status, 0));
    for (int i = 0; i < folder_count; i++)
        if (rmdir(folders[i]) < 0) die(folders[i]);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
