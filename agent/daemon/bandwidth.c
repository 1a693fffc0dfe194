// SetBandwidth: a drop-in that survives, and classes changed in place; both, or neither.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "daemon/bandwidth.h"

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/names.h"
#include "base/util.h"
#include "config/config.h"
#include "config/copy.h"
#include "config/drop-in.h"
#include "config/load.h"
#include "config/plane-config.h"
#include "daemon/reconcile.h"
#include "model/reason.h"
#include "planes/last-good.h"
#include "planes/plane-set.h"
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
                return; // nothing was written, as on a full disk
        if (drop_in_write(drop_in, drop_in->text, &error) < 0)
                log_error("cannot restore %s: %s", drop_in->path, error.text);
}

void bandwidth_sweep_drop_ins(const PlaneSet *planes) {
        for (size_t i = 0; i < planes->n_planes; i++)
                for (unsigned runtime = 0; runtime < 2; runtime++) {
                        _cleanup_drop_in_ DropIn drop_in = {};
                        if (drop_in_path(&drop_in, planes->planes[i]->config->name, runtime) >= 0)
                                file_remove_leftovers(drop_in.path);
                }
}

// --- the rates ---

static int missing_set(const Config *config, const PlaneConfig *plane, Error *ret_error) {
        for (size_t i = 0; i < config->n_messages; i++) {
                const ConfigMessage *message = &config->messages[i];
                if (message->severity == CONFIG_ERROR && streq(message->plane, plane->name))
                        return error_set(ret_error, -EINVAL, "%s:%u: %s", message->path, message->line, message->text);
        }
        return error_set(ret_error, -EINVAL, "%s is missing", plane->path);
}

// The rates of the files as they are now; everything else that may have been edited since waits for a reload.
static int rates_read(const PlaneConfig *plane, uint64_t *ret_egress, uint64_t *ret_ingress, Error *ret_error) {
        static const char *const directories[] = { CONFIG_DIRECTORIES, NULL };
        _cleanup_config_ Config *config = NULL;

        int r = config_load(directories, config_kernel_has_ipv6(), &config, ret_error);
        if (r < 0)
                return r;
        const PlaneConfig *read = config_find(config, plane->name);
        if (!read)
                return missing_set(config, plane, ret_error);
        *ret_egress = read->egress;
        *ret_ingress = read->ingress;
        return 0;
}

static int config_apply(Reconciler *reconciler, const Plane *plane, Error *ret_error) {
        int r = reconcile(reconciler, RECONCILE_INTENT, ret_error);
        if (r < 0)
                return r;
        const Reasons *reasons = &plane->status.reasons;
        const char *refusal = reasons_text(reasons, REASON_APPLY_FAILED) ?: reasons_text(reasons, REASON_DRIFT);
        return refusal ? error_set(ret_error, -EIO, "%s", refusal) : 0;
}

// They are announced when the kernel has them.
static int rates_apply(Reconciler *reconciler, Plane *plane, uint64_t egress, uint64_t ingress, Error *ret_error) {
        if (egress == plane->config->egress && ingress == plane->config->ingress)
                return 0;
        PlaneConfig *changed = plane_config_copy(plane->config);
        if (!changed)
                return error_set(ret_error, -ENOMEM, "out of memory");
        changed->egress = egress;
        changed->ingress = ingress;
        PlaneConfig *before = plane_swap_config(plane, changed);
        int r = config_apply(reconciler, plane, ret_error);
        if (r < 0) {
                plane_config_free(plane_swap_config(plane, before));
                (void)reconcile(reconciler, RECONCILE_INTENT, NULL);
                return r;
        }
        plane_config_free(before);
        planes_announce_rates(reconciler->planes, plane);
        return 0;
}

static int write_and_apply(Reconciler *reconciler, Plane *plane, const DropIn *written, const DropIn *overriding,
                           const char *text, bool runtime, Error *ret_error) {
        uint64_t egress = 0, ingress = 0;

        int r = drop_in_write(written, text, ret_error);
        if (r < 0)
                return r;
        // A persistent value ends a runtime one, which would hide it.
        r = runtime ? 0 : drop_in_write(overriding, NULL, ret_error);
        if (r < 0)
                return r;
        r = rates_read(plane->config, &egress, &ingress, ret_error);
        return r < 0 ? r : rates_apply(reconciler, plane, egress, ingress, ret_error);
}

int bandwidth_set(Reconciler *reconciler, Plane *plane, const BandwidthRequest *request, Error *ret_error) {
        _cleanup_drop_in_ DropIn written = {}, overriding = {};
        _cleanup_free_ char *text = NULL;

        int r = drop_in_bandwidth_text(request->egress ?: plane->config->egress,
                                       request->ingress ?: plane->config->ingress, 0, &text);
        if (r < 0)
                return error_set(ret_error, r, "out of memory");
        r = drop_in_init(&written, plane->config->name, request->runtime, ret_error);
        if (r < 0)
                return r;
        r = drop_in_init(&overriding, plane->config->name, true, ret_error);
        if (r < 0)
                return r;
        r = write_and_apply(reconciler, plane, &written, &overriding, text, request->runtime, ret_error);
        if (r < 0) {
                drop_in_put_back(&written);
                if (!request->runtime)
                        drop_in_put_back(&overriding);
                return r;
        }
        last_good_save(LAST_GOOD_DIRECTORY, plane->config);
        log_notice("%s: egress %llu bit/s, ingress %llu bit/s%s", plane->config->name,
                   (unsigned long long)plane->config->egress, (unsigned long long)plane->config->ingress,
                   request->runtime ? " until the next boot" : "");
        return 0;
}
