// Our tables in the kernel: loaded by libnftables in one transaction, read back through libmnl.
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

// Adds an OBJECT_RULESET for every chain of our tables. Its hash is the one that its rules' comments tell, and 0 when
// the chain is not as one transaction of ours left it: a rule added or replaced since, another hook, the table dormant.
// A rule that was deleted shows in n_rules.
int firewall_observe(Firewall *firewall, State *state, Error *ret_error);

// What base chains and flowtables there are in other tables, of all families.
int firewall_read_others(Firewall *firewall, OtherRules *ret, Error *ret_error);
// The same, as the last observation found it.
const OtherRules *firewall_others(const Firewall *firewall);

// One transaction: tables, counters and chains are added where they are missing, the chains to load are flushed and
// refilled, those to remove are flushed and deleted, and a table that is left without chains goes too. A base chain
// that stays is never deleted, unless it hangs in the wrong place. Counters keep their counts; those that nothing
// counts into any more are deleted afterwards. libnftables 1.0.6 can return 0 without having seen the acknowledgements:
// observe again.
int firewall_apply(Firewall *firewall, const Object *const *load, size_t n_load, const Object *const *remove,
                   size_t n_remove, Error *ret_error);

// Why frames of a link were dropped: 14 packets in, because of their "ethertype".
typedef struct FirewallCounter {
        char name[COUNTER_NAME_MAX]; // as nft lists it: "mig0-in-ethertype"
        char link[IFNAMSIZ];
        bool is_outgoing;
        char reason[16];
        uint64_t packets, bytes;
} FirewallCounter;

// All named counters of our tables, sorted by name; what the families count under one name is added up. ret_counters is
// to be freed.
int firewall_read_counters(Firewall *firewall, FirewallCounter **ret_counters, size_t *ret_n, Error *ret_error);
