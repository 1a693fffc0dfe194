// One change of our tables.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// Two things determine the order. A base chain that guards is never deleted: a new one is empty at first and, in the
// middle of the commit, lets pass what arrives before its rules do. And a chain can only be deleted after the rules
// that jump to it.

#include "firewall/transaction.h"

#include "base/names.h"
#include "base/text-file.h"
#include "base/util.h"
#include "firewall/chain.h"
#include "firewall/table.h"
#include "model/object.h"

typedef struct Transaction {
        const Table *existing;
        const Object *const *load, *const *remove;
        size_t n_load, n_remove;
        FILE *file;
} Transaction;

// In a dormant table nothing exists: the table is deleted first.
static const TableChain *existing_chain(const Transaction *transaction, const Object *object) {
        const Table *table = &transaction->existing[object->as_ruleset.family];

        return table->is_dormant ? NULL : table_find(table, object->as_ruleset.chain);
}

// "VERB chain FAMILY migplane CHAIN"
static void print_chain(const Transaction *transaction, const char *verb, const Object *object) {
        fprintf(transaction->file, "%s %s " NFT_TABLE " %s", verb, ruleset_family_to_string(object->as_ruleset.family),
                object->as_ruleset.chain);
}

static size_t line_size(const char *text) {
        return strcspn(text, "\n");
}

// --- counters ---

typedef struct CounterName {
        RulesetFamily family;
        const char *name; // in the text
        size_t size;
} CounterName;

typedef struct CounterNames {
        CounterName *names;
        size_t n_names, n_allocated;
} CounterNames;

static void counter_names_deinit(CounterNames *names) {
        free(names->names);
}

static int counter_name_compare(const void *a, const void *b) {
        const CounterName *x = a, *y = b;

        if (x->family != y->family)
                return (int)x->family - (int)y->family;
        int r = memcmp(x->name, y->name, x->size < y->size ? x->size : y->size);
        return r ? r : (x->size > y->size) - (x->size < y->size);
}

static bool ends_with(const char *text, const char *end, const char *suffix) {
        size_t size = strlen(suffix);

        return (size_t)(end - text) >= size && memcmp(end - size, suffix, size) == 0;
}

// The name of a counter stands in quotes after "counter name" or, in a map, after the colon.
static int counter_names_collect(CounterNames *names, RulesetFamily family, const char *text) {
        for (const char *quote = strchr(text, '"'); quote; quote = strchr(quote + 1, '"')) {
                const char *name = quote + 1;
                size_t size = strcspn(name, "\"");

                if (ends_with(text, quote, "counter name ") || ends_with(text, quote, " : ")) {
                        if (array_reserve(&names->names, &names->n_allocated, names->n_names + 1) < 0)
                                return -ENOMEM;
                        names->names[names->n_names++] = (CounterName){ family, name, size };
                }
                quote = name + size;
                if (*quote == '\0')
                        break;
        }
        return 0;
}

static int print_counters(const Transaction *transaction) {
        _cleanup_(counter_names_deinit) CounterNames names = {};

        for (size_t i = 0; i < transaction->n_load; i++) {
                const RulesetObject *ruleset = &transaction->load[i]->as_ruleset;
                int r = counter_names_collect(&names, ruleset->family, ruleset->text);
                if (r < 0)
                        return r;
        }
        if (names.n_names == 0)
                return 0;
        qsort(names.names, names.n_names, sizeof(CounterName), counter_name_compare);
        for (size_t i = 0; i < names.n_names; i++)
                if (i == 0 || counter_name_compare(&names.names[i - 1], &names.names[i]) != 0)
                        fprintf(transaction->file, "add counter %s " NFT_TABLE " %.*s\n",
                                ruleset_family_to_string(names.names[i].family), (int)names.names[i].size,
                                names.names[i].name);
        return 0;
}

// --- tables and chains ---

static bool loads_into(const Transaction *transaction, RulesetFamily family) {
        for (size_t i = 0; i < transaction->n_load; i++)
                if (transaction->load[i]->as_ruleset.family == family)
                        return true;
        return false;
}

