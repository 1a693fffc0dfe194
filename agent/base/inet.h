// Addresses, networks, MAC addresses and ports: to and from text, and compared.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/util.h"

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
};

// They return 0, -EINVAL (wrong form) or -ERANGE (right form, out of range), and leave *ret untouched on failure.
int address_parse(const char *text, Address *ret);
// "192.0.2.1/24"; the default length is that of a host, 32 or 128.
int prefix_parse(const char *text, Prefix *ret);
int mac_parse(const char *text, MacAddress *ret);
// "49152-49215" or "16514". Another error: -ENOMEM.
int port_range_parse(const char *text, PortRange *ret);

// They write into the caller's array and return it.
const char *address_format(const Address *address, char ret[static ADDRESS_TEXT_MAX]);
const char *prefix_format(const Prefix *prefix, char ret[static PREFIX_TEXT_MAX]);
const char *mac_format(const MacAddress *mac, char ret[static MAC_TEXT_MAX]);

// As an argument of printf; the text lives until the end of the block.
#define ADDRESS_TEXT(address) address_format((address), (char[ADDRESS_TEXT_MAX]){ 0 })
#define PREFIX_TEXT(prefix) prefix_format((prefix), (char[PREFIX_TEXT_MAX]){ 0 })

static inline unsigned address_bits(int family) {
        return family == AF_INET ? 32 : 128;
}
int address_compare(const Address *a, const Address *b);
// Why no host can have the address, such as "a multicast address"; NULL if a host can.
const char *address_host_fault(const Address *address);
int prefix_compare(const Prefix *a, const Prefix *b);
// The prefix with its host bits cleared.
Prefix prefix_network(const Prefix *prefix);
bool prefix_contains(const Prefix *prefix, const Address *address);
bool prefix_overlaps(const Prefix *a, const Prefix *b);
bool port_range_contains(const PortRange *range, uint16_t port);
