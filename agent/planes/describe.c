// Everything the daemon knows, as JSON.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "planes/describe.h"

#include <jansson.h>

#include "base/inet.h"
#include "base/util.h"
#include "config/plane-config.h"
#include "daemon/manager.h"
#include "engine/migrations.h"
#include "firewall/chain-name.h"
#include "firewall/firewall.h"
#include "kernel/link.h"
#include "model/reason.h"
#include "planes/endpoint.h"
#include "planes/plane.h"

const char *describe_drop_reason(const FirewallCounter *counter, const PlaneConfig *plane) {
        bool is_parents = plane->kind == PLANE_KIND_VLAN && streq(counter->link, plane->parent);
        char spelling[LINK_SPELLING_MAX];

        if (!is_parents && !streq(counter->link, plane->interface))
                return NULL;
        return counter->name + strlen(chain_name_spell_link(counter->link, spelling)) + 1;
}

static json_t *texts_describe(const Plane *plane) {
        static const char *const properties[] = {
                "Name",   "Description", "Interface",        "Kind",          "Health",   "Address", "Cidr",
                "Family", "MigrateUri",  "MigrateUriLegacy", "ListenAddress", "Fallback",
        };
        json_t *object = json_object();

        for (size_t i = 0; i < ELEMENTSOF(properties); i++) {
                char text[ENDPOINT_TEXT_MAX];
                (void)json_object_set_new(object, properties[i],
                                          json_string(endpoint_text(plane, properties[i], text)));
        }
        return object;
}

static json_t *reasons_describe(const Reasons *reasons) {
        json_t *array = json_array();

        for (size_t i = 0; i < reasons->n_reasons; i++)
                (void)json_array_append_new(array, json_pack("{s:s, s:s}", "Code",
                                                             reason_to_string(reasons->reasons[i].code), "Text",
                                                             reasons->reasons[i].text));
        return array;
}

static json_t *addresses_describe(const PlaneConfig *config) {
        json_t *array = json_array();

        for (size_t i = 0; i < config->n_addresses; i++) {
                char text[PREFIX_TEXT_MAX];
                (void)json_array_append_new(array, json_string(prefix_format(&config->addresses[i].prefix, text)));
        }
        return array;
}

static json_t *drops_describe(const Plane *plane, const FirewallCounter *counters, size_t n_counters) {
        json_t *object = json_object();

        for (size_t i = 0; i < n_counters; i++) {
                const char *reason = describe_drop_reason(&counters[i], plane->config);
                if (reason)
                        (void)json_object_set_new(object, reason, json_integer((json_int_t)counters[i].packets));
        }
        return object;
}

static json_t *plane_describe(const Plane *plane, const TcpSockets *flows, const FirewallCounter *counters,
                              size_t n_counters) {
        const PlaneConfig *config = plane->config;
        uint64_t sent = 0, received = 0;
        json_t *object = texts_describe(plane);

        if (plane->ifindex > 0)
                (void)link_read_bytes(plane->manager->kernel.netlink, plane->ifindex, &sent, &received, NULL);
        const struct {
                const char *name;
                uint64_t value;
        } numbers[] = {
                { "InterfaceIndex", (uint64_t)plane->ifindex },
                { "MTU", plane->mtu },
                { "PortMin", plane_config_migration_ports(config)->first },
                { "PortMax", plane_config_migration_ports(config)->last },
                { "EgressBitsPerSecond", config->egress },
                { "IngressBitsPerSecond", config->ingress },
                { "PerMigrationBitsPerSecond", config->per_migration },
                { "SuggestedMiBps", plane_suggested_mebibytes(plane) },
                { "Generation", plane->generation },
                { "Repairs", plane->repairs },
                { "ActiveMigrations", migrations_count(flows, config) },
                { "BytesSent", sent },
                { "BytesReceived", received },
        };
        for (size_t i = 0; i < ELEMENTSOF(numbers); i++)
                (void)json_object_set_new(object, numbers[i].name, json_integer((json_int_t)numbers[i].value));
        (void)json_object_set_new(object, "Required", json_boolean(config->required));
        (void)json_object_set_new(object, "Default", json_boolean(config->is_default));
        (void)json_object_set_new(object, "HealthReasons", reasons_describe(&plane->reasons));
        (void)json_object_set_new(object, "Addresses", addresses_describe(config));
        (void)json_object_set_new(object, "PacketsDropped", drops_describe(plane, counters, n_counters));
        return object;
}

char *describe(Manager *manager) {
        json_t *root = json_object(), *planes = json_array(), *messages = json_array();
        _cleanup_tcp_sockets_ TcpSockets flows = {};
        FirewallCounter *counters = NULL;
        size_t n_counters = 0;

        (void)tcp_read_established(&flows, NULL);
        (void)firewall_read_counters(manager->kernel.firewall, &counters, &n_counters, NULL);
        for (size_t i = 0; i < manager->n_planes; i++)
                (void)json_array_append_new(planes, plane_describe(manager->planes[i], &flows, counters, n_counters));
        for (size_t i = 0; i < manager->n_messages; i++)
                (void)json_array_append_new(messages, json_string(manager->messages[i]));
        (void)json_object_set_new(root, "Version", json_string(MIGPLANE_VERSION));
        (void)json_object_set_new(root, "Planes", planes);
        (void)json_object_set_new(root, "ConfigurationMessages", messages);

        char *text = json_dumps(root, JSON_COMPACT);
        json_decref(root);
        free(counters);
        return text;
}
