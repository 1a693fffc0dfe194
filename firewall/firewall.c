// Our tables in the kernel.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "firewall/firewall.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include "base/error.h"
#include "base/names.h"
#include "base/text-file.h"
#include "base/util.h"
#include "firewall/chain-name.h"
#include "firewall/foreign-rules.h"
#include "firewall/nft-query.h"
#include "firewall/nft-run.h"
#include "firewall/table.h"
#include "firewall/transaction.h"
#include "model/object.h"
#include "model/state.h"
#include "netlink/attribute.h"
#include "netlink/request.h"

struct Firewall {
        Netlink *netlink;
        NftRunner nft;
        ForeignRules foreign; // as of the generation
        uint32_t generation;  // of all rules of the host; 0: foreign was not read
};

int firewall_new(Firewall **ret, Error *ret_error) {
        _cleanup_(firewall_freep) Firewall *firewall = calloc(1, sizeof(*firewall));
        if (!firewall)
                return error_set(ret_error, -ENOMEM, "out of memory");

        int r = netlink_new(NETLINK_NETFILTER, &firewall->netlink, ret_error);
        if (r < 0)
                return r;
        *ret = TAKE(firewall);
        return 0;
}

Firewall *firewall_free(Firewall *firewall) {
        if (!firewall)
                return NULL;
        nft_run_deinit(&firewall->nft);
        firewall->netlink = netlink_free(firewall->netlink);
        foreign_rules_deinit(&firewall->foreign);
        free(firewall);
        return NULL;
}

// --- observe ---

static int chain_add(const Table *table, const TableChain *chain, State *state) {
        Object object = {
                .kind = OBJECT_RULESET,
                .as_ruleset = { .family = table->family, .n_rules = chain->n_rules },
        };

        if (chain->is_in_place && chain->is_whole && !table->is_dormant)
                object.as_ruleset.hash = chain->hash;
        chain_name_parse(chain->name, object.link);
        strcpy_fixed(object.as_ruleset.chain, chain->name);
        return state_add(state, &object);
}

static int generation_handle(const struct nlmsghdr *header, void *userdata) {
        const struct nlattr *attributes[NFTA_GEN_MAX + 1];

        int r = nft_message_attributes(header, attributes, NFTA_GEN_MAX);
        if (r < 0)
                return r;
        (void)attribute_be32(attributes[NFTA_GEN_ID], userdata);
        return 0;
}

// A host may have thousands of chains, so that these are read again only after some rule has changed. They are only
// noted in the health, so that a failure to read them is no failure.
static void foreign_refresh(Firewall *firewall) {
        uint32_t generation = 0;
        NftQuery query = {
                .message = NFT_MSG_GETGEN,
                .all_tables = true,
                .handler = generation_handle,
                .userdata = &generation,
        };
        ForeignRules foreign = {};

        if (nft_query(firewall->netlink, &query, NULL) >= 0 && generation != 0 && generation == firewall->generation)
                return;
        firewall->generation = 0;
        if (firewall_read_foreign_rules(firewall, &foreign, NULL) < 0)
                return;
        foreign_rules_deinit(&firewall->foreign);
        firewall->foreign = foreign;
        firewall->generation = generation;
}

int firewall_observe(Firewall *firewall, State *state, Error *ret_error) {
        // The first observation follows a change at once, to verify it. The next one comes later.
        nft_run_rest(&firewall->nft);

        for (RulesetFamily family = 0; family < RULESET_FAMILY_MAX; family++) {
                _cleanup_table_ Table table = {};

                int r = table_read(firewall->netlink, family, TABLE_RULES, &table, ret_error);
                if (r < 0)
                        return r;
                for (size_t i = 0; i < table.n_chains; i++)
                        if (chain_add(&table, &table.chains[i], state) < 0)
                                return error_set(ret_error, -ENOMEM, "out of memory");
        }
        foreign_refresh(firewall);
        return 0;
}

const ForeignRules *firewall_foreign_rules(const Firewall *firewall) {
        return &firewall->foreign;
}

int firewall_read_foreign_rules(Firewall *firewall, ForeignRules *ret, Error *ret_error) {
        return foreign_rules_read(firewall->netlink, ret, ret_error);
}

int firewall_find_missing(Firewall *firewall, bool ret[static RULESET_FAMILY_MAX], Error *ret_error) {
        for (RulesetFamily family = 0; family < RULESET_FAMILY_MAX; family++) {
                _cleanup_table_ Table table = {};

                int r = table_read(firewall->netlink, family, TABLE_EXISTENCE, &table, ret_error);
                if (r < 0)
                        return r;
                ret[family] = !table.exists || table.is_dormant;
        }
        return 0;
}

// --- apply ---

static void tables_deinit(Table (*tables)[RULESET_FAMILY_MAX]) {
        for (RulesetFamily family = 0; family < RULESET_FAMILY_MAX; family++)
                table_deinit(&(*tables)[family]);
}

