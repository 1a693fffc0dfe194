// The keys of NAME.plane files: one table.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "config/keys.h"

#include <ctype.h>
#include <limits.h>

#include "base/util.h"
#include "config/plane-config.h"
#include "config/values.h"

#define FIELD_SIZE(type, field) sizeof(((type *)NULL)->field)
#define VALUE(field) offsetof(PlaneConfig, field), FIELD_SIZE(PlaneConfig, field), false
#define LIST(field) offsetof(PlaneConfig, field), FIELD_SIZE(PlaneConfig, field[0]), true
#define ITEM(type, field) offsetof(type, field), FIELD_SIZE(type, field), false

static const ConfigKey config_keys[] = {
        { "Plane", "Description", &value_text, VALUE(description) },
        { "Plane", "Default", &value_boolean, VALUE(wants_default) },
        { "Plane", "Required", &value_boolean, VALUE(required) },
        { "Plane", "Fallback", &value_fallback, VALUE(fallback) },

        { "Interface", "Name", &value_interface, VALUE(interface) },
        { "Interface", "Kind", &value_kind, VALUE(kind) },
        { "Interface", "Parent", &value_interface, VALUE(parent) },
        { "Interface", "VLANId", &value_vlan_id, VALUE(vlan_id) },
        { "Interface", "VLANProtocol", &value_vlan_protocol, VALUE(vlan_protocol) },
        { "Interface", "MTUBytes", &value_mtu, VALUE(mtu) },
        { "Interface", "MACAddress", &value_mac, VALUE(mac) },
        { "Interface", "ManagedBy", &value_managed_by, VALUE(managed_by) },

        { "Address", "Address", &value_prefix, LIST(addresses) },

        { "Route", "Destination", &value_network, ITEM(PlaneRoute, destination) },
        { "Route", "Gateway", &value_address, ITEM(PlaneRoute, gateway) },

        { "Bandwidth", "Egress", &value_rate, VALUE(egress) },
        { "Bandwidth", "Ingress", &value_rate, VALUE(ingress) },
        { "Bandwidth", "PerMigration", &value_rate, VALUE(per_migration) },
        { "Bandwidth", "LinkRate", &value_rate, VALUE(link_rate) },
        { "Bandwidth", "ManagementReserve", &value_rate, VALUE(management_reserve) },

        { "Isolation", "Peers", &value_network, LIST(peers) },
        { "Isolation", "Ports", &value_ports, LIST(ports) },
        { "Isolation", "Users", &value_user, LIST(users) },
        { "Isolation", "LogDrops", &value_event_rate, VALUE(log_drops) },

        { "Peer", "Address", &value_address, ITEM(PlanePeer, address) },
        { "Peer", "MACAddress", &value_mac, ITEM(PlanePeer, mac) },

        { "Health", "Probe", &value_address, LIST(probes) },
};

static const ConfigSection config_sections[] = {
        { .name = "Plane" },
        { .name = "Interface" },
        { .name = "Address" },
        { .name = "Route", sizeof(PlaneRoute), offsetof(PlaneConfig, routes) },
        { .name = "Bandwidth" },
        { .name = "Isolation" },
        { .name = "Peer", sizeof(PlanePeer), offsetof(PlaneConfig, known_peers) },
        { .name = "Health" },
};

#define ASSERT_LIST(field)                                                                                           \
        _Static_assert(offsetof(PlaneConfig, n_##field) == offsetof(PlaneConfig, field) + offsetof(ConfigList, n) && \
                               offsetof(PlaneConfig, n_##field##_allocated) ==                                       \
                                       offsetof(PlaneConfig, field) + offsetof(ConfigList, n_allocated),             \
                       #field " does not lie like a ConfigList")
ASSERT_LIST(addresses);
ASSERT_LIST(routes);
ASSERT_LIST(peers);
ASSERT_LIST(ports);
ASSERT_LIST(users);
ASSERT_LIST(known_peers);
ASSERT_LIST(probes);

const ConfigKey *config_key_at(size_t i) {
        return i < ELEMENTSOF(config_keys) ? &config_keys[i] : NULL;
}

const ConfigKey *config_key_find(const char *section, const char *name) {
        for (size_t i = 0; i < ELEMENTSOF(config_keys); i++)
                if (streq(config_keys[i].section, section) && streq(config_keys[i].key, name))
                        return &config_keys[i];
        return NULL;
}

enum { NAME_MAX_COMPARED = 32 };

// How many letters have to be replaced, added or left out, whatever their case, to make one name of the other.
static unsigned name_distance(const char *a, const char *b) {
        unsigned row[NAME_MAX_COMPARED + 1];
        size_t n = strlen(b);

        if (n > NAME_MAX_COMPARED || strlen(a) > NAME_MAX_COMPARED)
                return UINT_MAX;
        for (size_t j = 0; j <= n; j++)
                row[j] = (unsigned)j;
        for (size_t i = 1; a[i - 1]; i++) {
                unsigned diagonal = row[0];

                row[0] = (unsigned)i;
                for (size_t j = 1; j <= n; j++) {
                        unsigned replaced =
                                diagonal + (tolower((unsigned char)a[i - 1]) != tolower((unsigned char)b[j - 1]));
                        unsigned changed = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;

                        diagonal = row[j];
                        row[j] = replaced < changed ? replaced : changed;
                }
        }
        return row[n];
}

static bool is_similar(const char *name, unsigned distance) {
        return distance <= 2 && distance * 2 < strlen(name);
}

bool config_name_is_similar(const char *name, const char *known) {
        return is_similar(name, name_distance(name, known));
}

const ConfigKey *config_key_find_similar(const char *section, const char *name) {
        const ConfigKey *found = NULL;
        unsigned least = UINT_MAX;

        for (size_t i = 0; i < ELEMENTSOF(config_keys); i++) {
                const ConfigKey *key = &config_keys[i];
                unsigned distance = name_distance(name, key->key);

                if (is_similar(name, distance) &&
                    (distance < least || (distance == least && streq(key->section, section)))) {
                        found = key;
                        least = distance;
                }
        }
        return found;
}

const ConfigSection *config_section_find_similar(const char *name) {
        for (size_t i = 0; i < ELEMENTSOF(config_sections); i++)
                if (is_similar(name, name_distance(name, config_sections[i].name)))
                        return &config_sections[i];
        return NULL;
}

const ConfigSection *config_section_find(const char *name) {
        for (size_t i = 0; i < ELEMENTSOF(config_sections); i++)
                if (streq(config_sections[i].name, name))
                        return &config_sections[i];
        return NULL;
}

ConfigList config_list_at(const PlaneConfig *plane, size_t offset) {
        ConfigList list;

        memcpy(&list, (const char *)plane + offset, sizeof(list));
        return list;
}

void config_list_store(PlaneConfig *plane, size_t offset, const ConfigList *list) {
        memcpy((char *)plane + offset, list, sizeof(*list));
}
