// The names and numbers by which migplane is known, and by which it knows its own objects again.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#define BUS_NAME "org.migplane1"
#define BUS_PATH "/org/migplane1"
#define BUS_PATH_PLANES "/org/migplane1/plane"
#define BUS_INTERFACE_MANAGER "org.migplane1.Manager"
#define BUS_INTERFACE_PLANE "org.migplane1.Plane"
#define BUS_ERROR_PREFIX "org.migplane1.Error."

// A link that we made bears this ifalias, followed by the plane's name.
#define LINK_ALIAS_PREFIX "migplane:"
// The kernel takes no ifalias when it makes a link, but it takes a group: a link in this group is one of ours whose tag
// was not written yet. The group is cleared together with the writing of the tag.
#define LINK_GROUP_UNTAGGED 0x6d706c6e // "mpln"
// ifb device of a plane: this prefix and the plane's interface, shortened with a hash where it would be too long.
#define IFB_NAME_PREFIX "ifb-"

// IFA_PROTO, rtm_protocol and NDA_PROTOCOL of what we made; unassigned in the kernel's and iproute2's lists.
#define OUR_PROTOCOL 109 // 'm'

// Root HTB, "mp"; its classes; and the priority of our filters.
#define OUR_QDISC_HANDLE 0x6d700000U
#define OUR_CLASS_PLANE (OUR_QDISC_HANDLE | 0x1)
#define OUR_CLASS_SHARED (OUR_QDISC_HANDLE | 0x10)
#define OUR_LEAF_HANDLE 0x6d710000U
#define OUR_FILTER_PRIORITY 0x6d70

// nftables: one table of this name per family that is needed.
#define NFT_TABLE "migplane"

// netfilter's log group in which the rules report what they drop, "mp"; 0 and other low numbers are others' defaults.
#define OUR_LOG_GROUP 0x6d70

// No cap below this: HTB keeps its token debt over a change, and at 8 kbit/s for 2 s a flow stalled for 20 s after it.
#define RATE_MIN_BITS_PER_SECOND UINT64_C(10000000)
// HTB's 64-bit rates are bytes per second, kept as nanoseconds per byte inside; 10 Tbit/s is far below any overflow.
#define RATE_MAX_BITS_PER_SECOND UINT64_C(10000000000000)

#define CONFIG_DIRECTORIES "/etc/migplane", "/run/migplane", "/usr/lib/migplane"
