// What a profile says, and reading it again.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "handover/nm-profile.h"

#include <inttypes.h>
#include <linux/if_ether.h>

#include "base/inet.h"
#include "base/util.h"
#include "config/plane-config.h"

#define USER_HASH "migplane.hash"

// NMVlanFlags, NMSettingMacvlanMode
enum { VLAN_REORDER_HEADERS = 1, MACVLAN_PRIVATE = 3 };

const char *nm_profile_uuid(const char *plane, char ret[static NM_UUID_SIZE]) {
        uint64_t high = hash_bytes(HASH_INIT, "migplane", strlen("migplane"));
        high = hash_bytes(high, plane, strlen(plane));
        uint64_t low = hash_bytes(high, plane, strlen(plane));

        // Version 8, of our own making; RFC 9562.
        (void)snprintf(ret, NM_UUID_SIZE, "%08x-%04x-8%03x-%04x-%012" PRIx64, (unsigned)(high >> 32),
                       (unsigned)(high >> 16) & 0xffff, (unsigned)high & 0xfff, (unsigned)(low >> 48 & 0x3fff) | 0x8000,
                       low & UINT64_C(0xffffffffffff));
        return ret;
}

static int setting_open(sd_bus_message *m, const char *name) {
        int r = sd_bus_message_open_container(m, 'e', "sa{sv}");
        if (r >= 0)
                r = sd_bus_message_append(m, "s", name);
        return r < 0 ? r : sd_bus_message_open_container(m, 'a', "{sv}");
}

static int setting_close(sd_bus_message *m) {
        int r = sd_bus_message_close_container(m);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

static int connection_append(sd_bus_message *m, const PlaneConfig *plane) {
        char id[300], uuid[NM_UUID_SIZE];
        const char *type = plane->kind == PLANE_KIND_VLAN ? "vlan" : plane->kind == PLANE_KIND_MACVLAN ? "macvlan" : "802-3-ethernet";

        (void)snprintf(id, sizeof(id), "migplane %s", plane->name);
        int r = setting_open(m, "connection");
        if (r >= 0) // mdns, llmnr, lldp: nothing that speaks by itself
                r = sd_bus_message_append(m, "{sv}{sv}{sv}{sv}{sv}{sv}{sv}{sv}", "id", "s", id, "uuid", "s",
                                          nm_profile_uuid(plane->name, uuid), "type", "s", type, "interface-name", "s",
                                          plane->interface, "autoconnect", "b", 1, "mdns", "i", 0, "llmnr", "i", 0, "lldp",
                                          "i", 0);
        return r < 0 ? r : setting_close(m);
}

static int device_append(sd_bus_message *m, const PlaneConfig *plane) {
        int r = 0;

        if (plane->kind == PLANE_KIND_VLAN) {
                r = setting_open(m, "vlan");
                if (r >= 0)
                        r = sd_bus_message_append(m, "{sv}{sv}{sv}", "parent", "s", plane->parent, "id", "u",
                                                  (uint32_t)plane->vlan_id, "flags", "u", (uint32_t)VLAN_REORDER_HEADERS);
                // Before 1.42 NetworkManager has no such property, and 802.1Q alone.
                if (r >= 0 && plane->vlan_protocol != ETH_P_8021Q)
                        r = sd_bus_message_append(m, "{sv}", "protocol", "s", vlan_protocol_to_string(plane->vlan_protocol));
        } else if (plane->kind == PLANE_KIND_MACVLAN) {
                r = setting_open(m, "macvlan");
                if (r >= 0)
                        r = sd_bus_message_append(m, "{sv}{sv}", "parent", "s", plane->parent, "mode", "u",
                                                  (uint32_t)MACVLAN_PRIVATE);
        }
        if (r >= 0 && plane->kind != PLANE_KIND_DEVICE)
                r = setting_close(m);
        if (r >= 0)
                r = setting_open(m, "802-3-ethernet");
        if (r >= 0 && plane->mtu)
                r = sd_bus_message_append(m, "{sv}", "mtu", "u", plane->mtu);
        return r < 0 ? r : setting_close(m);
}

static int addresses_append(sd_bus_message *m, const PlaneConfig *plane, int family) {
        char text[ADDRESS_TEXT_MAX];
        int r = 0;

        for (size_t i = 0; i < plane->n_addresses && r >= 0; i++) {
                const Prefix *prefix = &plane->addresses[i].prefix;
                if (prefix->address.family == family)
                        r = sd_bus_message_append(m, "a{sv}", 2, "address", "s", address_format(&prefix->address, text),
                                                  "prefix", "u", (uint32_t)prefix->length);
        }
        return r;
}

static int routes_append(sd_bus_message *m, const PlaneConfig *plane, int family) {
        char destination[ADDRESS_TEXT_MAX], gateway[ADDRESS_TEXT_MAX];
        int r = 0;

        for (size_t i = 0; i < plane->n_routes && r >= 0; i++) {
                const PlaneRoute *route = &plane->routes[i];
                if (route->destination.address.family != family)
                        continue;
                (void)address_format(&route->destination.address, destination);
                r = route->gateway.family == AF_UNSPEC ?
                        sd_bus_message_append(m, "a{sv}", 2, "dest", "s", destination, "prefix", "u",
                                              (uint32_t)route->destination.length) :
                        sd_bus_message_append(m, "a{sv}", 3, "dest", "s", destination, "prefix", "u",
                                              (uint32_t)route->destination.length, "next-hop", "s",
                                              address_format(&route->gateway, gateway));
        }
        return r;
}

static int list_append(sd_bus_message *m, const char *key, int (*append)(sd_bus_message *, const PlaneConfig *, int),
                       const PlaneConfig *plane, int family) {
        int r = sd_bus_message_open_container(m, 'e', "sv");
        if (r >= 0)
                r = sd_bus_message_append(m, "s", key);
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'v', "aa{sv}");
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'a', "a{sv}");
        if (r >= 0)
                r = append(m, plane, family);
        for (unsigned i = 0; i < 3 && r >= 0; i++)
                r = sd_bus_message_close_container(m);
        return r;
}

