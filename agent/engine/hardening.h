// The sysctls of a plane's device: what they are set to, and what the kernel may then apply. One table for both.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// Only the device's own are set: `all` is the management interface's as well.
#pragma once

#include "base/util.h"
#include "model/state.h"

// What a setting protects from, as the audit groups them.
typedef enum HardeningTopic {
        HARDENING_ARP,
        HARDENING_SOURCES, // forged, martian and source-routed packets
        HARDENING_REDIRECTS,
        HARDENING_FORWARDING,
        HARDENING_IPV6,      // what the kernel sends and accepts by itself
        HARDENING_UNAUDITED, // set, but nothing that the audit promises depends on it
} HardeningTopic;

// The planes that a setting is for.
typedef enum HardeningScope {
        HARDENING_ALWAYS,
        HARDENING_WITH_IPV6, // the plane has an IPv6 address
        HARDENING_WITHOUT_IPV6,
} HardeningScope;

// How the kernel makes one value of `all` and the device's own (include/linux/inetdevice.h).
typedef enum HardeningCombination {
        HARDENING_OWN,    // `all` is only a way to write every device's
        HARDENING_EITHER, // or
        HARDENING_BOTH,   // and
        HARDENING_LARGER, // the maximum
        HARDENING_ALL,    // the device's own is asked for something else
} HardeningCombination;

typedef struct HardeningSetting {
        HardeningTopic topic;
        HardeningScope scope;
        const char *family, *name; // "ipv4", "arp_ignore"
        HardeningCombination combination;
        int64_t own;         // of the plane's device
        int64_t least, most; // of what the kernel applies
} HardeningSetting;

const HardeningSetting *hardening_settings(size_t *ret_n);
// Whether a setting is for a plane that has, or does not have, an IPv6 address.
bool hardening_applies(const HardeningSetting *setting, bool has_ipv6);
// What the kernel applies.
int64_t hardening_combine(HardeningCombination combination, int64_t all, int64_t own);

// Adds the settings of a plane's device. hears_claims: duplicate address detection of another program is to work.
// -ENOMEM.
int hardening_derive(const char *link, bool has_ipv6, bool hears_claims, State *state);
// Adds those that keep the kernel from sending anything by itself on a plane's ifb. -ENOMEM.
int hardening_derive_ifb(const char *ifb, State *state);
