// What the first bytes of a frame say: addresses, protocol, ports. A pure function of bytes that an attacker chose.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <stddef.h>

#include "base/inet.h"
#include "base/util.h"

typedef struct Packet {
        bool has_macs;
        MacAddress source_mac, destination_mac;
        uint16_t type;               // EtherType, in host byte order; 0: not known
        Address source, destination; // AF_UNSPEC: not told; of ARP those of the sender and of the target
        bool has_protocol;           // IP or IPv6, and whole enough to say
        uint8_t protocol;            // IPPROTO_*, behind IPv6's extension headers
        bool has_kind;
        uint16_t kind;  // of ARP the operation, of ICMP and ICMPv6 the type
        bool has_ports; // TCP and UDP
        uint16_t source_port, destination_port;
} Packet;

// Each of them sets what the bytes tell, and leaves the rest as it was.

// From the MAC addresses on.
void packet_parse_frame(const uint8_t *bytes, size_t size, Packet *packet);
// The MAC addresses alone, with or without what follows them.
void packet_parse_macs(const uint8_t *bytes, size_t size, Packet *packet);
// From the network layer on; packet->type says what that is.
void packet_parse_network(const uint8_t *bytes, size_t size, Packet *packet);

enum { PACKET_PROTOCOL_TEXT_MAX = 24 };

// "TCP", "ICMP 8", "ARP request", "IP protocol 253", "EtherType 0x88cc"; "unknown" where not even that is told.
const char *packet_format_protocol(const Packet *packet, char ret[static PACKET_PROTOCOL_TEXT_MAX]);
