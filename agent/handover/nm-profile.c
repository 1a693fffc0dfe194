// The profile that NetworkManager is given for a plane.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "handover/nm-profile.h"

#include <inttypes.h>
#include <linux/if_ether.h>

#include "base/inet.h"
#include "base/util.h"
#include "config/plane-config.h"

#define USER_HASH "migplane.hash"

enum { PROFILE_VERSION = 1 }; // of what is the same in the profiles of all planes

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

// --- writing ---

typedef int (*SettingAppend)(sd_bus_message *m, const PlaneConfig *plane);

static int close_containers(sd_bus_message *m, unsigned n) {
        for (unsigned i = 0; i < n; i++) {
                int r = sd_bus_message_close_container(m);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int setting_append(sd_bus_message *m, const char *name, SettingAppend append, const PlaneConfig *plane) {
        int r = sd_bus_message_open_container(m, 'e', "sa{sv}");
        if (r < 0)
                return r;
        r = sd_bus_message_append(m, "s", name);
        if (r < 0)
                return r;
        r = sd_bus_message_open_container(m, 'a', "{sv}");
        if (r < 0)
                return r;
        r = append(m, plane);
        return r < 0 ? r : close_containers(m, 2);
}

static const char *plane_type(const PlaneConfig *plane) {
        switch (plane->kind) {
        case PLANE_KIND_VLAN:
                return "vlan";
        case PLANE_KIND_MACVLAN:
                return "macvlan";
        case PLANE_KIND_DEVICE:
                return "802-3-ethernet";
        }
        return "";
}

// mdns, llmnr, lldp: disable every protocol that sends unasked.
static int connection_append(sd_bus_message *m, const PlaneConfig *plane) {
        char id[300], uuid[NM_UUID_SIZE];

        (void)snprintf(id, sizeof(id), "migplane %s", plane->name);
        return sd_bus_message_append(m, "{sv}{sv}{sv}{sv}{sv}{sv}{sv}{sv}", "id", "s", id, "uuid", "s",
                                     nm_profile_uuid(plane->name, uuid), "type", "s", plane_type(plane),
                                     "interface-name", "s", plane->interface, "autoconnect", "b", 1, "mdns", "i", 0,
                                     "llmnr", "i", 0, "lldp", "i", 0);
}

static int vlan_append(sd_bus_message *m, const PlaneConfig *plane) {
        int r = sd_bus_message_append(m, "{sv}{sv}{sv}", "parent", "s", plane->parent, "id", "u",
                                      (uint32_t)plane->vlan_id, "flags", "u", (uint32_t)VLAN_REORDER_HEADERS);
        // NetworkManager before 1.42 has no such property, and 802.1Q alone.
        if (r < 0 || plane->vlan_protocol == ETH_P_8021Q)
                return r;
        return sd_bus_message_append(m, "{sv}", "protocol", "s", vlan_protocol_to_string(plane->vlan_protocol));
}

static int macvlan_append(sd_bus_message *m, const PlaneConfig *plane) {
        return sd_bus_message_append(m, "{sv}{sv}", "parent", "s", plane->parent, "mode", "u",
                                     (uint32_t)MACVLAN_PRIVATE);
}

static int ethernet_append(sd_bus_message *m, const PlaneConfig *plane) {
        return plane->mtu ? sd_bus_message_append(m, "{sv}", "mtu", "u", plane->mtu) : 0;
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

static int route_append(sd_bus_message *m, const PlaneRoute *route) {
        char destination[ADDRESS_TEXT_MAX], gateway[ADDRESS_TEXT_MAX];
        uint32_t length = route->destination.length;

        (void)address_format(&route->destination.address, destination);
        if (route->gateway.family == AF_UNSPEC)
                return sd_bus_message_append(m, "a{sv}", 2, "dest", "s", destination, "prefix", "u", length);
        return sd_bus_message_append(m, "a{sv}", 3, "dest", "s", destination, "prefix", "u", length, "next-hop", "s",
                                     address_format(&route->gateway, gateway));
}

static int routes_append(sd_bus_message *m, const PlaneConfig *plane, int family) {
        int r = 0;

        for (size_t i = 0; i < plane->n_routes && r >= 0; i++)
                if (plane->routes[i].destination.address.family == family)
                        r = route_append(m, &plane->routes[i]);
        return r;
}

static int list_append(sd_bus_message *m, const char *key, int (*append)(sd_bus_message *, const PlaneConfig *, int),
                       const PlaneConfig *plane, int family) {
        int r = sd_bus_message_open_container(m, 'e', "sv");
        if (r < 0)
                return r;
        r = sd_bus_message_append(m, "s", key);
        if (r < 0)
                return r;
        r = sd_bus_message_open_container(m, 'v', "aa{sv}");
        if (r < 0)
                return r;
        r = sd_bus_message_open_container(m, 'a', "a{sv}");
        if (r < 0)
                return r;
        r = append(m, plane, family);
        return r < 0 ? r : close_containers(m, 3);
}

static int ip_append(sd_bus_message *m, const PlaneConfig *plane, int family) {
        bool wanted = plane_config_has_family(plane, family);

        int r = sd_bus_message_append(m, "{sv}{sv}{sv}", "method", "s", wanted ? "manual" : "disabled", "never-default",
                                      "b", 1, "ignore-auto-dns", "b", 1);
        if (r < 0 || !wanted)
                return r;
        r = list_append(m, "address-data", addresses_append, plane, family);
        return r < 0 ? r : list_append(m, "route-data", routes_append, plane, family);
}

// NetworkManager 1.46 and later probes each IPv4 address before it uses it, and gives it up when it hears a claim. The
// claim of any device on the wire would do.
static int ipv4_append(sd_bus_message *m, const PlaneConfig *plane) {
        int r = sd_bus_message_append(m, "{sv}", "dad-timeout", "i", 0);
        return r < 0 ? r : ip_append(m, plane, AF_INET);
}

static int ipv6_append(sd_bus_message *m, const PlaneConfig *plane) {
        return ip_append(m, plane, AF_INET6);
}

static int user_append(sd_bus_message *m, const PlaneConfig *plane) {
        char hash[NM_HASH_SIZE];

        return sd_bus_message_append(m, "{sv}", "data", "a{ss}", 1, USER_HASH, nm_profile_hash(plane, hash));
}

int nm_profile_append(sd_bus_message *m, const PlaneConfig *plane) {
        const struct {
                const char *name;
                SettingAppend append;
                bool is_left_out;
        } settings[] = {
                { "connection", connection_append, false },
                { "vlan", vlan_append, plane->kind != PLANE_KIND_VLAN },
                { "macvlan", macvlan_append, plane->kind != PLANE_KIND_MACVLAN },
                { "802-3-ethernet", ethernet_append, false },
                { "ipv4", ipv4_append, false },
                { "ipv6", ipv6_append, false },
                { "user", user_append, false },
        };

        int r = sd_bus_message_open_container(m, 'a', "{sa{sv}}");
        for (size_t i = 0; i < ELEMENTSOF(settings) && r >= 0; i++)
                if (!settings[i].is_left_out)
                        r = setting_append(m, settings[i].name, settings[i].append, plane);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

// Of all that nm_profile_append writes.
const char *nm_profile_hash(const PlaneConfig *plane, char ret[static NM_HASH_SIZE]) {
        uint64_t hash = hash_bytes(HASH_INIT, plane->interface, strlen(plane->interface));
        char text[ADDRESS_TEXT_MAX + PREFIX_TEXT_MAX + 8];
        const uint32_t numbers[] = { PROFILE_VERSION, plane->kind, plane->vlan_id, plane->vlan_protocol, plane->mtu };

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

// --- reading ---

typedef struct Reading {
        char *hash, *uuid; // of NM_HASH_SIZE and NM_UUID_SIZE bytes
        const char *setting;
} Reading;

// Takes one entry, whose key is read, off the message.
typedef int (*EntryRead)(sd_bus_message *m, const char *key, Reading *reading);

static int dictionary_read(sd_bus_message *m, const char *entry, EntryRead read, Reading *reading) {
        char contents[16];
        const char *key;

        (void)snprintf(contents, sizeof(contents), "{%s}", entry);
        int r = sd_bus_message_enter_container(m, 'a', contents);
        if (r < 0)
                return r;
        while ((r = sd_bus_message_enter_container(m, 'e', entry)) > 0) {
                r = sd_bus_message_read(m, "s", &key);
                if (r < 0)
                        return r;
                r = read(m, key, reading);
                if (r < 0)
                        return r;
                r = sd_bus_message_exit_container(m);
                if (r < 0)
                        return r;
        }
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int user_entry_read(sd_bus_message *m, const char *key, Reading *reading) {
        const char *value;

        int r = sd_bus_message_read(m, "s", &value);
        if (r >= 0 && streq(key, USER_HASH))
                (void)snprintf(reading->hash, NM_HASH_SIZE, "%s", value);
        return r;
}

static int user_data_read(sd_bus_message *m, Reading *reading) {
        int r = sd_bus_message_enter_container(m, 'v', "a{ss}");
        if (r < 0)
                return r;
        r = dictionary_read(m, "ss", user_entry_read, reading);
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int uuid_read(sd_bus_message *m, Reading *reading) {
        const char *value;

        int r = sd_bus_message_read(m, "v", "s", &value);
        if (r >= 0)
                (void)snprintf(reading->uuid, NM_UUID_SIZE, "%s", value);
        return r;
}

static int value_read(sd_bus_message *m, const char *key, Reading *reading) {
        if (streq(reading->setting, "user") && streq(key, "data"))
                return user_data_read(m, reading);
        if (streq(reading->setting, "connection") && streq(key, "uuid"))
                return uuid_read(m, reading);
        return sd_bus_message_skip(m, "v");
}

static int setting_read(sd_bus_message *m, const char *key, Reading *reading) {
        reading->setting = key;
        return dictionary_read(m, "sv", value_read, reading);
}

int nm_profile_read(sd_bus_message *m, char ret_hash[static NM_HASH_SIZE], char ret_uuid[static NM_UUID_SIZE]) {
        ret_hash[0] = ret_uuid[0] = '\0';
        return dictionary_read(m, "sa{sv}", setting_read, &(Reading){ .hash = ret_hash, .uuid = ret_uuid });
}
