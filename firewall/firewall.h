// Our tables in the kernel: loaded by libnftables in one transaction, read back over netlink.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"
#include "base/util.h"
#include "firewall/chain-name.h"
#include "firewall/foreign-rules.h"
#include "model/object.h"
#include "model/state.h"

typedef struct Firewall Firewall;

int firewall_new(Firewall **ret, Error *ret_error);
Firewall *firewall_free(Firewall *firewall);
static inline void firewall_freep(Firewall **firewall) {
        *firewall = firewall_free(*firewall);
}

// Adds an OBJECT_RULESET for every chain of our tables. The hash is that in the comments of its rules, or 0 when the
// chain is not as one transaction of ours left it: a rule was added or replaced, it has another hook, or the table is
// dormant. A deleted rule shows in n_rules.
int firewall_observe(Firewall *firewall, State *state, Error *ret_error);

// Reads the base chains and flowtables in the tables of other programs, of all families.
int firewall_read_foreign_rules(Firewall *firewall, ForeignRules *ret, Error *ret_error);
// The same, as of the last observation.
const ForeignRules *firewall_foreign_rules(const Firewall *firewall);

// Runs one transaction. It adds tables, counters and chains that are missing, flushes and refills the chains to load,
// flushes and deletes those to remove, and deletes a table that has no chain left. A base chain that stays is never
// deleted, unless it has the wrong hook. Counters keep their counts, and those that no rule refers to are deleted
// afterwards. libnftables 1.0.6 can return 0 without having seen the acknowledgements, so the caller has to observe
// again.
int firewall_apply(Firewall *firewall, const Object *const *load, size_t n_load, const Object *const *remove,
                   size_t n_remove, Error *ret_error);

// Whether nftables has no egress hook on this kernel, which came with Linux 5.16. If that cannot be found out, it is
// taken to have one.
bool firewall_lacks_egress(Firewall *firewall);

// Which of our tables do not exist, or are dormant, by family.
int firewall_find_missing(Firewall *firewall, bool ret[static RULESET_FAMILY_MAX], Error *ret_error);

// Asks the kernel whether it would take a transaction that loads these chains, and changes nothing. 0, or what it says.
int firewall_check(Firewall *firewall, const Object *const *load, size_t n_load, Error *ret_error);

// How many frames of a link were dropped for one reason: 14 incoming packets for their "ethertype".
typedef struct FirewallCounter {
        char name[COUNTER_NAME_MAX]; // in nft's listing: "mig0-in-ethertype"
        char link[IFNAMSIZ];
        bool is_outgoing;
        char reason[16];
        uint64_t packets, bytes;
} FirewallCounter;

// Reads all named counters of our tables of the families (1 << RULESET_NETDEV, ...; FIREWALL_ALL), sorted by name.
// Counters of the same name in several families are added up. The caller frees *ret_counters.
#define FIREWALL_ALL ((1U << RULESET_FAMILY_MAX) - 1)
int firewall_read_counters(Firewall *firewall, unsigned families, FirewallCounter **ret_counters, size_t *ret_n,
                           Error *ret_error);
