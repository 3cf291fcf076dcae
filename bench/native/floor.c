/*
 * The floor: what the kernel alone asks for. It issues the system calls that any runtime must issue to run one program in
 * six new namespaces, with the mounts, masks and capabilities of `runc spec` and three limits, and nothing else: no
 * configuration is read, no state is kept, nothing is checked that the kernel does not check. What a runtime takes beyond
 * this is its own.
 *
 *   floor [--cgroup /path] [--user] [--whole /state/folder] <root file system> <program> [arguments]
 *
 * With --whole it also issues the calls that a complete runtime adds to these, so that it is "the same system calls in C": it executes
 * itself from a read-only clone of its own mount (against CVE-2019-5736), makes a folder in every cgroup hierarchy there is, with the rules for
 * devices, mounts all of them in the container, and keeps a state folder with a lock, a copy of the configuration and a file of state.
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
#include <sys/file.h>
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

#define HIERARCHIES 24

static int unified;
static char folders[HIERARCHIES][256];
static int tasks[HIERARCHIES]; /* 0 for the one it is born in */
static int folder_count;
static int born_in = -1;

/* With --whole: every hierarchy of the machine, by what it is called in the container, and the options of its mount. */
static struct { char name[32], point[64], options[64]; int v2; } hierarchies[HIERARCHIES];
static int hierarchy_count;

static void write_file(const char *folder, const char *name, const char *value)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) die(path);
    if (write(fd, value, strlen(value)) < 0) die(path);
    close(fd);
}

static void copy_value(const char *parent, const char *folder, const char *name)
{
    char path[512], value[256];
    snprintf(path, sizeof path, "%s/%s", parent, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) die(path);
    ssize_t length = read(fd, value, sizeof value - 1);
    if (length < 0) die(path);
    close(fd);
    value[length] = 0;
    write_file(folder, name, value);
}

/* Takes processors and memory nodes over from the folder above, without which nothing can run in it. */
static void fill_cpuset(const char *folder)
{
    char parent[512];
    snprintf(parent, sizeof parent, "%s", folder);
    *strrchr(parent, '/') = 0;
    copy_value(parent, folder, "cpuset.cpus");
    copy_value(parent, folder, "cpuset.mems");
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
        if (strncmp(path, "/sys/fs/cgroup/cpuset/", 22) == 0) fill_cpuset(path);
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

static void find_hierarchies(void)
{
    static char text[65536];
    size_t length = 0;
    int fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
    if (fd < 0) die("/proc/self/mountinfo");
    for (ssize_t got; (got = read(fd, text + length, sizeof text - 1 - length)) > 0; ) length += (size_t)got;
    close(fd);
    text[length] = 0;
    for (char *line = strtok(text, "\n"); line && hierarchy_count < HIERARCHIES; line = strtok(NULL, "\n")) {
        char point[256], type[64], options[256];
        char *tail = strstr(line, " - ");
        if (!tail || sscanf(line, "%*s %*s %*s %*s %255s", point) != 1 || sscanf(tail, " - %63s %*s %255s", type, options) != 2) continue;
        int v2 = strcmp(type, "cgroup2") == 0;
        if ((!v2 && strcmp(type, "cgroup") != 0) || strncmp(point, "/sys/fs/cgroup", 14) != 0 || strlen(point) >= sizeof hierarchies->point) continue;
        char *own = strncmp(options, "rw,", 3) == 0 ? options + 3 : options;
        if (strlen(own) >= sizeof hierarchies->options) continue;
        strcpy(hierarchies[hierarchy_count].point, point);
        strcpy(hierarchies[hierarchy_count].options, v2 ? "" : own);
        snprintf(hierarchies[hierarchy_count].name, sizeof hierarchies->name, "%.31s", point[14] ? point + 15 : "");
        hierarchies[hierarchy_count++].v2 = v2;
    }
}

static void make_whole_cgroup(const char *cgroup)
{
    static const char *const allowed[] = {
        "c *:* m", "b *:* m", "c 1:3 rwm", "c 1:5 rwm", "c 1:7 rwm", "c 1:8 rwm", "c 1:9 rwm", "c 5:0 rwm", "c 5:2 rwm", "c 136:* rwm",
    };
    find_hierarchies();
    for (int i = 0; i < hierarchy_count; i++, folder_count++) {
        char *folder = folders[folder_count], path[512];
        snprintf(folder, sizeof *folders, "%s%s", hierarchies[i].point, cgroup);
        make_folder(folder);
        if (hierarchies[i].v2) {
            born_in = folder_count;
            continue;
        }
        if (strcmp(hierarchies[i].name, "cpuset") == 0) fill_cpuset(folder);
        if (strcmp(hierarchies[i].name, "devices") == 0) {
            write_file(folder, "devices.deny", "a");
            for (size_t n = 0; n < sizeof allowed / sizeof *allowed; n++) write_file(folder, "devices.allow", allowed[n]);
        }
        for (size_t n = 0; n < LIMITS; n++)
            if (strcmp(hierarchies[i].name, limits[n].controller) == 0) write_file(folder, limits[n].file_v1, limits[n].value_v1);
        snprintf(path, sizeof path, "%s/tasks", folder);
        tasks[folder_count] = open(path, O_WRONLY | O_CLOEXEC);
        if (tasks[folder_count] < 0) die(path);
    }
    if (folder_count == 1 && born_in == 0)
        for (size_t n = 0; n < LIMITS; n++) write_file(folders[0], limits[n].file_v2, limits[n].value_v2);
}

static void end_whole_cgroup(void)
{
    char path[512], text[256];
    if (born_in < 0) return;
    write_file(folders[born_in], "cgroup.kill", "1");
    snprintf(path, sizeof path, "%s/cgroup.events", folders[born_in]);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || read(fd, text, sizeof text) < 0) die(path);
    close(fd);
}

