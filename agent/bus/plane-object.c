// org.migplane1.Plane
// SPDX-License-Identifier: GPL-2.0-or-later

#include <stddef.h>

#include "audit/audit.h"
#include "base/error.h"
#include "base/inet.h"
#include "base/names.h"
#include "base/util.h"
#include "bus/bus.h"
#include "bus/polkit.h"
#include "config/plane-config.h"
#include "daemon/manager.h"
#include "engine/migrations.h"
#include "firewall/firewall.h"
#include "kernel/link.h"
#include "model/reason.h"
#include "planes/describe.h"
#include "planes/drops.h"
#include "planes/endpoint.h"
#include "planes/plane.h"

int bus_plane_path(const Plane *plane, char **ret_path) {
        return sd_bus_path_encode(BUS_PATH_PLANES, plane->config->name, ret_path);
}

static Plane *plane_of_path(const Manager *manager, const char *path) {
        _cleanup_free_ char *name = NULL;

        return sd_bus_path_decode(path, BUS_PATH_PLANES, &name) > 0 ? manager_find(manager, name) : NULL;
}

int bus_plane_find(sd_bus *bus _unused_, const char *path, const char *interface _unused_, void *userdata,
                   void **ret_found, sd_bus_error *ret_error _unused_) {
        *ret_found = plane_of_path(userdata, path);
        return *ret_found != NULL;
}

// Texts of a plane, by property; what is more than a member's value.
static int get_string(sd_bus *bus _unused_, const char *path _unused_, const char *interface _unused_,
                      const char *property, sd_bus_message *reply, void *userdata, sd_bus_error *ret_error _unused_) {
        char text[ENDPOINT_TEXT_MAX];
        return sd_bus_message_append(reply, "s", endpoint_text(userdata, property, text));
}

static int get_number(sd_bus *bus _unused_, const char *path _unused_, const char *interface _unused_,
                      const char *property, sd_bus_message *reply, void *userdata, sd_bus_error *ret_error _unused_) {
        const Plane *plane = userdata;
        const PlaneConfig *config = plane->config;
        const struct {
                const char *name, *type;
                uint64_t value;
        } numbers[] = {
                { "EgressBitsPerSecond", "t", config->egress },
                { "IngressBitsPerSecond", "t", config->ingress },
                { "PerMigrationBitsPerSecond", "t", config->per_migration },
                { "SuggestedMiBps", "t", plane_suggested_mebibytes(plane) },
                { "Generation", "t", plane->generation },
                { "Repairs", "t", plane->repairs },
                { "InterfaceIndex", "i", (uint64_t)plane->ifindex },
                { "MTU", "u", plane->mtu },
                { "PortMin", "q", plane_config_migration_ports(config)->first },
                { "PortMax", "q", plane_config_migration_ports(config)->last },
                { "Required", "b", config->required },
                { "Default", "b", config->is_default },
        };

        for (size_t i = 0; i < ELEMENTSOF(numbers); i++) {
                if (!streq(numbers[i].name, property))
                        continue;
                // sd-bus takes what is narrower than an int as an int.
                return numbers[i].type[0] == 't' ? sd_bus_message_append(reply, "t", numbers[i].value)
                                                 : sd_bus_message_append(reply, numbers[i].type, (int)numbers[i].value);
        }
        return -EINVAL;
}

