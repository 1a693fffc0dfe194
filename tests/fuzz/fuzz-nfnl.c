// Arbitrary bytes as the kernel's answer about our tables: libFuzzer, address and undefined-behaviour sanitizers.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "firewall/foreign-rules.h"
#include "firewall/table.h"
#include "netlink/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void parse(const uint8_t *data, size_t size, NetlinkHandler handler, void *userdata) {
        NetlinkAnswer answer = { .handler = handler, .userdata = userdata };

        (void)netlink_parse(data, size, &answer, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_table_counters_ TableCounters counters = {};
        _cleanup_foreign_rules_ ForeignRules others = {};
        _cleanup_free_ char *aligned = malloc(size ?: 1);

        if (!aligned)
                return 0;
        memcpy(aligned, data, size);
        for (RulesetFamily family = 0; family < RULESET_FAMILY_MAX; family++) {
                _cleanup_table_ Table table = { .family = family };

                parse((const uint8_t *)aligned, size, table_handle_table, &table);
                parse((const uint8_t *)aligned, size, table_handle_chain, &table);
                parse((const uint8_t *)aligned, size, table_handle_rule, &table);
        }
        parse((const uint8_t *)aligned, size, table_handle_counter, &counters);
        parse((const uint8_t *)aligned, size, foreign_rules_handle_chain, &others);
        parse((const uint8_t *)aligned, size, foreign_rules_handle_flowtable, &others);
        return 0;
}
