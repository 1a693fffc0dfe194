// BPF programs at a link's tcx, which newer kernels run at the place of clsact's filters, before these.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

// Counts the programs, ingress and egress together. bpf(2) is asked with CAP_NET_ADMIN, because netlink does not show
// them. -EPERM: a system call filter refuses that. Kernels before 6.6 have no tcx: 0.
int tcx_count(int ifindex, unsigned *ret);
