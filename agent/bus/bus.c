// The bus: connection, name, objects, and the signals that announce changes.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "bus/bus.h"

#include <systemd/sd-bus.h>

#include "base/error.h"
#include "base/log.h"
#include "base/names.h"
#include "base/util.h"
#include "bus/callers.h"
#include "bus/context.h"
#include "bus/keepalive.h"
#include "bus/log-control.h"
#include "bus/manager-object.h"
#include "bus/migration-object.h"
#include "bus/plane-object.h"
#include "bus/polkit.h"
#include "daemon/manager.h"
#include "handover/handover.h"
#include "planes/plane-set.h"
#include "planes/plane.h"

#define REJOIN_USEC UINT64_C(1000000)

struct Bus {
        BusContext context;
        sd_bus *bus;
        sd_bus_vtable *plane_vtable, *migration_vtable;
        PlanesObserver observer;
        MigrationsObserver migrations_observer;
        sd_event_source *rejoin_timer; // NULL: connected, or waiting for a bus to appear
        Keepalive keepalive;
};

// --- signals ---

static void on_plane_added(Plane *plane, void *userdata) {
        const Bus *bus = userdata;
        _cleanup_free_ char *path = NULL;

        if (sd_bus_is_ready(bus->bus) > 0 && plane_object_path(plane, &path) >= 0)
                (void)sd_bus_emit_object_added(bus->bus, path);
}

static void on_plane_removed(Plane *plane, void *userdata) {
        const Bus *bus = userdata;
        _cleanup_free_ char *path = NULL;

        if (sd_bus_is_ready(bus->bus) > 0 && plane_object_path(plane, &path) >= 0)
                (void)sd_bus_emit_object_removed(bus->bus, path);
}

static void on_plane_changed(Plane *plane, PlaneChange change, void *userdata) {
        const Bus *bus = userdata;

        if (sd_bus_is_ready(bus->bus) > 0)
                plane_object_announce(bus->bus, plane, change);
}

static void on_migration_began(const Migration *migration, void *userdata) {
        const Bus *bus = userdata;
        char path[MIGRATION_PATH_MAX];

        if (sd_bus_is_ready(bus->bus) > 0)
                (void)sd_bus_emit_object_added(bus->bus, migration_object_path(migration, path));
}

static void on_migration_ended(const Migration *migration, const Plane *plane, const MigrationFigures *figures,
                               void *userdata) {
        const Bus *bus = userdata;
        char path[MIGRATION_PATH_MAX];

        if (sd_bus_is_ready(bus->bus) <= 0)
                return;
        (void)sd_bus_emit_object_removed(bus->bus, migration_object_path(migration, path));
        manager_object_announce_ended(bus->bus, plane, figures);
}

static void on_migration_changed(const Migration *migration, void *userdata) {
        const Bus *bus = userdata;
        char path[MIGRATION_PATH_MAX];

        if (sd_bus_is_ready(bus->bus) > 0)
                (void)sd_bus_emit_properties_changed(bus->bus, migration_object_path(migration, path),
                                                     BUS_INTERFACE_MIGRATION, "Connections", NULL);
}

static void on_off_plane(void *userdata) {
        const Bus *bus = userdata;

        if (sd_bus_is_ready(bus->bus) > 0)
                (void)sd_bus_emit_properties_changed(bus->bus, BUS_PATH, BUS_INTERFACE_MANAGER, "OffPlaneMigrations",
                                                     NULL);
}

// --- the name ---

static int name_is_taken(sd_bus_message *answer) {
        log_error("the name " BUS_NAME " is taken: another migplaned is running");
        return sd_event_exit(sd_bus_get_event(sd_bus_message_get_bus(answer)), EXIT_FAILURE);
}

// userdata: NULL at the first attempt.
static int on_name(sd_bus_message *answer, void *userdata, sd_bus_error *ret_error);

static int on_holder(sd_bus_message *answer, void *userdata _unused_, sd_bus_error *ret_error _unused_) {
        return sd_bus_message_is_method_error(answer, NULL)
                       ? sd_bus_request_name_async(sd_bus_message_get_bus(answer), NULL, BUS_NAME, 0, on_name, BUS_NAME)
                       : name_is_taken(answer);
}

// The bus daemon does not notice the end of a connection that it does not read from (see keepalive.c) until it has
// something to send there. Such a connection, of this process or the one before, may still own the name: so the owner
// is pinged.
static int on_name(sd_bus_message *answer, void *userdata, sd_bus_error *ret_error _unused_) {
        sd_bus *bus = sd_bus_message_get_bus(answer);
        uint32_t result = 0;

        if (sd_bus_message_is_method_error(answer, NULL)) {
                log_error("cannot get the name " BUS_NAME " on the bus: %s", sd_bus_message_get_error(answer)->message);
                return sd_event_exit(sd_bus_get_event(bus), EXIT_FAILURE);
        }
        if (sd_bus_message_read(answer, "u", &result) < 0 || result == 1 || result == 4)
                return 1;
        return userdata ? name_is_taken(answer)
                        : sd_bus_call_method_async(bus, NULL, BUS_NAME, BUS_PATH, "org.freedesktop.DBus.Peer", "Ping",
                                                   on_holder, NULL, NULL);
}

// --- the connection ---

static int objects_add(Bus *bus) {
        int r = sd_bus_add_object_manager(bus->bus, NULL, BUS_PATH);
        if (r < 0)
                return r;
        r = manager_object_add(bus->bus, &bus->context);
        if (r < 0)
                return r;
        r = log_control_add(bus->bus, &bus->context);
        if (r < 0)
                return r;
        r = plane_object_add(bus->bus, bus->plane_vtable, &bus->context);
        return r < 0 ? r : migration_object_add(bus->bus, bus->migration_vtable, &bus->context);
}

