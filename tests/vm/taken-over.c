// The attempts of an attacker who has taken the daemon over: taken-over VICTIM MODULE; prints a line for each way out
// SPDX-License-Identifier: GPL-2.0-or-later
//
// "open NAME" if it works, "shut NAME: why" if not. Then "power NAME" for what the daemon may do, and the attacker
// therefore too. VICTIM is the process number of victim.service, which runs as root. MODULE is the file of a kernel
// module. Run this only on a machine that is discarded afterwards.

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/io_uring.h>
#include <linux/keyctl.h>
#include <linux/perf_event.h>
#include <linux/sched.h>
#include <netinet/in.h>
#include <sched.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/io.h>
#include <sys/klog.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#define OWN_FILE "/run/migplane/loot"

static pid_t victim;
static const char *module_path;

// Returns 0 or the errno of a system call.
static int outcome(long result) {
        return result < 0 ? errno : 0;
}

static int try_open(const char *path, int flags) {
        int fd = open(path, flags | O_CLOEXEC, 0755);
        int r = outcome(fd);

        if (fd >= 0)
                (void)close(fd);
        return r;
}

static int try_list(const char *path) {
        DIR *dir = opendir(path);

        if (!dir)
                return errno;
        (void)closedir(dir);
        return 0;
}

static int try_socket(int family, int type, int protocol) {
        int fd = socket(family, type | SOCK_CLOEXEC, protocol);
        int r = outcome(fd);

        if (fd >= 0)
                (void)close(fd);
        return r;
}

// Runs in a process of its own, so that its changes to itself do not help the next attempt.
static int in_child(int (*attempt)(void)) {
        int status;
        pid_t pid = fork();

        if (pid < 0)
                return errno;
        if (pid == 0)
                _exit(attempt());
        return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : ECHILD;
}

static int try_program(char *const *arguments) {
        extern char **environ;
        posix_spawn_file_actions_t actions;
        pid_t pid;
        int status;

        (void)posix_spawn_file_actions_init(&actions);
        (void)posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
        (void)posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
        int r = posix_spawnp(&pid, arguments[0], &actions, NULL, arguments, environ);
        if (r != 0)
                return r;
        return waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : EACCES;
}
#define try_run(...) try_program((char *const[]){ __VA_ARGS__, NULL })

// --- files ---

static int read_shadow(void) {
        return try_open("/etc/shadow", O_RDONLY);
}
static int write_passwd(void) {
        return try_open("/etc/passwd", O_WRONLY | O_APPEND);
}
static int replace_daemon(void) {
        return try_open("/usr/sbin/migplaned", O_WRONLY | O_APPEND);
}
static int add_unit(void) {
        return try_open("/etc/systemd/system/loot.service", O_WRONLY | O_CREAT);
}
static int add_unit_runtime(void) {
        return try_open("/run/systemd/system/loot.service", O_WRONLY | O_CREAT);
}
static int add_cron(void) {
        return try_open("/etc/cron.d/loot", O_WRONLY | O_CREAT);
}
static int add_polkit_rule(void) {
        return try_open("/etc/polkit-1/rules.d/loot.rules", O_WRONLY | O_CREAT);
}
static int write_tmp(void) {
        return try_open("/tmp/loot", O_WRONLY | O_CREAT);
}
static int list_root(void) {
        return try_list("/root");
}
static int list_home(void) {
        return try_list("/home");
}
static int read_mem(void) {
        return try_open("/dev/mem", O_RDONLY);
}
static int read_kmsg(void) {
        return try_open("/dev/kmsg", O_RDONLY);
}
static int open_ports(void) {
        return try_open("/dev/port", O_RDWR);
}
static int make_tun(void) {
        return try_open("/dev/net/tun", O_RDWR);
}
static int write_core_pattern(void) {
        return try_open("/proc/sys/kernel/core_pattern", O_WRONLY);
}
static int write_modprobe(void) {
        return try_open("/proc/sys/kernel/modprobe", O_WRONLY);
}
static int write_vm(void) {
        return try_open("/proc/sys/vm/overcommit_memory", O_WRONLY);
}
static int write_sysrq(void) {
        return try_open("/proc/sysrq-trigger", O_WRONLY);
}
static int write_sys(void) {
        return try_open("/sys/power/state", O_WRONLY);
}
static int write_cgroup(void) {
        return try_open("/sys/fs/cgroup/cgroup.procs", O_WRONLY);
}
static int read_environ(void) {
        return try_open("/proc/1/environ", O_RDONLY);
}
static int list_fds(void) {
        return try_list("/proc/1/fd");
}

