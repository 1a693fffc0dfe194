// The keys of NAME.plane files: one table, and a parser for each type of value.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "config/keys.h"

#include <linux/if_ether.h>
#include <pwd.h>
#include <strings.h>

#include "base/error.h"
#include "base/inet.h"
#include "base/parse.h"
#include "base/util.h"
#include "config/draft.h"
#include "config/plane-config.h"
#include "model/reason.h"

enum { EVENT_RATE_DEFAULT = 10, EVENT_RATE_DEFAULT_SECONDS = 60 };

const PlaneConfig plane_config_defaults = { .required = true };

static const char *const plane_kind_names[] = {
        [PLANE_KIND_DEVICE] = "device",
        [PLANE_KIND_VLAN] = "vlan",
        [PLANE_KIND_MACVLAN] = "macvlan",
};

static const char *const managed_by_names[] = {
        [MANAGED_BY_MIGPLANE] = "migplane",
        [MANAGED_BY_NETWORKD] = "networkd",
        [MANAGED_BY_NETWORKMANAGER] = "NetworkManager",
        [MANAGED_BY_OTHER] = "other",
};

static const char *const fallback_names[] = {
        [FALLBACK_DENY] = "deny",
        [FALLBACK_ALLOW] = "allow",
};

const char *plane_kind_to_string(PlaneKind kind) {
        return plane_kind_names[kind];
}

const char *vlan_protocol_to_string(uint16_t protocol) {
        return protocol == ETH_P_8021AD ? "802.1ad" : "802.1Q";
}

const char *managed_by_to_string(ManagedBy managed_by) {
        return managed_by_names[managed_by];
}

const char *fallback_to_string(Fallback fallback) {
        return fallback_names[fallback];
}

static int name_lookup(const char *const *names, size_t n, const char *text) {
        for (size_t i = 0; i < n; i++)
                if (streq(names[i], text))
                        return (int)i;
        return -EINVAL;
}

// value_kind() and so on: the position of the text in the type's names.
#define DEFINE_ENUM_PARSER(function, type, names)                                                                     \
        static int function(ConfigDraft *draft _unused_, const char *text, void *target, Error *ret_error _unused_) { \
                int i = name_lookup(names, ELEMENTSOF(names), text);                                                  \
                if (i >= 0)                                                                                           \
                        *(type *)target = (type)i;                                                                    \
                return i < 0 ? i : 0;                                                                                 \
        }
DEFINE_ENUM_PARSER(value_kind, PlaneKind, plane_kind_names)
DEFINE_ENUM_PARSER(value_managed_by, ManagedBy, managed_by_names)
DEFINE_ENUM_PARSER(value_fallback, Fallback, fallback_names)

// value_rate() and so on: nothing but the parser of parse.h.
#define DEFINE_PLAIN_PARSER(function, parser)                                                                         \
        static int function(ConfigDraft *draft _unused_, const char *text, void *target, Error *ret_error _unused_) { \
                return parser(text, target);                                                                          \
        }
DEFINE_PLAIN_PARSER(value_boolean, parse_boolean)
DEFINE_PLAIN_PARSER(value_rate, parse_rate)
DEFINE_PLAIN_PARSER(value_address, address_parse)
DEFINE_PLAIN_PARSER(value_prefix, prefix_parse)
DEFINE_PLAIN_PARSER(value_ports, port_range_parse)

#define DEFINE_NUMBER_PARSER(function, type, min, max)                                                                \
        static int function(ConfigDraft *draft _unused_, const char *text, void *target, Error *ret_error _unused_) { \
                uint64_t number;                                                                                      \
                int r = parse_unsigned(text, min, max, &number);                                                      \
                if (r >= 0)                                                                                           \
                        *(type *)target = (type)number;                                                               \
                return r;                                                                                             \
        }
DEFINE_NUMBER_PARSER(value_vlan_id, uint16_t, 1, 4094)
DEFINE_NUMBER_PARSER(value_mtu, uint32_t, 68, 65535)

// In upper or lower case, as networkd's Protocol= and ip(8) have it.
static int value_vlan_protocol(ConfigDraft *draft _unused_, const char *text, void *target, Error *ret_error _unused_) {
        static const uint16_t protocols[] = { ETH_P_8021Q, ETH_P_8021AD };

        for (size_t i = 0; i < ELEMENTSOF(protocols); i++)
                if (strcasecmp(text, vlan_protocol_to_string(protocols[i])) == 0) {
                        *(uint16_t *)target = protocols[i];
                        return 0;
                }
        return -EINVAL;
}

