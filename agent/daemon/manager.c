// The daemon's state, its event sources, and what is asked of it.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "daemon/manager.h"

#include <sys/epoll.h>

#include "audit/audit.h"
#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/names.h"
#include "base/text-file.h"
#include "base/util.h"
#include "config/check-together.h"
#include "config/config.h"
#include "config/load.h"
#include "config/plane-config.h"
#include "daemon/reconcile.h"
#include "daemon/watchdog.h"
#include "engine/derive.h"
#include "engine/kernel.h"
#include "handover/files.h"
#include "kernel/monitor.h"
#include "model/reason.h"
#include "netlink/request.h"
#include "planes/drops.h"
#include "planes/last-good.h"
#include "planes/peer-recovery.h"
#include "planes/pending-edit.h"
#include "planes/plane.h"

enum {
        SETTLE_USEC = 1000, // notifications come in bursts
};
#define HOLD_USEC UINT64_C(3000000)
#define AUDIT_INTERVAL_USEC UINT64_C(5000000)
#define LOST_LOG_INTERVAL_USEC UINT64_C(10000000)

static const char *const config_directories[] = { CONFIG_DIRECTORIES, NULL };

// What is not the plane's, but can be in its way or get at it: see bypass.h.
static bool comes_near(const Plane *plane, const MonitorEvent *event) {
        for (size_t i = 0; i < ELEMENTSOF(event->sends_to); i++)
                if (event->sends_to[i] > 0 && event->sends_to[i] == plane->ifindex)
                        return true;
        return (event->ifindex > 0 && event->ifindex == plane->parent_index) ||
               (event->lower > 0 && (event->lower == plane->ifindex || event->lower == plane->parent_index)) ||
               (event->master > 0 && event->master == plane->bridge_index);
}

static bool manager_concerns(const Manager *manager, const MonitorEvent *event) {
        for (size_t i = 0; i < manager->n_planes; i++) {
                const Plane *plane = manager->planes[i];
                char ifb[IFNAMSIZ];
                derive_ifb_name(plane->config->interface, ifb);
                if ((event->ifindex > 0 && (event->ifindex == plane->ifindex || event->ifindex == plane->ifb_index)) ||
                    streq(event->link, plane->config->interface) || streq(event->link, ifb) ||
                    (event->link[0] && streq(event->link, plane->config->parent)) || comes_near(plane, event))
                        return true;
        }
        return false;
}

// In a storm of other people's changes that is many times a second.
static void lost_log(Manager *manager) {
        uint64_t now;

        manager->n_lost++;
        if (sd_event_now(manager->event, CLOCK_MONOTONIC, &now) < 0 ||
            (manager->lost_logged_usec && now - manager->lost_logged_usec < LOST_LOG_INTERVAL_USEC))
                return;
        log_notice("netlink notifications were lost (%u time(s) since this was said last); looking at everything again",
                   manager->n_lost);
        manager->lost_logged_usec = now;
        manager->n_lost = 0;
}

static void on_notification(const MonitorEvent *event, void *userdata) {
        Manager *manager = userdata;

        if (event->lost)
                lost_log(manager);
        else if (!event->ruleset && !manager_concerns(manager, event))
                return;
        if (event->pid && !manager->suspect.pid) { // the first one; reconcile forgets it
                manager->suspect = *event;
                monitor_event_name_process(&manager->suspect);
        }
        manager_look_again(manager, SETTLE_USEC);
}

static int on_monitor(sd_event_source *source _unused_, int fd, uint32_t revents _unused_, void *userdata) {
        Manager *manager = userdata;

        for (unsigned i = 0; i < MONITOR_SOURCES; i++)
                if (monitor_fd(manager->monitor, i) == fd && monitor_dispatch(manager->monitor, i) < 0)
                        manager_look_again(manager, SETTLE_USEC); // an error would switch the source off for good
        return 0;
}

// Whoever was told of new devices may not answer.
static void hold_check(Manager *manager) {
        uint64_t now;

        if (manager->hold_until_usec == 0 || sd_event_now(manager->event, CLOCK_MONOTONIC, &now) < 0)
                return;
        if (now >= manager->hold_until_usec)
                manager->hold_until_usec = 0;
        else
                manager_look_again(manager, manager->hold_until_usec - now);
}

static void manager_reconcile(Manager *manager, ReconcileCause cause) {
        Error error = {};

        hold_check(manager);
        probe_pin_peers(manager);
        if (reconcile(manager, cause, &error) < 0) {
                log_error("%s", error.text);
                manager_look_again(manager, reconcile_retry_delay(manager));
        }
        if (manager->listener.reconciled)
                manager->listener.reconciled(manager->listener.userdata);
        // What we just did, and looked at, was announced to us as well: read it now rather than wake up for it.
        for (unsigned i = 0; i < MONITOR_SOURCES; i++)
                (void)monitor_dispatch(manager->monitor, i);
}

