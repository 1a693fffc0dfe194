// The URI for migrations to this host, as an initiator asks for it: with sd-bus
// SPDX-License-Identifier: GPL-2.0-or-later
//
//     cc -o migration-uri migration-uri.c $(pkg-config --cflags --libs libsystemd)
//     ./migration-uri PLANE
//
// Exit status 0: the migration may go to the URI that is printed, or, if none is printed, over the management network
// (Fallback=allow). 1: the migration must be refused.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>

typedef struct Plane {
        char *health, *uri, *fallback;
} Plane;

// Calls without starting the daemon: a reader starts none.
static int call(sd_bus *bus, const char *path, const char *interface, const char *method, const char *argument,
                sd_bus_error *error, sd_bus_message **ret) {
        sd_bus_message *message = NULL;

        int r = sd_bus_message_new_method_call(bus, &message, "org.migplane1", path, interface, method);
        if (r >= 0)
                r = sd_bus_message_set_auto_start(message, 0);
        if (r >= 0)
                r = sd_bus_message_append(message, "s", argument);
        if (r >= 0)
                r = sd_bus_call(bus, message, 0, error, ret);
        sd_bus_message_unref(message);
        return r;
}

static char **member_of(Plane *plane, const char *property) {
        return strcmp(property, "Health") == 0       ? &plane->health
               : strcmp(property, "MigrateUri") == 0 ? &plane->uri
               : strcmp(property, "Fallback") == 0   ? &plane->fallback
                                                     : NULL;
}

// From an a{sv}. Later versions may have more properties: those that are not known are skipped.
static int properties_take(sd_bus_message *answer, Plane *plane) {
        const char *property, *value;

        int r = sd_bus_message_enter_container(answer, 'a', "{sv}");
        while (r >= 0 && (r = sd_bus_message_enter_container(answer, 'e', "sv")) > 0) {
                r = sd_bus_message_read(answer, "s", &property);
                if (r < 0)
                        return r;
                char **member = member_of(plane, property);
                r = member ? sd_bus_message_read(answer, "v", "s", &value) : sd_bus_message_skip(answer, "v");
                if (r < 0)
                        return r;
                if (member && !(*member = strdup(value)))
                        return -1;
                r = sd_bus_message_exit_container(answer);
        }
        return r;
}

static int plane_read(sd_bus *bus, const char *name, sd_bus_error *error, Plane *plane) {
        sd_bus_message *found = NULL, *answer = NULL;
        const char *path;

        int r = call(bus, "/org/migplane1", "org.migplane1.Manager", "GetPlane", name, error, &found);
        if (r >= 0)
                r = sd_bus_message_read(found, "o", &path);
        // All properties in one call, so that they are of one moment.
        if (r >= 0)
                r = call(bus, path, "org.freedesktop.DBus.Properties", "GetAll", "org.migplane1.Plane", error, &answer);
        if (r >= 0)
                r = properties_take(answer, plane);
        sd_bus_message_unref(found);
        sd_bus_message_unref(answer);
        return r;
}

// The whole rule for an initiator.
static int decide(const char *name, const Plane *plane) {
        if (!plane->health || !plane->uri || !plane->fallback)
                return EXIT_FAILURE;
        if (strcmp(plane->health, "healthy") == 0 || strcmp(plane->health, "degraded") == 0)
                return puts(plane->uri) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
        if (strcmp(plane->fallback, "allow") == 0) {
                fprintf(stderr, "plane %s is %s; using the management network\n", name, plane->health);
                return EXIT_SUCCESS;
        }
        fprintf(stderr, "plane %s is %s, refusing the migration\n", name, plane->health);
        return EXIT_FAILURE;
}

int main(int argc, char **argv) {
        sd_bus_error error = SD_BUS_ERROR_NULL;
        sd_bus *bus = NULL;
        Plane plane = { NULL, NULL, NULL };
        int status = EXIT_FAILURE;

        if (argc != 2) {
                fprintf(stderr, "Usage: %s PLANE\n", argv[0]);
                return EXIT_FAILURE;
        }
        int r = sd_bus_open_system(&bus);
        if (r >= 0)
                r = plane_read(bus, argv[1], &error, &plane);
        if (r < 0)
                fprintf(stderr, "cannot ask migplaned: %s\n", error.message ? error.message : strerror(-r));
        else
                status = decide(argv[1], &plane);
        free(plane.health);
        free(plane.uri);
        free(plane.fallback);
        sd_bus_error_free(&error);
        sd_bus_unref(bus);
        return status;
}
