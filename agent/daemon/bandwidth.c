// SetBandwidth: a drop-in that survives, and classes changed in place; both, or neither.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/names.h"
#include "base/util.h"
#include "config/config.h"
#include "config/drop-in.h"
#include "config/load.h"
#include "config/plane-config.h"
#include "daemon/manager.h"
#include "daemon/reconcile.h"
#include "model/reason.h"
#include "planes/last-good.h"
#include "planes/plane.h"

enum { DROP_IN_SIZE_MAX = 65536 }; // bytes

// A drop-in as it was, to be put back.
typedef struct DropIn {
        char *path;
        char *text; // NULL: there was none
} DropIn;

static void drop_in_deinit(DropIn *drop_in) {
        free(drop_in->path);
        free(drop_in->text);
}
#define _cleanup_drop_in_ _cleanup_(drop_in_deinit)

static int drop_in_path(DropIn *drop_in, const char *plane, bool runtime) {
        return drop_in_bandwidth_path(runtime ? "/run/migplane" : "/etc/migplane", plane, runtime, &drop_in->path);
}

static int drop_in_init(DropIn *drop_in, const char *plane, bool runtime, Error *ret_error) {
        int r = drop_in_path(drop_in, plane, runtime);
        if (r < 0)
                return error_set(ret_error, r, "out of memory");
        r = file_read(drop_in->path, DROP_IN_SIZE_MAX, &drop_in->text, NULL);
        return r < 0 && r != -ENOENT ? error_set(ret_error, r, "cannot read %s: %s", drop_in->path, strerror(-r)) : 0;
}

static int drop_in_write(const DropIn *drop_in, const char *text, Error *ret_error) {
        if (!text)
                return file_remove(drop_in->path, ret_error);
        int r = file_make_folders(drop_in->path, ret_error);
        return r < 0 ? r : file_write_atomic(drop_in->path, text, 0644, ret_error);
}

static void drop_in_put_back(const DropIn *drop_in) {
        _cleanup_free_ char *text = NULL;
        Error error = {};

        int r = file_read(drop_in->path, DROP_IN_SIZE_MAX, &text, NULL);
        if (drop_in->text ? r >= 0 && streq(text, drop_in->text) : r == -ENOENT)
                return; // as on a full disk: it did not come to that
        if (drop_in_write(drop_in, drop_in->text, &error) < 0)
                log_error("%s is not what it was before: %s", drop_in->path, error.text);
}

void manager_sweep_drop_ins(const Manager *manager) {
        for (size_t i = 0; i < manager->n_planes; i++)
                for (unsigned runtime = 0; runtime < 2; runtime++) {
                        _cleanup_drop_in_ DropIn drop_in = {};
                        if (drop_in_path(&drop_in, manager->planes[i]->config->name, runtime) >= 0)
                                file_remove_leftovers(drop_in.path);
                }
}

// The rates of the files as they are now; everything else that may have been edited since waits for a reload.
static int rates_read(Plane *plane, uint64_t *ret_egress, uint64_t *ret_ingress, Error *ret_error) {
        static const char *const directories[] = { CONFIG_DIRECTORIES, NULL };
        _cleanup_config_ Config *config = NULL;

        int r = config_load(directories, config_kernel_has_ipv6(), &config, ret_error);
        if (r < 0)
                return r;
        const PlaneConfig *read = config_find(config, plane->config->name);
        if (!read) {
                for (size_t i = 0; i < config->n_messages; i++)
                        if (config->messages[i].severity == CONFIG_ERROR &&
                            streq(config->messages[i].plane, plane->config->name))
                                return error_set(ret_error, -EINVAL, "%s:%u: %s", config->messages[i].path,
                                                 config->messages[i].line, config->messages[i].text);
                return error_set(ret_error, -EINVAL, "%s is gone", plane->config->path);
        }
        *ret_egress = read->egress;
        *ret_ingress = read->ingress;
        return 0;
}

static void rates_set(Plane *plane, uint64_t egress, uint64_t ingress) {
        plane->config->egress = egress;
        plane->config->ingress = ingress;
}

// They are announced when the kernel has them.
static int rates_apply(Manager *manager, Plane *plane, uint64_t egress, uint64_t ingress, Error *ret_error) {
        uint64_t old_egress = plane->config->egress, old_ingress = plane->config->ingress;

        if (egress == old_egress && ingress == old_ingress)
                return 0;
        rates_set(plane, egress, ingress);
        int r = reconcile(manager, RECONCILE_INTENT, ret_error);
        const char *refusal = reasons_text(&plane->reasons, REASON_APPLY_FAILED) ?: reasons_text(&plane->reasons, REASON_DRIFT);
        if (r >= 0 && refusal)
                r = error_set(ret_error, -EIO, "%s", refusal);
        if (r < 0) {
                rates_set(plane, old_egress, old_ingress);
                if (reconcile(manager, RECONCILE_INTENT, NULL) < 0)
                        manager_look_again(manager, reconcile_retry_delay(manager));
                return r;
        }
        plane_announce_rates(plane);
        return 0;
}

int manager_set_bandwidth(Manager *manager, Plane *plane, uint64_t egress, uint64_t ingress, bool runtime,
                          Error *ret_error) {
        _cleanup_drop_in_ DropIn written = {}, overriding = {};
        _cleanup_free_ char *text = NULL;

        egress = egress ?: plane->config->egress;
        ingress = ingress ?: plane->config->ingress;
        int r = drop_in_bandwidth_text(egress, ingress, 0, &text);
        if (r < 0)
                return error_set(ret_error, r, "out of memory");
        // A value for good ends one for the time being, which would hide it.
        r = drop_in_init(&written, plane->config->name, runtime, ret_error);
        if (r >= 0)
                r = drop_in_init(&overriding, plane->config->name, true, ret_error);
        bool is_touched = r >= 0;
        if (r >= 0)
                r = drop_in_write(&written, text, ret_error);
        if (r >= 0 && !runtime)
                r = drop_in_write(&overriding, NULL, ret_error);
        if (r >= 0)
                r = rates_read(plane, &egress, &ingress, ret_error);
        if (r >= 0)
                r = rates_apply(manager, plane, egress, ingress, ret_error);
        if (r < 0) {
                // A drop-in that could not be read before has not been touched either.
                if (is_touched)
                        drop_in_put_back(&written);
                if (is_touched && !runtime)
                        drop_in_put_back(&overriding);
                return r;
        }
        kept_save(plane->config);
        log_notice("%s: egress %llu bit/s, ingress %llu bit/s%s", plane->config->name,
                   (unsigned long long)plane->config->egress, (unsigned long long)plane->config->ingress,
                   runtime ? " until the next boot" : "");
        return 0;
}
