// The daemon: the kernel, the planes, and the parts that look after them, put together.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "daemon/manager.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/parse.h"
#include "base/util.h"
#include "config/plane-config.h"
#include "daemon/answers.h"
#include "daemon/bandwidth.h"
#include "daemon/migration-watch.h"
#include "daemon/reconcile.h"
#include "daemon/reload.h"
#include "daemon/schedule.h"
#include "daemon/watch.h"
#include "daemon/watchdog.h"
#include "engine/kernel.h"
#include "engine/snapshot.h"
#include "handover/handover.h"
#include "model/reason.h"
#include "netlink/request.h"
#include "planes/down-mark.h"
#include "planes/drops.h"
#include "planes/peer-recovery.h"
#include "planes/pending-edit.h"
#include "planes/plane-set.h"
#include "planes/plane.h"

enum {
        SETTLE_USEC = 1000,          // notifications come in bursts
        SETTLE_ROUTES_USEC = 200000, // a routing daemon can make thousands of changes a second, for hours
};
#define AUDIT_INTERVAL_USEC UINT64_C(5000000)

// --- what the parts call ---

static void on_change(WatchConcern concern, void *userdata) {
        Manager *manager = userdata;

        manager->reconciler.n_changes++;
        schedule_look(&manager->schedule, concern == WATCH_WAY ? SETTLE_ROUTES_USEC : SETTLE_USEC);
}

static void look_again(uint64_t delay_usec, void *userdata) {
        Manager *manager = userdata;

        schedule_look(&manager->schedule, delay_usec);
}

static void on_look(void *userdata) {
        Manager *manager = userdata;
        Error error = {};

        if (reconcile(&manager->reconciler, RECONCILE_EVENT, &error) < 0)
                log_error("%s", error.text);
}

// Sysctls and the like have no notification: everything is looked at now and then, when the watchdog is due anyway.
static void on_audit(void *userdata) {
        Manager *manager = userdata;
        Error error = {};

        watchdog_pat(KERNEL_STEP_OPERATION);
        int r = reload_is_due(&manager->planes) ? manager_reload(manager, &error)
                                                : reconcile(&manager->reconciler, RECONCILE_AUDIT, &error);
        if (r < 0)
                log_error("%s", error.text);
        migration_watch_look(&manager->migrations);
}

// --- putting the parts together ---

// Images have an empty file, or "uninitialized", until their first boot: that would be one id for many hosts.
static void machine_id_read(char ret[static 33]) {
        _cleanup_free_ char *text = NULL;

        if (file_read("/etc/machine-id", 4096, &text, NULL) < 0)
                return;
        text[strcspn(text, "\n")] = '\0';
        if (strlen(text) == 32 && strspn(text, "0123456789abcdefABCDEF") == 32)
                memcpy(ret, text, 33);
        else
                log_warning(
                        "/etc/machine-id is not 32 hexadecimal digits: the MAC address of each plane of "
                        "Kind=macvlan is another one at each boot; run systemd-machine-id-setup, or write "
                        "MACAddress= into its file");
}

static int parts_init(Manager *manager, Error *ret_error) {
        PlaneSet *planes = &manager->planes;

        manager->kernel.progress = watchdog_start_goes_on;
        int r = kernel_init(&manager->kernel, ret_error);
        if (r < 0)
                return r;
        r = watch_init(&manager->watch, manager->event, netlink_port(manager->kernel.netlink), planes, on_change,
                       manager, ret_error);
        if (r < 0)
                return r;
        r = schedule_init(&manager->schedule, manager->event, watchdog_interval(AUDIT_INTERVAL_USEC), on_look, on_audit,
                          manager);
        if (r < 0)
                return error_set(ret_error, r, "cannot set a timer: %s", strerror(-r));
        drops_init(&manager->drops, manager->event, planes);
        manager->recovery = (PeerRecovery){ .netlink = manager->kernel.netlink, .planes = planes };
        migration_watch_init(&manager->migrations, manager->event, planes, &manager->recovery);
        handover_init(&manager->handover, planes, look_again, manager);
        manager->reconciler = (Reconciler){
                .kernel = &manager->kernel,
                .planes = planes,
                .watch = &manager->watch,
                .schedule = &manager->schedule,
                .drops = &manager->drops,
                .handover = &manager->handover,
                .recovery = &manager->recovery,
                .migrations = &manager->migrations,
        };
        machine_id_read(manager->reconciler.machine_id);
        answers_init(&manager->answers, &manager->reconciler);
        return 0;
}

int manager_new(sd_event *event, Manager **ret, Error *ret_error) {
        Manager *manager = calloc(1, sizeof(*manager));
        if (!manager)
                return error_set(ret_error, -ENOMEM, "out of memory");

        manager->event = sd_event_ref(event);
        int r = parts_init(manager, ret_error);
        if (r < 0) {
                manager_free(manager);
                return r;
        }
        *ret = manager;
        return 0;
}

