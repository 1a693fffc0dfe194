// The types of values in NAME.plane files: how each is read and compared, and what is expected of it.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "config/values.h"

#include <linux/if_ether.h>
#include <pwd.h>
#include <strings.h>

#include "base/error.h"
#include "base/inet.h"
#include "base/parse.h"
#include "base/util.h"
#include "config/draft.h"
#include "config/plane-config.h"

enum { EVENT_RATE_DEFAULT = 10, EVENT_RATE_DEFAULT_SECONDS = 60 };

// --- Reading

// kind_read() and so on: the from_string of the enum.
#define DEFINE_ENUM_PARSER(function, type, from_string)                                                               \
        static int function(ConfigDraft *draft _unused_, const char *text, void *target, Error *ret_error _unused_) { \
                int value = from_string(text);                                                                        \
                if (value < 0)                                                                                        \
                        return value;                                                                                 \
                *(type *)target = (type)value;                                                                        \
                return 0;                                                                                             \
        }
DEFINE_ENUM_PARSER(kind_read, PlaneKind, plane_kind_from_string)
DEFINE_ENUM_PARSER(managed_by_read, ManagedBy, managed_by_from_string)
DEFINE_ENUM_PARSER(fallback_read, Fallback, fallback_from_string)

// rate_read() and so on: the parsers of base/, without an error text of their own.
#define DEFINE_PLAIN_PARSER(function, parser)                                                                         \
        static int function(ConfigDraft *draft _unused_, const char *text, void *target, Error *ret_error _unused_) { \
                return parser(text, target);                                                                          \
        }
DEFINE_PLAIN_PARSER(boolean_read, parse_boolean)
DEFINE_PLAIN_PARSER(rate_read, parse_rate)
DEFINE_PLAIN_PARSER(address_read, address_parse)
DEFINE_PLAIN_PARSER(prefix_read, prefix_parse)
DEFINE_PLAIN_PARSER(ports_read, port_range_parse)

#define DEFINE_NUMBER_PARSER(function, type, min, max)                                                                \
        static int function(ConfigDraft *draft _unused_, const char *text, void *target, Error *ret_error _unused_) { \
                uint64_t number;                                                                                      \
                int r = parse_unsigned(text, min, max, &number);                                                      \
                if (r < 0)                                                                                            \
                        return r;                                                                                     \
                *(type *)target = (type)number;                                                                       \
                return 0;                                                                                             \
        }
DEFINE_NUMBER_PARSER(vlan_id_read, uint16_t, 1, 4094)
DEFINE_NUMBER_PARSER(mtu_read, uint32_t, 68, 65535)

// In upper or lower case, as for networkd's Protocol= and ip(8).
static int vlan_protocol_read(ConfigDraft *draft _unused_, const char *text, void *target, Error *ret_error _unused_) {
        static const uint16_t protocols[] = { ETH_P_8021Q, ETH_P_8021AD };

        for (size_t i = 0; i < ELEMENTSOF(protocols); i++)
                if (strcasecmp(text, vlan_protocol_to_string(protocols[i])) == 0) {
                        *(uint16_t *)target = protocols[i];
                        return 0;
                }
        return -EINVAL;
}

static int text_read(ConfigDraft *draft, const char *text, void *target, Error *ret_error _unused_) {
        for (const char *c = text; *c; c++)
                if ((unsigned char)*c < ' ' || *c == 0x7f)
                        return -EINVAL;

        char *stored = draft_store_text(draft, text);
        if (!stored)
                return -ENOMEM;
        *(char **)target = stored;
        return 0;
}

static int interface_read(ConfigDraft *draft _unused_, const char *text, void *target, Error *ret_error) {
        if (strlen(text) >= IFNAMSIZ)
                return error_set(ret_error, -ERANGE,
                                 "the name has %zu characters and the kernel allows at most %d; choose a shorter name",
                                 strlen(text), IFNAMSIZ - 1);
        // networkd takes such a name for a pattern or its opposite, and NetworkManager's lists are cut there.
        if (strpbrk(text, "!?[];,"))
                return error_set(ret_error, -EINVAL,
                                 "a name with any of ! ? [ ] ; , is a pattern or a list to other programs; "
                                 "rename the interface");
        if (streq(text, "lo"))
                return error_set(ret_error, -EINVAL,
                                 "the loopback interface reaches no other host; name another interface");
        if (!interface_name_is_valid(text))
                return -EINVAL;
        strcpy((char *)target, text);
        return 0;
}

