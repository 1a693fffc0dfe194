// Addresses, networks and MAC addresses: to and from text, and compared.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "base/inet.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "base/parse.h"
#include "base/util.h"

static int hex_value(char c) {
        if (c >= '0' && c <= '9')
                return c - '0';
        if (c >= 'a' && c <= 'f')
                return c - 'a' + 10;
        return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -EINVAL;
}

int address_parse(const char *text, Address *ret) {
        Address address = { .family = strchr(text, ':') ? AF_INET6 : AF_INET };

        if (inet_pton(address.family, text, address.bytes) != 1)
                return -EINVAL;

        *ret = address;
        return 0;
}

int prefix_parse(const char *text, Prefix *ret) {
        const char *slash = strchrnul(text, '/');
        char address[ADDRESS_TEXT_MAX];
        uint64_t length;
        Prefix prefix;

        size_t n = (size_t)(slash - text);
        if (n >= sizeof(address))
                return -EINVAL;
        memcpy(address, text, n);
        address[n] = '\0';
        int r = address_parse(address, &prefix.address);
        if (r < 0)
                return r;

        length = address_bits(prefix.address.family);
        if (*slash == '/') {
                r = parse_unsigned(slash + 1, 0, length, &length);
                if (r < 0)
                        return r;
        }

        prefix.length = (uint8_t)length;
        *ret = prefix;
        return 0;
}

int mac_parse(const char *text, MacAddress *ret) {
        MacAddress mac;

        for (size_t i = 0; i < sizeof(mac.bytes); i++, text += 3) {
                int high = hex_value(text[0]), low = high < 0 ? -EINVAL : hex_value(text[1]);
                if (low < 0 || text[2] != (i + 1 < sizeof(mac.bytes) ? ':' : '\0'))
                        return -EINVAL;
                mac.bytes[i] = (uint8_t)(high << 4 | low);
        }

        *ret = mac;
        return 0;
}

int port_range_parse(const char *text, PortRange *ret) {
        const char *dash = strchrnul(text, '-');
        _cleanup_free_ char *from = strndup(text, (size_t)(dash - text));
        uint64_t first, last;

        if (!from)
                return -ENOMEM;
        int r = parse_unsigned(from, 0, UINT64_MAX, &first);
        if (r < 0)
                return r;
        last = first;
        r = *dash ? parse_unsigned(dash + 1, 0, UINT64_MAX, &last) : 0;
        if (r < 0)
                return r;
        if (first < 1 || first > last || last > UINT16_MAX)
                return -ERANGE;

        *ret = (PortRange){ (uint16_t)first, (uint16_t)last };
        return 0;
}

bool port_range_contains(const PortRange *range, uint16_t port) {
        return port >= range->first && port <= range->last;
}

const char *address_format(const Address *address, char ret[static ADDRESS_TEXT_MAX]) {
        if (!inet_ntop(address->family, address->bytes, ret, ADDRESS_TEXT_MAX))
                (void)snprintf(ret, ADDRESS_TEXT_MAX, "none"); // AF_UNSPEC
        return ret;
}

const char *prefix_format(const Prefix *prefix, char ret[static PREFIX_TEXT_MAX]) {
        char address[ADDRESS_TEXT_MAX];

        (void)snprintf(ret, PREFIX_TEXT_MAX, "%s/%u", address_format(&prefix->address, address), prefix->length);
        return ret;
}

const char *mac_format(const MacAddress *mac, char ret[static MAC_TEXT_MAX]) {
        const uint8_t *b = mac->bytes;

        (void)snprintf(ret, MAC_TEXT_MAX, "%02x:%02x:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3], b[4], b[5]);
        return ret;
}

int address_compare(const Address *a, const Address *b) {
        if (a->family != b->family)
                return a->family < b->family ? -1 : 1;
        return memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

const char *address_host_fault(const Address *address) {
        const uint32_t in = ntohl(address->in.s_addr);
        const struct in6_addr *in6 = &address->in6;

        if (address->family == AF_INET)
                return in == INADDR_ANY             ? "the unspecified address"
                       : in == INADDR_BROADCAST     ? "the broadcast address"
                       : in >> 24 == IN_LOOPBACKNET ? "a loopback address"
                       : IN_MULTICAST(in)           ? "a multicast address"
                                                    : NULL;
        return IN6_IS_ADDR_UNSPECIFIED(in6) ? "the unspecified address"
               : IN6_IS_ADDR_LOOPBACK(in6)  ? "a loopback address"
               : IN6_IS_ADDR_MULTICAST(in6) ? "a multicast address"
               : IN6_IS_ADDR_LINKLOCAL(in6) ? "a link-local address"
               : IN6_IS_ADDR_V4MAPPED(in6)  ? "an IPv4 address in IPv6 form"
                                            : NULL;
}

int prefix_compare(const Prefix *a, const Prefix *b) {
        int r = address_compare(&a->address, &b->address);

        return r != 0 ? r : (int)a->length - (int)b->length;
}

// The network of this length that contains the address.
static Address address_mask(const Address *address, unsigned length) {
        Address masked = *address;

        for (unsigned i = 0; i < sizeof(masked.bytes); i++) {
                unsigned bits = length > i * 8 ? length - i * 8 : 0;
                if (bits < 8)
                        masked.bytes[i] &= (uint8_t)(0xff00U >> bits);
        }
        return masked;
}

Prefix prefix_network(const Prefix *prefix) {
        return (Prefix){ address_mask(&prefix->address, prefix->length), prefix->length };
}

static bool networks_equal(const Address *a, const Address *b, unsigned length) {
        Address network_a = address_mask(a, length), network_b = address_mask(b, length);

        return address_compare(&network_a, &network_b) == 0;
}

bool prefix_contains(const Prefix *prefix, const Address *address) {
        return networks_equal(&prefix->address, address, prefix->length);
}

bool prefix_overlaps(const Prefix *a, const Prefix *b) {
        return networks_equal(&a->address, &b->address, a->length < b->length ? a->length : b->length);
}
