// SetBandwidth: a drop-in that survives, and classes changed in place; both, or neither.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "daemon/bandwidth.h"

#include <stddef.h>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/names.h"
#include "base/parse.h"
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
        DropInRates rates;
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
        if (r < 0 && r != -ENOENT)
                return error_set(ret_error, r, "cannot read %s: %s", drop_in->path, strerror(-r));
        r = drop_in->text ? drop_in_bandwidth_read(drop_in->text, &drop_in->rates) : 0;
        return r < 0 ? error_set(ret_error, r, "out of memory") : 0;
}

// text NULL: there is to be none.
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
                // The name of one that is unread may be no part of a path.
                for (unsigned runtime = 0; runtime < 2 && !planes->planes[i]->config->is_unread; runtime++) {
                        _cleanup_drop_in_ DropIn drop_in = {};
                        if (drop_in_path(&drop_in, planes->planes[i]->config->name, runtime) >= 0)
                                file_remove_leftovers(drop_in.path);
                }
}

// --- the rates ---

static int missing_set(const Config *config, const PlaneConfig *plane, Error *ret_error) {
        const ConfigMessage *message = config_find_error(config, plane->name);

        if (!message)
                return error_set(ret_error, -EINVAL, "%s is missing", plane->path);
        if (message->line == 0)
                return error_set(ret_error, -EINVAL, "%s: %s", message->path, message->text);
        return error_set(ret_error, -EINVAL, "%s:%u: %s", message->path, message->line, message->text);
}

// The plane of the files as they are now.
static int files_read(const PlaneConfig *plane, Config **ret_config, const PlaneConfig **ret, Error *ret_error) {
        static const char *const directories[] = { CONFIG_DIRECTORIES, NULL };

        int r = config_load(directories, config_kernel_has_ipv6(), ret_config, ret_error);
        if (r < 0)
                return r;
        const PlaneConfig *read = config_find(*ret_config, plane->name);
        if (!read)
                return missing_set(*ret_config, plane, ret_error);
        *ret = read;
        return 0;
}

// What else is wrong with the plane is no matter of its caps.
static int config_apply(Reconciler *reconciler, const Plane *plane, Error *ret_error) {
        int r = reconcile(reconciler, RECONCILE_INTENT, ret_error);
        if (r < 0)
                return r;
        return plane->status.cap_fault[0] ? error_set(ret_error, -EIO, "%s", plane->status.cap_fault) : 0;
}

// The directions of a request, as a mask.
enum { EGRESS = 1 << 0, INGRESS = 1 << 1 };

static const struct {
        unsigned direction;
        const char *key;
        size_t offset; // of the rate
} rates[] = {
        { EGRESS, "Egress", offsetof(PlaneConfig, egress) },
        { INGRESS, "Ingress", offsetof(PlaneConfig, ingress) },
};

// Takes a rate of the files over, and where it comes from. 1: that changes the configuration.
static int rate_take(PlaneConfig *config, const PlaneConfig *files, size_t i) {
        uint64_t *rate = (void *)((char *)config + rates[i].offset), before = *rate;
        const ConfigLocation from = config_location(config, "Bandwidth", rates[i].key, 0),
                             to = config_location(files, "Bandwidth", rates[i].key, 0);

        memcpy(rate, (const char *)files + rates[i].offset, sizeof(*rate));
        if (*rate == before && from.line == to.line && streq(from.path, to.path))
                return 0;
        return config_set_location(config, "Bandwidth", rates[i].key, to) < 0 ? -ENOMEM : 1;
}

// Puts the rates of the files in force for these directions. Everything else that may have been edited since waits for
// a reload. They are announced when the kernel has them.
static int rates_apply(Reconciler *reconciler, Plane *plane, const PlaneConfig *files, unsigned directions,
                       Error *ret_error) {
        PlaneConfig *changed = plane_config_copy(plane->config);
        bool is_change = false;
        int r = changed ? 0 : -ENOMEM;

        for (size_t i = 0; i < ELEMENTSOF(rates) && r >= 0; i++) {
                r = directions & rates[i].direction ? rate_take(changed, files, i) : 0;
                is_change |= r > 0;
        }
        if (r < 0 || !is_change) {
                plane_config_free(changed);
                return r < 0 ? error_set(ret_error, r, "out of memory") : 0;
        }
        bool is_other_rate = changed->egress != plane->config->egress || changed->ingress != plane->config->ingress;
        PlaneConfig *before = plane_swap_config(plane, changed);
        r = is_other_rate ? config_apply(reconciler, plane, ret_error) : 0;
        if (r < 0) {
                plane_config_free(plane_swap_config(plane, before));
                (void)reconcile(reconciler, RECONCILE_INTENT, NULL);
                return r;
        }
        plane_config_free(before);
        planes_announce_rates(reconciler->planes, plane);
        return 0;
}

