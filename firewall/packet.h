// What the first bytes of a frame say: addresses, protocol, ports. A pure function of bytes that an attacker chose.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/inet.h"
#include "base/util.h"

typedef struct Packet {
        bool has_macs;
        MacAddress source_mac, destination_mac;
        uint16_t type;               // EtherType, in host byte order; 0: unknown
        Address source, destination; // AF_UNSPEC: unknown; of ARP the sender's and the target's
        bool has_protocol;           // IPv4 or IPv6, with its whole header
        uint8_t protocol;            // IPPROTO_*, behind IPv6's extension headers
        bool has_kind;
        uint16_t kind;  // the operation of ARP, the type of ICMP and ICMPv6
        bool has_ports; // TCP and UDP
        uint16_t source_port, destination_port;
} Packet;

// Each function sets what the bytes tell, and leaves the other fields as they were.

// From the MAC addresses on.
void packet_parse_frame(const uint8_t *bytes, size_t size, Packet *packet);
// Only the MAC addresses; more may follow them.
void packet_parse_macs(const uint8_t *bytes, size_t size, Packet *packet);
// From the network layer on, which is of packet->type.
void packet_parse_network(const uint8_t *bytes, size_t size, Packet *packet);

enum { PACKET_PROTOCOL_TEXT_MAX = 24 };

// "TCP", "ICMP 8", "ARP request", "IP protocol 253", "EtherType 0x88cc" or "unknown".
const char *packet_format_protocol(const Packet *packet, char ret[static PACKET_PROTOCOL_TEXT_MAX]);