/* ---- state ---- */

static int state_folder(const char *parent, char *folder, size_t size)
{
    char text[8192];
    int lock = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC), own, fd;
    if (lock < 0 || flock(lock, LOCK_EX) < 0) die(parent);
    snprintf(folder, size, "%s/floor", parent);
    TRY(mkdir(folder, 0711));
    own = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (own < 0 || flock(own, LOCK_EX) < 0) die(folder);
    close(lock);
    memset(text, ' ', sizeof text);
    fd = openat(own, "config.json", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, text, 2400) < 0) die("config.json");
    close(fd);
    return own;
}

static void write_state(int folder)
{
    char text[64], state[330];
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    if (fd < 0 || read(fd, text, sizeof text) < 0) die("boot_id");
    close(fd);
    memset(state, ' ', sizeof state);
    fd = openat(folder, "state.json.tmp", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, state, sizeof state) < 0) die("state.json");
    close(fd);
    TRY(renameat(folder, "state.json.tmp", folder, "state.json"));
    close(folder);
}

static void remove_state(const char *folder)
{
    int own = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (own < 0 || flock(own, LOCK_EX) < 0) die(folder);
    TRY(unlinkat(own, "state.json", 0));
    TRY(unlinkat(own, "config.json", 0));
    TRY(rmdir(folder));
    close(own);
}

/* Once, as the very first thing: execute the same file from a read-only clone of its mount. */
static void protect(char **argv)
{
    extern char **environ;
    struct statfs fs;
    TRY(statfs("/proc/self/exe", &fs));
    if (fs.f_flags & 1 /* ST_RDONLY */) return;
    struct mount_attr attributes = { .attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, .propagation = MS_PRIVATE };
    int tree = (int)syscall(SYS_open_tree, AT_FDCWD, "/proc/self/exe", 1 /* OPEN_TREE_CLONE */ | O_CLOEXEC);
    if (tree < 0) die("open_tree");
    TRY(syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH, &attributes, sizeof attributes));
    syscall(SYS_execveat, tree, "", argv, environ, AT_EMPTY_PATH);
    die("execveat");
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

