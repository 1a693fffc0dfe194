// The configuration in force, kept below /run.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "planes/last-good.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/util.h"
#include "config/config.h"
#include "config/drop-in.h"
#include "config/load.h"
#include "config/plane-config.h"

#define KEPT_PARENT "/run/migplane"
#define KEPT_DIRECTORY KEPT_PARENT "/kept"
#define SUFFIX ".plane"

enum { KEPT_SIZE_MAX = 16 * 1024 * 1024 }; // bytes

static int kept_path(const char *name, char **ret) {
        return asprintf(ret, KEPT_DIRECTORY "/%s" SUFFIX, name) < 0 ? -ENOMEM : 0;
}

// The files, and after them the rates, which SetBandwidth may have changed since they were read.
static int kept_text(const PlaneConfig *plane, char **ret) {
        _cleanup_free_ char *rates = NULL;

        if (drop_in_bandwidth_text(plane->egress, plane->ingress, plane->per_migration, &rates) < 0)
                return -ENOMEM;
        return asprintf(ret, "%s\n\n%s", plane->source, rates) < 0 ? -ENOMEM : 0;
}

void kept_save(const PlaneConfig *plane) {
        _cleanup_free_ char *path = NULL, *text = NULL, *before = NULL;
        Error error = {};

        // One that came from here has been kept already, and has no files of its own.
        if (!plane->source || kept_path(plane->name, &path) < 0 || kept_text(plane, &text) < 0)
                return;
        if (file_read(path, KEPT_SIZE_MAX, &before, NULL) >= 0 && streq(before, text))
                return;
        (void)mkdir(KEPT_PARENT, 0755);
        (void)mkdir(KEPT_DIRECTORY, 0755);
        if (file_write_atomic(path, text, 0644, &error) < 0)
                log_warning("%s: a broken file at the next start would take the plane away: %s", plane->name, error.text);
}

static bool is_configured(const Config *config, const char *name) {
        return config_find(config, name) || config_is_broken(config, name);
}

// Calls one for each file, with its plane's name, or "" for one that is none: a crash leaves a half-written NAME.plane.XXXXXX.
static int kept_each(int (*one)(const char *file, const char *name, void *userdata), void *userdata) {
        DIR *directory = opendir(KEPT_DIRECTORY);
        int r = 0;

        for (const struct dirent *entry; r >= 0 && directory && (entry = readdir(directory));) {
                char name[sizeof(entry->d_name)];
                strcpy_fixed(name, entry->d_name);
                if (name[0] == '.')
                        continue;
                size_t size = strlen(name), suffix = strlen(SUFFIX);
                bool is_whole = size > suffix && streq(name + size - suffix, SUFFIX);
                name[is_whole ? size - suffix : 0] = '\0';
                r = one(entry->d_name, name, userdata);
        }
        if (directory)
                (void)closedir(directory);
        return r;
}

static int prune_one(const char *file, const char *name, void *userdata) {
        char path[sizeof(KEPT_DIRECTORY) + 257];

        (void)snprintf(path, sizeof(path), KEPT_DIRECTORY "/%.255s", file);
        if (!name[0] || !is_configured(userdata, name))
                (void)unlink(path);
        return 0;
}

void kept_prune(const Config *config) {
        (void)kept_each(prune_one, (void *)config);
}

// 1: the plane as it was in force; 0: nothing usable is kept; or -ENOMEM.
static int kept_load(const char *name, PlaneConfig **ret) {
        _cleanup_free_ char *path = NULL, *text = NULL;
        _cleanup_config_ Config *config = NULL;
        size_t size;

        if (kept_path(name, &path) < 0)
                return -ENOMEM;
        if (file_read(path, KEPT_SIZE_MAX, &text, &size) < 0)
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
        int (*take)(PlaneConfig *kept, void *userdata);
        void *userdata;
} Taker;

static int restore_one(const char *file _unused_, const char *name, void *userdata) {
        const Taker *taker = userdata;
        PlaneConfig *kept = NULL;

        int r = name[0] ? kept_load(name, &kept) : 0;
        return r > 0 ? taker->take(kept, taker->userdata) : r;
}

int kept_restore(int (*take)(PlaneConfig *kept, void *userdata), void *userdata) {
        return kept_each(restore_one, &(Taker){ take, userdata });
}
