// SetBandwidth: a drop-in and the rates in force; both, or neither.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// Files are those of a table. The linker calls the __wrap_ functions instead (--wrap, see meson.build).

#include "base/file.h"
#include "base/util.h"
#include "config/load.h"
#include "daemon/bandwidth.h"
#include "planes.h"
#include "planes/last-good.h"

#define ETC "/etc/migplane/blue.plane.d/90-set-bandwidth.conf"
#define RUN "/run/migplane/blue.plane.d/95-set-bandwidth-runtime.conf"
#define PLANE ON_DEVICE("mig0", "172.150.1.5/24") "[Bandwidth]\nEgress=4G\nIngress=4G\nPerMigration=1G\n"
#define GIGABIT UINT64_C(1000000000)

// --- the files ---

static struct {
        char *etc, *run;     // the drop-ins; NULL: there is none
        const char *edit;    // of the plane's file since it was read
        const char *full;    // a path that cannot be written; NULL: none
        const char *refusal; // of the kernel, of rates other than 4G; NULL: it takes all
        bool is_other_fault; // what is refused is no cap
        int reconcile_error; // at the first; 0: none
        unsigned n_reconciled, n_announced, n_saved;
        uint64_t reconciled[4]; // the egress rates that were to be applied
        uint64_t saved;         // that of the kept configuration
} host;

static char **file_at(const char *path) {
        if (streq(path, ETC))
                return &host.etc;
        assert_string_equal(path, RUN);
        return &host.run;
}

int __wrap_file_read(const char *path, size_t limit, char **ret_text, size_t *ret_size);
int __wrap_file_read(const char *path, size_t limit _unused_, char **ret_text, size_t *ret_size _unused_) {
        const char *text = *file_at(path);

        if (!text)
                return -ENOENT;
        *ret_text = strdup(text);
        return 0;
}

int __wrap_file_write_atomic(const char *path, const char *text, mode_t mode, Error *ret_error);
int __wrap_file_write_atomic(const char *path, const char *text, mode_t mode _unused_, Error *ret_error) {
        char **file = file_at(path);

        if (host.full && streq(host.full, path))
                return error_set(ret_error, -ENOSPC, "cannot write %s", path);
        free(*file);
        *file = strdup(text);
        return 0;
}

int __wrap_file_remove(const char *path, Error *ret_error);
int __wrap_file_remove(const char *path, Error *ret_error) {
        char **file = file_at(path);

        if (host.full && streq(host.full, path))
                return error_set(ret_error, -EROFS, "cannot remove %s", path);
        free(TAKE(*file));
        return 0;
}

int __wrap_file_make_folders(const char *path, Error *ret_error);
int __wrap_file_make_folders(const char *path _unused_, Error *ret_error _unused_) {
        return 0;
}

int __wrap_config_load(const char *const *directories, bool has_ipv6, Config **ret, Error *ret_error);
int __wrap_config_load(const char *const *directories _unused_, bool has_ipv6, Config **ret,
                       Error *ret_error _unused_) {
        char text[1024];

        (void)snprintf(text, sizeof(text), "%s%s%s%s", PLANE, host.edit ?: "", host.etc ?: "", host.run ?: "");
        return config_load_text("blue", "blue.plane", text, strlen(text), has_ipv6, ret);
}

void __wrap_last_good_save(const char *directory, const PlaneConfig *plane);
void __wrap_last_good_save(const char *directory _unused_, const PlaneConfig *plane) {
        host.n_saved++;
        host.saved = plane->egress;
}

// --- the kernel ---