static int on_dirty(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata) {
        manager_reconcile(userdata, RECONCILE_EVENT);
        return 0;
}

void manager_look_again(Manager *manager, uint64_t delay_usec) {
        uint64_t now, armed_for;
        int enabled;

        if (sd_event_now(manager->event, CLOCK_MONOTONIC, &now) < 0)
                return;
        if (sd_event_source_get_enabled(manager->dirty_timer, &enabled) >= 0 && enabled != SD_EVENT_OFF &&
            sd_event_source_get_time(manager->dirty_timer, &armed_for) >= 0 && armed_for <= now + delay_usec)
                return;
        (void)sd_event_source_set_time(manager->dirty_timer, now + delay_usec);
        (void)sd_event_source_set_enabled(manager->dirty_timer, SD_EVENT_ONESHOT);
}

// Sysctls and the like have no notification: look at everything now and then, when the watchdog is due anyway.
static int on_audit(sd_event_source *source, uint64_t usec, void *userdata) {
        Manager *manager = userdata;

        watchdog_pat(KERNEL_STEP_OPERATION);
        Error error = {};
        if (!waiting_is_over(manager))
                manager_reconcile(manager, RECONCILE_AUDIT);
        else if (manager_reload(manager, &error) < 0)
                log_error("%s", error.text);
        probe_look(manager);
        (void)sd_event_source_set_time(source, usec + manager->audit_interval_usec);
        return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static int timers_add(Manager *manager) {
        uint64_t now;

        manager->audit_interval_usec = watchdog_interval(AUDIT_INTERVAL_USEC);
        int r = sd_event_now(manager->event, CLOCK_MONOTONIC, &now);
        if (r >= 0)
                r = sd_event_add_time(manager->event, &manager->audit_timer, CLOCK_MONOTONIC,
                                      now + manager->audit_interval_usec, manager->audit_interval_usec / 8, on_audit,
                                      manager);
        if (r >= 0)
                r = sd_event_add_time(manager->event, &manager->dirty_timer, CLOCK_MONOTONIC, now, 1, on_dirty, manager);
        if (r >= 0)
                r = sd_event_source_set_enabled(manager->dirty_timer, SD_EVENT_OFF);
        return r;
}

static void machine_id_read(Manager *manager) {
        _cleanup_free_ char *text = NULL;

        if (file_read("/etc/machine-id", 4096, &text, NULL) >= 0) {
                strcpy_fixed(manager->machine_id, text);
                manager->machine_id[strcspn(manager->machine_id, "\n")] = '\0';
        }
}

int manager_new(sd_event *event, Manager **ret, Error *ret_error) {
        Manager *manager = calloc(1, sizeof(*manager));
        if (!manager)
                return error_set(ret_error, -ENOMEM, "out of memory");

        manager->event = sd_event_ref(event);
        machine_id_read(manager);
        manager->kernel.progress = watchdog_start_goes_on;
        int r = kernel_init(&manager->kernel, ret_error);
        if (r >= 0)
                r = monitor_new(netlink_port(manager->kernel.netlink), on_notification, manager, &manager->monitor,
                                ret_error);
        for (unsigned i = 0; i < MONITOR_SOURCES && r >= 0; i++) {
                r = sd_event_add_io(event, &manager->monitor_sources[i], monitor_fd(manager->monitor, i), EPOLLIN,
                                    on_monitor, manager);
                if (r < 0)
                        (void)error_set(ret_error, r, "cannot watch netlink: %s", strerror(-r));
        }
        if (r >= 0) {
                r = timers_add(manager);
                if (r < 0)
                        (void)error_set(ret_error, r, "cannot set a timer: %s", strerror(-r));
        }
        if (r < 0) {
                manager_free(manager);
                return r;
        }
        *ret = manager;
        return 0;
}

static void messages_free(Manager *manager) {
        for (size_t i = 0; i < manager->n_messages; i++)
                free(manager->messages[i]);
        manager->n_messages = 0;
}

Manager *manager_free(Manager *manager) {
        if (!manager)
                return NULL;
        for (size_t i = 0; i < manager->n_planes; i++)
                plane_free(manager->planes[i]);
        free(manager->planes);
        evidence_free(manager);
        messages_free(manager);
        free(manager->messages);
        (void)verification_free(manager->verification);
        for (unsigned i = 0; i < MONITOR_SOURCES; i++)
                sd_event_source_unref(manager->monitor_sources[i]);
        sd_event_source_unref(manager->dirty_timer);
        sd_event_source_unref(manager->probe_timer);
        sd_event_source_unref(manager->audit_timer);
        monitor_free(manager->monitor);
        kernel_deinit(&manager->kernel);
        sd_event_unref(manager->event);
        free(manager);
        return NULL;
}

Plane *manager_find(const Manager *manager, const char *name) {
        for (size_t i = 0; i < manager->n_planes; i++)
                if (streq(manager->planes[i]->config->name, name))
                        return manager->planes[i];
        return NULL;
}

static int messages_store(Manager *manager, const Config *config) {
        messages_free(manager);
        for (size_t i = 0; i < config->n_messages; i++) {
                _cleanup_free_ char *text = NULL;
                size_t size;
                FILE *file = text_file_open(&text, &size);
                if (!file)
                        return -ENOMEM;
                config_message_print(&config->messages[i], file);
                if (fclose(file) != 0 || array_reserve(&manager->messages, &manager->n_messages_allocated,
                                                       manager->n_messages + 1) < 0)
                        return -ENOMEM;
                text[strcspn(text, "\n")] = '\0';
                log_line(config->messages[i].severity == CONFIG_ERROR ? LOG_ERR : LOG_WARNING, "%s", text);
                manager->messages[manager->n_messages++] = TAKE(text);
        }
        return 0;
}

static int plane_compare(const void *a, const void *b) {
        return strcmp((*(Plane *const *)a)->config->name, (*(Plane *const *)b)->config->name);
}

static int plane_add(Manager *manager, PlaneConfig *config) {
        Plane *plane = plane_new(manager, config);
        if (!plane || array_reserve(&manager->planes, &manager->n_planes_allocated, manager->n_planes + 1) < 0) {
                if (plane)
                        plane_free(plane);
                else
                        plane_config_free(config);
                return -ENOMEM;
        }
        manager->planes[manager->n_planes++] = plane;
        qsort(manager->planes, manager->n_planes, sizeof(*manager->planes), plane_compare);
        if (manager->listener.plane_added)
                manager->listener.plane_added(plane, manager->listener.userdata);
        return 0;
}

static void planes_remove_missing(Manager *manager, const Config *config) {
        for (size_t i = manager->n_planes; i-- > 0;) {
                Plane *plane = manager->planes[i];
                if (config_find(config, plane->config->name) || config_is_broken(config, plane->config->name))
                        continue;
                log_notice("%s: its file is gone, taking the plane away", plane->config->name);
                if (manager->listener.plane_removed)
                        manager->listener.plane_removed(plane, manager->listener.userdata);
                plane_free(plane);
                memmove(&manager->planes[i], &manager->planes[i + 1],
                        (--manager->n_planes - i) * sizeof(*manager->planes));
        }
}

static void message_format(const ConfigMessage *message, char *ret, size_t size) {
        _cleanup_fclose_ FILE *file = fmemopen(ret, size, "w");

        ret[0] = '\0';
        if (file)
                config_message_print(message, file);
}

static void planes_mark_broken(Manager *manager, const Config *config) {
        for (size_t i = 0; i < manager->n_planes; i++) {
                Plane *plane = manager->planes[i];
                plane->broken[0] = '\0';
                for (size_t j = config->n_messages; j-- > 0;) {
                        const ConfigMessage *message = &config->messages[j];
                        if (message->severity == CONFIG_ERROR && streq(message->plane, plane->config->name))
                                message_format(message, plane->broken, sizeof(plane->broken));
                        plane->broken[strcspn(plane->broken, "\n")] = '\0';
                }
        }
}

static int config_read(Config **ret, Error *ret_error) {
        return config_load(config_directories, config_kernel_has_ipv6(), ret, ret_error);
}

// Takes the planes out of the configuration.
static int planes_update(Manager *manager, Config *config) {
        int r = 0;

        planes_remove_missing(manager, config);
        for (size_t i = 0; i < config->n_planes && r >= 0; i++) {
                PlaneConfig *taken = TAKE(config->planes[i]);
                Plane *plane = manager_find(manager, taken->name);
                if (plane)
                        plane_set_config(plane, taken);
                else
                        r = plane_add(manager, taken);
        }
        planes_mark_broken(manager, config);
        return r;
}

// A plane whose file was broken, or edited under a migration, while the daemon was not running keeps what it had, too.
static int kept_take(PlaneConfig *kept, void *userdata) {
        return plane_add(userdata, kept);
}

static void kept_store(const Manager *manager) {
        for (size_t i = 0; i < manager->n_planes; i++)
                kept_save(manager->planes[i]->config);
}

// A plane that keeps what it had keeps its interface and networks from the others.
static int kept_check(const Manager *manager, Config *config) {
        _cleanup_free_ char *memory = calloc(manager->n_planes + 1, sizeof(const PlaneConfig *));
        const PlaneConfig **in_force = (const PlaneConfig **)memory;
        if (!in_force)
                return -ENOMEM;

        for (size_t i = 0; i < manager->n_planes; i++)
                in_force[i] = manager->planes[i]->config;
        return config_check_kept(config, in_force, manager->n_planes);
}

static int handover_files(const Manager *manager, HandoverFiles *files) {
        int r = 0;

        for (size_t i = 0; i < manager->n_planes && r >= 0; i++) {
                Plane *plane = manager->planes[i];
                if (!plane->parent_network[0])
                        handover_recall_parent(plane->config->interface, plane->parent_network,
                                               sizeof(plane->parent_network));
                r = handover_render(plane->config, plane->parent_network, files);
        }
        return r;
}

void manager_hand_over(Manager *manager) {
        _cleanup_handover_files_ HandoverFiles files = {};
        unsigned changed = 0;
        uint64_t now;
        Error error = {};

        int r = handover_files(manager, &files);
        if (r >= 0)
                r = handover_sync(&files, &changed, &error);
        if (r < 0)
                log_warning("another network manager may meddle with a plane: %s",
                            error.text[0] ? error.text : "out of memory");
        manager->handover_pending |= changed;

        bool seen = (changed & HANDOVER_READER(MANAGED_BY_NETWORKD) && handover_reader_seen(MANAGED_BY_NETWORKD)) ||
                (changed & HANDOVER_READER(MANAGED_BY_NETWORKMANAGER) && handover_reader_seen(MANAGED_BY_NETWORKMANAGER));
        if (seen && manager->listener.reconciled && sd_event_now(manager->event, CLOCK_MONOTONIC, &now) >= 0)
                manager->hold_until_usec = now + HOLD_USEC;
}

void manager_release_hold(Manager *manager) {
        if (manager->hold_until_usec == 0)
                return;
        manager->hold_until_usec = 0;
        manager_look_again(manager, 0);
}

int manager_reload(Manager *manager, Error *ret_error) {
        _cleanup_config_ Config *config = NULL;

        int r = config_read(&config, ret_error);
        if (r < 0)
                return r;
        r = waiting_keep(manager, config);
        kept_prune(config);
        if (r < 0 || kept_check(manager, config) < 0 || messages_store(manager, config) < 0 || planes_update(manager, config) < 0)
                return error_set(ret_error, -ENOMEM, "out of memory");
        kept_store(manager);
        manager_hand_over(manager);
        // What the kernel says to it is in the planes' health; that it could not be asked is no reason to give up.
        manager_reconcile(manager, RECONCILE_INTENT);
        return 0;
}

int manager_start(Manager *manager, Error *ret_error) {
        if (kept_restore(kept_take, manager) < 0)
                return error_set(ret_error, -ENOMEM, "out of memory");
        int r = manager_reload(manager, ret_error);
        manager->kernel.progress = watchdog_pat;
        manager_sweep_drop_ins(manager);
        probe_look(manager);
        return r;
}

int manager_set_down(Manager *manager, Plane *plane, bool down, Error *ret_error) {
        // Its address would stay, without isolation.
        if (down && plane->config->managed_by != MANAGED_BY_MIGPLANE)
                return error_set(ret_error, -EPERM,
                                 "%s belongs to another manager (ManagedBy=%s), which is to take it down; then remove %s and reload",
                                 plane->config->interface, managed_by_to_string(plane->config->managed_by),
                                 plane->config->path);
        plane->taken_down = down;
        plane->repaired[0] = '\0';
        // What the migrations on it held back is held back no longer; the plane may go for good.
        if (plane->waits[0]) {
                char name[65];
                strcpy_fixed(name, plane->config->name);
                int r = manager_reload(manager, ret_error);
                plane = manager_find(manager, name);
                if (r < 0 || !plane)
                        return r;
        }
        int r = reconcile(manager, RECONCILE_INTENT, ret_error);
        if (r < 0)
                manager_look_again(manager, reconcile_retry_delay(manager));
        const char *refusal = reasons_text(&plane->reasons, REASON_APPLY_FAILED);
        if (r >= 0 && refusal)
                r = error_set(ret_error, -EIO, "%s", refusal);
        return r;
}

int manager_plan(Manager *manager, const Plane *plane, char **ret_text, Error *ret_error) {
        return reconcile_preview(manager, plane, ret_text, ret_error);
}
