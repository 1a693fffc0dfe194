// Sysctls and tcx programs, with the system calls replaced.
// SPDX-License-Identifier: GPL-2.0-or-later

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <fcntl.h>
#include <linux/bpf.h>
#include <sys/syscall.h>
#include <sys/utsname.h>

#include "base/error.h"
#include "base/util.h"
#include "kernel/inventory.h"
#include "kernel/sysctl.h"
#include "kernel/tcx.h"
#include "model/object.h"
#include "model/state.h"

// --- tcx ---

static struct {
        unsigned in, out;
        int error_in, error_out;
        const char *release;
} bpf;

int uname(struct utsname *ret) {
        strcpy(ret->release, bpf.release);
        return 0;
}

long syscall(long number, ...) {
        va_list arguments;

        assert_int_equal(number, SYS_bpf);
        va_start(arguments, number);
        assert_int_equal(va_arg(arguments, int), BPF_PROG_QUERY);
        union bpf_attr *query = va_arg(arguments, union bpf_attr *);
        va_end(arguments);

        assert_int_equal(query->query.target_fd, 7);
        assert_in_range(query->query.attach_type, 46, 47); // BPF_TCX_INGRESS, BPF_TCX_EGRESS
        bool is_in = query->query.attach_type == 46;
        if ((is_in ? bpf.error_in : bpf.error_out) > 0) {
                errno = is_in ? bpf.error_in : bpf.error_out;
                return -1;
        }
        query->query.prog_cnt = is_in ? bpf.in : bpf.out;
        return 0;
}

static void test_tcx_programs_are_counted_in_and_out(void **state _unused_) {
        static const struct {
                const char *release;
                unsigned in, out;
                int error_in, error_out, result;
                unsigned n;
        } cases[] = {
                { "6.18.0", 1, 2, 0, 0, 0, 3 },           { "6.6.0-1", 0, 2, 0, 0, 0, 2 },
                { "6.18.0", 0, 2, ENOENT, 0, 0, 2 },      { "6.18.0", 1, 0, 0, ENOENT, 0, 1 },
                { "6.18.0", 0, 0, ENODEV, ENODEV, 0, 0 }, { "6.18.0", 0, 0, EPERM, EPERM, -EPERM, 77 },
                { "6.18.0", 1, 0, 0, EPERM, -EPERM, 77 }, { "6.1.0-31-amd64", 1, 2, EPERM, EPERM, 0, 0 }, // has no tcx
                { "5.14.0", 1, 2, 0, 0, 0, 0 },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                unsigned n = 77;

                bpf.release = cases[i].release;
                bpf.in = cases[i].in;
                bpf.out = cases[i].out;
                bpf.error_in = cases[i].error_in;
                bpf.error_out = cases[i].error_out;
                assert_int_equal(tcx_count(7, &n), cases[i].result);
                assert_int_equal(n, cases[i].n);
        }
}

// --- sysctls ---

static struct {
        bool is_on;
        int open_error, write_error;
        const char *content; // that is read
        ssize_t n_written;   // -1: all
        char path[128], written[64];
} proc;

int __real_open64(const char *path, int flags, mode_t mode);
int __wrap_open64(const char *path, int flags, mode_t mode);
int __wrap_open(const char *path, int flags, mode_t mode);
ssize_t __real_read(int fd, void *data, size_t size);
ssize_t __wrap_read(int fd, void *data, size_t size);
ssize_t __real_write(int fd, const void *data, size_t size);
ssize_t __wrap_write(int fd, const void *data, size_t size);

int __wrap_open64(const char *path, int flags, mode_t mode) {
        if (!proc.is_on)
                return __real_open64(path, flags, mode);
        strcpy(proc.path, path);
        if (proc.open_error) {
                errno = proc.open_error;
                return -1;
        }
        return __real_open64("/dev/null", O_RDWR | O_CLOEXEC, 0);
}

int __wrap_open(const char *path, int flags, mode_t mode) {
        return __wrap_open64(path, flags, mode);
}

ssize_t __wrap_read(int fd, void *data, size_t size) {
        if (!proc.is_on)
                return __real_read(fd, data, size);
        if (!proc.content) {
                errno = EIO;
                return -1;
        }
        assert_true(strlen(proc.content) < size);
        memcpy(data, proc.content, strlen(proc.content));
        return (ssize_t)strlen(proc.content);
}

ssize_t __wrap_write(int fd, const void *data, size_t size) {
        if (!proc.is_on)
                return __real_write(fd, data, size);
        (void)snprintf(proc.written, sizeof(proc.written), "%.*s", (int)size, (const char *)data);
        if (proc.write_error) {
                errno = proc.write_error;
                return -1;
        }
        return proc.n_written < 0 ? (ssize_t)size : proc.n_written;
}

static int proc_reset(void **state _unused_) {
        memset(&proc, 0, sizeof(proc));
        proc.is_on = true;
        proc.n_written = -1;
        return 0;
}

static int proc_end(void **state _unused_) {
        proc.is_on = false;
        return 0;
}

static Link links[] = { { .index = 7, .name = "mig0" } };
static const Inventory inventory = { .links = links, .n_links = ELEMENTSOF(links) };

static const Object sysctl = {
        .kind = OBJECT_SYSCTL,
        .link = "mig0",
        .as_sysctl = { .item = "ipv4/conf/mig0/arp_ignore", .value = 2 },
};

static void test_a_sysctl_is_written(void **state _unused_) {
        Object negative = sysctl;

        assert_int_equal(sysctl_write(&sysctl, NULL), 0);
        assert_string_equal(proc.path, "/proc/sys/net/ipv4/conf/mig0/arp_ignore");
        assert_string_equal(proc.written, "2\n");
        negative.as_sysctl.value = -1;
        assert_int_equal(sysctl_write(&negative, NULL), 0);
        assert_string_equal(proc.written, "-1\n");
}