int __wrap_reconcile(Reconciler *reconciler, ReconcileCause cause, Error *ret_error);
int __wrap_reconcile(Reconciler *reconciler, ReconcileCause cause, Error *ret_error) {
        Plane *plane = reconciler->planes->planes[0];

        assert_int_equal(cause, RECONCILE_INTENT);
        assert_true(host.n_reconciled < ELEMENTSOF(host.reconciled));
        host.reconciled[host.n_reconciled++] = plane->config->egress;
        if (host.n_reconciled == 1 && host.reconcile_error < 0)
                return error_set(ret_error, host.reconcile_error, "cannot read the kernel");
        reasons_deinit(&plane->status.reasons);
        bool is_refused = host.refusal && plane->config->egress != 4 * GIGABIT;
        strcpy_fixed(plane->status.cap_fault, is_refused && !host.is_other_fault ? host.refusal : "");
        if (is_refused) {
                reasons_add(&plane->status.reasons, REASON_APPLY_FAILED, "%s", host.refusal);
                reasons_add(&plane->status.reasons, REASON_DRIFT, "%s", host.refusal);
        }
        return 0;
}

// --- one plane ---

typedef struct Lab {
        PlaneSet planes;
        Plane *plane;
        PlanesObserver observer;
        Reconciler reconciler;
} Lab;

static void on_changed(Plane *plane _unused_, PlaneChange change, void *userdata _unused_) {
        assert_int_equal(change, PLANE_CHANGE_RATES);
        host.n_announced++;
}

static void lab_init(Lab *lab) {
        memset(&host, 0, sizeof(host));
        *lab = (Lab){ .observer.changed = on_changed };
        lab->plane = planes_add_text(&lab->planes, "blue", PLANE);
        lab->reconciler.planes = &lab->planes;
        planes_observe(&lab->planes, &lab->observer);
}

static void lab_deinit(Lab *lab) {
        planes_deinit(&lab->planes);
        free(TAKE(host.etc));
        free(TAKE(host.run));
}
#define _cleanup_lab_ _cleanup_(lab_deinit)

static int set(Lab *lab, uint64_t egress, uint64_t ingress, bool runtime, Error *ret_error) {
        const BandwidthRequest request = {
                .egress = { egress > 0, egress },
                .ingress = { ingress > 0, ingress },
                .runtime = runtime,
        };

        return bandwidth_set(&lab->reconciler, lab->plane, &request, ret_error);
}

static void assert_text(const char *text, const char *rates) {
        assert_non_null(text);
        if (!has_suffix(text, rates))
                fail_msg("%s", text);
}

// Nothing is as if it had been asked for.
static void assert_as_before(const Lab *lab, const char *etc, const char *run) {
        assert_int_equal(lab->plane->config->egress, 4 * GIGABIT);
        assert_int_equal(lab->plane->config->ingress, 4 * GIGABIT);
        assert_int_equal(lab->plane->generation, 1);
        assert_int_equal(host.n_announced, 0);
        assert_int_equal(host.n_saved, 0);
        assert_int_equal(host.etc != NULL, etc != NULL);
        assert_int_equal(host.run != NULL, run != NULL);
        if (etc)
                assert_string_equal(host.etc, etc);
        if (run)
                assert_string_equal(host.run, run);
}

// --- done ---

static void test_rates_are_written_applied_announced_and_kept(void **state _unused_) {
        _cleanup_lab_ Lab lab;

        lab_init(&lab);
        assert_int_equal(set(&lab, 2 * GIGABIT, 3 * GIGABIT, false, NULL), 0);
        assert_text(host.etc, "[Bandwidth]\nEgress=2G\nIngress=3G\n");
        assert_null(host.run);
        assert_int_equal(lab.plane->config->egress, 2 * GIGABIT);
        assert_int_equal(lab.plane->config->ingress, 3 * GIGABIT);
        assert_int_equal(lab.plane->generation, 2);
        assert_int_equal(host.n_reconciled, 1);
        assert_int_equal(host.reconciled[0], 2 * GIGABIT);
        assert_int_equal(host.n_announced, 1);
        assert_int_equal(host.saved, 2 * GIGABIT);
}