static int get_reasons(sd_bus *bus _unused_, const char *path _unused_, const char *interface _unused_,
                       const char *property _unused_, sd_bus_message *reply, void *userdata,
                       sd_bus_error *ret_error _unused_) {
        const Reasons *reasons = &((const Plane *)userdata)->reasons;

        int r = sd_bus_message_open_container(reply, 'a', "(ss)");
        for (size_t i = 0; i < reasons->n_reasons && r >= 0; i++)
                r = sd_bus_message_append(reply, "(ss)", reason_to_string(reasons->reasons[i].code),
                                          reasons->reasons[i].text);
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int get_addresses(sd_bus *bus _unused_, const char *path _unused_, const char *interface _unused_,
                         const char *property _unused_, sd_bus_message *reply, void *userdata,
                         sd_bus_error *ret_error _unused_) {
        const PlaneConfig *config = ((const Plane *)userdata)->config;

        int r = sd_bus_message_open_container(reply, 'a', "s");
        for (size_t i = 0; i < config->n_addresses && r >= 0; i++) {
                char text[PREFIX_TEXT_MAX];
                r = sd_bus_message_append(reply, "s", prefix_format(&config->addresses[i].prefix, text));
        }
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int get_bytes(sd_bus *bus _unused_, const char *path _unused_, const char *interface _unused_,
                     const char *property, sd_bus_message *reply, void *userdata, sd_bus_error *ret_error _unused_) {
        Plane *plane = userdata;
        uint64_t sent = 0, received = 0;

        // A plane without a device has moved nothing.
        if (plane->ifindex > 0)
                (void)link_read_bytes(plane->manager->kernel.netlink, plane->ifindex, &sent, &received, NULL);
        return sd_bus_message_append(reply, "t", streq(property, "BytesSent") ? sent : received);
}

static int get_migrations(sd_bus *bus _unused_, const char *path _unused_, const char *interface _unused_,
                          const char *property _unused_, sd_bus_message *reply, void *userdata,
                          sd_bus_error *ret_error) {
        _cleanup_tcp_sockets_ TcpSockets flows = {};
        Error error = {};

        if (tcp_read_established(&flows, &error) < 0)
                return bus_error(ret_error, "ApplyFailed", &error);
        return sd_bus_message_append(reply, "u", migrations_count(&flows, ((const Plane *)userdata)->config));
}

static int get_drops(sd_bus *bus _unused_, const char *path _unused_, const char *interface _unused_,
                     const char *property _unused_, sd_bus_message *reply, void *userdata, sd_bus_error *ret_error) {
        Plane *plane = userdata;
        _cleanup_free_ char *memory = NULL;
        FirewallCounter *counters = NULL;
        size_t n = 0;
        Error error = {};

        if (firewall_read_counters(plane->manager->kernel.firewall, &counters, &n, &error) < 0)
                return bus_error(ret_error, "ApplyFailed", &error);
        memory = (char *)counters;
        int r = sd_bus_message_open_container(reply, 'a', "{st}");
        for (size_t i = 0; i < n && r >= 0; i++) {
                const char *reason = describe_drop_reason(&counters[i], plane->config);
                if (reason)
                        r = sd_bus_message_append(reply, "{st}", reason, counters[i].packets);
        }
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int method_verify(sd_bus_message *call, void *userdata, sd_bus_error *ret_error) {
        __attribute__((cleanup(sd_bus_message_unrefp))) sd_bus_message *reply = NULL;
        Plane *plane = userdata;
        const Findings *findings;
        Error error = {};

        if (verify_plane(plane->manager, plane, &findings, &error) < 0)
                return bus_error(ret_error, "ApplyFailed", &error);
        int r = sd_bus_message_new_method_return(call, &reply);
        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "(ssss)");
        for (size_t i = 0; i < findings->n_findings && r >= 0; i++) {
                const Finding *finding = &findings->findings[i];
                r = sd_bus_message_append(reply, "(ssss)", finding->check, verdict_to_string(finding->verdict),
                                          finding->promise, finding->text);
        }
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

static int get_offenders(sd_bus *bus _unused_, const char *path _unused_, const char *interface _unused_,
                         const char *property _unused_, sd_bus_message *reply, void *userdata,
                         sd_bus_error *ret_error _unused_) {
        const Plane *plane = userdata;

        int r = sd_bus_message_open_container(reply, 'a', "(tussssssq)");
        for (size_t i = 0; i < plane->n_offenders && r >= 0; i++) {
                const Offender *offender = &plane->offenders[i];
                OffenderTexts texts;
                offender_format(offender, &texts);
                r = sd_bus_message_append(reply, "(tussssssq)", offender->last_usec, offender->times,
                                          offender->report.reason, offender->interface, texts.mac, texts.source,
                                          texts.destination, texts.protocol,
                                          (int)offender->report.packet.destination_port);
        }
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int set_bandwidth_proceed(sd_bus_message *call, Manager *manager, sd_bus_error *ret_error) {
        Plane *plane = plane_of_path(manager, sd_bus_message_get_path(call));
        uint64_t egress, ingress;
        int runtime;
        Error error = {};

        int r = sd_bus_message_rewind(call, true);
        if (r >= 0)
                r = sd_bus_message_read(call, "ttb", &egress, &ingress, &runtime);
        if (r < 0)
                return r;
        if (!plane)
                return sd_bus_error_set(ret_error, BUS_ERROR_PREFIX "NoSuchPlane", "The plane is gone.");
        if (egress == 0 && ingress == 0)
                return sd_bus_error_set(ret_error, BUS_ERROR_PREFIX "InvalidArgument",
                                        "Neither direction is to be changed; give at least one rate.");
        const uint64_t rates[] = { egress, ingress };
        for (size_t i = 0; i < ELEMENTSOF(rates); i++)
                if (rates[i] != 0 && (rates[i] < RATE_MIN_BITS_PER_SECOND || rates[i] > RATE_MAX_BITS_PER_SECOND))
                        return sd_bus_error_setf(ret_error, BUS_ERROR_PREFIX "InvalidArgument",
                                                 "%llu bit/s is no possible cap; give 10M to 10T, or 0 for no change.",
                                                 (unsigned long long)rates[i]);
        r = manager_set_bandwidth(manager, plane, egress, ingress, runtime, &error);
        if (r < 0)
                return bus_error(ret_error, r == -EIO ? "ApplyFailed" : "ConfigurationFailed", &error);
        return sd_bus_reply_method_return(call, "");
}

static int set_down_proceed(sd_bus_message *call, Manager *manager, sd_bus_error *ret_error) {
        Plane *plane = plane_of_path(manager, sd_bus_message_get_path(call));
        Error error = {};

        if (!plane)
                return sd_bus_error_set(ret_error, BUS_ERROR_PREFIX "NoSuchPlane", "The plane is gone.");
        int r = manager_set_down(manager, plane, streq(sd_bus_message_get_member(call), "Down"), &error);
        return r < 0 ? bus_error(ret_error, "ApplyFailed", &error) : sd_bus_reply_method_return(call, "");
}

static int method_set_bandwidth(sd_bus_message *call, void *userdata, sd_bus_error *ret_error) {
        Plane *plane = userdata;
        return polkit_authorize(call, "org.migplane1.set-bandwidth", plane->config->name, plane->manager,
                                set_bandwidth_proceed, ret_error);
}

static int method_set_down(sd_bus_message *call, void *userdata, sd_bus_error *ret_error) {
        Plane *plane = userdata;
        return polkit_authorize(call, "org.migplane1.manage", plane->config->name, plane->manager, set_down_proceed,
                                ret_error);
}

#define CHANGES SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE
#define COUNTER SD_BUS_VTABLE_PROPERTY_EXPLICIT

const sd_bus_vtable bus_plane_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_PROPERTY("Name", "s", get_string, 0, CHANGES),
        SD_BUS_PROPERTY("Description", "s", get_string, 0, CHANGES),
        SD_BUS_PROPERTY("Interface", "s", get_string, 0, CHANGES),
        SD_BUS_PROPERTY("InterfaceIndex", "i", get_number, 0, CHANGES),
        SD_BUS_PROPERTY("Kind", "s", get_string, 0, CHANGES),
        SD_BUS_PROPERTY("Health", "s", get_string, 0, CHANGES),
        SD_BUS_PROPERTY("HealthReasons", "a(ss)", get_reasons, 0, CHANGES),
        SD_BUS_PROPERTY("Address", "s", get_string, 0, CHANGES),
        SD_BUS_PROPERTY("Cidr", "s", get_string, 0, CHANGES),
        SD_BUS_PROPERTY("Addresses", "as", get_addresses, 0, CHANGES),
        SD_BUS_PROPERTY("Family", "s", get_string, 0, CHANGES),
        SD_BUS_PROPERTY("MigrateUri", "s", get_string, 0, CHANGES),
        SD_BUS_PROPERTY("MigrateUriLegacy", "s", get_string, 0, CHANGES),
        SD_BUS_PROPERTY("ListenAddress", "s", get_string, 0, CHANGES),
        SD_BUS_PROPERTY("PortMin", "q", get_number, 0, CHANGES),
        SD_BUS_PROPERTY("PortMax", "q", get_number, 0, CHANGES),
        SD_BUS_PROPERTY("MTU", "u", get_number, 0, CHANGES),
        SD_BUS_PROPERTY("EgressBitsPerSecond", "t", get_number, 0, CHANGES),
        SD_BUS_PROPERTY("IngressBitsPerSecond", "t", get_number, 0, CHANGES),
        SD_BUS_PROPERTY("PerMigrationBitsPerSecond", "t", get_number, 0, CHANGES),
        SD_BUS_PROPERTY("SuggestedMiBps", "t", get_number, 0, CHANGES),
        SD_BUS_PROPERTY("Required", "b", get_number, 0, CHANGES),
        SD_BUS_PROPERTY("Default", "b", get_number, 0, CHANGES),
        SD_BUS_PROPERTY("Fallback", "s", get_string, 0, CHANGES),
        SD_BUS_PROPERTY("Generation", "t", get_number, 0, CHANGES),
        SD_BUS_PROPERTY("ActiveMigrations", "u", get_migrations, 0, COUNTER),
        SD_BUS_PROPERTY("BytesSent", "t", get_bytes, 0, COUNTER),
        SD_BUS_PROPERTY("BytesReceived", "t", get_bytes, 0, COUNTER),
        SD_BUS_PROPERTY("PacketsDropped", "a{st}", get_drops, 0, COUNTER),
        SD_BUS_PROPERTY("RecentDrops", "a(tussssssq)", get_offenders, 0, COUNTER),
        SD_BUS_PROPERTY("Repairs", "t", get_number, 0, COUNTER),
        SD_BUS_METHOD_WITH_ARGS("SetBandwidth",
                                SD_BUS_ARGS("t", egress_bits_per_second, "t", ingress_bits_per_second, "b", runtime),
                                SD_BUS_NO_RESULT, method_set_bandwidth, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Down", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, method_set_down, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Up", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, method_set_down, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Verify", SD_BUS_NO_ARGS, SD_BUS_RESULT("a(ssss)", findings), method_verify,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END,
};