// Deletes the counters that no rule refers to. Best effort: a counter that stays counts nothing, and is deleted next
// time.
static void sweep_counters(Firewall *firewall) {
        _cleanup_free_ char *text = NULL;
        size_t size;
        _cleanup_fclose_ FILE *file = text_file_open(&text, &size);

        if (!file)
                return;
        for (RulesetFamily family = 0; family < RULESET_FAMILY_MAX; family++) {
                _cleanup_table_counters_ TableCounters counters = {};

                if (table_counters_read(firewall->netlink, family, &counters, NULL) < 0)
                        continue;
                for (size_t i = 0; i < counters.n_counters; i++)
                        if (counters.counters[i].n_users == 0)
                                fprintf(file, "delete counter %s " NFT_TABLE " %s\n", ruleset_family_to_string(family),
                                        counters.counters[i].name);
        }
        if (fclose(TAKE(file)) == 0 && size > 0)
                (void)nft_run(&firewall->nft, text, NFT_RUN_COMMIT, NULL);
}

static int transaction_run(Firewall *firewall, const Object *const *load, size_t n_load, const Object *const *remove,
                           size_t n_remove, NftRunMode mode, Error *ret_error) {
        _cleanup_(tables_deinit) Table tables[RULESET_FAMILY_MAX] = {};
        _cleanup_free_ char *text = NULL;

        for (RulesetFamily family = 0; family < RULESET_FAMILY_MAX; family++) {
                int r = table_read(firewall->netlink, family, TABLE_CHAINS, &tables[family], ret_error);
                if (r < 0)
                        return r;
        }
        if (transaction_render(tables, load, n_load, remove, n_remove, &text) < 0)
                return error_set(ret_error, -ENOMEM, "out of memory");
        return text ? nft_run(&firewall->nft, text, mode, ret_error) : 0;
}

int firewall_apply(Firewall *firewall, const Object *const *load, size_t n_load, const Object *const *remove,
                   size_t n_remove, Error *ret_error) {
        if (n_load + n_remove == 0)
                return 0;
        int r = transaction_run(firewall, load, n_load, remove, n_remove, NFT_RUN_COMMIT, ret_error);
        if (r < 0)
                return r;
        sweep_counters(firewall);
        return 0;
}

int firewall_check(Firewall *firewall, const Object *const *load, size_t n_load, Error *ret_error) {
        return transaction_run(firewall, load, n_load, NULL, 0, NFT_RUN_CHECK, ret_error);
}

// The kernel is asked for a chain, and makes none.
bool firewall_lacks_egress(Firewall *firewall) {
        static const char chain[] =
                "add table netdev " NFT_TABLE
                "\n"
                "add chain netdev " NFT_TABLE " egress-probe { type filter hook egress device \"lo\" priority 0; }\n";

        return nft_run(&firewall->nft, chain, NFT_RUN_CHECK, NULL) == -EOPNOTSUPP;
}

// --- counters ---

static int counter_compare(const void *a, const void *b) {
        return strcmp(((const FirewallCounter *)a)->name, ((const FirewallCounter *)b)->name);
}

// Adds up sorted counters of the same name; returns how many are left.
static size_t counters_merge(FirewallCounter *counters, size_t n) {
        size_t kept = 0;

        for (size_t i = 1; i < n; i++) {
                if (streq(counters[kept].name, counters[i].name)) {
                        counters[kept].packets += counters[i].packets;
                        counters[kept].bytes += counters[i].bytes;
                } else
                        counters[++kept] = counters[i];
        }
        return n > 0 ? kept + 1 : 0;
}

static void counters_freep(FirewallCounter **counters) {
        free(*counters);
}

// Fills *ret; false for a counter of another program.
static bool counter_init(const TableCounter *counter, FirewallCounter *ret) {
        const char *reason;

        *ret = (FirewallCounter){ .packets = counter->packets, .bytes = counter->bytes };
        strcpy_fixed(ret->name, counter->name);
        // The bus takes no name that is not UTF-8.
        if (!chain_name_is_plain(counter->name) ||
            !chain_name_parse_counter(counter->name, ret->link, &ret->is_outgoing, &reason))
                return false;
        strcpy_fixed(ret->reason, reason);
        return true;
}

int firewall_read_counters(Firewall *firewall, unsigned families, FirewallCounter **ret_counters, size_t *ret_n,
                           Error *ret_error) {
        _cleanup_(counters_freep) FirewallCounter *counters = NULL;
        size_t n = 0, allocated = 0;

        for (RulesetFamily family = 0; family < RULESET_FAMILY_MAX; family++) {
                _cleanup_table_counters_ TableCounters table = {};

                if (!(families & 1U << family))
                        continue;
                int r = table_counters_read(firewall->netlink, family, &table, ret_error);
                if (r < 0)
                        return r;
                if (array_reserve(&counters, &allocated, n + table.n_counters) < 0)
                        return error_set(ret_error, -ENOMEM, "out of memory");
                for (size_t i = 0; i < table.n_counters; i++)
                        if (counter_init(&table.counters[i], &counters[n]))
                                n++;
        }
        if (n > 0)
                qsort(counters, n, sizeof(*counters), counter_compare);
        *ret_n = counters_merge(counters, n);
        *ret_counters = TAKE(counters);
        return 0;
}