static void test_a_direction_that_is_not_given_is_not_written(void **state _unused_) {
        _cleanup_lab_ Lab lab;

        lab_init(&lab);
        assert_int_equal(set(&lab, 0, 3 * GIGABIT, false, NULL), 0);
        assert_text(host.etc, "[Bandwidth]\nIngress=3G\n");
        assert_int_equal(lab.plane->config->egress, 4 * GIGABIT);
        assert_int_equal(set(&lab, 2 * GIGABIT, 0, false, NULL), 0);
        assert_text(host.etc, "[Bandwidth]\nEgress=2G\nIngress=3G\n");
}

// The file was edited since: the edit of what is not asked for waits for a reload.
static void test_an_edit_of_the_other_direction_waits(void **state _unused_) {
        _cleanup_lab_ Lab lab;

        lab_init(&lab);
        host.edit = "[Bandwidth]\nEgress=3G\n";
        assert_int_equal(set(&lab, 0, 3 * GIGABIT, false, NULL), 0);
        assert_int_equal(lab.plane->config->egress, 4 * GIGABIT);
        assert_int_equal(lab.plane->config->ingress, 3 * GIGABIT);
}

static void test_the_rates_that_are_in_force_already_need_no_change(void **state _unused_) {
        _cleanup_lab_ Lab lab;

        lab_init(&lab);
        assert_int_equal(set(&lab, 4 * GIGABIT, 0, false, NULL), 0);
        assert_int_equal(host.n_reconciled, 0);
        assert_int_equal(host.n_announced, 1); // where the rate comes from
        assert_non_null(host.etc);
        assert_int_equal(set(&lab, 4 * GIGABIT, 0, false, NULL), 0);
        assert_int_equal(host.n_announced, 1);
}

static void test_a_cap_is_taken_away(void **state _unused_) {
        const BandwidthRequest request = { .egress = { .is_set = true } };
        _cleanup_lab_ Lab lab;

        lab_init(&lab);
        assert_int_equal(bandwidth_set(&lab.reconciler, lab.plane, &request, NULL), 0);
        assert_text(host.etc, "[Bandwidth]\nEgress=\n");
        assert_int_equal(lab.plane->config->egress, 0);
        assert_int_equal(lab.plane->config->ingress, 4 * GIGABIT);
        assert_int_equal(host.n_reconciled, 1);
}

static void test_a_reset_goes_back_to_the_file(void **state _unused_) {
        const BandwidthRequest reset = { .reset = true };
        _cleanup_lab_ Lab lab;

        lab_init(&lab);
        assert_int_equal(set(&lab, 2 * GIGABIT, 0, false, NULL), 0);
        assert_int_equal(set(&lab, 0, 3 * GIGABIT, true, NULL), 0);
        assert_int_equal(bandwidth_set(&lab.reconciler, lab.plane, &reset, NULL), 0);
        assert_null(host.etc);
        assert_null(host.run);
        assert_int_equal(lab.plane->config->egress, 4 * GIGABIT);
        assert_int_equal(lab.plane->config->ingress, 4 * GIGABIT);
}

static void test_a_runtime_reset_goes_back_to_the_persistent_rate(void **state _unused_) {
        const BandwidthRequest reset = { .reset = true, .runtime = true };
        _cleanup_lab_ Lab lab;

        lab_init(&lab);
        assert_int_equal(set(&lab, 2 * GIGABIT, 0, false, NULL), 0);
        assert_int_equal(set(&lab, 3 * GIGABIT, 0, true, NULL), 0);
        assert_int_equal(bandwidth_set(&lab.reconciler, lab.plane, &reset, NULL), 0);
        assert_text(host.etc, "[Bandwidth]\nEgress=2G\n");
        assert_null(host.run);
        assert_int_equal(lab.plane->config->egress, 2 * GIGABIT);
}