Manager *manager_free(Manager *manager) {
        if (!manager)
                return NULL;
        answers_deinit(&manager->answers);
        handover_deinit(&manager->handover);
        migration_watch_deinit(&manager->migrations);
        drops_deinit(&manager->drops);
        schedule_deinit(&manager->schedule);
        watch_deinit(&manager->watch);
        unconfirmed_deinit(&manager->reconciler.unconfirmed);
        messages_deinit(&manager->messages);
        planes_deinit(&manager->planes);
        kernel_deinit(&manager->kernel);
        sd_event_unref(manager->event);
        free(manager);
        return NULL;
}

// --- what is asked of it ---

// Before another manager is told to leave a device alone: it may be the host's own.
static void refused_read(Manager *manager) {
        _cleanup_snapshot_ Snapshot snapshot = {};
        Error error = {};

        if (reconcile_snapshot(&manager->reconciler, &snapshot, &error) >= 0)
                planes_store_refused(&manager->planes, &snapshot);
        else
                log_error("%s", error.text);
}

int manager_reload(Manager *manager, Error *ret_error) {
        Error error = {};

        int r = reload_planes(&manager->planes, &manager->messages, ret_error);
        if (r < 0)
                return r;
        refused_read(manager);
        if (manager->messages.n_errors == 0)
                manager->loaded_usec = clock_real_usec();
        handover_write(&manager->handover);
        // The files are read. A kernel that cannot be observed is tried again.
        if (reconcile(&manager->reconciler, RECONCILE_INTENT, &error) < 0)
                log_error("%s", error.text);
        return 0;
}

int manager_start(Manager *manager, Error *ret_error) {
        if (reload_restore(&manager->planes) < 0)
                return error_set(ret_error, -ENOMEM, "out of memory");
        int r = manager_reload(manager, ret_error);
        manager->kernel.progress = watchdog_pat;
        bandwidth_sweep_drop_ins(&manager->planes);
        migration_watch_look(&manager->migrations);
        return r;
}

static const char *const down_marks[] = { DOWN_MARK_DIRECTORIES, NULL };

// First the mark: a daemon that is killed in between carries on at its next start.
static int request_store(const PlaneConfig *config, PlaneRequest request, Error *ret_error) {
        switch (request) {
        case PLANE_UP:
                return down_mark_clear(down_marks, config->name, ret_error);
        case PLANE_DOWN:
                return down_mark_set(down_marks, DOWN_MARK_DOWN, config->name, ret_error);
        case PLANE_RELEASE:
                return down_mark_set(down_marks, DOWN_MARK_RELEASED, config->name, ret_error);
        }
        return -EINVAL;
}

int manager_set_down(Manager *manager, Plane *plane, PlaneRequest request, Error *ret_error) {
        static const char *const done[] = {
                [PLANE_UP] = "set up again", [PLANE_DOWN] = "taken down", [PLANE_RELEASE] = "released"
        };
        const PlaneConfig *config = plane->config;
        bool was_released = plane->is_released;

        // Its address would stay, without isolation.
        if (request == PLANE_DOWN && config->managed_by != MANAGED_BY_MIGPLANE)
                return error_set(
                        ret_error, -EPERM,
                        "%s belongs to another manager (ManagedBy=%s), which is to take it down; then remove %s "
                        "and reload, or: migplanectl release %s",
                        config->interface, managed_by_to_string(config->managed_by), config->path, config->name);
        // Its mark has the name of the plane.
        if (!plane_name_is_valid(config->name))
                return error_set(ret_error, -EINVAL, "%s is not the name of a plane: %s", config->name, plane->broken);
        int r = request_store(config, request, ret_error);
        if (r < 0)
                return r;
        plane->is_released = request == PLANE_RELEASE || (request == PLANE_DOWN && was_released);
        plane->taken_down = request != PLANE_UP;
        log_notice("%s: %s by request", config->name, done[request]);
        if (plane->is_released != was_released)
                handover_write(&manager->handover);
        if (request == PLANE_RELEASE)
                handover_forget(&manager->handover, plane);
        plane->drift.repaired[0] = '\0';
        // What waited for the migrations on the plane waits no longer; the plane may go for good.
        if (pending_edit_waits(&plane->pending)) {
                _cleanup_free_ char *name = strdup(config->name);
                if (!name)
                        return error_set(ret_error, -ENOMEM, "out of memory");
                r = manager_reload(manager, ret_error);
                plane = planes_find(&manager->planes, name);
                if (r < 0 || !plane)
                        return r;
        }
        r = reconcile(&manager->reconciler, RECONCILE_INTENT, ret_error);
        if (r < 0)
                return r;
        const char *refusal = reasons_text(&plane->status.reasons, REASON_APPLY_FAILED);
        return refusal ? error_set(ret_error, -EIO, "%s", refusal) : 0;
}
