// Other programs' base chains and flowtables: where they hang, not what they say.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <net/if.h>

#include "base/util.h"

typedef struct OtherChain {
        char family[8]; // "inet"
        char table[32], name[32];
        char device[IFNAMSIZ]; // of the families netdev, and of a flowtable; "": none. One with several comes once for each
        bool is_flowtable;
        bool drops; // what its rules do not accept, on its way in or out: by policy or, as firewalld's, by its last rule
} OtherChain;

typedef struct OtherRules {
        OtherChain *chains;
        size_t n_chains, n_allocated;
} OtherRules;

void other_rules_deinit(OtherRules *rules);
#define _cleanup_other_rules_ _cleanup_(other_rules_deinit)

// The handlers of the answers; userdata is an OtherRules. Here for the tests.
struct nlmsghdr;
int other_rules_handle_chain(const struct nlmsghdr *header, void *userdata);
int other_rules_handle_flowtable(const struct nlmsghdr *header, void *userdata);