static void test_a_reset_sets_what_is_given_with_it(void **state _unused_) {
        const BandwidthRequest request = { .ingress = { true, 3 * GIGABIT }, .reset = true };
        _cleanup_lab_ Lab lab;

        lab_init(&lab);
        assert_int_equal(set(&lab, 2 * GIGABIT, 2 * GIGABIT, false, NULL), 0);
        assert_int_equal(bandwidth_set(&lab.reconciler, lab.plane, &request, NULL), 0);
        assert_text(host.etc, "[Bandwidth]\nIngress=3G\n");
        assert_int_equal(lab.plane->config->egress, 4 * GIGABIT);
        assert_int_equal(lab.plane->config->ingress, 3 * GIGABIT);
}

static void test_a_reset_of_nothing_changes_nothing(void **state _unused_) {
        const BandwidthRequest reset = { .reset = true };
        _cleanup_lab_ Lab lab;

        lab_init(&lab);
        assert_int_equal(bandwidth_set(&lab.reconciler, lab.plane, &reset, NULL), 0);
        assert_null(host.etc);
        assert_int_equal(host.n_reconciled, 0);
        assert_int_equal(host.n_announced, 0);
}

static void test_runtime_rates_leave_the_persistent_ones(void **state _unused_) {
        _cleanup_lab_ Lab lab;

        lab_init(&lab);
        host.etc = strdup("[Bandwidth]\nEgress=3G\n");
        assert_int_equal(set(&lab, 2 * GIGABIT, 0, true, NULL), 0);
        assert_text(host.run, "[Bandwidth]\nEgress=2G\n");
        assert_string_equal(host.etc, "[Bandwidth]\nEgress=3G\n");
        assert_int_equal(lab.plane->config->egress, 2 * GIGABIT);
}

static void test_persistent_rates_end_the_runtime_ones(void **state _unused_) {
        _cleanup_lab_ Lab lab;

        lab_init(&lab);
        host.run = strdup("[Bandwidth]\nEgress=3G\n");
        assert_int_equal(set(&lab, 2 * GIGABIT, 0, false, NULL), 0);
        assert_null(host.run);
        assert_int_equal(lab.plane->config->egress, 2 * GIGABIT);
        // But not that of the other direction.
        host.run = strdup("[Bandwidth]\nEgress=3G\nIngress=3G\n");
        assert_int_equal(set(&lab, GIGABIT, 0, false, NULL), 0);
        assert_text(host.run, "[Bandwidth]\nIngress=3G\n");
}

// --- refused ---

#define OLD_ETC "[Bandwidth]\nEgress=4G\n"
#define OLD_RUN "[Bandwidth]\nEgress=4G\n# until the next boot\n"

static void test_what_the_kernel_refuses_is_not_in_force_and_both_files_are_put_back(void **state _unused_) {
        _cleanup_lab_ Lab lab;
        Error error = {};

        lab_init(&lab);
        host.etc = strdup(OLD_ETC);
        host.run = strdup(OLD_RUN);
        host.refusal = "cannot change class mig0: no";
        assert_int_equal(set(&lab, 2 * GIGABIT, 0, false, &error), -EIO);
        assert_string_equal(error.text, "cannot change class mig0: no");
        assert_as_before(&lab, OLD_ETC, OLD_RUN);
        // What was applied of it is taken back.
        assert_int_equal(host.n_reconciled, 2);
        assert_int_equal(host.reconciled[0], 2 * GIGABIT);
        assert_int_equal(host.reconciled[1], 4 * GIGABIT);
}

static void test_another_fault_of_the_plane_is_no_refusal(void **state _unused_) {
        _cleanup_lab_ Lab lab;

        lab_init(&lab);
        host.refusal = "cannot add route mig0: no";
        host.is_other_fault = true;
        assert_int_equal(set(&lab, 2 * GIGABIT, 0, false, NULL), 0);
        assert_int_equal(lab.plane->config->egress, 2 * GIGABIT);
        assert_non_null(host.etc);
        assert_int_equal(host.n_reconciled, 1);
}