static int value_text(ConfigDraft *draft, const char *text, void *target, Error *ret_error _unused_) {
        for (const char *c = text; *c; c++)
                if ((unsigned char)*c < ' ' || *c == 0x7f)
                        return -EINVAL;

        char *stored = draft_store_text(draft, text);
        if (!stored)
                return -ENOMEM;
        *(char **)target = stored;
        return 0;
}

static int value_interface(ConfigDraft *draft _unused_, const char *text, void *target, Error *ret_error) {
        if (strlen(text) >= IFNAMSIZ)
                return error_set(ret_error, -ERANGE,
                                 "%zu characters, and the kernel takes at most %d; choose a shorter name", strlen(text),
                                 IFNAMSIZ - 1);
        if (streq(text, "lo"))
                return error_set(ret_error, -EINVAL, "the loopback interface reaches no other host; name another one");
        if (!interface_name_is_valid(text))
                return -EINVAL;
        strcpy((char *)target, text);
        return 0;
}

static int value_mac(ConfigDraft *draft _unused_, const char *text, void *target, Error *ret_error) {
        static const MacAddress zero;
        MacAddress mac;

        int r = mac_parse(text, &mac);
        if (r < 0)
                return r;
        if (mac.bytes[0] & 1)
                return error_set(ret_error, -EINVAL, "a multicast or broadcast address; expected that of one device");
        if (memcmp(&mac, &zero, sizeof(mac)) == 0)
                return error_set(ret_error, -EINVAL, "no device has this address; expected that of one device");
        memcpy(target, &mac, sizeof(mac));
        return 0;
}

static int value_network(ConfigDraft *draft _unused_, const char *text, void *target, Error *ret_error) {
        char network_text[PREFIX_TEXT_MAX];
        Prefix prefix, network;

        int r = prefix_parse(text, &prefix);
        if (r < 0)
                return r;
        network = prefix_network(&prefix);
        if (prefix_compare(&prefix, &network) != 0)
                return error_set(ret_error, -EINVAL, "bits are set behind the prefix; the network is %s, write that",
                                 prefix_format(&network, network_text));
        memcpy(target, &network, sizeof(network));
        return 0;
}

// Of this host's own users alone: a name service may need the network, which comes later in the boot, or never answer.
static int user_find(const char *name, uid_t *ret) {
        _cleanup_fclose_ FILE *file = fopen("/etc/passwd", "re");
        const struct passwd *user;

        while (file && (user = fgetpwent(file)))
                if (streq(user->pw_name, name)) {
                        *ret = user->pw_uid;
                        return 0;
                }
        return -ENOENT;
}

static int value_user(ConfigDraft *draft _unused_, const char *text, void *target, Error *ret_error) {
        uint64_t number;
        uid_t uid;

        int r = parse_unsigned(text, 0, UINT32_MAX - 1, &number); // (uid_t)-1 is nobody's
        if (r == -ERANGE)
                return r;
        uid = (uid_t)number;
        if (r < 0 && user_find(text, &uid) < 0)
                return error_set(ret_error, -EINVAL,
                                 "there is no such user in /etc/passwd; install what creates it, or write the numeric uid");
        memcpy(target, &uid, sizeof(uid));
        return 0;
}

static int value_event_rate(ConfigDraft *draft _unused_, const char *text, void *target, Error *ret_error _unused_) {
        EventRate rate = { EVENT_RATE_DEFAULT, EVENT_RATE_DEFAULT_SECONDS };
        bool wanted;

        if (parse_boolean(text, &wanted) < 0) {
                int r = parse_event_rate(text, &rate.count, &rate.seconds);
                if (r < 0)
                        return r;
        } else if (!wanted)
                rate = (EventRate){};
        memcpy(target, &rate, sizeof(rate));
        return 0;
}

#define FIELD_SIZE(type, field) sizeof(((type *)NULL)->field)
#define VALUE(field) offsetof(PlaneConfig, field), FIELD_SIZE(PlaneConfig, field), false
#define LIST(field) offsetof(PlaneConfig, field), FIELD_SIZE(PlaneConfig, field[0]), true
#define ITEM(type, field) offsetof(type, field), FIELD_SIZE(type, field), false

