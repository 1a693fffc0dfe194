// What a snapshot, and what came of applying its plan, mean for the health of a plane.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "base/util.h"
#include "planes.h"
#include "planes/health.h"

#define VLAN "[Interface]\nName=mig0\nKind=vlan\nParent=eno1\nVLANId=100\n[Address]\nAddress=172.150.1.5/24\n"
#define MIG0 7
#define NOW UINT64_C(1000000000)

// A plane, all that is known of it, and what came of that.
typedef struct Situation {
        PlaneSet planes;
        Plane *plane;
        Link link;
        Snapshot snapshot;
        Object object; // of the one operation that is still to be done
        Operation operation;
        ApplyFailure failure;
        ApplyFailures failures;
        AddrEntry address;
        UsableHost host;
        HealthFacts facts;
        Unconfirmed unconfirmed;
        PlaneStatus status;
} Situation;

// All is as it should be.
static void situation_init(Situation *situation, const char *text) {
        *situation = (Situation){
                .link = { .index = MIG0, .name = "mig0", .has_mac = true, .mtu = 9000, .up = true, .carrier = true },
                .address = { .ifindex = MIG0 },
                .facts = { .drops_fault = "", .migrations_fault = "", .now_usec = NOW },
        };
        situation->plane = planes_add_text(&situation->planes, "blue", text);
        situation->snapshot = snapshot_of(&situation->planes, NULL, 0);
        situation->snapshot.planes[0].link = &situation->link;
        situation->snapshot.planes[0].is_ours = true;
        situation->address.prefix = situation->plane->config->addresses[0].prefix;
        situation->host.addresses = (AddrList){ .entries = &situation->address, .n_entries = 1 };
        situation->host.inventory = &situation->snapshot.inventory;
        situation->facts.reading = (UsableReading){ .host = &situation->host, .facts = situation->snapshot.planes };
        situation->facts.snapshot = &situation->snapshot;
        situation->facts.failures = &situation->failures;
        situation->facts.unconfirmed = &situation->unconfirmed;
}

static void situation_deinit(Situation *situation) {
        reasons_deinit(&situation->status.reasons);
        unconfirmed_deinit(&situation->unconfirmed);
        snapshot_clear(&situation->snapshot);
        planes_deinit(&situation->planes);
}
#define _cleanup_situation_ _cleanup_(situation_deinit)

static void assess(Situation *situation) {
        reasons_deinit(&situation->status.reasons);
        situation->status =
                health_assess(situation->plane, 0, &situation->facts, &situation->snapshot.planes[0].reasons);
}

static void operation_is_left(Situation *situation, Object object) {
        situation->object = object;
        situation->operation = (Operation){ .type = OPERATION_ADD, .desired = &situation->object };
        situation->snapshot.plan = (Plan){ .operations = &situation->operation, .n_operations = 1 };
}

static void failure_is(Situation *situation, const char *link, const char *text) {
        strcpy_fixed(situation->failure.link, link);
        strcpy_fixed(situation->failure.error.text, text);
        situation->failures = (ApplyFailures){ .failures = &situation->failure, .n_failures = 1 };
}

// --- what may be wrong ---

static void no_device(Situation *situation) {
        situation->snapshot.planes[0].link = NULL;
}

static void no_device_for_a_reason(Situation *situation) {
        situation->snapshot.planes[0].link = NULL;
        reasons_add(&situation->snapshot.planes[0].reasons, REASON_PARENT_MISSING, "the parent eno1 does not exist");
}

static void link_is_down(Situation *situation) {
        situation->link.up = situation->link.carrier = false;
}

static void no_carrier(Situation *situation) {
        situation->link.carrier = false;
}

static void no_address(Situation *situation) {
        situation->host.addresses.n_entries = 0;
}

static void ruleset_is_refused(Situation *situation) {
        failure_is(situation, "", "cannot load the ruleset: no memory");
        situation->failure.is_ruleset = true;
}

static void class_is_refused(Situation *situation) {
        failure_is(situation, "mig0", "cannot add class mig0: no memory");
}

static void ifb_is_refused(Situation *situation) {
        failure_is(situation, "ifb-mig0", "cannot add link ifb-mig0: no memory");
}

static void another_plane_is_refused(Situation *situation) {
        failure_is(situation, "mig1", "cannot add class mig1: no memory");
}

static void chain_is_missing(Situation *situation) {
        operation_is_left(situation, chain_on("mig0", RULESET_NETDEV, "mig0-in"));
}

static void common_chain_is_missing(Situation *situation) {
        operation_is_left(situation, chain_on("", RULESET_INET, "prerouting"));
}