static void test_a_file_that_was_not_there_goes_again(void **state _unused_) {
        _cleanup_lab_ Lab lab;

        lab_init(&lab);
        host.refusal = "no";
        assert_int_equal(set(&lab, 2 * GIGABIT, 0, false, NULL), -EIO);
        assert_as_before(&lab, NULL, NULL);
        assert_int_equal(set(&lab, 2 * GIGABIT, 0, true, NULL), -EIO);
        assert_as_before(&lab, NULL, NULL);
}

static void test_a_runtime_file_is_put_back(void **state _unused_) {
        _cleanup_lab_ Lab lab;

        lab_init(&lab);
        host.run = strdup(OLD_RUN);
        host.refusal = "no";
        assert_int_equal(set(&lab, 2 * GIGABIT, 0, true, NULL), -EIO);
        assert_as_before(&lab, NULL, OLD_RUN);
}

static void test_a_kernel_that_cannot_be_read_is_a_refusal(void **state _unused_) {
        _cleanup_lab_ Lab lab;
        Error error = {};

        lab_init(&lab);
        host.run = strdup(OLD_RUN);
        host.reconcile_error = -ENOBUFS;
        assert_int_equal(set(&lab, 2 * GIGABIT, 0, false, &error), -ENOBUFS);
        assert_string_equal(error.text, "cannot read the kernel");
        assert_as_before(&lab, NULL, OLD_RUN);
        assert_int_equal(host.n_reconciled, 2);
}

static void test_what_the_checks_refuse_never_gets_to_the_kernel(void **state _unused_) {
        _cleanup_lab_ Lab lab;
        Error error = {};

        lab_init(&lab);
        host.run = strdup(OLD_RUN);
        // Below PerMigration=.
        assert_int_equal(set(&lab, GIGABIT / 2, 0, false, &error), -EINVAL);
        assert_non_null(strstr(error.text, "PerMigration"));
        assert_as_before(&lab, NULL, OLD_RUN);
        assert_int_equal(host.n_reconciled, 0);
}

static void test_a_file_that_cannot_be_written_changes_nothing(void **state _unused_) {
        static const char *const paths[] = { ETC, RUN };

        for (size_t i = 0; i < ELEMENTSOF(paths); i++) {
                _cleanup_lab_ Lab lab;

                lab_init(&lab);
                host.run = strdup(OLD_RUN);
                host.full = paths[i];
                assert_true(set(&lab, 2 * GIGABIT, 0, false, NULL) < 0);
                assert_as_before(&lab, NULL, OLD_RUN);
                assert_int_equal(host.n_reconciled, 0);
        }
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_rates_are_written_applied_announced_and_kept),
                cmocka_unit_test(test_a_direction_that_is_not_given_is_not_written),
                cmocka_unit_test(test_an_edit_of_the_other_direction_waits),
                cmocka_unit_test(test_a_cap_is_taken_away),
                cmocka_unit_test(test_a_reset_goes_back_to_the_file),
                cmocka_unit_test(test_a_runtime_reset_goes_back_to_the_persistent_rate),
                cmocka_unit_test(test_a_reset_sets_what_is_given_with_it),
                cmocka_unit_test(test_a_reset_of_nothing_changes_nothing),
                cmocka_unit_test(test_the_rates_that_are_in_force_already_need_no_change),
                cmocka_unit_test(test_runtime_rates_leave_the_persistent_ones),
                cmocka_unit_test(test_persistent_rates_end_the_runtime_ones),
                cmocka_unit_test(test_what_the_kernel_refuses_is_not_in_force_and_both_files_are_put_back),
                cmocka_unit_test(test_another_fault_of_the_plane_is_no_refusal),
                cmocka_unit_test(test_a_file_that_was_not_there_goes_again),
                cmocka_unit_test(test_a_runtime_file_is_put_back),
                cmocka_unit_test(test_a_kernel_that_cannot_be_read_is_a_refusal),
                cmocka_unit_test(test_what_the_checks_refuse_never_gets_to_the_kernel),
                cmocka_unit_test(test_a_file_that_cannot_be_written_changes_nothing),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
