// The audit: which of several findings comes first, and what objects a check is about
// SPDX-License-Identifier: GPL-2.0-or-later

#include "audit/audit.h"
#include "audit/check.h"
#include "audit/checks.h"
#include "base/inet.h"
#include "base/util.h"
#include "config/config.h"
#include "config/load.h"
#include "golden.h"

static void test_the_gravest_comes_first(void **state _unused_) {
        Check check = {};

        check_say(&check, VERDICT_WARNING, "b %d", 1);
        check_say(&check, VERDICT_FAILED, "a");
        check_say(&check, VERDICT_FAILED, "c");
        assert_int_equal(check.verdict, VERDICT_FAILED);
        assert_string_equal(check.text, "a; b 1; c");
}

static void test_what_is_well_is_told_while_all_is(void **state _unused_) {
        Check check = {};

        check_say(&check, VERDICT_OK, "one");
        check_say(&check, VERDICT_OK, "two");
        assert_string_equal(check.text, "one; two");
        check_say(&check, VERDICT_WARNING, "but");
        check_say(&check, VERDICT_OK, "three");
        assert_string_equal(check.text, "but");
        assert_int_equal(check.verdict, VERDICT_WARNING);
}

static void test_a_name_of_bytes_is_made_text(void **state _unused_) {
        Check check = {};

        check_say(&check, VERDICT_WARNING, "%s", "tap\377\n");
        assert_string_equal(check.text, "tap??");
}

static void test_a_text_too_long_is_cut(void **state _unused_) {
        Check check = {};

        for (unsigned i = 0; i < 100; i++)
                check_say(&check, i % 2 ? VERDICT_WARNING : VERDICT_FAILED, "%s", "twenty bytes, or more");
        assert_int_equal(strlen(check.text), CHECK_TEXT_MAX - 1);
}

// A VLAN's plane, with a guard on its parent and a chain for all planes; one operation is to be done.
static void objects_check(void (*run)(Check *check), const char *chain_to_be_made, Check *check) {
        _cleanup_config_ Config *config = NULL;
        const char *text =
                "[Interface]\nName=mig0\nKind=vlan\nParent=eno1\nVLANId=100\n[Address]\nAddress=172.150.1.5/24\n";
        const PlaneInput input = { .config = golden_plane("blue", text, &config) };
        Object chains[] = {
                { .kind = OBJECT_RULESET, .as_ruleset = { .family = RULESET_NETDEV, .chain = "eno1-guard" } },
                { .kind = OBJECT_RULESET, .as_ruleset = { .family = RULESET_INET, .chain = "prerouting" } },
        };
        Operation operation = { .type = OPERATION_ADD };
        Snapshot snapshot = {
                .desired = { .objects = chains, .n_objects = ELEMENTSOF(chains) },
                .plan.operations = &operation,
        };
        const PlaneFacts facts = plane_facts_find(&input, &snapshot.inventory);

        for (size_t i = 0; i < ELEMENTSOF(chains); i++)
                if (chain_to_be_made && streq(chains[i].as_ruleset.chain, chain_to_be_made)) {
                        operation.desired = &chains[i];
                        snapshot.plan.n_operations = 1;
                }
        *check = (Check){ .facts = &facts, .config = facts.config, .snapshot = &snapshot };
        run(check);
        check->facts = NULL;
        check->config = NULL;
        check->snapshot = NULL;
}

static void test_a_guard_that_is_gone(void **state _unused_) {
        Check check;

        objects_check(check_guard, NULL, &check);
        assert_int_equal(check.verdict, VERDICT_OK);
        assert_string_equal(check.text, "eno1 is guarded");
        objects_check(check_guard, "eno1-guard", &check);
        assert_int_equal(check.verdict, VERDICT_FAILED);
        assert_non_null(strstr(check.text, "+ ruleset netdev migplane chain eno1-guard"));
        objects_check(check_guard, "prerouting", &check);
        assert_int_equal(check.verdict, VERDICT_OK);
}

static void test_rules_are_not_the_guard(void **state _unused_) {
        Check check;

        objects_check(check_rules, "eno1-guard", &check);
        assert_int_equal(check.verdict, VERDICT_OK);
        objects_check(check_rules, "prerouting", &check);
        assert_int_equal(check.verdict, VERDICT_FAILED);
}

// --- Listeners ---

#define PLANE(fallback, ports)        \
        "[Plane]\nFallback=" fallback \
        "\n[Interface]\nName=mig0\n[Address]\nAddress=172.150.1.5/24\n[Isolation]\nPorts=" ports "\n"

// A socket that listens, seen by the plane blue while red is there as well.
typedef struct Listening {
        const char *blue, *red, *address;
        uint16_t port;
        bool rules_missing, red_taken_down;
} Listening;