#define EXPECTED_BOOLEAN "yes or no"
#define EXPECTED_RATE "bits per second from 10M to 10T, with K, M, G or T (base 1000), such as 8G or 2.5G"
#define EXPECTED_INTERFACE "the name of a network interface, such as mig0"
#define EXPECTED_ADDRESS "an IPv4 or IPv6 address without prefix length, such as 172.150.1.6"
#define EXPECTED_NETWORK "a network, such as 172.150.0.0/16 or fd00:150::/48"
#define EXPECTED_MAC "a MAC address, such as 52:54:00:12:34:56"

static const ConfigKey config_keys[] = {
        { "Plane", "Description", value_text, VALUE(description), "text without control characters" },
        { "Plane", "Default", value_boolean, VALUE(wants_default), EXPECTED_BOOLEAN },
        { "Plane", "Required", value_boolean, VALUE(required), EXPECTED_BOOLEAN },
        { "Plane", "Fallback", value_fallback, VALUE(fallback), "deny or allow" },

        { "Interface", "Name", value_interface, VALUE(interface), EXPECTED_INTERFACE },
        { "Interface", "Kind", value_kind, VALUE(kind), "vlan, macvlan or device" },
        { "Interface", "Parent", value_interface, VALUE(parent), EXPECTED_INTERFACE },
        { "Interface", "VLANId", value_vlan_id, VALUE(vlan_id), "a number from 1 to 4094" },
        { "Interface", "VLANProtocol", value_vlan_protocol, VALUE(vlan_protocol), "802.1Q or 802.1ad" },
        { "Interface", "MTUBytes", value_mtu, VALUE(mtu), "a number of bytes from 68 to 65535, such as 9000" },
        { "Interface", "MACAddress", value_mac, VALUE(mac), EXPECTED_MAC },
        { "Interface", "ManagedBy", value_managed_by, VALUE(managed_by),
          "migplane, networkd, NetworkManager or other" },

        { "Address", "Address", value_prefix, LIST(addresses),
          "an address with its prefix length, such as 172.150.1.5/24" },

        { "Route", "Destination", value_network, ITEM(PlaneRoute, destination), EXPECTED_NETWORK },
        { "Route", "Gateway", value_address, ITEM(PlaneRoute, gateway), EXPECTED_ADDRESS },

        { "Bandwidth", "Egress", value_rate, VALUE(egress), EXPECTED_RATE },
        { "Bandwidth", "Ingress", value_rate, VALUE(ingress), EXPECTED_RATE },
        { "Bandwidth", "PerMigration", value_rate, VALUE(per_migration), EXPECTED_RATE },
        { "Bandwidth", "LinkRate", value_rate, VALUE(link_rate), EXPECTED_RATE },
        { "Bandwidth", "ManagementReserve", value_rate, VALUE(management_reserve), EXPECTED_RATE },

        { "Isolation", "Peers", value_network, LIST(peers), EXPECTED_NETWORK },
        { "Isolation", "Ports", value_ports, LIST(ports), "a port or FIRST-LAST within 1-65535, such as 49152-49215" },
        { "Isolation", "Users", value_user, LIST(users), "a user's name, or a uid from 0 to 4294967294" },
        { "Isolation", "LogDrops", value_event_rate, VALUE(log_drops),
          "yes, no, or a rate from 1 to 100 a second, minute, hour or day, such as 10/minute" },

        { "Peer", "Address", value_address, ITEM(PlanePeer, address), EXPECTED_ADDRESS },
        { "Peer", "MACAddress", value_mac, ITEM(PlanePeer, mac), EXPECTED_MAC },

        { "Health", "Probe", value_address, LIST(probes), EXPECTED_ADDRESS },
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

const ConfigKey *config_key_find(const char *section, const char *name) {
        for (size_t i = 0; i < ELEMENTSOF(config_keys); i++)
                if (streq(config_keys[i].section, section) && streq(config_keys[i].key, name))
                        return &config_keys[i];
        return NULL;
}

const ConfigKey *config_key_find_similar(const char *section, const char *name) {
        const ConfigKey *found = NULL;

        for (size_t i = 0; i < ELEMENTSOF(config_keys); i++) {
                const ConfigKey *key = &config_keys[i];
                if (strcasecmp(key->key, name) == 0 && (!found || streq(key->section, section)))
                        found = key;
        }
        return found;
}

const ConfigSection *config_section_find(const char *name, int (*compare)(const char *, const char *)) {
        for (size_t i = 0; i < ELEMENTSOF(config_sections); i++)
                if (compare(config_sections[i].name, name) == 0)
                        return &config_sections[i];
        return NULL;
}
