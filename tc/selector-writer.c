// Programs of classic BPF about frames, written instruction by instruction.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "tc/selector-writer.h"

#include <linux/if_ether.h>

#include "base/inet.h"
#include "base/util.h"

static const Layout layout_ipv4 = { ETH_HLEN + 12, ETH_HLEN + 16, ETH_HLEN + 20, 1 };
static const Layout layout_ipv6 = { ETH_HLEN + 8, ETH_HLEN + 24, ETH_HLEN + 40, 4 };
static const Layout layout_arp = { ETH_HLEN + 14, ETH_HLEN + 24, 0, 1 };

Writer writer_of(const PlaneConfig *plane, const MacAddress *macs, size_t n_macs, int family, bool is_egress,
                 Subject subject) {
        bool is_ipv6 = family == AF_INET6;

        return (Writer){
                .plane = plane,
                .macs = macs,
                .n_macs = n_macs,
                .is_ipv6 = is_ipv6,
                .is_egress = is_egress,
                .subject = subject,
                .layout = subject == SUBJECT_ARP ? &layout_arp
                          : is_ipv6              ? &layout_ipv6
                                                 : &layout_ipv4,
                .selector.protocol = subject == SUBJECT_ARP ? ETH_P_ARP
                                     : is_ipv6              ? ETH_P_IPV6
                                                            : ETH_P_IP,
        };
}

uint32_t writer_our_offset(const Writer *writer) {
        return writer->is_egress ? writer->layout->source : writer->layout->destination;
}

uint32_t writer_their_offset(const Writer *writer) {
        return writer->is_egress ? writer->layout->destination : writer->layout->source;
}

// --- instructions ---

void writer_put(Writer *writer, uint16_t code, uint8_t if_true, uint8_t if_false, uint32_t k) {
        Selector *selector = &writer->selector;

        if (writer->failed || array_reserve(&selector->program, &selector->allocated, selector->size + 1) < 0) {
                writer->failed = true;
                return;
        }
        selector->program[selector->size++] = (struct sock_filter){ code, if_true, if_false, k };
}

void writer_verdict(Writer *writer, uint32_t value) {
        writer_put(writer, BPF_RET | BPF_K, 0, 0, value);
}

void writer_load(Writer *writer, uint16_t size, uint32_t offset) {
        writer_put(writer, (uint16_t)(BPF_LD | BPF_ABS) | size, 0, 0, offset);
}

// Its target is too far for the 8 bits of a conditional jump.
size_t writer_jump(Writer *writer) {
        writer_put(writer, BPF_JMP | BPF_JA, 0, 0, 0);
        return writer->selector.size - 1;
}

void writer_jump_lands(Writer *writer, size_t at) {
        if (!writer->failed)
                writer->selector.program[at].k = (uint32_t)(writer->selector.size - at - 1);
}

// --- conditions and blocks ---

size_t writer_block_begin(const Writer *writer) {
        return writer->n_open;
}

void writer_block_end(Writer *writer, size_t block) {
        while (writer->n_open > block)
                writer_jump_lands(writer, writer->open[--writer->n_open]);
}

void writer_condition(Writer *writer, uint16_t comparison, uint32_t k, bool wanted) {
        writer_put(writer, (uint16_t)(BPF_JMP | BPF_K) | comparison, wanted, !wanted, k);
        if (writer->n_open == CONDITIONS_MAX)
                writer->failed = true;
        else
                writer->open[writer->n_open++] = writer_jump(writer);
}

void writer_require(Writer *writer, size_t block) {
        size_t good = writer_jump(writer);

        writer_block_end(writer, block);
        writer_verdict(writer, LEAVE_IT);
        writer_jump_lands(writer, good);
}

void writer_field_equals(Writer *writer, uint16_t size, uint32_t offset, uint32_t mask, uint32_t value) {
        writer_load(writer, size, offset);
        if (mask != UINT32_MAX)
                writer_put(writer, BPF_ALU | BPF_AND | BPF_K, 0, 0, mask);
        writer_condition(writer, BPF_JEQ, value, true);
}

static uint32_t number(const uint8_t *bytes, size_t n) {
        uint32_t value = 0;

        for (size_t i = 0; i < n; i++)
                value = value << 8 | bytes[i];
        return value;
}

void writer_mac_equals(Writer *writer, uint32_t offset, const MacAddress *mac) {
        writer_field_equals(writer, BPF_W, offset, UINT32_MAX, number(mac->bytes, 4));
        writer_field_equals(writer, BPF_H, offset + 4, UINT32_MAX, number(mac->bytes + 4, 2));
}

// The last words first: the addresses of a network differ there.
void writer_address_within(Writer *writer, uint32_t offset, const Prefix *prefix) {
        for (unsigned i = writer->layout->n_words; i-- > 0;) {
                int bits = (int)prefix->length - 32 * (int)i;
                uint32_t mask = bits >= 32 ? UINT32_MAX : bits <= 0 ? 0 : UINT32_MAX << (32 - bits);

                if (mask)
                        writer_field_equals(writer, BPF_W, offset + 4 * i, mask,
                                            number(&prefix->address.bytes[4 * i], 4) & mask);
        }
}

void writer_address_is_at_least(Writer *writer, uint32_t offset, const Address *limit, bool wanted) {
        unsigned n_words = writer->layout->n_words;
        size_t done[4], n_done = 0;

        for (unsigned i = 0; i < n_words; i++) {
                uint32_t word = number(&limit->bytes[4 * i], 4);

                writer_load(writer, BPF_W, offset + 4 * i);
                if (i + 1 == n_words) {
                        writer_put(writer, BPF_JMP | BPF_JGE | BPF_K, wanted, !wanted, word);
                        writer_verdict(writer, LEAVE_IT);
                        break;
                }
                // This word decides unless it is equal.
                writer_put(writer, BPF_JMP | BPF_JEQ | BPF_K, 3, 0, word);
                writer_put(writer, BPF_JMP | BPF_JGT | BPF_K, !wanted, wanted, word);
                done[n_done++] = writer_jump(writer);
                writer_verdict(writer, LEAVE_IT);
        }
        while (n_done > 0)
                writer_jump_lands(writer, done[--n_done]);
}
