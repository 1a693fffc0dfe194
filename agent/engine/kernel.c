// The kernel, as the engine reaches it.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "engine/kernel.h"

#include "base/error.h"
#include "base/util.h"
#include "firewall/firewall.h"
#include "netlink/request.h"
#include "tc/qdisc.h"

int kernel_init(Kernel *kernel, Error *ret_error) {
        int r = netlink_new(NETLINK_ROUTE, &kernel->netlink, ret_error);
        if (r < 0)
                return r;
        r = firewall_new(&kernel->firewall, ret_error);
        if (r < 0)
                return r;
        kernel->lacks_egress = firewall_lacks_egress(kernel->firewall);
        return qdisc_probe_leaf(kernel->netlink, &kernel->leaf, ret_error);
}

void kernel_deinit(Kernel *kernel) {
        kernel->netlink = netlink_free(kernel->netlink);
        kernel->firewall = firewall_free(kernel->firewall);
}

void kernel_progress(const Kernel *kernel, KernelStep next) {
        if (kernel->progress)
                kernel->progress(next);
}
