// Names and numbers that others know migplane by, and the marks by which it recognises its own objects.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <net/if.h>

// The daemon's user, in units/migplane.sysusers and units/migplaned.service.
#define DAEMON_USER "migplane"

#define BUS_NAME "org.migplane1"
#define BUS_PATH "/org/migplane1"
#define BUS_PATH_PLANES "/org/migplane1/plane"
#define BUS_PATH_MIGRATIONS "/org/migplane1/migration"
#define BUS_INTERFACE_MANAGER "org.migplane1.Manager"
#define BUS_INTERFACE_PLANE "org.migplane1.Plane"
#define BUS_INTERFACE_MIGRATION "org.migplane1.Migration"
#define BUS_ERROR_PREFIX "org.migplane1.Error."

// The ifalias of a link that the daemon made: this prefix and the plane's name.
#define LINK_ALIAS_PREFIX "migplane:"
// The kernel accepts no ifalias when it creates a link, but it accepts a group: a link in this group is ours and has no
// alias yet. One request sets the alias and clears the group.
#define LINK_GROUP_UNTAGGED 0x6d706c6e // "mpln"
// The ifb device of a plane: this prefix and the plane's interface, shortened with a hash if the name is too long.
#define IFB_NAME_PREFIX "ifb-"
void names_ifb(const char *interface, char ret[static IFNAMSIZ]);

// IFA_PROTO, rtm_protocol and NDA_PROTOCOL of our objects; unassigned in the kernel's and iproute2's lists.
#define OUR_PROTOCOL 109 // 'm'
// IFA_RT_PRIORITY of our addresses where the kernel has no IFA_PROTO ("mp"): the metric of the route to their network.
#define OUR_ADDRESS_METRIC 0x6d70

// The root HTB ("mp"), its classes, and the priority of our filters.
#define OUR_QDISC_HANDLE 0x6d700000U
#define OUR_CLASS_PLANE (OUR_QDISC_HANDLE | 0x1)
#define OUR_CLASS_SHARED (OUR_QDISC_HANDLE | 0x10)
#define OUR_LEAF_HANDLE 0x6d710000U
#define OUR_FILTER_PRIORITY 0x6d70

// nftables: one table of this name for each family in use.
#define NFT_TABLE "migplane"

// The netfilter log group ("mp") to which the rules report dropped packets; 0 and other low numbers are defaults of
// other programs.
#define OUR_LOG_GROUP 0x6d70
// The group to which they report that a migration has begun ("mq").
#define OUR_OPENS_LOG_GROUP 0x6d71

// The lowest cap. HTB keeps its token debt over a change: after a cap of 8 kbit/s for 2 s a flow stalled for 20 s.
#define RATE_MIN_BITS_PER_SECOND UINT64_C(10000000)
// The highest cap. HTB's 64-bit rates are bytes per second, kept as nanoseconds per byte; 10 Tbit/s is far below any
// overflow.
#define RATE_MAX_BITS_PER_SECOND UINT64_C(10000000000000)

#define CONFIG_DIRECTORIES "/etc/migplane", "/run/migplane", "/usr/lib/migplane"
