// The base chains and flowtables of other programs: their hooks, not their rules.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <net/if.h>

#include "base/util.h"

typedef struct ForeignChain {
        char family[8]; // "inet"
        char table[32], name[32];
        char device[IFNAMSIZ]; // of a netdev chain or a flowtable, one entry for each device; "": none
        bool is_flowtable;
        bool drops; // by default, on the way in or out: by its policy or, in firewalld's table, by its last rule
} ForeignChain;

typedef struct ForeignRules {
        ForeignChain *chains;
        size_t n_chains, n_allocated;
} ForeignRules;

void foreign_rules_deinit(ForeignRules *rules);
#define _cleanup_foreign_rules_ _cleanup_(foreign_rules_deinit)

// Handlers of the kernel's answers; userdata is a ForeignRules. Exported for the tests.
struct nlmsghdr;
int foreign_rules_handle_chain(const struct nlmsghdr *header, void *userdata);
int foreign_rules_handle_flowtable(const struct nlmsghdr *header, void *userdata);