static void neighbour_is_missing(Situation *situation) {
        operation_is_left(situation, object_on(OBJECT_NEIGHBOUR, "mig0"));
}

static void it_is_not_confirmed(Situation *situation) {
        for (unsigned i = 0; i < 2; i++) {
                assert_int_equal(unconfirmed_tried(&situation->unconfirmed, &situation->snapshot.plan,
                                                   &situation->failures),
                                 0);
                unconfirmed_look(&situation->unconfirmed, &situation->snapshot.plan, false, NOW);
        }
}

static void neighbour_is_not_confirmed(Situation *situation) {
        neighbour_is_missing(situation);
        it_is_not_confirmed(situation);
}

static void chain_is_not_confirmed(Situation *situation) {
        chain_is_missing(situation);
        it_is_not_confirmed(situation);
}

static void another_planes_object_is_missing(Situation *situation) {
        operation_is_left(situation, object_on(OBJECT_NEIGHBOUR, "mig1"));
}

static void somebody_reverts(Situation *situation) {
        situation->plane->drift =
                (Drift){ .backoff_usec = 4000000, .backoff_until_usec = NOW + 1, .contender = "tc, pid 9" };
}

static void somebody_reverted(Situation *situation) {
        situation->plane->drift =
                (Drift){ .backoff_usec = 4000000, .backoff_until_usec = NOW, .contender = "tc, pid 9" };
}

static void other_manager_fails(Situation *situation) {
        no_device(situation);
        strcpy_fixed(situation->plane->handover.error, "networkd does not answer");
}

static void other_manager_failed_once(Situation *situation) {
        strcpy_fixed(situation->plane->handover.error, "networkd does not answer");
}

static void edit_waits(Situation *situation) {
        strcpy_fixed(situation->plane->pending.why, "the new Address= would interrupt 1 running migration(s)");
}

static void file_is_broken(Situation *situation) {
        strcpy_fixed(situation->plane->broken, "blue.plane:3: error: no");
}

static void file_is_unread(Situation *situation) {
        no_device(situation);
        file_is_broken(situation);
        situation->plane->config->is_unread = true;
}

static void something_was_repaired(Situation *situation) {
        strcpy_fixed(situation->plane->drift.repaired, "1 object(s), changed by tc, pid 9");
}

static void drops_are_not_logged(Situation *situation) {
        situation->facts.drops_fault = "cannot bind netfilter's log";
}

static void a_migration_was_refused(Situation *situation, uint64_t usec) {
        const LogReport report = {
                .link = "mgmt0",
                .reason = "in-fallback",
                .packet = { .source = { .family = AF_INET, .bytes = { 192, 0, 2, 9 } }, .destination_port = 49152 },
        };

        situation->plane->offenders.refused =
                (Offender){ .interface = "mgmt0", .last_usec = 1, .times = 1, .report = report };
        situation->plane->offenders.refused_usec = usec;
}

static void a_migration_was_just_refused(Situation *situation) {
        a_migration_was_refused(situation, NOW);
}

static void a_migration_was_refused_long_ago(Situation *situation) {
        a_migration_was_refused(situation, NOW - UINT64_C(600000000));
}

static void a_migration_was_refused_before_an_edit(Situation *situation) {
        a_migration_was_just_refused(situation);
        situation->plane->config->fallback = FALLBACK_ALLOW;
}

static void derive_notes(Situation *situation) {
        reasons_add(&situation->snapshot.planes[0].reasons, REASON_LEAF_PFIFO, "this kernel has no fq_codel");
}

static void nothing(Situation *situation _unused_) {
}

#define NO_REASON REASON_CODE_MAX

