// The kernel, as the engine reaches it: the sockets, and what this kernel can do.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"
#include "base/util.h"
#include "firewall/firewall.h"
#include "model/object.h"
#include "netlink/request.h"

// What comes next.
typedef enum KernelStep {
        KERNEL_STEP_OPERATION,
        KERNEL_STEP_TRANSACTION, // of nftables
} KernelStep;

typedef struct Kernel {
        Netlink *netlink;
        Firewall *firewall;
        QdiscType leaf;    // what this kernel has for a leaf
        bool lacks_egress; // nftables has no egress hook
        void (*progress)(
                KernelStep next); // called before each step that can take long, and after each operation; NULL: not
} Kernel;

int kernel_init(Kernel *kernel, Error *ret_error);
void kernel_deinit(Kernel *kernel);
void kernel_progress(const Kernel *kernel, KernelStep next);
