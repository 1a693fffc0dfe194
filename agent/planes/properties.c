// What a plane shows, as one table.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "planes/properties.h"

#include "base/util.h"
#include "config/plane-config.h"
#include "model/reason.h"
#include "planes/endpoint.h"
#include "planes/plane.h"

// --- texts ---

static const char *get_name(const Plane *plane, char *text _unused_) {
        return plane->config->name;
}

static const char *get_description(const Plane *plane, char *text _unused_) {
        return plane->config->description ?: "";
}

static const char *get_interface(const Plane *plane, char *text _unused_) {
        return plane->config->interface;
}

static const char *get_kind(const Plane *plane, char *text _unused_) {
        return plane->config->is_unread ? "" : plane_kind_to_string(plane->config->kind);
}

static const char *get_health(const Plane *plane, char *text _unused_) {
        return health_to_string(plane->status.health);
}

static const char *get_address(const Plane *plane, char *text) {
        return endpoint_address(plane->config, text);
}

static const char *get_cidr(const Plane *plane, char *text) {
        return endpoint_cidr(plane->config, text);
}

static const char *get_family(const Plane *plane, char *text _unused_) {
        return endpoint_family(plane->config);
}

static const char *get_uri(const Plane *plane, char *text) {
        return endpoint_uri(plane->config, text);
}

static const char *get_uri_legacy(const Plane *plane, char *text) {
        return endpoint_uri_legacy(plane->config, text);
}

static const char *get_fallback(const Plane *plane, char *text _unused_) {
        return fallback_to_string(plane->config->fallback);
}

static const char *get_fragment(const Plane *plane, char *text _unused_) {
        return plane->config->path;
}

static const char *origin_text(const Plane *plane, const char *key, char *text) {
        const ConfigLocation at = config_location(plane->config, "Bandwidth", key, 0);

        if (at.line == 0)
                return "";
        (void)snprintf(text, PROPERTY_TEXT_MAX, "%s:%u", at.path, at.line);
        return text;
}

static const char *get_egress_origin(const Plane *plane, char *text) {
        return origin_text(plane, "Egress", text);
}

static const char *get_ingress_origin(const Plane *plane, char *text) {
        return origin_text(plane, "Ingress", text);
}

static const char *get_per_migration_origin(const Plane *plane, char *text) {
        return origin_text(plane, "PerMigration", text);
}

// --- numbers ---

static uint64_t get_ifindex(const Plane *plane) {
        return (uint64_t)plane->status.ifindex;
}

static uint64_t get_mtu(const Plane *plane) {
        return plane->status.mtu;
}

static uint64_t get_port_min(const Plane *plane) {
        return plane_config_migration_ports(plane->config)->first;
}

static uint64_t get_port_max(const Plane *plane) {
        return plane_config_migration_ports(plane->config)->last;
}

static uint64_t get_egress(const Plane *plane) {
        return plane->config->egress;
}

static uint64_t get_ingress(const Plane *plane) {
        return plane->config->ingress;
}

static uint64_t get_per_migration(const Plane *plane) {
        return plane->config->per_migration;
}

static uint64_t get_suggested(const Plane *plane) {
        return endpoint_suggested_mebibytes(plane->config);
}

static uint64_t get_required(const Plane *plane) {
        return plane->config->required;
}

static uint64_t get_default(const Plane *plane) {
        return plane->config->is_default;
}

static uint64_t get_generation(const Plane *plane) {
        return plane->generation;
}

static uint64_t get_migrations(const Plane *plane) {
        return plane->n_migrations;
}

static uint64_t get_repairs(const Plane *plane) {
        return plane->drift.repairs;
}

// --- the table ---

#define CONFIG PLANE_CHANGE_CONFIG
#define RATES (PLANE_CHANGE_CONFIG | PLANE_CHANGE_RATES)
#define ORIGINS (RATES | PLANE_CHANGE_ORIGINS)
#define TEXT(name, changes, get) \
        { name, "s", PROPERTY_TEXT, changes, false, get, NULL }
#define NUMBER(name, signature, changes, get) \
        { name, signature, PROPERTY_NUMBER, changes, false, NULL, get }
#define COUNTER(name, signature, kind, get) \
        { name, signature, kind, 0, true, NULL, get }

static const Property properties[] = {
        TEXT("Name", 0, get_name),
        TEXT("Description", CONFIG, get_description),
        TEXT("Interface", CONFIG, get_interface),
        NUMBER("InterfaceIndex", "i", PLANE_CHANGE_IFINDEX, get_ifindex),
        TEXT("Kind", CONFIG, get_kind),
        TEXT("Health", PLANE_CHANGE_HEALTH, get_health),
        { "HealthReasons", "a(ss)", PROPERTY_REASONS, PLANE_CHANGE_REASONS, false, NULL, NULL },
        TEXT("Address", CONFIG, get_address),
        TEXT("Cidr", CONFIG, get_cidr),
        { "Addresses", "as", PROPERTY_ADDRESSES, CONFIG | PLANE_CHANGE_ADDRESSES, false, NULL, NULL },
        TEXT("Family", CONFIG, get_family),
        TEXT("MigrateUri", CONFIG, get_uri),
        TEXT("MigrateUriLegacy", CONFIG, get_uri_legacy),
        TEXT("ListenAddress", CONFIG, get_address),
        NUMBER("PortMin", "q", CONFIG, get_port_min),
        NUMBER("PortMax", "q", CONFIG, get_port_max),
        NUMBER("MTU", "u", PLANE_CHANGE_MTU, get_mtu),
        NUMBER("EgressBitsPerSecond", "t", RATES, get_egress),
        NUMBER("IngressBitsPerSecond", "t", RATES, get_ingress),
        NUMBER("PerMigrationBitsPerSecond", "t", CONFIG, get_per_migration),
        TEXT("EgressOrigin", ORIGINS, get_egress_origin),
        TEXT("IngressOrigin", ORIGINS, get_ingress_origin),
        TEXT("PerMigrationOrigin", ORIGINS, get_per_migration_origin),
        NUMBER("SuggestedMiBps", "t", RATES, get_suggested),
        NUMBER("Required", "b", CONFIG, get_required),
        NUMBER("Default", "b", CONFIG, get_default),
        TEXT("Fallback", CONFIG, get_fallback),
        TEXT("FragmentPath", CONFIG | PLANE_CHANGE_ORIGINS, get_fragment),
        { "NeedReload", "b", PROPERTY_EDITED, 0, false, NULL, NULL },
        NUMBER("Generation", "t", RATES, get_generation),
        NUMBER("ActiveMigrations", "u", PLANE_CHANGE_MIGRATIONS, get_migrations),
        COUNTER("BytesSent", "t", PROPERTY_SENT, NULL),
        COUNTER("BytesReceived", "t", PROPERTY_RECEIVED, NULL),
        COUNTER("PacketsDropped", "a{st}", PROPERTY_DROPS, NULL),
        COUNTER("RecentDrops", "a(tussssssq)", PROPERTY_OFFENDERS, NULL),
        COUNTER("Repairs", "t", PROPERTY_NUMBER, get_repairs),
};

const Property *properties_all(size_t *ret_n) {
        *ret_n = ELEMENTSOF(properties);
        return properties;
}

const Property *properties_find(const char *name) {
        for (size_t i = 0; i < ELEMENTSOF(properties); i++)
                if (streq(properties[i].name, name))
                        return &properties[i];
        return NULL;
}
