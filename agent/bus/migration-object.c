// org.migplane1.Migration
// SPDX-License-Identifier: GPL-2.0-or-later

#include "bus/migration-object.h"

#include <inttypes.h>
#include <stddef.h>

#include "base/clock.h"
#include "base/names.h"
#include "base/util.h"
#include "bus/context.h"
#include "daemon/manager.h"
#include "planes/migration-properties.h"
#include "planes/migration-set.h"
#include "planes/plane-set.h"
#include "planes/plane.h"

const char *migration_object_path(const Migration *migration, char ret[static MIGRATION_PATH_MAX]) {
        (void)snprintf(ret, MIGRATION_PATH_MAX, BUS_PATH_MIGRATIONS "/%" PRIu64, migration->number);
        return ret;
}

static int migration_find(sd_bus *bus _unused_, const char *path, const char *interface _unused_, void *userdata,
                          void **ret_found, sd_bus_error *ret_error _unused_) {
        const BusContext *context = userdata;
        const MigrationSet *set = &context->manager->migrations.set;

        for (size_t i = 0; i < set->n_running; i++) {
                char text[MIGRATION_PATH_MAX];
                if (!streq(migration_object_path(set->running[i].migration, text), path))
                        continue;
                *ret_found = &set->running[i];
                return 1;
        }
        return 0;
}

// --- properties ---

static int value_append(sd_bus_message *reply, const MigrationProperty *property, const MigrationFigures *figures) {
        char text[MIGRATION_TEXT_MAX];

        if (property->text)
                return sd_bus_message_append(reply, "s", property->text(figures, text));
        // sd-bus takes what is narrower than an int as an int.
        return streq(property->signature, "t")
                       ? sd_bus_message_append(reply, "t", property->number(figures))
                       : sd_bus_message_append(reply, property->signature, (int)property->number(figures));
}

static int get_property(sd_bus *bus _unused_, const char *path _unused_, const char *interface _unused_,
                        const char *name, sd_bus_message *reply, void *userdata, sd_bus_error *ret_error _unused_) {
        const MigrationProperty *property = migration_properties_find(name);
        const RunningMigration *running = userdata;

        if (!property)
                return sd_bus_message_append(reply, "s", running->plane->config->name);
        const MigrationFigures figures = migration_figures(running->migration, clock_now_usec());
        return value_append(reply, property, &figures);
}

static uint64_t property_flags(const MigrationProperty *property) {
        return property->is_counter ? SD_BUS_VTABLE_PROPERTY_EXPLICIT : SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE;
}

sd_bus_vtable *migration_object_new_vtable(void) {
        size_t n, n_rows = 0;
        const MigrationProperty *properties = migration_properties_all(&n);
        sd_bus_vtable *vtable = calloc(3 + n, sizeof(*vtable));

        if (!vtable)
                return NULL;
        vtable[n_rows++] = (sd_bus_vtable)SD_BUS_VTABLE_START(0);
        vtable[n_rows++] =
                (sd_bus_vtable)SD_BUS_PROPERTY("Plane", "s", get_property, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE);
        for (size_t i = 0; i < n; i++)
                if (properties[i].of_live)
                        vtable[n_rows++] =
                                (sd_bus_vtable)SD_BUS_PROPERTY(properties[i].name, properties[i].signature,
                                                               get_property, 0, property_flags(&properties[i]));
        vtable[n_rows] = (sd_bus_vtable)SD_BUS_VTABLE_END;
        return vtable;
}

static int enumerate(sd_bus *bus _unused_, const char *prefix _unused_, void *userdata, char ***ret_nodes,
                     sd_bus_error *ret_error _unused_) {
        const BusContext *context = userdata;
        const MigrationSet *set = &context->manager->migrations.set;
        char **nodes = calloc(set->n_running + 1, sizeof(*nodes));

        for (size_t i = 0; nodes && i < set->n_running; i++) {
                char path[MIGRATION_PATH_MAX];

                nodes[i] = strdup(migration_object_path(set->running[i].migration, path));
                if (nodes[i])
                        continue;
                for (size_t j = 0; j < i; j++)
                        free(nodes[j]);
                free(TAKE(nodes));
        }
        *ret_nodes = nodes;
        return nodes ? 0 : -ENOMEM;
}

int migration_object_add(sd_bus *bus, const sd_bus_vtable *vtable, BusContext *context) {
        int r = sd_bus_add_fallback_vtable(bus, NULL, BUS_PATH_MIGRATIONS, BUS_INTERFACE_MIGRATION, vtable,
                                           migration_find, context);
        return r < 0 ? r : sd_bus_add_node_enumerator(bus, NULL, BUS_PATH_MIGRATIONS, enumerate, context);
}

// --- lists ---

static int entry_append(sd_bus_message *reply, const MigrationProperty *property, const MigrationFigures *figures) {
        int r = sd_bus_message_open_container(reply, 'e', "sv");
        if (r < 0)
                return r;
        r = sd_bus_message_append(reply, "s", property->name);
        if (r < 0)
                return r;
        r = sd_bus_message_open_container(reply, 'v', property->signature);
        if (r < 0)
                return r;
        r = value_append(reply, property, figures);
        if (r < 0)
                return r;
        r = sd_bus_message_close_container(reply);
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

int migration_object_append(sd_bus_message *reply, const Plane *plane, const MigrationFigures *figures) {
        size_t n;
        const MigrationProperty *properties = migration_properties_all(&n);

        int r = sd_bus_message_open_container(reply, 'a', "{sv}");
        if (r >= 0)
                r = sd_bus_message_append(reply, "{sv}", "Plane", "s", plane->config->name);
        for (size_t i = 0; i < n && r >= 0; i++)
                if (figures->ended_usec ? properties[i].of_ended : properties[i].of_live)
                        r = entry_append(reply, &properties[i], figures);
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int plane_append(sd_bus_message *reply, const MigrationSet *set, const Plane *plane, bool ended) {
        const MigrationHistory *history = &plane->history;
        uint64_t now_usec = clock_now_usec();
        int r = 0;

        for (size_t i = 0; ended && i < history->n_ended && r >= 0; i++)
                r = migration_object_append(reply, plane, &history->ended[i]);
        for (size_t i = 0; i < set->n_running && r >= 0; i++) {
                if (set->running[i].plane != plane)
                        continue;
                const MigrationFigures figures = migration_figures(set->running[i].migration, now_usec);
                r = migration_object_append(reply, plane, &figures);
        }
        return r;
}

int migration_object_append_list(sd_bus_message *reply, const MigrationSet *set, const char *plane, bool ended) {
        const PlaneSet *planes = set->planes;

        if (plane[0] && !planes_find(planes, plane))
                return 0;
        int r = sd_bus_message_open_container(reply, 'a', "a{sv}");
        for (size_t i = 0; i < planes->n_planes && r >= 0; i++)
                if (!plane[0] || streq(planes->planes[i]->config->name, plane))
                        r = plane_append(reply, set, planes->planes[i], ended);
        if (r < 0)
                return r;
        r = sd_bus_message_close_container(reply);
        return r < 0 ? r : 1;
}
