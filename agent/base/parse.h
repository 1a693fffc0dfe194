// Values of the configuration and the command line, to and from text.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct Address {
        int family; // AF_INET or AF_INET6; AF_UNSPEC: none
        union {
                struct in_addr in;
                struct in6_addr in6;
                uint8_t bytes[16]; // unused bytes are 0, so that addresses compare by memcmp
        };
} Address;

typedef struct Prefix {
        Address address; // as written: host bits may be set
        uint8_t length;
} Prefix;

typedef struct MacAddress {
        uint8_t bytes[6];
} MacAddress;

typedef struct PortRange {
        uint16_t first, last; // both included, host byte order
} PortRange;

enum {
        ADDRESS_TEXT_MAX = INET6_ADDRSTRLEN,
        PREFIX_TEXT_MAX = INET6_ADDRSTRLEN + 4,
        MAC_TEXT_MAX = 18,
        RATE_TEXT_MAX = 24,
};

// All of them: 0, or -EINVAL (not of that form) or -ERANGE (of that form, but out of range); *ret untouched on failure.

// "8G", "2.5G", "400M", "100000000": bits per second, base 1000, K M G T in either case; whole bits only.
// Range: RATE_MIN_BITS_PER_SECOND to RATE_MAX_BITS_PER_SECOND.
int parse_rate(const char *text, uint64_t *ret_bits_per_second);
int parse_boolean(const char *text, bool *ret);
int parse_unsigned(const char *text, uint64_t min, uint64_t max, uint64_t *ret);
// "10/minute": 1 to 100 in a second, minute, hour or day.
int parse_event_rate(const char *text, uint32_t *ret_count, uint32_t *ret_seconds);
int parse_address(const char *text, Address *ret);
// "192.0.2.1/24"; without a length it is a host's (32 or 128).
int parse_prefix(const char *text, Prefix *ret);
int parse_mac(const char *text, MacAddress *ret);
// "49152-49215" or "16514"
int parse_port_range(const char *text, PortRange *ret);
// A network interface's name that the kernel takes, and that is safe in rulesets and below /proc/sys: 1 to 15 printable
// ASCII characters without white space and any of / : % " ' * \, and not ".", "..", "all" or "default".
bool interface_name_is_valid(const char *name);
// A plane's name: letters, digits, '-', '_', '.', at most 64, not starting with '.' or '-'.
bool plane_name_is_valid(const char *name);

// They write into the caller's array and return it. The rate is exact: the shortest form that parses to the same number.
const char *format_rate(uint64_t bits_per_second, char ret[static RATE_TEXT_MAX]);
const char *format_address(const Address *address, char ret[static ADDRESS_TEXT_MAX]);
const char *format_prefix(const Prefix *prefix, char ret[static PREFIX_TEXT_MAX]);
const char *format_mac(const MacAddress *mac, char ret[static MAC_TEXT_MAX]);

// "minute": what parse_event_rate takes behind the slash; NULL for another number of seconds.
const char *event_rate_unit(uint32_t seconds);

static inline unsigned address_bits(int family) {
        return family == AF_INET ? 32 : 128;
}
int address_compare(const Address *a, const Address *b);
int prefix_compare(const Prefix *a, const Prefix *b);
// The network a prefix names: host bits cleared.
Prefix prefix_network(const Prefix *prefix);
bool prefix_contains(const Prefix *prefix, const Address *address);
bool prefix_overlaps(const Prefix *a, const Prefix *b);
