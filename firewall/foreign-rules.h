// The base chains and flowtables of other programs: their hooks, not their rules.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <net/if.h>

#include "base/error.h"
#include "base/util.h"
#include "netlink/request.h"

typedef struct ForeignChain {
        char family[8];           // "inet"
        char table[64], name[64]; // for people: a longer one ends in "..."
        char device[IFNAMSIZ];    // of a netdev chain or a flowtable, one entry for each device; "": none
        bool is_flowtable;
        bool drops; // by default, on the way in or out: by its policy or, in firewalld's table, by its last rule
} ForeignChain;

typedef struct ForeignRules {
        ForeignChain *chains;
        size_t n_chains, n_allocated;
} ForeignRules;

// Reads the base chains and flowtables in the tables of other programs, of all families.
int foreign_rules_read(Netlink *netlink, ForeignRules *ret, Error *ret_error);
void foreign_rules_deinit(ForeignRules *rules);
#define _cleanup_foreign_rules_ _cleanup_(foreign_rules_deinit)

// Handlers of the kernel's answers; userdata is a ForeignRules. Exported for the tests.
int foreign_rules_handle_chain(const struct nlmsghdr *header, void *userdata);
int foreign_rules_handle_flowtable(const struct nlmsghdr *header, void *userdata);
