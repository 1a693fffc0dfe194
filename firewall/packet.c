// What the first bytes of a frame say.
// SPDX-License-Identifier: GPL-2.0-or-later
// Nothing is trusted. Each field is read only where the bytes reach that far, and every length is checked against the
// bytes that are left. The walk along IPv6's extension headers ends with the bytes, because each header takes at least
// eight.

#include "firewall/packet.h"

#include <linux/if_ether.h>
// The bytes that are left.
typedef struct Bytes {
        const uint8_t *at;
        size_t size;
} Bytes;

static uint16_t number_at(Bytes bytes, size_t offset) {
        return (uint16_t)(bytes.at[offset] << 8 | bytes.at[offset + 1]);
}

static Bytes bytes_after(Bytes bytes, size_t offset) {
        if (offset > bytes.size)
                offset = bytes.size;
        return (Bytes){ bytes.at + offset, bytes.size - offset };
}

static Address address_at(Bytes bytes, size_t offset, int family) {
        Address address = { .family = family };

        memcpy(address.bytes, bytes.at + offset, family == AF_INET ? 4 : 16);
        return address;
}

void packet_parse_macs(const uint8_t *bytes, size_t size, Packet *packet) {
        if (size < 2 * ETH_ALEN)
                return;
        memcpy(packet->destination_mac.bytes, bytes, ETH_ALEN);
        memcpy(packet->source_mac.bytes, bytes + ETH_ALEN, ETH_ALEN);
        packet->has_macs = true;
}

void packet_parse_frame(const uint8_t *bytes, size_t size, Packet *packet) {
        packet_parse_macs(bytes, size, packet);
        if (size < ETH_HLEN)
                return;
        packet->type = number_at((Bytes){ bytes, size }, 2 * ETH_ALEN);
        packet_parse_network(bytes + ETH_HLEN, size - ETH_HLEN, packet);
}

static void parse_transport(Bytes bytes, Packet *packet) {
        switch (packet->protocol) {
        case IPPROTO_TCP:
        case IPPROTO_UDP:
                if (bytes.size < 4)
                        return;
                packet->source_port = number_at(bytes, 0);
                packet->destination_port = number_at(bytes, 2);
                packet->has_ports = true;
                return;
        case IPPROTO_ICMP:
        case IPPROTO_ICMPV6:
                if (bytes.size < 1)
                        return;
                packet->kind = bytes.at[0];
                packet->has_kind = true;
                return;
        default:
                return;
        }
}

static void parse_arp(Bytes bytes, Packet *packet) {
        // The start of every ARP message for Ethernet and IPv4.
        static const uint8_t head[] = { 0, 1, 8, 0, 6, 4 };

        if (bytes.size < 28 || memcmp(bytes.at, head, sizeof(head)) != 0)
                return;
        packet->kind = number_at(bytes, 6);
        packet->has_kind = true;
        packet->source = address_at(bytes, 14, AF_INET);
        packet->destination = address_at(bytes, 24, AF_INET);
}

static void parse_ipv4(Bytes bytes, Packet *packet) {
        if (bytes.size < 20)
                return;
        size_t header = (bytes.at[0] & 0x0fU) * 4U;
        packet->source = address_at(bytes, 12, AF_INET);
        packet->destination = address_at(bytes, 16, AF_INET);
        packet->protocol = bytes.at[9];
        packet->has_protocol = true;
        // Only the first fragment continues with the transport header.
        if (header >= 20 && (number_at(bytes, 6) & 0x1fff) == 0)
                parse_transport(bytes_after(bytes, header), packet);
}

static bool is_extension(uint8_t protocol) {
        static const uint8_t extensions[] = { IPPROTO_HOPOPTS, IPPROTO_ROUTING, IPPROTO_FRAGMENT, IPPROTO_DSTOPTS };

        return memchr(extensions, protocol, sizeof(extensions)) != NULL;
}

static void parse_ipv6(Bytes bytes, Packet *packet) {
        bool is_later_fragment = false;

        if (bytes.size < 40)
                return;
        packet->source = address_at(bytes, 8, AF_INET6);
        packet->destination = address_at(bytes, 24, AF_INET6);
        packet->protocol = bytes.at[6];
        packet->has_protocol = true;
        bytes = bytes_after(bytes, 40);
        while (is_extension(packet->protocol) && bytes.size >= 8 && !is_later_fragment) {
                bool is_fragment = packet->protocol == IPPROTO_FRAGMENT;
                is_later_fragment = is_fragment && number_at(bytes, 2) >> 3 != 0;
                packet->protocol = bytes.at[0];
                bytes = bytes_after(bytes, is_fragment ? 8 : (bytes.at[1] + 1U) * 8);
        }
        if (!is_later_fragment)
                parse_transport(bytes, packet);
}

void packet_parse_network(const uint8_t *bytes, size_t size, Packet *packet) {
        switch (packet->type) {
        case ETH_P_ARP:
                parse_arp((Bytes){ bytes, size }, packet);
                return;
        case ETH_P_IP:
                parse_ipv4((Bytes){ bytes, size }, packet);
                return;
        case ETH_P_IPV6:
                parse_ipv6((Bytes){ bytes, size }, packet);
                return;
        default:
                return;
        }
}

const char *packet_format_protocol(const Packet *packet, char ret[static PACKET_PROTOCOL_TEXT_MAX]) {
        static const struct {
                uint8_t protocol;
                const char *name;
        } names[] = {
                { IPPROTO_TCP, "TCP" },
                { IPPROTO_UDP, "UDP" },
                { IPPROTO_ICMP, "ICMP" },
                { IPPROTO_ICMPV6, "ICMPv6" },
        };
        const size_t size = PACKET_PROTOCOL_TEXT_MAX;
        const char *name = NULL;

        for (size_t i = 0; packet->has_protocol && i < ELEMENTSOF(names); i++)
                if (names[i].protocol == packet->protocol)
                        name = names[i].name;
        if (packet->type == ETH_P_ARP && packet->has_kind && packet->kind >= 1 && packet->kind <= 2)
                (void)snprintf(ret, size, "ARP %s", packet->kind == 1 ? "request" : "reply");
        else if (packet->type == ETH_P_ARP)
                (void)snprintf(ret, size, "ARP");
        else if (name && packet->has_kind)
                (void)snprintf(ret, size, "%s %u", name, packet->kind);
        else if (name)
                (void)snprintf(ret, size, "%s", name);
        else if (packet->has_protocol)
                (void)snprintf(ret, size, "IP protocol %u", packet->protocol);
        else if (packet->type)
                (void)snprintf(ret, size, "EtherType 0x%04x", packet->type);
        else
                (void)snprintf(ret, size, "unknown");
        return ret;
}
