// The packets that an ingress filter matches, as keys of a u32 selector.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// Packets that return from an ifb skip the netdev ingress hook. So a filter matches only packets that the rules there
// would accept: whole TCP segments to our MAC and address, without IPv4 options or IPv6 extension headers. Inet
// prerouting checks peers and ports again.
//
// u32 compares 32-bit words at offsets from the network header; the MAC is at negative offsets. A selector is ours if
// the MAC and the address in it, made into a selector again, give the same bytes.

#include "tc/selector.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <netinet/in.h>

#include "base/inet.h"
#include "base/util.h"
#include "model/object.h"

enum {
        OFFSET_MAC = -ETH_HLEN,
        OFFSET_IPV4_ADDRESS = 16,
        OFFSET_IPV6_ADDRESS = 24,
};

size_t selector_size(const Selector *selector) {
        return sizeof(selector->head) + selector->head.nkeys * sizeof(selector->head.keys[0]);
}

static void key_add(Selector *selector, int offset, uint32_t mask, uint32_t value) {
        selector->head.keys[selector->head.nkeys++] = (struct tc_u32_key){
                .mask = htonl(mask),
                .val = htonl(value & mask),
                .off = offset,
        };
}

static uint32_t word_read(const uint8_t bytes[static 4]) {
        return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

Selector selector_make(const FilterObject *filter) {
        const uint8_t *mac = filter->mac.bytes, *address = filter->address.bytes;
        Selector selector;

        memset(&selector, 0, sizeof(selector)); // the padding too, because the kernel sends it back
        selector.head.flags = TC_U32_TERMINAL;

        key_add(&selector, OFFSET_MAC, 0xffffffff, word_read(mac));
        key_add(&selector, OFFSET_MAC + 4, 0xffff0000, (uint32_t)mac[4] << 24 | (uint32_t)mac[5] << 16);
        if (filter->protocol == ETH_P_IP) {
                key_add(&selector, 0, 0xff000000, 0x45000000); // version 4, no options
                key_add(&selector, 4, 0x00003fff, 0);          // no fragment, the first one included
                key_add(&selector, 8, 0x00ff0000, IPPROTO_TCP << 16);
                key_add(&selector, OFFSET_IPV4_ADDRESS, 0xffffffff, word_read(address));
        } else {
                key_add(&selector, 0, 0xf0000000, 0x60000000);       // version 6
                key_add(&selector, 4, 0x0000ff00, IPPROTO_TCP << 8); // the next header
                for (int i = 0; i < 16; i += 4)
                        key_add(&selector, OFFSET_IPV6_ADDRESS + i, 0xffffffff, word_read(address + i));
        }
        return selector;
}

bool selector_read(const void *data, size_t size, FilterObject *filter) {
        bool is_ipv6 = filter->protocol == ETH_P_IPV6;
        FilterObject read = *filter;
        Selector selector, expected = selector_make(filter);

        if ((filter->protocol != ETH_P_IP && !is_ipv6) || size != selector_size(&expected))
                return false;
        memcpy(&selector, data, size);

        // The MAC is in the first two words, the address in the last one or four.
        const struct tc_u32_key *key = selector.head.keys;
        memcpy(read.mac.bytes, &key[0].val, 4);
        memcpy(read.mac.bytes + 4, &key[1].val, 2);

        size_t n_words = is_ipv6 ? 4 : 1;
        key += expected.head.nkeys - n_words;
        read.address = (Address){ .family = is_ipv6 ? AF_INET6 : AF_INET };
        for (size_t i = 0; i < n_words; i++)
                memcpy(read.address.bytes + 4 * i, &key[i].val, 4);

        expected = selector_make(&read);
        if (memcmp(&selector, &expected, size) != 0)
                return false;
        *filter = read;
        return true;
}
