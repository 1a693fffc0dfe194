// Planes with many peers that have lost their rules: what is loaded before all rules are back, and when.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "base/text-file.h"
#include "engine/closing.h"
#include "golden.h"

enum { MIG0 = 7 };

static bool missing_tables[RULESET_FAMILY_MAX];
static unsigned n_questions;
static char loaded[16384];

int __wrap_netlink_link_index(Netlink *netlink, const char *name, int *ret_index, Error *ret_error);
int __wrap_netlink_link_index(Netlink *netlink _unused_, const char *name, int *ret_index, Error *ret_error) {
        if (!streq(name, "mig0"))
                return error_set(ret_error, -ENODEV, "no %s", name);
        *ret_index = MIG0;
        return 0;
}

int __wrap_firewall_find_missing(Firewall *firewall, bool ret[static RULESET_FAMILY_MAX], Error *ret_error);
int __wrap_firewall_find_missing(Firewall *firewall _unused_, bool ret[static RULESET_FAMILY_MAX],
                                 Error *ret_error _unused_) {
        n_questions++;
        memcpy(ret, missing_tables, sizeof(missing_tables));
        return 0;
}

int __wrap_firewall_apply(Firewall *firewall, const Object *const *load, size_t n_load, const Object *const *remove,
                          size_t n_remove, Error *ret_error);
int __wrap_firewall_apply(Firewall *firewall _unused_, const Object *const *load, size_t n_load,
                          const Object *const *remove _unused_, size_t n_remove, Error *ret_error _unused_) {
        FILE *file = fmemopen(loaded, sizeof(loaded), "w");

        assert_int_equal(n_remove, 0);
        for (size_t i = 0; i < n_load; i++)
                fprintf(file, "%s %s:\n%s", ruleset_family_to_string(load[i]->as_ruleset.family),
                        load[i]->as_ruleset.chain, load[i]->as_ruleset.text);
        fclose(file);
        return 0;
}

static Config *config_of(unsigned n_peers) {
        Config *config = NULL;
        char *text;
        size_t size;
        FILE *file = text_file_open(&text, &size);

        fputs("[Interface]\nName=mig0\n[Address]\nAddress=10.1.0.11/16\n", file);
        for (unsigned i = 0; i < n_peers; i++)
                fprintf(file, "[Peer]\nAddress=10.1.%u.%u\nMACAddress=02:00:00:00:%02x:%02x\n", 16 + i / 250,
                        1 + i % 250, i / 256, i % 256);
        fclose(file);
        (void)golden_plane("blue", text, &config);
        free(text);
        return config;
}

// What is loaded where these tables are missing.
static int run(unsigned n_peers, bool is_verified, int ifindex, const RulesetFamily *families, size_t n_families) {
        _cleanup_config_ Config *config = config_of(n_peers);
        const PlaneInput input = { .config = config->planes[0], .ifindex = ifindex, .verified = is_verified };
        Kernel kernel = {};

        memset(missing_tables, 0, sizeof(missing_tables));
        for (size_t i = 0; i < n_families; i++)
                missing_tables[families[i]] = true;
        loaded[0] = '\0';
        n_questions = 0;
        return closing_run(&kernel, &input, 1, NULL);
}

static const RulesetFamily all[] = { RULESET_NETDEV, RULESET_INET, RULESET_ARP };

static void all_that_is_lost_is_closed(void **state _unused_) {
        assert_int_equal(run(300, true, MIG0, all, ELEMENTSOF(all)), 1);
        static const char *const chains[] = {
                "netdev mig0-in:\ntype filter hook ingress device \"mig0\" priority -500; policy accept;\n"
                "counter name \"mig0-in-other\" drop ",
                "netdev mig0-out:\ntype filter hook egress device \"mig0\" priority 500; policy accept;\n"
                "counter name \"mig0-out-other\" drop ",
                "inet mig0-in:\nnotrack comment ",
                "counter name \"mig0-in-other\" drop ",
                "ip daddr & 255.255.0.0 == 10.1.0.0 counter name \"mig0-in-elsewhere\" drop ",
                "arp daddr ip & 255.255.0.0 == 10.1.0.0 counter name \"mig0-in-elsewhere\" drop ",
        };
        for (size_t i = 0; i < ELEMENTSOF(chains); i++)
                if (!strstr(loaded, chains[i]))
                        fail_msg("not loaded: %s", chains[i]);
        assert_null(strstr(loaded, "dport 49152-49215 tcp sport"));
        assert_null(strstr(loaded, "10.1.16.1"));
}

static void what_is_there_stays(void **state _unused_) {
        static const RulesetFamily device[] = { RULESET_NETDEV };

        assert_int_equal(run(300, true, MIG0, device, 1), 1);
        assert_non_null(strstr(loaded, "netdev mig0-in:"));
        assert_null(strstr(loaded, "inet "));
        assert_int_equal(run(300, true, MIG0, NULL, 0), 0);
        assert_string_equal(loaded, "");
}

static void few_peers_load_as_fast(void **state _unused_) {
        assert_int_equal(run(10, true, MIG0, all, ELEMENTSOF(all)), 0);
        assert_int_equal(n_questions, 0);
}

// Its name may be a mistake.
static void a_device_that_was_never_verified_is_not_closed(void **state _unused_) {
        assert_int_equal(run(300, false, MIG0, all, ELEMENTSOF(all)), 0);
        assert_int_equal(run(300, true, MIG0 + 1, all, ELEMENTSOF(all)), 0);
        assert_string_equal(loaded, "");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(all_that_is_lost_is_closed),
                cmocka_unit_test(what_is_there_stays),
                cmocka_unit_test(few_peers_load_as_fast),
                cmocka_unit_test(a_device_that_was_never_verified_is_not_closed),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
