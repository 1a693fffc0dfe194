// The planes that were taken down or released: a file for each.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "planes/down-mark.h"

#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/util.h"
#include "config/config.h"

static const char *const suffixes[DOWN_MARK_MAX] = {
        [DOWN_MARK_DOWN] = ".down",
        [DOWN_MARK_RELEASED] = ".released",
};
static const char *const words[DOWN_MARK_MAX] = {
        [DOWN_MARK_DOWN] = "Taken down",
        [DOWN_MARK_RELEASED] = "Released",
};

static char *mark_path(const char *directory, DownMark mark, const char *plane) {
        char *path;

        return asprintf(&path, "%s/%s%s", directory, plane, suffixes[mark]) < 0 ? NULL : path;
}

bool down_mark_exists(const char *const *directories, DownMark mark, const char *plane) {
        for (size_t i = 0; directories[i]; i++) {
                _cleanup_free_ char *path = mark_path(directories[i], mark, plane);
                if (path && access(path, F_OK) == 0)
                        return true;
        }
        return false;
}

static int mark_write(const char *directory, DownMark mark, const char *plane, Error *ret_error) {
        _cleanup_free_ char *path = mark_path(directory, mark, plane), *text = NULL;

        if (!path ||
            asprintf(&text, "# %s by request. To set the plane up: migplanectl up %s\n", words[mark], plane) < 0)
                return error_set(ret_error, -ENOMEM, "out of memory");
        int r = file_make_folders(path, ret_error);
        return r < 0 ? r : file_write_atomic(path, text, 0644, ret_error);
}

int down_mark_set(const char *const *directories, DownMark mark, const char *plane, Error *ret_error) {
        Error error = {};

        for (size_t i = 0; directories[i]; i++) {
                if (mark_write(directories[i], mark, plane, &error) >= 0)
                        return 0;
                if (directories[i + 1])
                        log_warning("%s: cannot be kept down over a boot: %s", plane, error.text);
        }
        return error_set(ret_error, error.code, "%s", error.text);
}

static int mark_remove(const char *directory, DownMark mark, const char *plane, Error *ret_error) {
        _cleanup_free_ char *path = mark_path(directory, mark, plane);

        if (!path)
                return error_set(ret_error, -ENOMEM, "out of memory");
        // On a read-only file system unlink(2) fails for a missing file too.
        return access(path, F_OK) < 0 ? 0 : file_remove(path, ret_error);
}

int down_mark_clear(const char *const *directories, const char *plane, Error *ret_error) {
        for (size_t i = 0; directories[i]; i++)
                for (DownMark mark = 0; mark < DOWN_MARK_MAX; mark++) {
                        int r = mark_remove(directories[i], mark, plane, ret_error);
                        if (r < 0)
                                return r;
                }
        return 0;
}

static void prune_one(const char *directory, DownMark mark, const char *file, const Config *config) {
        Error error = {};

        if (!has_suffix(file, suffixes[mark]))
                return;
        _cleanup_free_ char *plane = strndup(file, strlen(file) - strlen(suffixes[mark]));
        if (!plane || config_find(config, plane) || config_is_broken(config, plane))
                return;
        if (mark_remove(directory, mark, plane, &error) < 0)
                log_warning("%s", error.text);
}

void down_mark_prune(const char *const *directories, const Config *config) {
        for (size_t i = 0; directories[i]; i++) {
                _cleanup_closedir_ DIR *directory = opendir(directories[i]);
                for (const struct dirent *entry; directory && (entry = readdir(directory));)
                        for (DownMark mark = 0; mark < DOWN_MARK_MAX; mark++)
                                prune_one(directories[i], mark, entry->d_name, config);
        }
}