// The daemon starts before the bus does: the socket is waited for, not polled.
static int connection_start(Bus *bus) {
        const char *address = secure_getenv("DBUS_SYSTEM_BUS_ADDRESS") ?: "unix:path=/run/dbus/system_bus_socket";

        int r = sd_bus_set_address(bus->bus, address);
        if (r < 0)
                return r;
        // We accept no file descriptors; a queued call would keep the sender's open.
        r = sd_bus_negotiate_fds(bus->bus, false);
        if (r < 0)
                return r;
        r = sd_bus_set_bus_client(bus->bus, true);
        if (r < 0)
                return r;
        r = sd_bus_set_watch_bind(bus->bus, true);
        if (r < 0)
                return r;
        r = sd_bus_start(bus->bus);
        return r < 0 ? r : sd_bus_attach_event(bus->bus, bus->context.manager->event, SD_EVENT_PRIORITY_NORMAL);
}

static int bus_prepare(Bus *bus);

static int bus_join(Bus *bus) {
        int r = connection_start(bus);
        if (r < 0)
                return r;
        r = sd_bus_request_name_async(bus->bus, NULL, BUS_NAME, 0, on_name, NULL);
        return r < 0 ? r : handover_connect(&bus->context.manager->handover, bus->bus);
}

static void bus_leave(Bus *bus) {
        handover_disconnect(&bus->context.manager->handover);
        polkit_forget(&bus->context.polkit);
        callers_deinit(&bus->context.callers);
        keepalive_deinit(&bus->keepalive);
        // Without waiting until all of it is sent: that may be never.
        bus->bus = sd_bus_close_unref(bus->bus);
}

static int on_rejoin(sd_event_source *source, uint64_t usec _unused_, void *userdata) {
        Bus *bus = userdata;

        bus->rejoin_timer = sd_event_source_unref(source);
        bus_leave(bus);
        int r = bus_prepare(bus);
        if (r >= 0) // one error for both
                r = bus_join(bus);
        if (r < 0) {
                log_error("cannot connect to the system bus: %s", strerror(-r));
                return sd_event_exit(bus->context.manager->event, EXIT_FAILURE);
        }
        return 0;
}

static int rejoin_after(Bus *bus, uint64_t usec) {
        if (bus->rejoin_timer)
                return 0;
        return sd_event_add_time_relative(bus->context.manager->event, &bus->rejoin_timer, CLOCK_MONOTONIC, usec, 0,
                                          on_rejoin, bus);
}

static void on_stalled(void *userdata) {
        log_warning("the bus daemon stopped reading from us (a client does not read its replies); reconnecting");
        (void)rejoin_after(userdata, 0);
}

// The planes are guarded without a bus as well: it goes early at shutdown, and others flush our tables after it.
static int on_disconnected(sd_bus_message *signal _unused_, void *userdata, sd_bus_error *ret_error _unused_) {
        Bus *bus = userdata;

        log_notice("the connection to the bus has ended; waiting for the bus to come back");
        handover_disconnect(&bus->context.manager->handover);
        return rejoin_after(bus, REJOIN_USEC);
}

static int bus_prepare(Bus *bus) {
        int r = sd_bus_new(&bus->bus);
        if (r < 0)
                return r;
        r = callers_init(&bus->context.callers, bus->bus, bus->context.manager->event);
        if (r < 0)
                return r;
        // The filter that is added last is the first to see a message.
        r = keepalive_init(&bus->keepalive, bus->bus, on_stalled, bus);
        if (r < 0)
                return r;
        r = objects_add(bus);
        return r < 0 ? r
                     : sd_bus_match_signal_async(bus->bus, NULL, NULL, "/org/freedesktop/DBus/Local",
                                                 "org.freedesktop.DBus.Local", "Disconnected", on_disconnected, NULL,
                                                 bus);
}

int bus_new(Manager *manager, Bus **ret, Error *ret_error) {
        Bus *bus = calloc(1, sizeof(*bus));
        if (!bus)
                return error_set(ret_error, -ENOMEM, "out of memory");

        bus->context.manager = manager;
        bus->observer = (PlanesObserver){
                .added = on_plane_added,
                .removed = on_plane_removed,
                .changed = on_plane_changed,
                .userdata = bus,
        };
        planes_observe(&manager->planes, &bus->observer);
        bus->migrations_observer = (MigrationsObserver){
                .began = on_migration_began,
                .ended = on_migration_ended,
                .changed = on_migration_changed,
                .off_plane = on_off_plane,
                .userdata = bus,
        };
        manager->migrations.set.observer = &bus->migrations_observer;
        handover_expect_bus(&manager->handover);
        bus->plane_vtable = plane_object_new_vtable();
        bus->migration_vtable = migration_object_new_vtable();
        int r = bus->plane_vtable && bus->migration_vtable ? bus_prepare(bus) : -ENOMEM;
        if (r < 0) {
                bus_free(bus);
                return error_set(ret_error, r, "cannot offer anything on the bus: %s", strerror(-r));
        }
        *ret = bus;
        return 0;
}

int bus_connect(Bus *bus, Error *ret_error) {
        int r = bus_join(bus);
        return r < 0 ? error_set(ret_error, r, "cannot connect to the system bus: %s", strerror(-r)) : 0;
}

Bus *bus_free(Bus *bus) {
        if (!bus)
                return NULL;
        planes_unobserve(&bus->context.manager->planes, &bus->observer);
        bus->context.manager->migrations.set.observer = NULL;
        sd_event_source_unref(bus->rejoin_timer);
        bus_leave(bus);
        free(bus->plane_vtable);
        free(bus->migration_vtable);
        free(bus);
        return NULL;
}
