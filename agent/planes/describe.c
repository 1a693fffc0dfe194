// Everything the daemon knows of its planes, as JSON.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "planes/describe.h"

#include <jansson.h>

#include "base/inet.h"
#include "base/util.h"
#include "config/plane-config.h"
#include "model/reason.h"
#include "planes/counters.h"
#include "planes/plane-set.h"
#include "planes/plane.h"
#include "planes/properties.h"

static json_t *reasons_describe(const Reasons *reasons) {
        json_t *array = json_array();

        for (size_t i = 0; i < reasons->n_reasons; i++)
                (void)json_array_append_new(array,
                                            json_pack("{s:s, s:s}", "Code", reason_to_string(reasons->reasons[i].code),
                                                      "Text", reasons->reasons[i].text));
        return array;
}

static json_t *addresses_describe(const Plane *plane) {
        json_t *array = json_array();
        const Prefix *address;

        for (size_t i = 0; (address = plane_next_address(plane, &i));) {
                char text[PREFIX_TEXT_MAX];
                (void)json_array_append_new(array, json_string(prefix_format(address, text)));
        }
        return array;
}

static json_t *drops_describe(const PlaneConfig *config, const Counters *counters) {
        json_t *object = json_object();

        for (size_t i = 0; i < counters->n_drops; i++) {
                const char *reason = counters_drop_reason(&counters->drops[i], config);
                if (reason)
                        (void)json_object_set_new(object, reason, json_integer((json_int_t)counters->drops[i].packets));
        }
        return object;
}

static json_t *number_describe(const Property *property, const Plane *plane) {
        uint64_t number = property->number(plane);

        return streq(property->signature, "b") ? json_boolean(number) : json_integer((json_int_t)number);
}

// NULL: it is not part of the description.
static json_t *property_describe(const Property *property, const Plane *plane, const Counters *counters) {
        char text[PROPERTY_TEXT_MAX];

        switch (property->kind) {
        case PROPERTY_TEXT:
                return json_string(property->text(plane, text));
        case PROPERTY_NUMBER:
                return number_describe(property, plane);
        case PROPERTY_REASONS:
                return reasons_describe(&plane->status.reasons);
        case PROPERTY_ADDRESSES:
                return addresses_describe(plane);
        case PROPERTY_SENT:
                return json_integer((json_int_t)counters_bytes(counters, plane).sent);
        case PROPERTY_RECEIVED:
                return json_integer((json_int_t)counters_bytes(counters, plane).received);
        case PROPERTY_DROPS:
                return drops_describe(plane->config, counters);
        case PROPERTY_OFFENDERS:
        case PROPERTY_EDITED:
                return NULL;
        }
        return NULL;
}

static json_t *plane_describe(const Plane *plane, const Counters *counters) {
        json_t *object = json_object();
        size_t n;
        const Property *properties = properties_all(&n);

        for (size_t i = 0; i < n; i++) {
                json_t *value = property_describe(&properties[i], plane, counters);
                if (value)
                        (void)json_object_set_new(object, properties[i].name, value);
        }
        return object;
}

static json_t *planes_describe(const PlaneSet *planes, const Counters *counters) {
        json_t *array = json_array();

        for (size_t i = 0; i < planes->n_planes; i++)
                (void)json_array_append_new(array, plane_describe(planes->planes[i], counters));
        return array;
}

char *describe(const PlaneSet *planes, const Counters *counters, char *const *messages, size_t n_messages) {
        json_t *root = json_object(), *texts = json_array();

        for (size_t i = 0; i < n_messages; i++)
                (void)json_array_append_new(texts, json_string(messages[i]));
        (void)json_object_set_new(root, "Version", json_string(MIGPLANE_VERSION));
        (void)json_object_set_new(root, "Planes", planes_describe(planes, counters));
        (void)json_object_set_new(root, "ConfigurationMessages", texts);

        char *text = json_dumps(root, JSON_COMPACT);
        json_decref(root);
        return text;
}