static int ip_append(sd_bus_message *m, const PlaneConfig *plane, const char *setting, int family) {
        bool wanted = false;

        for (size_t i = 0; i < plane->n_addresses; i++)
                wanted |= plane->addresses[i].prefix.address.family == family;
        int r = setting_open(m, setting);
        if (r >= 0)
                r = sd_bus_message_append(m, "{sv}{sv}{sv}", "method", "s", wanted ? "manual" : "disabled", "never-default",
                                          "b", 1, "ignore-auto-dns", "b", 1);
        if (r >= 0 && wanted)
                r = list_append(m, "address-data", addresses_append, plane, family);
        if (r >= 0 && wanted)
                r = list_append(m, "route-data", routes_append, plane, family);
        return r < 0 ? r : setting_close(m);
}

static int user_append(sd_bus_message *m, const char *hash) {
        int r = setting_open(m, "user");
        if (r >= 0)
                r = sd_bus_message_append(m, "{sv}", "data", "a{ss}", 1, USER_HASH, hash);
        return r < 0 ? r : setting_close(m);
}

int nm_profile_append(sd_bus_message *m, const PlaneConfig *plane, const char *hash) {
        int r = sd_bus_message_open_container(m, 'a', "{sa{sv}}");
        if (r >= 0)
                r = connection_append(m, plane);
        if (r >= 0)
                r = device_append(m, plane);
        if (r >= 0)
                r = ip_append(m, plane, "ipv4", AF_INET);
        if (r >= 0)
                r = ip_append(m, plane, "ipv6", AF_INET6);
        if (r >= 0)
                r = user_append(m, hash);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

// Of all that nm_profile_append writes.
const char *nm_profile_hash(const PlaneConfig *plane, char ret[static NM_HASH_SIZE]) {
        uint64_t hash = hash_bytes(HASH_INIT, plane->interface, strlen(plane->interface));
        char text[ADDRESS_TEXT_MAX + PREFIX_TEXT_MAX + 8];
        const uint32_t numbers[] = { plane->kind, plane->vlan_id, plane->vlan_protocol, plane->mtu };

        hash = hash_bytes(hash, plane->parent, strlen(plane->parent) + 1);
        hash = hash_bytes(hash, numbers, sizeof(numbers));
        for (size_t i = 0; i < plane->n_addresses; i++)
                hash = hash_bytes(hash, text, strlen(prefix_format(&plane->addresses[i].prefix, text)) + 1);
        for (size_t i = 0; i < plane->n_routes; i++) {
                hash = hash_bytes(hash, text, strlen(prefix_format(&plane->routes[i].destination, text)) + 1);
                if (plane->routes[i].gateway.family != AF_UNSPEC)
                        hash = hash_bytes(hash, text, strlen(address_format(&plane->routes[i].gateway, text)) + 1);
        }
        (void)snprintf(ret, NM_HASH_SIZE, "%016" PRIx64, hash);
        return ret;
}

static int user_data_read(sd_bus_message *m, char ret_hash[static NM_HASH_SIZE]) {
        const char *key, *value;

        int r = sd_bus_message_enter_container(m, 'v', "a{ss}");
        if (r >= 0)
                r = sd_bus_message_enter_container(m, 'a', "{ss}");
        while (r >= 0 && (r = sd_bus_message_read(m, "{ss}", &key, &value)) > 0)
                if (streq(key, USER_HASH))
                        (void)snprintf(ret_hash, NM_HASH_SIZE, "%s", value);
        if (r >= 0)
                r = sd_bus_message_exit_container(m);
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

// What tells one of ours: the hash that it carries, "" when it carries none, and its UUID.
int nm_profile_read(sd_bus_message *m, char ret_hash[static NM_HASH_SIZE], char ret_uuid[static NM_UUID_SIZE]) {
        const char *setting, *key, *value;

        ret_hash[0] = ret_uuid[0] = '\0';
        int r = sd_bus_message_enter_container(m, 'a', "{sa{sv}}");
        while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sa{sv}")) > 0) {
                r = sd_bus_message_read(m, "s", &setting);
                if (r >= 0)
                        r = sd_bus_message_enter_container(m, 'a', "{sv}");
                while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
                        r = sd_bus_message_read(m, "s", &key);
                        if (r >= 0 && streq(setting, "user") && streq(key, "data"))
                                r = user_data_read(m, ret_hash);
                        else if (r >= 0 && streq(setting, "connection") && streq(key, "uuid")) {
                                r = sd_bus_message_read(m, "v", "s", &value);
                                if (r >= 0)
                                        (void)snprintf(ret_uuid, NM_UUID_SIZE, "%s", value);
                        } else if (r >= 0)
                                r = sd_bus_message_skip(m, "v");
                        if (r >= 0)
                                r = sd_bus_message_exit_container(m);
                }
                for (unsigned i = 0; i < 2 && r >= 0; i++)
                        r = sd_bus_message_exit_container(m);
        }
        return r;
}
