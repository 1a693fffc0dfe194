// Programs on a link's tcx, which newer kernels run where clsact has its filters, before these.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

// How many there are, in and out together. They show in netlink nowhere, so bpf(2) is asked, which CAP_NET_ADMIN is enough for:
// -EPERM where a filter of system calls keeps us from asking. A kernel from before 6.6 has no tcx: 0.
int tcx_count(int ifindex, unsigned *ret);
