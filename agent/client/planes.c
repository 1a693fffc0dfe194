// migplanectl: the planes, as the daemon tells them.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "base/log.h"
#include "base/names.h"
#include "base/util.h"
#include "ctl/ctl.h"

// Present, but never announced: the daemon reads them when it is asked.
static const char *const counters[] = { "ActiveMigrations", "BytesSent", "BytesReceived", "PacketsDropped", "RecentDrops",
                                        "Repairs" };

const char *ctl_plane_string(const json_t *plane, const char *property) {
        const char *text = json_string_value(json_object_get(plane, property));
        return text ? text : "";
}

uint64_t ctl_plane_number(const json_t *plane, const char *property) {
        json_int_t number = json_integer_value(json_object_get(plane, property));
        return number > 0 ? (uint64_t)number : 0;
}

bool ctl_plane_flag(const json_t *plane, const char *property) {
        return json_is_true(json_object_get(plane, property));
}

bool ctl_plane_is_usable(const json_t *plane) {
        const char *health = ctl_plane_string(plane, "Health");
        return streq(health, "healthy") || streq(health, "degraded");
}

const char *ctl_plane_reason(const json_t *plane) {
        const char *text = json_string_value(json_array_get(json_array_get(json_object_get(plane, "HealthReasons"), 0), 1));
        return text ? text : "no reason given";
}

// Inserts where the name belongs, so that the array stays sorted.
static int planes_insert(json_t *planes, json_t *plane) {
        const char *name = ctl_plane_string(plane, "Name");
        size_t i = json_array_size(planes);

        while (i > 0 && strcmp(ctl_plane_string(json_array_get(planes, i - 1), "Name"), name) > 0)
                i--;
        return json_array_insert(planes, i, plane);
}

// From {path: {interface: {property: value}}} to an array of planes.
static int planes_collect(json_t *objects, json_t **ret_planes) {
        _cleanup_json_ json_t *planes = json_array();
        const char *path;
        json_t *interfaces;

        if (!planes)
                return -ENOMEM;
        json_object_foreach(objects, path, interfaces) {
                json_t *plane = json_object_get(interfaces, BUS_INTERFACE_PLANE);
                if (!plane)
                        continue;
                if (json_object_set_new(plane, "ObjectPath", json_string(path)) < 0 || planes_insert(planes, plane) < 0)
                        return -ENOMEM;
        }
        *ret_planes = TAKE(planes);
        return 0;
}

int ctl_planes_take(sd_bus_message *answer, json_t **ret_planes) {
        _cleanup_json_ json_t *objects = NULL;

        int r = ctl_message_read_json(answer, &objects);
        return r < 0 ? r : planes_collect(objects, ret_planes);
}

CtlExit ctl_planes_read(Ctl *ctl, json_t **ret_planes) {
        _cleanup_message_ sd_bus_message *reply = NULL;

        CtlExit code = ctl_call(ctl, false, BUS_PATH, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects", &reply,
                                NULL);
        if (code != CTL_DONE)
                return code;
        int r = ctl_planes_take(reply, ret_planes);
        return r < 0 ? ctl_bus_failure("Cannot read the list of planes", NULL, r) : CTL_DONE;
}

void ctl_plane_read_counters(Ctl *ctl, json_t *plane) {
        for (size_t i = 0; i < ELEMENTSOF(counters); i++) {
                _cleanup_message_ sd_bus_message *reply = NULL;
                json_t *value;

                if (sd_bus_call_method(ctl->bus, BUS_NAME, ctl_plane_string(plane, "ObjectPath"),
                                       "org.freedesktop.DBus.Properties", "Get", NULL, &reply, "ss",
                                       BUS_INTERFACE_PLANE, counters[i]) < 0)
                        continue;
                if (ctl_message_read_json(reply, &value) >= 0)
                        (void)json_object_set_new(plane, counters[i], value);
        }
}

static void planes_print_names(const json_t *planes) {
        size_t i;
        json_t *plane;

        json_array_foreach(planes, i, plane)
                (void)fprintf(stderr, "%s %s", i > 0 ? "," : "", ctl_plane_string(plane, "Name"));
        (void)fputc('\n', stderr);
}

static json_t *planes_find_named(const json_t *planes, const char *name) {
        size_t i;
        json_t *plane;

        json_array_foreach(planes, i, plane)
                if (streq(ctl_plane_string(plane, "Name"), name))
                        return plane;
        return NULL;
}

static json_t *planes_find_default(const json_t *planes) {
        size_t i;
        json_t *plane;

        json_array_foreach(planes, i, plane)
                if (ctl_plane_flag(plane, "Default"))
                        return plane;
        return json_array_size(planes) == 1 ? json_array_get(planes, 0) : NULL;
}

CtlExit ctl_plane_pick(const json_t *planes, const char *name, json_t **ret_plane) {
        json_t *plane = name ? planes_find_named(planes, name) : planes_find_default(planes);

        if (plane) {
                *ret_plane = plane;
                return CTL_DONE;
        }
        if (json_array_size(planes) == 0) {
                log_error("There are no planes. A file /etc/migplane/NAME.plane makes one, then: migplanectl reload");
                return CTL_NOT_FOUND;
        }
        if (name)
                (void)fprintf(stderr, "There is no plane %s, but there are:", name);
        else
                (void)fprintf(stderr, "No plane is the default, so name one of:");
        planes_print_names(planes);
        return name ? CTL_NOT_FOUND : CTL_USAGE;
}

CtlExit ctl_planes_choose(const json_t *planes, int n_names, char **names, json_t *chosen) {
        if (n_names == 0)
                return json_array_extend(chosen, (json_t *)planes) < 0 ? CTL_FAILED : CTL_DONE;

        for (int i = 0; i < n_names; i++) {
                json_t *plane;
                CtlExit code = ctl_plane_pick(planes, names[i], &plane);
                if (code != CTL_DONE)
                        return code;
                if (json_array_append(chosen, plane) < 0)
                        return CTL_FAILED;
        }
        return CTL_DONE;
}
