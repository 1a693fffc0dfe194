// The configuration in force, kept below /run.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "planes/last-good.h"

#include <dirent.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/util.h"
#include "config/config.h"
#include "config/drop-in.h"
#include "config/load.h"
#include "config/plane-config.h"

#define SUFFIX ".plane"

enum { SAVED_SIZE_MAX = 16 * 1024 * 1024 }; // bytes

static int saved_path(const char *directory, const char *name, char **ret) {
        return asprintf(ret, "%s/%s" SUFFIX, directory, name) < 0 ? -ENOMEM : 0;
}

// The files, and after them the rates, which SetBandwidth may have changed since they were read.
static int saved_text(const PlaneConfig *plane, char **ret) {
        const DropInRates rates = {
                .egress = { true, plane->egress },
                .ingress = { true, plane->ingress },
                .per_migration = { true, plane->per_migration },
        };
        _cleanup_free_ char *text = NULL;

        if (drop_in_bandwidth_text(&rates, &text) < 0)
                return -ENOMEM;
        return asprintf(ret, "%s\n\n%s", plane->source, text) < 0 ? -ENOMEM : 0;
}

void last_good_save(const char *directory, const PlaneConfig *plane) {
        _cleanup_free_ char *path = NULL, *text = NULL, *before = NULL;
        Error error = {};

        // A plane restored from here is saved already, and has no files of its own.
        if (!plane->source || saved_path(directory, plane->name, &path) < 0 || saved_text(plane, &text) < 0)
                return;
        if (file_read(path, SAVED_SIZE_MAX, &before, NULL) >= 0 && streq(before, text))
                return;
        if (file_make_folders(path, &error) < 0 || file_write_atomic(path, text, 0644, &error) < 0)
                log_warning(
                        "%s: cannot save its configuration; a broken file at the next start would remove the plane: %s",
                        plane->name, error.text);
}

// Calls one for each file, with its plane's name, or "" for a file that is no plane's: a crash leaves a half-written
// NAME.plane.migplane-XXXXXX.
static int each(const char *directory, int (*one)(const char *path, const char *name, void *userdata), void *userdata) {
        DIR *entries = opendir(directory);
        int r = 0;

        for (const struct dirent *entry; r >= 0 && entries && (entry = readdir(entries));) {
                _cleanup_free_ char *path = NULL;
                char name[sizeof(entry->d_name)];

                strcpy_fixed(name, entry->d_name);
                if (name[0] == '.')
                        continue;
                bool is_whole = has_suffix(name, SUFFIX);
                name[is_whole ? strlen(name) - strlen(SUFFIX) : 0] = '\0';
                r = asprintf(&path, "%s/%s", directory, entry->d_name) < 0 ? -ENOMEM : one(path, name, userdata);
        }
        if (entries)
                (void)closedir(entries);
        return r;
}

static int prune_one(const char *path, const char *name, void *userdata) {
        const Config *config = *(const Config **)userdata;

        if (!name[0] || (!config_find(config, name) && !config_is_broken(config, name)))
                (void)unlink(path);
        return 0;
}

void last_good_prune(const char *directory, const Config *config) {
        (void)each(directory, prune_one, &config);
}

// 1: the plane as it was in force; 0: nothing usable is saved; or -ENOMEM.
static int saved_load(const char *path, const char *name, PlaneConfig **ret) {
        _cleanup_free_ char *text = NULL;
        _cleanup_config_ Config *config = NULL;
        size_t size;

        if (file_read(path, SAVED_SIZE_MAX, &text, &size) < 0)
                return 0;
        int r = config_load_text(name, path, text, size, config_kernel_has_ipv6(), &config);
        if (r < 0)
                return r;
        if (config->n_planes == 0)
                return 0;
        *ret = TAKE(config->planes[0]);
        return 1;
}

typedef struct Taker {
        int (*take)(PlaneConfig *saved, void *userdata);
        void *userdata;
} Taker;

static int restore_one(const char *path, const char *name, void *userdata) {
        const Taker *taker = userdata;
        PlaneConfig *saved = NULL;

        int r = name[0] ? saved_load(path, name, &saved) : 0;
        return r > 0 ? taker->take(saved, taker->userdata) : r;
}

int last_good_restore(const char *directory, int (*take)(PlaneConfig *saved, void *userdata), void *userdata) {
        return each(directory, restore_one, &(Taker){ take, userdata });
}