static int make_device(void) {
        return outcome(mknod("/run/migplane/device", S_IFCHR | 0600, (dev_t)1 << 8 | 1));
}

static int make_setuid(void) {
        (void)try_open(OWN_FILE, O_WRONLY | O_CREAT);
        return outcome(chmod(OWN_FILE, 04755));
}

static int give_capabilities(void) {
        struct vfs_cap_data data = { .magic_etc = VFS_CAP_REVISION_2, .data[0].permitted = 1U << CAP_SYS_ADMIN };

        (void)try_open(OWN_FILE, O_WRONLY | O_CREAT);
        return outcome(setxattr(OWN_FILE, "security.capability", &data, sizeof(data), 0));
}

static int give_away(void) {
        (void)try_open(OWN_FILE, O_WRONLY | O_CREAT);
        return outcome(chown(OWN_FILE, 1, 1));
}

static int open_by_handle(void) {
        struct {
                struct file_handle handle;
                char bytes[128];
        } found = { .handle.handle_bytes = 128 };
        int mount_id, mount_fd = open("/run", O_RDONLY | O_CLOEXEC);

        if (name_to_handle_at(AT_FDCWD, "/run/migplane", &found.handle, &mount_id, 0) < 0)
                return errno;
        int r = outcome(open_by_handle_at(mount_fd, &found.handle, O_RDONLY | O_CLOEXEC));
        (void)close(mount_fd);
        return r;
}

static int watch_all_files(void) {
        return outcome(fanotify_init(FAN_CLASS_PRE_CONTENT, O_RDONLY));
}

// --- mounts and namespaces ---

static int mount_tmpfs(void) {
        return outcome(mount("loot", "/mnt", "tmpfs", 0, NULL));
}
static int mount_writable(void) {
        return outcome(mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND, NULL));
}
static int new_mount_api(void) {
        return outcome(syscall(SYS_fsopen, "tmpfs", 0));
}
static int change_root(void) {
        return outcome(chroot("/run"));
}
static int unshare_user(void) {
        return outcome(unshare(CLONE_NEWUSER));
}
static int unshare_net(void) {
        return outcome(unshare(CLONE_NEWNET));
}
static int unshare_mount(void) {
        return outcome(unshare(CLONE_NEWNS));
}

static int clone_user(void) {
        struct clone_args arguments = { .flags = CLONE_NEWUSER, .exit_signal = SIGCHLD };
        long pid = syscall(SYS_clone3, &arguments, sizeof(arguments));

        if (pid == 0)
                _exit(0);
        int r = outcome(pid);
        if (pid > 0)
                (void)waitpid((pid_t)pid, NULL, 0);
        return r;
}

static int join_init(void) {
        int fd = open("/proc/1/ns/mnt", O_RDONLY | O_CLOEXEC);
        return fd < 0 ? errno : outcome(setns(fd, 0));
}

// --- other processes ---

static int trace(void) {
        return outcome(ptrace(PTRACE_SEIZE, victim, NULL, NULL));
}

static int read_memory(void) {
        char byte;
        struct iovec local = { &byte, 1 };
        FILE *maps;
        char path[64];
        unsigned long start = 0;

        (void)snprintf(path, sizeof(path), "/proc/%d/maps", victim);
        maps = fopen(path, "re");
        if (!maps)
                return errno;
        if (fscanf(maps, "%lx", &start) != 1)
                start = 0x1000;
        (void)fclose(maps);
        struct iovec remote = { (void *)start, 1 };
        return outcome(process_vm_readv(victim, &local, 1, &remote, 1, 0));
}

static int take_descriptor(void) {
        long fd = syscall(SYS_pidfd_open, victim, 0);
        return fd < 0 ? errno : outcome(syscall(SYS_pidfd_getfd, fd, 0, 0));
}

static int signal_other(void) {
        return outcome(kill(victim, SIGCONT));
}
static int slow_other(void) {
        return outcome(setpriority(PRIO_PROCESS, (id_t)victim, 10));
}
static int limit_other(void) {
        struct rlimit64 limit = { 1024, 1024 };
        return outcome(syscall(SYS_prlimit64, victim, RLIMIT_NOFILE, &limit, NULL));
}
static int realtime(void) {
        return outcome(sched_setscheduler(0, SCHED_FIFO, &(struct sched_param){ .sched_priority = 1 }));
}
static int urgent(void) {
        return outcome(setpriority(PRIO_PROCESS, 0, -20));
}

