// migplanectl monitor: prints a line for each change, until interrupted.
// SPDX-License-Identifier: GPL-2.0-or-later

#include <time.h>

#include "base/log.h"
#include "base/names.h"
#include "base/util.h"
#include "client/client.h"
#include "ctl/ctl.h"

// "2026-11-30 16:03:12 blue changed Health="degraded" MTU=9000", or the same as one JSON object a line; properties may
// be NULL.
static void event_print(const Ctl *ctl, const char *subject, const char *event, json_t *properties) {
        const char *property;
        struct timespec now;
        char when[32];
        json_t *value;

        (void)clock_gettime(CLOCK_REALTIME, &now);
        if (ctl->json != CTL_JSON_OFF) {
                _cleanup_json_ json_t *line =
                        json_pack("{sssssO*sI}", "Subject", subject, "Event", event, "Properties", properties, "Time",
                                  (json_int_t)now.tv_sec * 1000000 + now.tv_nsec / 1000);
                (void)ctl_json_print(ctl, line);
                return;
        }
        (void)strftime(when, sizeof(when), "%F %T", localtime(&now.tv_sec));
        (void)printf("%s %s %s", when, subject, event);
        json_object_foreach(properties, property, value) {
                (void)printf(" %s=", property);
                (void)json_dumpf(value, stdout, JSON_COMPACT | JSON_ENCODE_ANY);
        }
        (void)putchar('\n');
}

// The plane's name in an object path; NULL if the object is not a plane.
static char *path_to_plane(const char *path) {
        char *name = NULL;

        return sd_bus_path_decode(path, BUS_PATH_PLANES, &name) > 0 ? name : NULL;
}

static bool is_migration(const char *path) {
        return strncmp(path, BUS_PATH_MIGRATIONS "/", strlen(BUS_PATH_MIGRATIONS "/")) == 0;
}

static void migration_print(const Ctl *ctl, const char *event, json_t *migration) {
        const char *plane = json_string_value(json_object_get(migration, "Plane"));

        event_print(ctl, plane ? plane : "migplaned", event, migration);
}

static int on_migration_ended(const Ctl *ctl, sd_bus_message *message) {
        _cleanup_json_ json_t *migration = NULL;

        int r = client_read_json(message, &migration);
        if (r >= 0)
                migration_print(ctl, "migration-ended", migration);
        return r;
}

// How many connections a migration has is not worth a line.
static int on_properties_changed(const Ctl *ctl, sd_bus_message *message) {
        _cleanup_free_ char *name = path_to_plane(sd_bus_message_get_path(message));
        _cleanup_json_ json_t *properties = NULL;
        const char *property;

        if (is_migration(sd_bus_message_get_path(message)))
                return 0;
        int r = sd_bus_message_skip(message, "s");
        if (r < 0)
                return r;
        r = client_read_json(message, &properties);
        if (r < 0)
                return r;
        r = sd_bus_message_enter_container(message, SD_BUS_TYPE_ARRAY, "s");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_read(message, "s", &property)) > 0)
                (void)json_object_set_new(properties, property, json_null());
        if (r < 0)
                return r;
        event_print(ctl, name ? name : "migplaned", "changed", properties);
        return 0;
}

static int on_interfaces_added(const Ctl *ctl, sd_bus_message *message) {
        _cleanup_json_ json_t *interfaces = NULL;
        _cleanup_free_ char *name = NULL;
        const char *path;

        int r = sd_bus_message_read(message, "o", &path);
        if (r < 0)
                return r;
        r = client_read_json(message, &interfaces);
        if (r < 0)
                return r;
        name = path_to_plane(path);
        if (name)
                event_print(ctl, name, "added", json_object_get(interfaces, BUS_INTERFACE_PLANE));
        else if (is_migration(path))
                migration_print(ctl, "migration-began", json_object_get(interfaces, BUS_INTERFACE_MIGRATION));
        return 0;
}

static int on_interfaces_removed(const Ctl *ctl, sd_bus_message *message) {
        _cleanup_free_ char *name = NULL;
        const char *path;

        int r = sd_bus_message_read(message, "o", &path);
        if (r < 0)
                return r;
        name = path_to_plane(path);
        if (name)
                event_print(ctl, name, "removed", NULL);
        return 0;
}

static const struct {
        const char *member;
        int (*handle)(const Ctl *ctl, sd_bus_message *message);
} signals[] = {
        { "PropertiesChanged", on_properties_changed },
        { "InterfacesAdded", on_interfaces_added },
        { "InterfacesRemoved", on_interfaces_removed },
        { "MigrationEnded", on_migration_ended },
};

static int on_signal(sd_bus_message *message, void *userdata, _unused_ sd_bus_error *ret_error) {
        for (size_t i = 0; i < ELEMENTSOF(signals); i++)
                if (streq(sd_bus_message_get_member(message), signals[i].member) &&
                    signals[i].handle(userdata, message) < 0)
                        log_warning("A %s signal could not be read", signals[i].member);
        return 0;
}

static int on_owner_changed(sd_bus_message *message, void *userdata, _unused_ sd_bus_error *ret_error) {
        const char *name, *before, *now;

        if (sd_bus_message_read(message, "sss", &name, &before, &now) >= 0)
                event_print(userdata, "migplaned", now[0] ? "started" : "stopped", NULL);
        return 0;
}

CtlExit ctl_verb_monitor(Ctl *ctl, _unused_ int n_arguments, _unused_ char **arguments) {
        _cleanup_json_ json_t *planes = NULL;

        // Fails at once if the daemon does not run.
        CtlExit code = ctl_planes_read(ctl, &planes);
        if (code != CTL_DONE)
                return code;
        (void)setvbuf(stdout, NULL, _IOLBF, 0);
        int r = client_watch(&ctl->client, on_signal, on_owner_changed, ctl);
        while (r >= 0 && !ferror(stdout)) {
                r = sd_bus_process(ctl->client.bus, NULL);
                if (r == 0)
                        r = sd_bus_wait(ctl->client.bus, UINT64_MAX);
        }
        log_error("The connection to the bus was lost: %s", strerror(r < 0 ? -r : EPIPE));
        return CTL_NO_DAEMON;
}
