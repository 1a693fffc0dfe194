// Programs on a link's tcx.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "kernel/tcx.h"

#include <linux/bpf.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/util.h"

// linux/bpf.h has them from Linux 6.6 on.
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

        if (syscall(SYS_bpf, BPF_PROG_QUERY, &query, sizeof(query)) < 0)
                return -errno;
        *ret += query.query.prog_cnt;
        return 0;
}

int tcx_count(int ifindex, unsigned *ret) {
        unsigned n = 0;
        int r = 0;

        if (kernel_has_tcx()) {
                r = programs_count(ifindex, ATTACH_TCX_INGRESS, &n);
                if (r >= 0)
                        r = programs_count(ifindex, ATTACH_TCX_EGRESS, &n);
        }
        // Built without it, nothing there yet, or the link is gone.
        if (r < 0 && r != -EINVAL && r != -ENOENT && r != -ENOSYS && r != -ENODEV)
                return r;
        *ret = n;
        return 0;
}
