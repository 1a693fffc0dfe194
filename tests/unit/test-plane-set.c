// The planes: who is told of which change.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "base/log.h"
#include "base/util.h"
#include "config/config.h"
#include "config/copy.h"
#include "planes/plane-set.h"
#include "golden.h"

#define PLANE "[Interface]\nName=mig0\n[Address]\nAddress=192.0.2.1/24\n[Bandwidth]\nEgress=1G\n"

// What an observer was told, in order.
typedef struct Heard {
        unsigned n_added, n_removed, n_reconciled, n_changed;
        PlaneChange last;
} Heard;

static void on_added(Plane *plane _unused_, void *userdata) {
        ((Heard *)userdata)->n_added++;
}

static void on_removed(Plane *plane, void *userdata) {
        assert_string_equal(plane->config->name, "blue"); // still whole
        ((Heard *)userdata)->n_removed++;
}

static void on_changed(Plane *plane _unused_, PlaneChange change, void *userdata) {
        Heard *heard = userdata;

        heard->n_changed++;
        heard->last = change;
}

static void on_reconciled(void *userdata) {
        ((Heard *)userdata)->n_reconciled++;
}

static PlanesObserver observer_of(Heard *heard) {
        return (PlanesObserver){ on_added, on_removed, on_changed, on_reconciled, heard, NULL };
}

static PlaneConfig *config_of(const char *name) {
        _cleanup_config_ Config *config = NULL;

        return plane_config_copy(golden_plane(name, PLANE, &config));
}

static void test_they_are_sorted_by_name(void **state _unused_) {
        PlaneSet planes = {};

        assert_int_equal(planes_add(&planes, config_of("red")), 0);
        assert_int_equal(planes_add(&planes, config_of("blue")), 0);
        assert_string_equal(planes.planes[0]->config->name, "blue");
        assert_ptr_equal(planes_find(&planes, "red"), planes.planes[1]);
        assert_null(planes_find(&planes, "green"));
        planes_deinit(&planes);
}

static void test_every_observer_is_told_until_it_is_taken_out(void **state _unused_) {
        PlaneSet planes = {};
        Heard first = {}, second = {};
        PlanesObserver a = observer_of(&first), b = observer_of(&second), silent = {};

        planes_observe(&planes, &a);
        planes_observe(&planes, &silent);
        planes_observe(&planes, &b);
        assert_int_equal(planes_add(&planes, config_of("blue")), 0);
        planes_announce_reconciled(&planes);
        planes_unobserve(&planes, &a);
        planes_remove(&planes, planes.planes[0]);
        assert_int_equal(planes.n_planes, 0);
        assert_int_equal(first.n_added, 1);
        assert_int_equal(first.n_reconciled, 1);
        assert_int_equal(first.n_removed, 0);
        assert_int_equal(second.n_added, 1);
        assert_int_equal(second.n_removed, 1);
        planes_deinit(&planes);
}

static void test_a_configuration_that_means_the_same_is_no_change(void **state _unused_) {
        PlaneSet planes = {};
        Heard heard = {};
        PlanesObserver observer = observer_of(&heard);

        planes_observe(&planes, &observer);
        assert_int_equal(planes_add(&planes, config_of("blue")), 0);
        Plane *plane = planes.planes[0];
        planes_replace_config(&planes, plane, config_of("blue"));
        assert_int_equal(heard.n_changed, 0);
        assert_int_equal(plane->generation, 1);

        PlaneConfig *changed = config_of("blue");
        changed->mtu = 9000;
        planes_replace_config(&planes, plane, changed);
        assert_int_equal(heard.last, PLANE_CHANGE_CONFIG);
        assert_int_equal(plane->generation, 2);
        planes_announce_rates(&planes, plane);
        assert_int_equal(heard.last, PLANE_CHANGE_RATES);
        assert_int_equal(plane->generation, 3);
        planes_deinit(&planes);
}

static PlaneStatus status_with(int ifindex, uint32_t mtu, ReasonCode code) {
        PlaneStatus status = { .ifindex = ifindex, .mtu = mtu, .missing = ifindex ? 0 : UINT64_MAX };

        if (code != REASON_CODE_MAX)
                reasons_add(&status.reasons, code, "a reason");
        return status;
}

static void test_a_status_announces_what_differs(void **state _unused_) {
        static const struct {
                int ifindex;
                uint32_t mtu;
                ReasonCode code; // REASON_CODE_MAX: none
                PlaneChange expected;
        } steps[] = {
                { 7, 1500, REASON_CODE_MAX,
                  PLANE_CHANGE_HEALTH | PLANE_CHANGE_REASONS | PLANE_CHANGE_IFINDEX | PLANE_CHANGE_MTU |
                          PLANE_CHANGE_ADDRESSES },
                { 7, 1500, REASON_CODE_MAX, 0 },
                { 7, 9000, REASON_CODE_MAX, PLANE_CHANGE_MTU },
                { 7, 9000, REASON_REPAIRED, PLANE_CHANGE_REASONS }, // a note
                { 7, 9000, REASON_NO_CARRIER, PLANE_CHANGE_HEALTH | PLANE_CHANGE_REASONS },
                { 0, 9000, REASON_NO_CARRIER, PLANE_CHANGE_IFINDEX | PLANE_CHANGE_ADDRESSES },
        };
        PlaneSet planes = {};
        Heard heard = {};
        PlanesObserver observer = observer_of(&heard);

        planes_observe(&planes, &observer);
        assert_int_equal(planes_add(&planes, config_of("blue")), 0);
        for (size_t i = 0; i < ELEMENTSOF(steps); i++) {
                PlaneStatus status = status_with(steps[i].ifindex, steps[i].mtu, steps[i].code);

                heard = (Heard){};
                planes_store_status(&planes, planes.planes[0], &status);
                assert_int_equal(heard.last, steps[i].expected);
                assert_int_equal(heard.n_changed, steps[i].expected != 0);
        }
        assert_int_equal(planes.planes[0]->status.health, HEALTH_FAILED);
        planes_deinit(&planes);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_they_are_sorted_by_name),
                cmocka_unit_test(test_every_observer_is_told_until_it_is_taken_out),
                cmocka_unit_test(test_a_configuration_that_means_the_same_is_no_change),
                cmocka_unit_test(test_a_status_announces_what_differs),
        };
        log_set_max_level(LOG_EMERG);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