static void mount_cgroups(void)
{
    const unsigned long flags = MS_NOSUID | MS_NOEXEC | MS_NODEV;
    if (hierarchy_count == 0) return;
    if (hierarchies[0].name[0] == 0) {
        mount_at("cgroup2", "sys/fs/cgroup", "cgroup2", flags | MS_RDONLY, NULL);
        return;
    }
    mount_at("tmpfs", "sys/fs/cgroup", "tmpfs", flags, "mode=755");
    for (int i = 0; i < hierarchy_count; i++) {
        char path[64];
        snprintf(path, sizeof path, "sys/fs/cgroup/%.31s", hierarchies[i].name);
        TRY(mkdir(path, 0755));
        mount_at("cgroup", path, hierarchies[i].v2 ? "cgroup2" : "cgroup", flags, hierarchies[i].options);
        mount_at(NULL, path, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY | flags, NULL);
    }
    mount_at(NULL, "sys/fs/cgroup", NULL, MS_BIND | MS_REMOUNT | MS_RDONLY | flags, NULL);
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
    mount_cgroups();
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
        for (int i = 0; i < folder_count; i++)
            if (tasks[i]) TRY(write(tasks[i], "0", 1));
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
    const char *cgroup = NULL, *whole = NULL;
    char state[512];
    int user = 0, at = 1, gate[2], status, cgroup_fd = -1, state_fd = -1;
    for (; at < argc && argv[at][0] == '-'; at++) {
        if (strcmp(argv[at], "--user") == 0) user = 1;
        else if (strcmp(argv[at], "--cgroup") == 0 && at + 1 < argc) cgroup = argv[++at];
        else if (strcmp(argv[at], "--whole") == 0 && at + 1 < argc) whole = argv[++at];
        else { fprintf(stderr, "floor: unknown option %s\n", argv[at]); return 125; }
    }
    if (argc - at < 2) { fprintf(stderr, "usage: floor [--cgroup /path] [--user] [--whole /state] <root> <program> [arguments]\n"); return 125; }
    if (whole && !cgroup) { fprintf(stderr, "floor: --whole needs --cgroup\n"); return 125; }
    if (whole) {
        protect(argv);
        state_fd = state_folder(whole, state, sizeof state);
        make_whole_cgroup(cgroup);
    } else if (cgroup) {
        make_cgroup(cgroup);
    }
    TRY(pipe2(gate, O_CLOEXEC));

    struct clone_args arguments = {
        .flags = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET | (user ? CLONE_NEWUSER : 0),
        .exit_signal = SIGCHLD,
    };
    if (unified) born_in = 0;
    if (born_in >= 0) {
        cgroup_fd = open(folders[born_in], O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (cgroup_fd < 0) die(folders[born_in]);
        arguments.flags |= CLONE_INTO_CGROUP;
        arguments.cgroup = (uint64_t)cgroup_fd;
    }
    const int born = !cgroup || (born_in >= 0 && folder_count == 1);
    if (born) arguments.flags |= CLONE_NEWCGROUP;
    pid_t pid = (pid_t)syscall(SYS_clone3, &arguments, sizeof arguments);
    if (pid < 0) die("clone3");
    if (pid == 0) child(argv[at], argv + at + 1, user, born, gate[0]);

    if (user) {
        write_map(pid, "uid_map");
        write_map(pid, "gid_map");
        TRY(write(gate[1], "", 1));
    }
    if (whole) write_state(state_fd);
    TRY(waitpid(pid, &status, 0));
    if (whole) end_whole_cgroup();
    for (int i = 0; i < folder_count; i++)
        if (rmdir(folders[i]) < 0) die(folders[i]);
    if (whole) remove_state(state);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