static void test_a_sysctl_that_cannot_be_written_is_an_error(void **state _unused_) {
        static const struct {
                int open_error, write_error;
                ssize_t n_written;
                int result;
                const char *text;
        } cases[] = {
                { EACCES, 0, -1, -EACCES, "Permission denied" },
                { EROFS, 0, -1, -EROFS, "Read-only file system" },
                { 0, EPERM, -1, -EPERM, "Operation not permitted" },
                { 0, EINVAL, -1, -EINVAL, "Invalid argument" },
                { 0, 0, 1, -EIO, "the kernel took 1 of 2 bytes" },
                { 0, 0, 0, -EIO, "the kernel took 0 of 2 bytes" },
                { ENOENT, 0, -1, -ENOENT, "No such file or directory" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Error error = {};

                proc.open_error = cases[i].open_error;
                proc.write_error = cases[i].write_error;
                proc.n_written = cases[i].n_written;
                errno = 0; // a short write sets none
                assert_int_equal(sysctl_write(&sysctl, &error), cases[i].result);
                assert_string_equal(error.text, cases[i].text);
        }
}

static void test_a_sysctl_is_read(void **state _unused_) {
        static const struct {
                int open_error;
                const char *content;
                int result;
                int64_t value;
        } cases[] = {
                { 0, "2\n", 1, 2 },
                { 0, "-1\n", 1, -1 },
                { ENOENT, "2\n", -ENOENT, 77 },
                { EACCES, "2\n", -EACCES, 77 },
                { 0, NULL, -EIO, 77 },
                { 0, "", -EBADMSG, 77 },
                { 0, "none\n", -EBADMSG, 77 },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                int64_t value = 77;

                proc.open_error = cases[i].open_error;
                proc.content = cases[i].content;
                assert_int_equal(sysctl_read("ipv4/conf/mig0/arp_ignore", &value), cases[i].result);
                assert_int_equal(value, cases[i].value);
        }
        char item[200];
        int64_t value;
        memset(item, 'x', sizeof(item) - 1);
        item[sizeof(item) - 1] = '\0';
        assert_int_equal(sysctl_read(item, &value), -ENAMETOOLONG);
}

// The folder is looked for in the real /proc, where no link is called mig0 and lo has IPv4.
static void test_only_the_settings_of_ipv6_may_be_lacking(void **state _unused_) {
        static const struct {
                const char *item;
                int result;
        } cases[] = {
                { "ipv6/conf/no-link/accept_ra", 0 },
                { "ipv6/accept_ra", -ENOENT }, // the folder is there, if IPv6 is
                { "ipv4/conf/no-link/arp_ignore", -ENOENT },
                { "bridge/no/bridge-nf-call-arptables", -ENOENT },
                { "ipv6", -ENOENT },
        };

        proc.open_error = ENOENT;
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Object object = sysctl;
                int64_t value = 77;

                if (i == 1 && access("/proc/sys/net/ipv6", F_OK) < 0)
                        continue;
                strcpy(object.as_sysctl.item, cases[i].item);
                assert_int_equal(sysctl_read(cases[i].item, &value), cases[i].result);
                assert_int_equal(sysctl_write(&object, NULL), cases[i].result);
                assert_int_equal(value, 77);
        }
}

static void test_a_sysctl_that_cannot_be_read_is_an_error_and_a_hidden_one_is_missing(void **state _unused_) {
        _cleanup_state_ State desired = {}, observed = {};
        Object other = sysctl;
        Error error = {};

        strcpy(other.link, "mig1"); // no such link
        assert_int_equal(state_add(&desired, &sysctl), 0);
        assert_int_equal(state_add(&desired, &other), 0);
        proc.content = "0\n";
        assert_int_equal(sysctl_observe(&inventory, &desired, &observed, &error), 0);
        assert_int_equal(observed.n_objects, 1);
        assert_int_equal(observed.objects[0].as_sysctl.value, 0);
        proc.open_error = ENOENT;
        assert_int_equal(sysctl_observe(&inventory, &desired, &observed, &error), 0);
        assert_int_equal(observed.n_objects, 1);
        strcpy(desired.objects[0].as_sysctl.item, "ipv6/conf/mig0/accept_ra");
        assert_int_equal(sysctl_observe(&inventory, &desired, &observed, &error), 0);
        assert_int_equal(observed.objects[1].as_sysctl.value, 2);
        strcpy(desired.objects[0].as_sysctl.item, sysctl.as_sysctl.item);
        proc.open_error = EACCES;
        assert_int_equal(sysctl_observe(&inventory, &desired, &observed, &error), -EACCES);
        assert_string_equal(error.text, "cannot read net/ipv4/conf/mig0/arp_ignore: Permission denied");
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_tcx_programs_are_counted_in_and_out),
                cmocka_unit_test_setup_teardown(test_a_sysctl_is_written, proc_reset, proc_end),
                cmocka_unit_test_setup_teardown(test_a_sysctl_that_cannot_be_written_is_an_error, proc_reset, proc_end),
                cmocka_unit_test_setup_teardown(test_a_sysctl_is_read, proc_reset, proc_end),
                cmocka_unit_test_setup_teardown(
                        test_a_sysctl_that_cannot_be_read_is_an_error_and_a_hidden_one_is_missing, proc_reset,
                        proc_end),
                cmocka_unit_test_setup_teardown(test_only_the_settings_of_ipv6_may_be_lacking, proc_reset, proc_end),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