// More processes than the daemon needs, at the same time.
static int many_processes(void) {
        pid_t children[64];
        int n = 0, r = 0;

        for (; n < 64; n++) {
                children[n] = fork();
                if (children[n] == 0) {
                        (void)pause();
                        _exit(0);
                }
                if (children[n] < 0) {
                        r = errno;
                        break;
                }
        }
        while (n-- > 0) {
                (void)kill(children[n], SIGKILL);
                (void)waitpid(children[n], NULL, 0);
        }
        return r;
}

// --- identity ---

static int become_other(void) {
        return outcome(setresuid(geteuid() == 0 ? 1 : 0, geteuid() == 0 ? 1 : 0, geteuid() == 0 ? 1 : 0));
}
static int join_group(void) {
        return outcome(setresgid(42, 42, 42));
}
static int join_groups(void) {
        return outcome(setgroups(1, (gid_t[]){ 42 }));
}

static int more_capabilities(void) {
        struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
        struct __user_cap_data_struct data[2] = { { .effective = 1U << CAP_SYS_ADMIN,
                                                    .permitted = 1U << CAP_SYS_ADMIN } };

        return outcome(syscall(SYS_capset, &header, data));
}

static int others_keys(void) {
        return outcome(syscall(SYS_keyctl, KEYCTL_GET_PERSISTENT, 0, KEY_SPEC_PROCESS_KEYRING));
}

// --- the kernel ---

static int load_module(void) {
        int fd = open(module_path, O_RDONLY | O_CLOEXEC);
        int r = fd < 0 ? errno : outcome(syscall(SYS_finit_module, fd, "", 0));
        return r == EEXIST ? 0 : r;
}
static int load_kernel(void) {
        return outcome(syscall(SYS_kexec_load, 0UL, 0UL, NULL, 0UL));
}
static int restart_machine(void) {
        return outcome(reboot(RB_DISABLE_CAD));
}
static int load_bpf(void) {
        union bpf_attr attributes = {
                .map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1
        };
        return outcome(syscall(SYS_bpf, BPF_MAP_CREATE, &attributes, sizeof(attributes)));
}
static int measure(void) {
        struct perf_event_attr attributes = { .type = PERF_TYPE_SOFTWARE,
                                              .size = sizeof(attributes),
                                              .config = PERF_COUNT_SW_CPU_CLOCK };
        return outcome(syscall(SYS_perf_event_open, &attributes, -1, 0, -1, 0));
}
static int read_log(void) {
        char text[64];
        return outcome(klogctl(3, text, sizeof(text)));
}
static int io_ports(void) {
        return outcome(ioperm(0x80, 1, 1));
}
static int handle_faults(void) {
        return outcome(syscall(SYS_userfaultfd, O_CLOEXEC));
}
static int ring(void) {
        struct io_uring_params parameters = {};
        return outcome(syscall(SYS_io_uring_setup, 4, &parameters));
}
static int other_personality(void) {
        return outcome(personality(ADDR_NO_RANDOMIZE));
}
static int set_clock(void) {
        struct timespec now;
        (void)clock_gettime(CLOCK_REALTIME, &now);
        return outcome(clock_settime(CLOCK_REALTIME, &now));
}
static int bend_clock(void) {
        return outcome(adjtimex(&(struct timex){ .modes = ADJ_TICK, .tick = 10000 }));
}
static int set_hostname(void) {
        return outcome(sethostname("loot", 4));
}
static int swap_on(void) {
        // This is not a swap file: a process with the right to use one gets EINVAL.
        int r = outcome(swapon("/etc/hostname", 0));
        return r == EINVAL ? 0 : r;
}