// Whether the table exists and has no chain left after the transaction.
static bool empties(const Transaction *transaction, RulesetFamily family) {
        const Table *table = &transaction->existing[family];
        size_t n_left = table->is_dormant ? 0 : table->n_chains;

        for (size_t i = 0; i < transaction->n_remove; i++)
                if (transaction->remove[i]->as_ruleset.family == family &&
                    existing_chain(transaction, transaction->remove[i]))
                        n_left--;
        return table->exists && n_left == 0 && !loads_into(transaction, family);
}

// A dormant table guards nothing and is made again, because the kernel takes no new base chain in the transaction that
// wakes a table. All of its chains are in the transaction, because they are observed without a hash.
static void print_tables(const Transaction *transaction) {
        for (RulesetFamily family = 0; family < RULESET_FAMILY_MAX; family++) {
                if (!loads_into(transaction, family))
                        continue;
                if (transaction->existing[family].is_dormant)
                        fprintf(transaction->file, "delete table %s " NFT_TABLE "\n", ruleset_family_to_string(family));
                fprintf(transaction->file, "add table %s " NFT_TABLE "\n", ruleset_family_to_string(family));
        }
}

static void print_flush(const Transaction *transaction, const Object *object) {
        print_chain(transaction, "flush chain", object);
        fputc('\n', transaction->file);
}

static void print_delete(const Transaction *transaction, const Object *object) {
        print_chain(transaction, "delete chain", object);
        fputc('\n', transaction->file);
}

// A chain at the wrong hook guards nothing and is deleted, because the hook of a chain cannot be changed.
static void print_load_chains(const Transaction *transaction) {
        for (size_t i = 0; i < transaction->n_load; i++)
                if (existing_chain(transaction, transaction->load[i]))
                        print_flush(transaction, transaction->load[i]);
        for (size_t i = 0; i < transaction->n_load; i++) {
                const TableChain *chain = existing_chain(transaction, transaction->load[i]);
                const char *text = transaction->load[i]->as_ruleset.text;

                if (chain && !chain->is_in_place)
                        print_delete(transaction, transaction->load[i]);
                print_chain(transaction, "add chain", transaction->load[i]);
                if (chain_text_has_hook(text))
                        fprintf(transaction->file, " { %.*s }", (int)line_size(text), text);
                fputc('\n', transaction->file);
        }
}

static void print_rules(const Transaction *transaction) {
        for (size_t i = 0; i < transaction->n_load; i++) {
                const char *line = transaction->load[i]->as_ruleset.text;

                if (chain_text_has_hook(line))
                        line += line_size(line) + 1;
                for (; *line; line += line_size(line) + 1) {
                        print_chain(transaction, "add rule", transaction->load[i]);
                        fprintf(transaction->file, " %.*s\n", (int)line_size(line), line);
                }
        }
}

static bool is_removed(const Transaction *transaction, const Object *object) {
        return existing_chain(transaction, object) && !empties(transaction, object->as_ruleset.family);
}

static int print_transaction(const Transaction *transaction) {
        print_tables(transaction);
        int r = print_counters(transaction);
        if (r < 0)
                return r;

        for (size_t i = 0; i < transaction->n_remove; i++)
                if (is_removed(transaction, transaction->remove[i]))
                        print_flush(transaction, transaction->remove[i]);
        print_load_chains(transaction);
        print_rules(transaction);
        for (size_t i = 0; i < transaction->n_remove; i++)
                if (is_removed(transaction, transaction->remove[i]))
                        print_delete(transaction, transaction->remove[i]);
        for (RulesetFamily family = 0; family < RULESET_FAMILY_MAX; family++)
                if (empties(transaction, family))
                        fprintf(transaction->file, "delete table %s " NFT_TABLE "\n", ruleset_family_to_string(family));
        return 0;
}

int transaction_render(const Table existing[static RULESET_FAMILY_MAX], const Object *const *load, size_t n_load,
                       const Object *const *remove, size_t n_remove, char **ret_text) {
        _cleanup_free_ char *text = NULL;
        size_t size = 0;
        Transaction transaction = {
                .existing = existing,
                .load = load,
                .n_load = n_load,
                .remove = remove,
                .n_remove = n_remove,
                .file = text_file_open(&text, &size),
        };
        if (!transaction.file)
                return -ENOMEM;

        int r = print_transaction(&transaction);
        if (fclose(transaction.file) != 0 || r < 0)
                return -ENOMEM;
        *ret_text = size > 0 ? TAKE(text) : NULL;
        return 0;
}
