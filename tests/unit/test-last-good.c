// The configuration in force, kept for the next start: with the rates that are in force, and whole or not at all.
// SPDX-License-Identifier: GPL-2.0-or-later

#include <sys/stat.h>

#include "base/file.h"
#include "base/util.h"
#include "config/copy.h"
#include "config/equal.h"
#include "planes.h"
#include "planes/last-good.h"

#define VLAN "[Interface]\nName=mig0\nKind=vlan\nParent=eno1\nVLANId=100\n[Address]\nAddress=172.150.1.5/24\n"
#define CAPPED VLAN "[Bandwidth]\nEgress=8G\nIngress=8G\nPerMigration=4G\n"

static char directory[] = "/tmp/test-last-good-XXXXXX";
static char kept[64]; // the folder below, which the code makes

static int setup(void **state _unused_) {
        strcpy(directory + sizeof(directory) - 7, "XXXXXX");
        if (!mkdtemp(directory))
                return -1;
        (void)snprintf(kept, sizeof(kept), "%s/kept", directory);
        return 0;
}

static int teardown(void **state _unused_) {
        char command[128];

        (void)snprintf(command, sizeof(command), "rm -r %s", directory);
        return system(command);
}

static void write_below(const char *folder, const char *name, const char *text) {
        char path[128];

        (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
        assert_int_equal(file_make_folders(path, NULL), 0);
        assert_int_equal(file_write_atomic(path, text, 0644, NULL), 0);
}

static void write_text(const char *name, const char *text) {
        write_below(kept, name, text);
}

// From a file, as only such a plane is saved.
static const PlaneConfig *plane_from_file(const char *name, const char *text, Config **ret_config) {
        const char *const directories[] = { directory, NULL };
        char file[72];

        (void)snprintf(file, sizeof(file), "%s.plane", name);
        write_below(directory, file, text);
        assert_int_equal(config_load(directories, true, ret_config, NULL), 0);
        assert_non_null(config_find(*ret_config, name));
        return config_find(*ret_config, name);
}

static bool exists(const char *name) {
        char path[128];

        (void)snprintf(path, sizeof(path), "%s/%s", kept, name);
        return access(path, F_OK) == 0;
}

static int take(PlaneConfig *saved, void *userdata) {
        return planes_add(userdata, saved);
}

static void save(const char *name, const char *text) {
        _cleanup_config_ Config *config = NULL;

        last_good_save(kept, plane_from_file(name, text, &config));
}

// --- what is saved ---

static void test_what_is_restored_is_what_was_in_force(void **state _unused_) {
        _cleanup_(planes_deinit) PlaneSet planes = {};
        _cleanup_config_ Config *config = NULL;
        const PlaneConfig *in_force =
                plane_from_file("blue",
                                CAPPED
                                "[Isolation]\nPorts=49200\n[Peer]\nAddress=172.150.1.6\nMACAddress=02:00:00:00:00:06\n",
                                &config);

        last_good_save(kept, in_force);
        assert_int_equal(last_good_restore(kept, take, &planes), 0);
        assert_int_equal(planes.n_planes, 1);
        assert_true(plane_config_equal(planes.planes[0]->config, in_force));
}

// A mark that some editors put at the start of a file means nothing in the middle of one.
static void test_a_file_with_a_byte_order_mark_is_restored(void **state _unused_) {
        _cleanup_(planes_deinit) PlaneSet planes = {};

        save("blue", "\xef\xbb\xbf" CAPPED);
        assert_int_equal(last_good_restore(kept, take, &planes), 0);
        assert_int_equal(planes.n_planes, 1);
}

static void test_the_rates_are_those_that_set_bandwidth_put_in_force(void **state _unused_) {
        _cleanup_(planes_deinit) PlaneSet planes = {};
        _cleanup_config_ Config *config = NULL;
        PlaneConfig *changed = plane_config_copy(plane_from_file("blue", CAPPED, &config));

        changed->egress = UINT64_C(5000000000);
        changed->ingress = UINT64_C(6000000000);
        last_good_save(kept, changed);
        plane_config_free(changed);
        assert_int_equal(last_good_restore(kept, take, &planes), 0);
        assert_int_equal(planes.n_planes, 1);
        assert_int_equal(planes.planes[0]->config->egress, UINT64_C(5000000000));
        assert_int_equal(planes.planes[0]->config->ingress, UINT64_C(6000000000));
        assert_int_equal(planes.planes[0]->config->per_migration, UINT64_C(4000000000));
}

static void test_a_file_that_says_the_same_already_is_not_written_again(void **state _unused_) {
        struct stat before, after;
        char path[128];

        (void)snprintf(path, sizeof(path), "%s/blue.plane", kept);
        save("blue", CAPPED);
        assert_int_equal(stat(path, &before), 0);
        save("blue", CAPPED);
        assert_int_equal(stat(path, &after), 0);
        assert_int_equal(before.st_ino, after.st_ino); // each writing makes another file
        save("blue", VLAN);
        assert_int_equal(stat(path, &after), 0);
        assert_int_not_equal(before.st_ino, after.st_ino);
}

// --- what is not usable ---

static void test_what_a_crash_left_half_written_is_no_plane(void **state _unused_) {
        _cleanup_(planes_deinit) PlaneSet planes = {};

        save("green", "[Interface]\nName=mig1\n[Address]\nAddress=172.150.2.5/24\n");
        write_text("blue.plane.a1B2c3", CAPPED);
        write_text("red.plane", "[Interface]\nName=mig2\n[Addr"); // a disk that was full
        write_text("white.plane", "");
        assert_int_equal(last_good_restore(kept, take, &planes), 0);
        assert_int_equal(planes.n_planes, 1);
        assert_string_equal(planes.planes[0]->config->name, "green");
}

static void test_a_restored_plane_is_not_saved_in_place_of_what_it_came_from(void **state _unused_) {
        _cleanup_(planes_deinit) PlaneSet planes = {};

        save("blue", CAPPED);
        assert_int_equal(last_good_restore(kept, take, &planes), 0);
        planes.planes[0]->config->egress = 0;
        last_good_save(kept, planes.planes[0]->config);
        planes_deinit(&planes);
        assert_int_equal(last_good_restore(kept, take, &planes), 0);
        assert_int_equal(planes.planes[0]->config->egress, UINT64_C(8000000000));
}

static void test_without_the_folder_there_is_nothing_to_restore(void **state _unused_) {
        _cleanup_(planes_deinit) PlaneSet planes = {};

        assert_int_equal(last_good_restore(kept, take, &planes), 0);
        assert_int_equal(planes.n_planes, 0);
}

static int refuse(PlaneConfig *saved, void *userdata _unused_) {
        plane_config_free(saved);
        return -ENOMEM;
}

static void test_a_plane_that_cannot_be_taken_over_fails_the_restore(void **state _unused_) {
        save("blue", CAPPED);
        assert_int_equal(last_good_restore(kept, refuse, NULL), -ENOMEM);
}

// The configuration is read again at the next start; that it is not saved is told and stops nothing.
static void test_a_folder_that_cannot_be_written_is_no_failure(void **state _unused_) {
        _cleanup_config_ Config *config = NULL;
        const PlaneConfig *plane = plane_from_file("blue", CAPPED, &config);

        write_below(directory, "kept", "a file in the place of the folder");
        last_good_save(kept, plane);
        assert_false(exists("blue.plane"));
        last_good_prune(kept, config);
}

static void test_a_saved_file_that_cannot_be_used_is_left_out(void **state _unused_) {
        _cleanup_(planes_deinit) PlaneSet planes = {};

        save("green", CAPPED);
        write_text("red.plane", "[Interface]\nName=\n");
        write_below(kept, "folder.plane/x", "");
        assert_int_equal(last_good_restore(kept, take, &planes), 0);
        assert_int_equal(planes.n_planes, 1);
        assert_string_equal(planes.planes[0]->config->name, "green");
}

static void test_nothing_is_saved_of_a_plane_that_is_unread(void **state _unused_) {
        PlaneConfig *unread = plane_config_new_unread("blue", "blue.plane", NULL);

        assert_non_null(unread);
        last_good_save(kept, unread);
        assert_false(exists("blue.plane"));
        plane_config_free(unread);
}

// --- what goes ---

static void test_only_planes_with_a_file_good_or_bad_stay(void **state _unused_) {
        _cleanup_config_ Config *config = NULL;

        (void)golden_plane("blue", CAPPED, &config);
        assert_int_equal(config_add_broken(config, "green", "green.plane", NULL), 0);
        write_text("blue.plane", CAPPED);
        write_text("green.plane", CAPPED);
        write_text("red.plane", CAPPED);
        write_text("blue.plane.a1B2c3", CAPPED);
        last_good_prune(kept, config);
        assert_true(exists("blue.plane"));
        assert_true(exists("green.plane")); // its file has an error: this is what is in force
        assert_false(exists("red.plane"));
        assert_false(exists("blue.plane.a1B2c3"));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void) {
        static const struct CMUnitTest tests[] = {
                TEST(test_what_is_restored_is_what_was_in_force),
                TEST(test_a_file_with_a_byte_order_mark_is_restored),
                TEST(test_the_rates_are_those_that_set_bandwidth_put_in_force),
                TEST(test_a_file_that_says_the_same_already_is_not_written_again),
                TEST(test_what_a_crash_left_half_written_is_no_plane),
                TEST(test_a_restored_plane_is_not_saved_in_place_of_what_it_came_from),
                TEST(test_without_the_folder_there_is_nothing_to_restore),
                TEST(test_a_plane_that_cannot_be_taken_over_fails_the_restore),
                TEST(test_a_folder_that_cannot_be_written_is_no_failure),
                TEST(test_a_saved_file_that_cannot_be_used_is_left_out),
                TEST(test_nothing_is_saved_of_a_plane_that_is_unread),
                TEST(test_only_planes_with_a_file_good_or_bad_stay),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
