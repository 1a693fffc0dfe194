// The marks of planes that were taken down: found, cleared, kept where one directory cannot be written, and pruned.
// SPDX-License-Identifier: GPL-2.0-or-later

#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/util.h"
#include "config/load.h"
#include "planes.h"
#include "planes/down-mark.h"

static char root[] = "/tmp/test-down-mark-XXXXXX";
static char etc[64], run[64];
static const char *const directories[] = { etc, run, NULL };

static int setup(void **state _unused_) {
        strcpy(root + sizeof(root) - 7, "XXXXXX");
        if (!mkdtemp(root))
                return -1;
        (void)snprintf(etc, sizeof(etc), "%s/etc", root);
        (void)snprintf(run, sizeof(run), "%s/run", root);
        return mkdir(etc, 0755);
}

static int teardown(void **state _unused_) {
        char command[128];

        (void)snprintf(command, sizeof(command), "rm -r %s", root);
        return system(command);
}

static void file_make(const char *directory, const char *name, const char *text) {
        char path[128];

        (void)snprintf(path, sizeof(path), "%s/%s", directory, name);
        assert_int_equal(file_make_folders(path, NULL), 0);
        assert_int_equal(file_write_atomic(path, text, 0644, NULL), 0);
}

static bool file_exists(const char *directory, const char *name) {
        char path[128];

        (void)snprintf(path, sizeof(path), "%s/%s", directory, name);
        return access(path, F_OK) == 0;
}

static void test_a_mark_lasts_until_it_is_cleared(void **state _unused_) {
        assert_false(down_mark_exists(directories, DOWN_MARK_DOWN, "blue"));
        assert_int_equal(down_mark_set(directories, DOWN_MARK_DOWN, "blue", NULL), 0);
        assert_int_equal(down_mark_set(directories, DOWN_MARK_DOWN, "blue", NULL), 0);
        assert_true(down_mark_exists(directories, DOWN_MARK_DOWN, "blue"));
        assert_false(down_mark_exists(directories, DOWN_MARK_DOWN, "blu"));
        assert_true(file_exists(etc, "blue.down"));
        assert_false(file_exists(run, "blue.down"));
        assert_int_equal(down_mark_clear(directories, "blue", NULL), 0);
        assert_int_equal(down_mark_clear(directories, "blue", NULL), 0);
        assert_false(down_mark_exists(directories, DOWN_MARK_DOWN, "blue"));
}

static void test_a_released_plane_has_a_mark_of_its_own(void **state _unused_) {
        assert_int_equal(down_mark_set(directories, DOWN_MARK_RELEASED, "blue", NULL), 0);
        assert_true(file_exists(etc, "blue.released"));
        assert_true(down_mark_exists(directories, DOWN_MARK_RELEASED, "blue"));
        assert_false(down_mark_exists(directories, DOWN_MARK_DOWN, "blue"));
        assert_int_equal(down_mark_set(directories, DOWN_MARK_DOWN, "blue", NULL), 0);
        assert_int_equal(down_mark_clear(directories, "blue", NULL), 0);
        assert_false(down_mark_exists(directories, DOWN_MARK_RELEASED, "blue"));
        assert_false(down_mark_exists(directories, DOWN_MARK_DOWN, "blue"));
}

// A file in the place of the directory: root may write into any directory.
static void test_where_etc_cannot_be_written_the_mark_lasts_until_the_boot(void **state _unused_) {
        assert_int_equal(rmdir(etc), 0);
        file_make(root, "etc", "");
        assert_int_equal(down_mark_set(directories, DOWN_MARK_DOWN, "blue", NULL), 0);
        assert_true(file_exists(run, "blue.down"));
        assert_true(down_mark_exists(directories, DOWN_MARK_DOWN, "blue"));
        assert_int_equal(down_mark_clear(directories, "blue", NULL), 0);
        assert_false(down_mark_exists(directories, DOWN_MARK_DOWN, "blue"));
}

static void test_a_mark_that_cannot_be_written_anywhere_is_an_error(void **state _unused_) {
        Error error = {};

        assert_int_equal(rmdir(etc), 0);
        file_make(root, "etc", "");
        file_make(root, "run", "");
        assert_true(down_mark_set(directories, DOWN_MARK_DOWN, "blue", &error) < 0);
        assert_non_null(strstr(error.text, run));
}

static void test_the_marks_of_planes_without_a_file_are_removed(void **state _unused_) {
        const char *const files[] = { etc, NULL };
        _cleanup_config_ Config *config = NULL;

        file_make(etc, "blue.plane", "[Interface]\nName=mig0\n[Address]\nAddress=192.0.2.1/24\n");
        file_make(etc, "wrong.plane", "nonsense\n");
        for (size_t i = 0; i < 3; i++)
                assert_int_equal(down_mark_set(directories, DOWN_MARK_DOWN,
                                               (const char *[]){ "blue", "wrong", "gone" }[i], NULL),
                                 0);
        file_make(run, "gone.down", "");
        file_make(run, "gone.released", "");
        assert_int_equal(config_load(files, true, &config, NULL), 0);
        down_mark_prune(directories, config);
        assert_true(down_mark_exists(directories, DOWN_MARK_DOWN, "blue"));
        assert_true(down_mark_exists(directories, DOWN_MARK_DOWN, "wrong")); // it keeps what is in force
        assert_false(down_mark_exists(directories, DOWN_MARK_DOWN, "gone"));
        assert_false(down_mark_exists(directories, DOWN_MARK_RELEASED, "gone"));
        assert_true(file_exists(etc, "blue.plane"));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_a_released_plane_has_a_mark_of_its_own, setup, teardown),
                cmocka_unit_test_setup_teardown(test_a_mark_lasts_until_it_is_cleared, setup, teardown),
                cmocka_unit_test_setup_teardown(test_where_etc_cannot_be_written_the_mark_lasts_until_the_boot, setup,
                                                teardown),
                cmocka_unit_test_setup_teardown(test_a_mark_that_cannot_be_written_anywhere_is_an_error, setup,
                                                teardown),
                cmocka_unit_test_setup_teardown(test_the_marks_of_planes_without_a_file_are_removed, setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