static int write_and_execute(void) {
        return mmap(NULL, 4096, PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? errno : 0;
}
static int make_executable(void) {
        void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        return page == MAP_FAILED ? errno : outcome(mprotect(page, 4096, PROT_READ | PROT_EXEC));
}

// --- the network and the bus ---

static int raw_socket(void) {
        return try_socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
}
static int packet_socket(void) {
        return try_socket(AF_PACKET, SOCK_RAW, 0);
}
static int inet_socket(void) {
        return try_socket(AF_INET, SOCK_STREAM, 0);
}
static int inet6_socket(void) {
        return try_socket(AF_INET6, SOCK_DGRAM, 0);
}
static int crypto_socket(void) {
        return try_socket(AF_ALG, SOCK_SEQPACKET, 0);
}

static int bus_name(void) {
        return try_run("busctl", "--quiet", "call", "org.freedesktop.DBus", "/org/freedesktop/DBus",
                       "org.freedesktop.DBus", "RequestName", "su", "org.freedesktop.NetworkManager", "0");
}
static int transient_unit(void) {
        return try_run("systemd-run", "--quiet", "--no-ask-password", "true");
}
static int stop_unit(void) {
        return try_run("systemctl", "stop", "victim.service");
}

#define ATTEMPT(function) \
        { #function, function }

static const struct {
        const char *name;
        int (*attempt)(void);
} attempts[] = {
        ATTEMPT(read_shadow),
        ATTEMPT(write_passwd),
        ATTEMPT(replace_daemon),
        ATTEMPT(add_unit),
        ATTEMPT(add_unit_runtime),
        ATTEMPT(add_cron),
        ATTEMPT(add_polkit_rule),
        ATTEMPT(write_tmp),
        ATTEMPT(list_root),
        ATTEMPT(list_home),
        ATTEMPT(read_mem),
        ATTEMPT(read_kmsg),
        ATTEMPT(open_ports),
        ATTEMPT(make_tun),
        ATTEMPT(write_core_pattern),
        ATTEMPT(write_modprobe),
        ATTEMPT(write_vm),
        ATTEMPT(write_sysrq),
        ATTEMPT(write_sys),
        ATTEMPT(write_cgroup),
        ATTEMPT(read_environ),
        ATTEMPT(list_fds),
        ATTEMPT(make_device),
        ATTEMPT(make_setuid),
        ATTEMPT(give_capabilities),
        ATTEMPT(give_away),
        ATTEMPT(open_by_handle),
        ATTEMPT(watch_all_files),
        ATTEMPT(mount_tmpfs),
        ATTEMPT(mount_writable),
        ATTEMPT(new_mount_api),
        ATTEMPT(change_root),
        ATTEMPT(unshare_user),
        ATTEMPT(unshare_net),
        ATTEMPT(unshare_mount),
        ATTEMPT(clone_user),
        ATTEMPT(join_init),
        ATTEMPT(trace),
        ATTEMPT(read_memory),
        ATTEMPT(take_descriptor),
        ATTEMPT(signal_other),
        ATTEMPT(slow_other),
        ATTEMPT(limit_other),
        ATTEMPT(realtime),
        ATTEMPT(urgent),
        ATTEMPT(many_processes),
        ATTEMPT(become_other),
        ATTEMPT(join_group),
        ATTEMPT(join_groups),
        ATTEMPT(more_capabilities),
        ATTEMPT(others_keys),
        ATTEMPT(load_module),
        ATTEMPT(load_kernel),
        ATTEMPT(restart_machine),
        ATTEMPT(load_bpf),
        ATTEMPT(measure),
        ATTEMPT(read_log),
        ATTEMPT(io_ports),
        ATTEMPT(handle_faults),
        ATTEMPT(ring),
        ATTEMPT(other_personality),
        ATTEMPT(set_clock),
        ATTEMPT(bend_clock),
        ATTEMPT(set_hostname),
        ATTEMPT(swap_on),
        ATTEMPT(write_and_execute),
        ATTEMPT(make_executable),
        ATTEMPT(raw_socket),
        ATTEMPT(packet_socket),
        ATTEMPT(inet_socket),
        ATTEMPT(inet6_socket),
        ATTEMPT(crypto_socket),
        ATTEMPT(bus_name),
        ATTEMPT(transient_unit),
        ATTEMPT(stop_unit),
};

// The rights that the daemon needs, and the attacker therefore has.
static int write_planes(void) {
        return try_open("/etc/migplane/loot.plane.d", O_WRONLY | O_CREAT);
}
static int write_net_sysctl(void) {
        return try_open("/proc/sys/net/ipv4/ip_forward", O_WRONLY);
}
static int change_links(void) {
        return try_run("ip", "link", "set", "dev", "lo", "down");
}
static int change_rules(void) {
        return try_run("nft", "add", "table", "inet", "loot");
}

static const struct {
        const char *name;
        int (*attempt)(void);
} powers[] = {
        ATTEMPT(write_planes),
        ATTEMPT(write_net_sysctl),
        ATTEMPT(change_links),
        ATTEMPT(change_rules),
};

int main(int argc, char **argv) {
        if (argc != 3)
                return 2;
        victim = atoi(argv[1]);
        module_path = argv[2];
        (void)setvbuf(stdout, NULL, _IOLBF, 0);
        for (size_t i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++) {
                int r = in_child(attempts[i].attempt);
                printf(r == 0 ? "open %s\n" : "shut %s: %s\n", attempts[i].name, strerror(r));
        }
        for (size_t i = 0; i < sizeof(powers) / sizeof(powers[0]); i++) {
                int r = in_child(powers[i].attempt);
                printf(r == 0 ? "power %s\n" : "none %s: %s\n", powers[i].name, strerror(r));
        }
        (void)unlink(OWN_FILE);
        return 0;
}
