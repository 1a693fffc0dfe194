// Programs of classic BPF about frames, written instruction by instruction.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// A program is a sequence of blocks. A block is a sequence of conditions and an instruction that is carried out if all
// of them hold. If one does not hold, the program goes on behind the block. Offsets are from the link layer on. A
// Writer remembers that memory has run out (failed); its user asks at the end.
#pragma once

#include <linux/filter.h>

#include "base/inet.h"
#include "base/util.h"
#include "config/plane-config.h"

enum {
        TAKE_IT = UINT32_MAX,
        LEAVE_IT = 0,

        CONDITIONS_MAX = 32, // in the blocks that are open
};

// What a program matches.
typedef enum Subject {
        SUBJECT_TCP,
        SUBJECT_ICMP, // and ND
        SUBJECT_ARP,
} Subject;

// Offsets in a frame; payload: the header of TCP or ICMP.
typedef struct Layout {
        uint32_t source, destination, payload;
        unsigned n_words;
} Layout;

// The packets that a program matches.
typedef struct Selector {
        uint16_t protocol; // of the packets: ETH_P_IP, ETH_P_IPV6, ETH_P_ARP, or ETH_P_ALL
        struct sock_filter *program;
        size_t size, allocated; // instructions
} Selector;

// A program on its way.
typedef struct Writer {
        const PlaneConfig *plane;
        const MacAddress *macs;
        size_t n_macs;
        bool is_ipv6, is_egress;
        Subject subject;
        const Layout *layout;
        Selector selector;
        size_t open[CONDITIONS_MAX], n_open; // jumps to the ends of blocks
        bool failed;                         // out of memory
} Writer;

Writer writer_of(const PlaneConfig *plane, const MacAddress *macs, size_t n_macs, int family, bool is_egress,
                 Subject subject);
// Where a frame has the host's address, and the other end's.
uint32_t writer_our_offset(const Writer *writer);
uint32_t writer_their_offset(const Writer *writer);

void writer_put(Writer *writer, uint16_t code, uint8_t if_true, uint8_t if_false, uint32_t k);
void writer_verdict(Writer *writer, uint32_t value);
void writer_load(Writer *writer, uint16_t size, uint32_t offset);
// A jump that is aimed later.
size_t writer_jump(Writer *writer);
void writer_jump_lands(Writer *writer, size_t at);

size_t writer_block_begin(const Writer *writer);
void writer_block_end(Writer *writer, size_t block);
// What was loaded compares with k as wanted, or the block ends here.
void writer_condition(Writer *writer, uint16_t comparison, uint32_t k, bool wanted);
// The conditions since the block's beginning hold, or the program leaves the packet.
void writer_require(Writer *writer, size_t block);

// Conditions on the field at an offset. size: BPF_B, BPF_H or BPF_W.
void writer_field_equals(Writer *writer, uint16_t size, uint32_t offset, uint32_t mask, uint32_t value);
void writer_mac_equals(Writer *writer, uint32_t offset, const MacAddress *mac);
void writer_address_within(Writer *writer, uint32_t offset, const Prefix *prefix);
// The address is not below (or, not at and not above) the limit, or the program leaves the packet.
void writer_address_is_at_least(Writer *writer, uint32_t offset, const Address *limit, bool wanted);