static void assert_listener(const Listening *listening, Verdict verdict, const char *text) {
        _cleanup_config_ Config *config_blue = NULL, *config_red = NULL;
        PlaneFacts planes[] = {
                { .config = golden_plane("blue", listening->blue, &config_blue) },
                { .config = golden_plane("red", listening->red, &config_red), .taken_down = listening->red_taken_down },
        };
        const Snapshot snapshot = { .planes = planes, .n_planes = ELEMENTSOF(planes) };
        TcpSocket socket = { .local_port = listening->port };
        const AuditHost host = { .listening = { .sockets = &socket, .n_sockets = 1 } };
        Check check = {
                .config = planes[0].config,
                .snapshot = &snapshot,
                .host = &host,
                .rules_stand = !listening->rules_missing,
        };

        assert_int_equal(address_parse(listening->address, &socket.local), 0);
        check_listeners(&check);
        assert_int_equal(check.verdict, verdict);
        if (!strstr(check.text, text))
                print_error("%s\n", check.text);
        assert_non_null(strstr(check.text, text));
}

static void test_a_listener_elsewhere_is_closed_by_fallback_deny(void **state _unused_) {
        Listening here = { PLANE("deny", "49152-49215"), PLANE("deny", "50000"), "192.0.2.1", 49152 };

        assert_listener(&here, VERDICT_OK, "port 49152 listens on 192.0.2.1; Fallback=deny");
        here.address = "0.0.0.0";
        assert_listener(&here, VERDICT_OK, "port 49152 listens on every address; Fallback=deny");
        here.rules_missing = true;
        assert_listener(&here, VERDICT_WARNING, "port 49152");
}

static void test_fallback_allow_of_any_plane_leaves_a_listener_open(void **state _unused_) {
        Listening here = { PLANE("allow", "49152-49215"), PLANE("deny", "49152-49215"), "192.0.2.1", 49152 };

        assert_listener(&here, VERDICT_WARNING, "port 49152");
        here.blue = PLANE("deny", "49152-49215");
        here.red = PLANE("allow", "49200-49300");
        assert_listener(&here, VERDICT_OK, "port 49152");
        here.port = 49200;
        assert_listener(&here, VERDICT_WARNING, "port 49200");
        here.red_taken_down = true;
        assert_listener(&here, VERDICT_OK, "port 49200");
}

static void test_only_the_widest_range_is_closed(void **state _unused_) {
        Listening here = { PLANE("deny", "16514 49152-49215"), PLANE("deny", "50000"), "192.0.2.1", 16514 };

        assert_listener(&here, VERDICT_WARNING, "port 16514");
}

static void test_listeners_that_no_other_host_reaches_are_no_matter(void **state _unused_) {
        static const char *const addresses[] = { "127.0.0.1", "::1", "172.150.1.5" };
        Listening here = { PLANE("allow", "49152-49215"), PLANE("deny", "50000"), NULL, 49152 };

        for (size_t i = 0; i < ELEMENTSOF(addresses); i++) {
                here.address = addresses[i];
                assert_listener(&here, VERDICT_OK, "nothing listens");
        }
        here.address = "192.0.2.1";
        here.port = 22;
        assert_listener(&here, VERDICT_OK, "nothing listens");
}

// Health and verify know the same reasons.
static void test_every_reason_of_health_has_a_check(void **state _unused_) {
        for (ReasonCode code = 0; code < REASON_CODE_MAX; code++) {
                Verdict verdict;
                const char *check = audit_check_of(code, &verdict);

                if (check && !audit_has_check(check))
                        fail_msg("%s: there is no check %s", reason_to_string(code), check);
                if (reason_health(code) == HEALTH_FAILED && (!check || verdict != VERDICT_FAILED))
                        fail_msg("%s: no check fails", reason_to_string(code));
                if (reason_health(code) == HEALTH_DEGRADED && verdict == VERDICT_OK)
                        fail_msg("%s: no check warns", reason_to_string(code));
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_every_reason_of_health_has_a_check),
                cmocka_unit_test(test_the_gravest_comes_first),
                cmocka_unit_test(test_what_is_well_is_told_while_all_is),
                cmocka_unit_test(test_a_name_of_bytes_is_made_text),
                cmocka_unit_test(test_a_text_too_long_is_cut),
                cmocka_unit_test(test_a_guard_that_is_gone),
                cmocka_unit_test(test_rules_are_not_the_guard),
                cmocka_unit_test(test_a_listener_elsewhere_is_closed_by_fallback_deny),
                cmocka_unit_test(test_fallback_allow_of_any_plane_leaves_a_listener_open),
                cmocka_unit_test(test_only_the_widest_range_is_closed),
                cmocka_unit_test(test_listeners_that_no_other_host_reaches_are_no_matter),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