static const struct {
        const char *what;
        void (*is)(Situation *situation);
        ReasonCode code; // the first
        Health health;
        const char *text; // part of it
} cases[] = {
        { "nothing", nothing, NO_REASON, HEALTH_HEALTHY, "" },
        { "no device", no_device, REASON_DEVICE_MISSING, HEALTH_FAILED, "mig0 does not exist" },
        { "no parent", no_device_for_a_reason, REASON_PARENT_MISSING, HEALTH_FAILED, "the parent eno1" },
        { "down", link_is_down, REASON_LINK_DOWN, HEALTH_FAILED, "mig0 is down" },
        { "no carrier", no_carrier, REASON_NO_CARRIER, HEALTH_FAILED, "mig0 has no carrier" },
        { "no address", no_address, REASON_ADDRESS_MISSING, HEALTH_FAILED,
          "mig0 does not have the address 172.150.1.5/24" },
        { "ruleset", ruleset_is_refused, REASON_NO_ISOLATION, HEALTH_FAILED, "cannot load the ruleset: no memory" },
        { "class", class_is_refused, REASON_APPLY_FAILED, HEALTH_FAILED, "cannot add class mig0: no memory" },
        { "ifb", ifb_is_refused, REASON_APPLY_FAILED, HEALTH_FAILED, "cannot add link ifb-mig0: no memory" },
        { "refused elsewhere", another_plane_is_refused, NO_REASON, HEALTH_HEALTHY, "" },
        { "chain", chain_is_missing, REASON_NO_ISOLATION, HEALTH_FAILED, "not as it should be: + ruleset" },
        { "common chain", common_chain_is_missing, REASON_NO_ISOLATION, HEALTH_FAILED,
          "not as it should be: + ruleset" },
        { "neighbour", neighbour_is_missing, REASON_DRIFT, HEALTH_DEGRADED, "not as it should be: + neighbour mig0" },
        { "not confirmed", neighbour_is_not_confirmed, REASON_UNCONFIRMED, HEALTH_DEGRADED,
          "does not show it afterwards; it is tried less and less often: + neighbour mig0" },
        { "chain not confirmed", chain_is_not_confirmed, REASON_NO_ISOLATION, HEALTH_FAILED,
          "not as it should be: + ruleset" },
        { "missing elsewhere", another_planes_object_is_missing, NO_REASON, HEALTH_HEALTHY, "" },
        { "contended", somebody_reverts, REASON_CONTENDED, HEALTH_DEGRADED,
          "tc, pid 9 keeps reverting our changes; repairs are paused for 4 s" },
        { "contended before", somebody_reverted, NO_REASON, HEALTH_HEALTHY, "" },
        { "other manager", other_manager_fails, REASON_DEVICE_MISSING, HEALTH_FAILED, "mig0 does not exist" },
        { "other manager before", other_manager_failed_once, NO_REASON, HEALTH_HEALTHY, "" },
        { "edit", edit_waits, REASON_REBUILD_WAITS, HEALTH_DEGRADED, "the new Address= would interrupt" },
        { "broken file", file_is_broken, REASON_CONFIGURATION, HEALTH_DEGRADED,
          "kept as it was, because blue.plane:3" },
        { "unread file", file_is_unread, REASON_UNREAD, HEALTH_FAILED, "not set up, because blue.plane:3" },
        { "repaired", something_was_repaired, REASON_REPAIRED, HEALTH_HEALTHY, "1 object(s), changed by tc" },
        { "drops", drops_are_not_logged, REASON_DROPS_NOT_LOGGED, HEALTH_DEGRADED,
          "LogDrops= has no effect: cannot bind netfilter's log" },
        { "refused migration", a_migration_was_just_refused, REASON_FALLBACK_REFUSED, HEALTH_HEALTHY,
          "192.0.2.9 tried to migrate past the plane, to port 49152 on mgmt0 at 19" },
        { "refused migration before", a_migration_was_refused_long_ago, NO_REASON, HEALTH_HEALTHY, "" },
        { "refused migration, now allowed", a_migration_was_refused_before_an_edit, NO_REASON, HEALTH_HEALTHY, "" },
        { "a note", derive_notes, REASON_LEAF_PFIFO, HEALTH_HEALTHY, "no fq_codel" },
};

static void test_every_reason_has_its_health(void **state _unused_) {
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_situation_ Situation situation;

                situation_init(&situation, VLAN);
                cases[i].is(&situation);
                assess(&situation);
                const Reasons *reasons = &situation.status.reasons;
                if (reasons_health(reasons) != cases[i].health)
                        fail_msg("%s: %s", cases[i].what, health_to_string(reasons_health(reasons)));
                if (cases[i].code == NO_REASON) {
                        assert_int_equal(reasons->n_reasons, 0);
                        continue;
                }
                assert_true(reasons->n_reasons > 0);
                if (reasons->reasons[0].code != cases[i].code || !strstr(reasons->reasons[0].text, cases[i].text))
                        fail_msg("%s: %s: %s", cases[i].what, reason_to_string(reasons->reasons[0].code),
                                 reasons->reasons[0].text);
        }
}

static void test_a_manager_that_fails_is_named_beside_what_is_missing(void **state _unused_) {
        _cleanup_situation_ Situation situation;

        situation_init(&situation, VLAN);
        other_manager_fails(&situation);
        assess(&situation);
        assert_string_equal(reasons_text(&situation.status.reasons, REASON_OTHER_MANAGER), "networkd does not answer");
}

// --- what is kept ---