// --- the drop-ins ---

// What a request makes of the drop-in that it is for.
static DropInRates rates_merge(const DropInRates *before, const BandwidthRequest *request) {
        DropInRates merged = request->reset ? (DropInRates){} : *before;

        if (request->egress.is_set)
                merged.egress = request->egress;
        if (request->ingress.is_set)
                merged.ingress = request->ingress;
        return merged;
}

// What a persistent request leaves of the runtime drop-in, which would hide it.
static DropInRates rates_uncover(const DropInRates *before, const BandwidthRequest *request) {
        DropInRates left = request->reset ? (DropInRates){} : *before;

        if (request->egress.is_set)
                left.egress = (DropInRate){};
        if (request->ingress.is_set)
                left.ingress = (DropInRate){};
        return left;
}

static unsigned directions_of(const BandwidthRequest *request, const DropIn *persistent, const DropIn *runtime) {
        bool egress = request->egress.is_set, ingress = request->ingress.is_set;

        if (request->reset) {
                egress |= runtime->rates.egress.is_set || (!request->runtime && persistent->rates.egress.is_set);
                ingress |= runtime->rates.ingress.is_set || (!request->runtime && persistent->rates.ingress.is_set);
        }
        return (egress ? EGRESS : 0) | (ingress ? INGRESS : 0);
}

static int drop_in_store(const DropIn *drop_in, const DropInRates *wanted, Error *ret_error) {
        _cleanup_free_ char *text = NULL;

        if (drop_in_bandwidth_text(wanted, &text) < 0)
                return error_set(ret_error, -ENOMEM, "out of memory");
        return text || drop_in->text ? drop_in_write(drop_in, text, ret_error) : 0;
}

static int drop_ins_store(const BandwidthRequest *request, const DropIn *persistent, const DropIn *runtime,
                          Error *ret_error) {
        if (request->runtime) {
                const DropInRates merged = rates_merge(&runtime->rates, request);
                return drop_in_store(runtime, &merged, ret_error);
        }
        const DropInRates merged = rates_merge(&persistent->rates, request),
                          left = rates_uncover(&runtime->rates, request);
        Error error = {};
        int r = drop_in_store(persistent, &merged, &error);
        if (r == -EROFS || r == -EACCES)
                return error_set(ret_error, r,
                                 "%.900s; set it until the next boot with --runtime, which writes to /run", error.text);
        if (r < 0)
                return error_set(ret_error, r, "%s", error.text);
        return drop_in_store(runtime, &left, ret_error);
}

static int store_and_apply(Reconciler *reconciler, Plane *plane, const BandwidthRequest *request,
                           const DropIn *persistent, const DropIn *runtime, Error *ret_error) {
        _cleanup_config_ Config *config = NULL;
        const PlaneConfig *files = NULL;

        int r = drop_ins_store(request, persistent, runtime, ret_error);
        if (r < 0)
                return r;
        r = files_read(plane->config, &config, &files, ret_error);
        if (r < 0)
                return r;
        return rates_apply(reconciler, plane, files, directions_of(request, persistent, runtime), ret_error);
}

int bandwidth_set(Reconciler *reconciler, Plane *plane, const BandwidthRequest *request, Error *ret_error) {
        _cleanup_drop_in_ DropIn persistent = {}, runtime = {};
        char egress[RATE_TEXT_MAX], ingress[RATE_TEXT_MAX];

        if (plane->config->is_unread)
                return error_set(ret_error, -EINVAL, "the plane is not set up, because %s", plane->broken);
        int r = drop_in_init(&persistent, plane->config->name, false, ret_error);
        if (r < 0)
                return r;
        r = drop_in_init(&runtime, plane->config->name, true, ret_error);
        if (r < 0)
                return r;
        r = store_and_apply(reconciler, plane, request, &persistent, &runtime, ret_error);
        if (r < 0) {
                drop_in_put_back(&runtime);
                if (!request->runtime)
                        drop_in_put_back(&persistent);
                return r;
        }
        last_good_save(LAST_GOOD_DIRECTORY, plane->config);
        log_notice("%s: caps %s%s: egress %s, ingress %s (bit/s; 0: none)", plane->config->name,
                   request->reset ? "reset" : "set", request->runtime ? " until the next boot" : "",
                   format_rate(plane->config->egress, egress), format_rate(plane->config->ingress, ingress));
        return 0;
}