static int mac_read(ConfigDraft *draft _unused_, const char *text, void *target, Error *ret_error) {
        static const MacAddress zero;
        MacAddress mac;

        int r = mac_parse(text, &mac);
        if (r < 0)
                return r;
        if (mac.bytes[0] & 1)
                return error_set(ret_error, -EINVAL,
                                 "a multicast or broadcast address; give the address of one device");
        if (memcmp(&mac, &zero, sizeof(mac)) == 0)
                return error_set(ret_error, -EINVAL, "no device has this address; give the address of one device");
        memcpy(target, &mac, sizeof(mac));
        return 0;
}

static int network_read(ConfigDraft *draft _unused_, const char *text, void *target, Error *ret_error) {
        char network_text[PREFIX_TEXT_MAX], host_text[ADDRESS_TEXT_MAX];
        Prefix prefix, network;

        int r = prefix_parse(text, &prefix);
        if (r < 0)
                return r;
        network = prefix_network(&prefix);
        if (prefix_compare(&prefix, &network) != 0)
                return error_set(ret_error, -EINVAL,
                                 "bits are set after the prefix length; write the network, %s, or the host alone, %s",
                                 prefix_format(&network, network_text), address_format(&prefix.address, host_text));
        memcpy(target, &network, sizeof(network));
        return 0;
}

// Only users of /etc/passwd: a name service may need the network, which comes later in the boot, or may never answer.
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

static int user_read(ConfigDraft *draft, const char *text, void *target, Error *ret_error) {
        uint64_t number;
        uid_t uid;

        int r = parse_unsigned(text, 0, UINT32_MAX - 1, &number); // (uid_t)-1 is not a user
        if (r == -ERANGE)
                return r;
        uid = r < 0 ? 0 : (uid_t)number;
        if (r < 0 && !draft->is_elsewhere && user_find(text, &uid) < 0)
                return error_set(ret_error, -EINVAL,
                                 "there is no such user in /etc/passwd; install the package that creates it, or write "
                                 "the numeric uid");
        memcpy(target, &uid, sizeof(uid));
        return 0;
}

static int event_rate_read(ConfigDraft *draft _unused_, const char *text, void *target, Error *ret_error _unused_) {
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

// --- Comparing

static bool text_equal(const void *a, const void *b) {
        return streq(*(char *const *)a ?: "", *(char *const *)b ?: "");
}

static bool interface_equal(const void *a, const void *b) {
        return streq(a, b);
}

static bool prefix_equal(const void *a, const void *b) {
        return prefix_compare(a, b) == 0;
}

// The other types are compared as bytes. They have no padding, and unused bytes of an address are 0.
_Static_assert(sizeof(Address) == sizeof(int) + sizeof(struct in6_addr), "Address has padding");
_Static_assert(sizeof(MacAddress) == 6, "MacAddress has padding");
_Static_assert(sizeof(PortRange) == 2 * sizeof(uint16_t), "PortRange has padding");
_Static_assert(sizeof(EventRate) == 2 * sizeof(uint32_t), "EventRate has padding");

// --- The types

const ValueType value_text = { text_read, text_equal, "text without control characters" };
const ValueType value_boolean = { boolean_read, NULL, "yes or no" };
const ValueType value_fallback = { fallback_read, NULL, "deny or allow" };
const ValueType value_interface = { interface_read, interface_equal, "the name of a network interface, such as mig0" };
const ValueType value_kind = { kind_read, NULL, "vlan, macvlan or device" };
const ValueType value_vlan_id = { vlan_id_read, NULL, "a number from 1 to 4094" };
const ValueType value_vlan_protocol = { vlan_protocol_read, NULL, "802.1Q or 802.1ad" };
const ValueType value_mtu = { mtu_read, NULL, "a number of bytes from 68 to 65535, such as 9000" };
const ValueType value_mac = { mac_read, NULL, "a MAC address, such as 52:54:00:12:34:56" };
const ValueType value_managed_by = { managed_by_read, NULL, "migplane, networkd, NetworkManager or other" };
const ValueType value_prefix = {
        prefix_read,
        prefix_equal,
        "an address with its prefix length, such as 172.150.1.5/24",
};
const ValueType value_network = { network_read, prefix_equal, "a network, such as 172.150.0.0/16 or fd00:150::/48" };
const ValueType value_address = {
        address_read,
        NULL,
        "an IPv4 or IPv6 address without prefix length, such as 172.150.1.6",
};
const ValueType value_rate = {
        rate_read,
        NULL,
        "bits per second from 10M to 10T, with K, M, G or T (base 1000), such as 8G or 2.5G",
};
const ValueType value_ports = { ports_read, NULL, "a port or FIRST-LAST within 1-65535, such as 49152-49215" };
const ValueType value_user = { user_read, NULL, "a user's name, or a uid from 0 to 4294967294" };
const ValueType value_event_rate = {
        event_rate_read,
        NULL,
        "yes, no, or 1 to 100 per second, minute, hour or day, such as 10/minute",
};