static void test_the_status_names_the_devices(void **state _unused_) {
        static const Link ifb = { .index = 9 }, lower = { .index = 2 }, bridge = { .index = 3 };
        _cleanup_situation_ Situation situation;

        situation_init(&situation, VLAN);
        PlaneFacts *found = &situation.snapshot.planes[0];
        found->ifb = &ifb;
        found->lower = &lower;
        found->bridge = &bridge;
        assess(&situation);
        assert_int_equal(situation.status.ifindex, MIG0);
        assert_int_equal(situation.status.ifb_index, 9);
        assert_int_equal(situation.status.lower_index, 2);
        assert_int_equal(situation.status.bridge_index, 3);
        assert_int_equal(situation.status.mtu, 9000);
        assert_true(situation.status.made_link);
}

static void test_an_adopted_device_is_as_healthy_and_not_ours(void **state _unused_) {
        _cleanup_situation_ Situation situation;

        situation_init(&situation, VLAN);
        situation.snapshot.planes[0].is_ours = false;
        assess(&situation);
        assert_int_equal(reasons_health(&situation.status.reasons), HEALTH_HEALTHY);
        assert_false(situation.status.made_link);
        assert_true(situation.status.verified);
}

// What differs after that is drift.
static void test_once_verified_stays_verified(void **state _unused_) {
        _cleanup_situation_ Situation situation;

        situation_init(&situation, VLAN);
        neighbour_is_missing(&situation);
        assess(&situation);
        assert_false(situation.status.verified);
        situation.plane->status.verified = true;
        assess(&situation);
        assert_true(situation.status.verified);

        // An older kernel never shows it; drift of the rest is drift.
        situation.plane->status.verified = false;
        it_is_not_confirmed(&situation);
        assess(&situation);
        assert_true(situation.status.verified);
}

// Everything stands; only nobody hears of what is dropped.
static void test_a_log_of_drops_that_fails_does_not_keep_it_from_being_verified(void **state _unused_) {
        _cleanup_situation_ Situation situation;

        situation_init(&situation, VLAN);
        drops_are_not_logged(&situation);
        assess(&situation);
        assert_true(situation.status.verified);
}

static void test_a_plane_taken_down_says_so_and_what_could_not_be_removed(void **state _unused_) {
        _cleanup_situation_ Situation situation;

        situation_init(&situation, VLAN);
        situation.snapshot.planes[0].taken_down = true;
        situation.plane->status.verified = true;
        no_address(&situation);
        class_is_refused(&situation);
        assess(&situation);
        const Reasons *reasons = &situation.status.reasons;
        assert_int_equal(reasons->n_reasons, 2);
        assert_true(reasons_have(reasons, REASON_TAKEN_DOWN));
        assert_string_equal(reasons_text(reasons, REASON_APPLY_FAILED), "cannot add class mig0: no memory");
        assert_int_equal(reasons_health(reasons), HEALTH_FAILED);
        assert_false(situation.status.verified);
}

static void test_only_caps_are_a_fault_of_the_caps(void **state _unused_) {
        _cleanup_situation_ Situation refused, missing, other;

        situation_init(&refused, VLAN);
        class_is_refused(&refused);
        assess(&refused);
        assert_string_equal(refused.status.cap_fault, "");
        refused.failure.is_cap = true;
        assess(&refused);
        assert_string_equal(refused.status.cap_fault, "cannot add class mig0: no memory");

        situation_init(&missing, VLAN);
        operation_is_left(&missing, object_on(OBJECT_CLASS, "mig0"));
        assess(&missing);
        assert_int_equal(strncmp(missing.status.cap_fault, "not as it should be: + class mig0", 33), 0);
        missing.object = object_on(OBJECT_CLASS, "mig1");
        assess(&missing);
        assert_string_equal(missing.status.cap_fault, "");

        situation_init(&other, VLAN);
        neighbour_is_missing(&other);
        assess(&other);
        assert_string_equal(other.status.cap_fault, "");
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_every_reason_has_its_health),
                cmocka_unit_test(test_a_manager_that_fails_is_named_beside_what_is_missing),
                cmocka_unit_test(test_the_status_names_the_devices),
                cmocka_unit_test(test_an_adopted_device_is_as_healthy_and_not_ours),
                cmocka_unit_test(test_once_verified_stays_verified),
                cmocka_unit_test(test_a_log_of_drops_that_fails_does_not_keep_it_from_being_verified),
                cmocka_unit_test(test_a_plane_taken_down_says_so_and_what_could_not_be_removed),
                cmocka_unit_test(test_only_caps_are_a_fault_of_the_caps),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
