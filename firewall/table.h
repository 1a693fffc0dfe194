// What the kernel has in our tables: chains, with a verdict on each, and counters.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"
#include "base/util.h"
#include "firewall/chain-name.h"
#include "model/object.h"
#include "netlink/request.h"

typedef struct TableChain {
        char name[CHAIN_NAME_MAX];
        bool is_in_place; // it has the hook of our chain of that name, and the policy accept
        bool is_whole;    // every rule has the same hash in its comment, and none was inserted before another later
        unsigned n_rules;
        uint64_t last_handle;
        uint64_t hash; // in the comments of its rules; 0: none
} TableChain;

// The table of one family.
typedef struct Table {
        RulesetFamily family;
        bool exists, is_dormant;
        TableChain *chains; // sorted by name
        size_t n_chains, n_allocated;
} Table;

typedef struct TableCounter {
        char name[COUNTER_NAME_MAX];
        uint64_t packets, bytes;
        uint32_t n_users; // rules and maps that refer to it
} TableCounter;

typedef struct TableCounters {
        TableCounter *counters;
        size_t n_counters, n_allocated;
} TableCounters;

typedef enum TableDepth {
        TABLE_EXISTENCE, // without the chains
        TABLE_CHAINS,    // without the rules: n_rules, is_whole and hash mean nothing
        TABLE_RULES,
} TableDepth;

// Leaves out chains with names that we would never give.
int table_read(Netlink *netlink, RulesetFamily family, TableDepth depth, Table *ret, Error *ret_error);
void table_deinit(Table *table);
#define _cleanup_table_ _cleanup_(table_deinit)

const TableChain *table_find(const Table *table, const char *chain);

int table_counters_read(Netlink *netlink, RulesetFamily family, TableCounters *ret, Error *ret_error);
void table_counters_deinit(TableCounters *counters);
#define _cleanup_table_counters_ _cleanup_(table_counters_deinit)

// Handlers of the kernel's answers; userdata is a Table or TableCounters. Exported for the tests.
int table_handle_table(const struct nlmsghdr *header, void *userdata);
int table_handle_chain(const struct nlmsghdr *header, void *userdata);
int table_handle_rule(const struct nlmsghdr *header, void *userdata);
int table_handle_counter(const struct nlmsghdr *header, void *userdata);
