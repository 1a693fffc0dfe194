// BPF programs at a link's tcx.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "kernel/tcx.h"

#include <linux/bpf.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/util.h"

// linux/bpf.h has these since Linux 6.6.
enum {
        ATTACH_TCX_INGRESS = 46,
        ATTACH_TCX_EGRESS = 47,
};

static bool kernel_has_tcx(void) {
        struct utsname name;
        unsigned major, minor;

        if (uname(&name) < 0 || sscanf(name.release, "%u.%u", &major, &minor) != 2)
                return true;
        return major > 6 || (major == 6 && minor >= 6);
}

static int programs_count(int ifindex, uint32_t where, unsigned *ret) {
        union bpf_attr query = { .query = { .target_fd = (uint32_t)ifindex, .attach_type = where } };

        *ret = 0;
        if (syscall(SYS_bpf, BPF_PROG_QUERY, &query, sizeof(query)) < 0)
                // The kernel was built without tcx, or no program was ever attached, or the link is gone.
                return errno == EINVAL || errno == ENOENT || errno == ENOSYS || errno == ENODEV ? 0 : -errno;
        *ret = query.query.prog_cnt;
        return 0;
}

int tcx_count(int ifindex, unsigned *ret) {
        unsigned n_in = 0, n_out = 0;

        if (kernel_has_tcx()) {
                int r = programs_count(ifindex, ATTACH_TCX_INGRESS, &n_in);
                if (r < 0)
                        return r;
                r = programs_count(ifindex, ATTACH_TCX_EGRESS, &n_out);
                if (r < 0)
                        return r;
        }
        *ret = n_in + n_out;
        return 0;
}
