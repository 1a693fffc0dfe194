// The planes that were taken down: a file for each.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "planes/down-mark.h"

#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/util.h"
#include "config/config.h"

#define SUFFIX ".down"

static char *mark_path(const char *directory, const char *plane) {
        char *path;

        return asprintf(&path, "%s/%s" SUFFIX, directory, plane) < 0 ? NULL : path;
}

bool down_mark_exists(const char *const *directories, const char *plane) {
        for (size_t i = 0; directories[i]; i++) {
                _cleanup_free_ char *path = mark_path(directories[i], plane);
                if (path && access(path, F_OK) == 0)
                        return true;
        }
        return false;
}

static int mark_write(const char *directory, const char *plane, Error *ret_error) {
        _cleanup_free_ char *path = mark_path(directory, plane), *text = NULL;

        if (!path || asprintf(&text, "# Taken down by request. To set the plane up: migplanectl up %s\n", plane) < 0)
                return error_set(ret_error, -ENOMEM, "out of memory");
        int r = file_make_folders(path, ret_error);
        return r < 0 ? r : file_write_atomic(path, text, 0644, ret_error);
}

int down_mark_set(const char *const *directories, const char *plane, Error *ret_error) {
        Error error = {};

        for (size_t i = 0; directories[i]; i++) {
                if (mark_write(directories[i], plane, &error) >= 0)
                        return 0;
                if (directories[i + 1])
                        log_warning("%s: cannot be kept down over a boot: %s", plane, error.text);
        }
        return error_set(ret_error, error.code, "%s", error.text);
}

int down_mark_clear(const char *const *directories, const char *plane, Error *ret_error) {
        for (size_t i = 0; directories[i]; i++) {
                _cleanup_free_ char *path = mark_path(directories[i], plane);
                if (!path)
                        return error_set(ret_error, -ENOMEM, "out of memory");
                // On a read-only file system unlink(2) fails for a missing file too.
                if (access(path, F_OK) < 0)
                        continue;
                int r = file_remove(path, ret_error);
                if (r < 0)
                        return r;
        }
        return 0;
}

static void prune_one(const char *path, const char *plane, const Config *config) {
        Error error = {};

        if (config_find(config, plane) || config_is_broken(config, plane))
                return;
        if (file_remove(path, &error) < 0)
                log_warning("%s", error.text);
}

void down_mark_prune(const char *const *directories, const Config *config) {
        for (size_t i = 0; directories[i]; i++) {
                _cleanup_closedir_ DIR *directory = opendir(directories[i]);
                for (const struct dirent *entry; directory && (entry = readdir(directory));) {
                        if (!has_suffix(entry->d_name, SUFFIX))
                                continue;
                        size_t n = strlen(entry->d_name) - strlen(SUFFIX);
                        _cleanup_free_ char *plane = strndup(entry->d_name, n);
                        _cleanup_free_ char *path = plane ? mark_path(directories[i], plane) : NULL;
                        if (path)
                                prune_one(path, plane, config);
                }
        }
}
