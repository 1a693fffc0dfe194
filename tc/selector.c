// The packets that an ingress filter matches, as programs of classic BPF.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// Packets that return from an ifb have skipped the netdev ingress hook, and all packets that enter the ifb share its
// cap. So a filter matches only packets that the rules at that hook would accept: whole TCP segments to our MAC and
// address, without IPv4 options or IPv6 extension headers, between the ports of a migration, from a peer and, where a
// [Peer] section gives it, from that peer's MAC. A stranger's packets take the ordinary way, and are dropped there
// without a share of the cap. Inet prerouting checks all of it again.
//
// A program is a sequence of blocks. A block is a sequence of conditions and an instruction that is carried out if all
// of them hold. If one does not hold, the program goes on behind the block. Offsets are from the link layer on.

#include "tc/selector.h"

#include <linux/if_ether.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include "base/inet.h"
#include "base/util.h"

enum {
        TAKE_IT = UINT32_MAX,
        LEAVE_IT = 0,

        // The instructions for the peers of one program.
        PEERS_SIZE_MAX = 2048,

        CONDITIONS_MAX = 32, // in the blocks that are open
        PORT_MIN = 1024,     // of an initiator, as in the allow list
};

// Offsets in a frame.
static const struct {
        uint32_t source, destination, tcp;
        unsigned n_words;
} layouts[] = {
        [false] = { ETH_HLEN + 12, ETH_HLEN + 16, ETH_HLEN + 20, 1 },
        [true] = { ETH_HLEN + 8, ETH_HLEN + 24, ETH_HLEN + 40, 4 },
};

// A program on its way.
typedef struct Writer {
        const PlaneConfig *plane;
        const MacAddress *macs;
        size_t n_macs;
        bool is_ipv6;
        Selector selector;
        size_t open[CONDITIONS_MAX], n_open; // jumps to the ends of blocks
        bool failed;                         // out of memory
} Writer;

// --- instructions ---

static void put(Writer *writer, uint16_t code, uint8_t if_true, uint8_t if_false, uint32_t k) {
        Selector *selector = &writer->selector;

        if (writer->failed || array_reserve(&selector->program, &selector->allocated, selector->size + 1) < 0) {
                writer->failed = true;
                return;
        }
        selector->program[selector->size++] = (struct sock_filter){ code, if_true, if_false, k };
}

static void verdict(Writer *writer, uint32_t value) {
        put(writer, BPF_RET | BPF_K, 0, 0, value);
}

static void load(Writer *writer, uint16_t size, uint32_t offset) {
        put(writer, (uint16_t)(BPF_LD | BPF_ABS) | size, 0, 0, offset);
}

// A jump that is aimed later; its target is too far for the 8 bits of a conditional jump.
static size_t jump(Writer *writer) {
        put(writer, BPF_JMP | BPF_JA, 0, 0, 0);
        return writer->selector.size - 1;
}

static void jump_lands(Writer *writer, size_t at) {
        if (!writer->failed)
                writer->selector.program[at].k = (uint32_t)(writer->selector.size - at - 1);
}

// --- conditions and blocks ---

static size_t block_begin(const Writer *writer) {
        return writer->n_open;
}

static void block_end(Writer *writer, size_t block) {
        while (writer->n_open > block)
                jump_lands(writer, writer->open[--writer->n_open]);
}

// What was loaded compares with k as wanted, or the block ends here.
static void condition(Writer *writer, uint16_t comparison, uint32_t k, bool wanted) {
        put(writer, (uint16_t)(BPF_JMP | BPF_K) | comparison, wanted, !wanted, k);
        if (writer->n_open == CONDITIONS_MAX)
                writer->failed = true;
        else
                writer->open[writer->n_open++] = jump(writer);
}

static void field_equals(Writer *writer, uint16_t size, uint32_t offset, uint32_t mask, uint32_t value) {
        load(writer, size, offset);
        if (mask != UINT32_MAX)
                put(writer, BPF_ALU | BPF_AND | BPF_K, 0, 0, mask);
        condition(writer, BPF_JEQ, value, true);
}

static uint32_t number(const uint8_t *bytes, size_t n) {
        uint32_t value = 0;

        for (size_t i = 0; i < n; i++)
                value = value << 8 | bytes[i];
        return value;
}

static void mac_equals(Writer *writer, uint32_t offset, const MacAddress *mac) {
        field_equals(writer, BPF_W, offset, UINT32_MAX, number(mac->bytes, 4));
        field_equals(writer, BPF_H, offset + 4, UINT32_MAX, number(mac->bytes + 4, 2));
}

// The last words first: the addresses of a network differ there.
static void address_within(Writer *writer, uint32_t offset, const Prefix *prefix) {
        for (unsigned i = layouts[writer->is_ipv6].n_words; i-- > 0;) {
                int bits = (int)prefix->length - 32 * (int)i;
                uint32_t mask = bits >= 32 ? UINT32_MAX : bits <= 0 ? 0 : UINT32_MAX << (32 - bits);

                if (mask)
                        field_equals(writer, BPF_W, offset + 4 * i, mask,
                                     number(&prefix->address.bytes[4 * i], 4) & mask);
        }
}

// The address is not below (or, not at and not above) the limit, or the program leaves the packet.
static void address_is_at_least(Writer *writer, uint32_t offset, const Address *limit, bool wanted) {
        unsigned n_words = layouts[writer->is_ipv6].n_words;
        size_t done[4], n_done = 0;

        for (unsigned i = 0; i < n_words; i++) {
                uint32_t word = number(&limit->bytes[4 * i], 4);

                load(writer, BPF_W, offset + 4 * i);
                if (i + 1 == n_words) {
                        put(writer, BPF_JMP | BPF_JGE | BPF_K, wanted, !wanted, word);
                        verdict(writer, LEAVE_IT);
                        break;
                }
                // This word decides unless it is equal.
                put(writer, BPF_JMP | BPF_JEQ | BPF_K, 3, 0, word);
                put(writer, BPF_JMP | BPF_JGT | BPF_K, !wanted, wanted, word);
                done[n_done++] = jump(writer);
                verdict(writer, LEAVE_IT);
        }
        while (n_done > 0)
                jump_lands(writer, done[--n_done]);
}

// --- a segment of a migration, whoever sends it ---

static void to_ours(Writer *writer) {
        _cleanup_free_ size_t *good = calloc(writer->n_macs + 1, sizeof(size_t));

        if (!good) {
                writer->failed = true;
                return;
        }
        for (size_t i = 0; i < writer->n_macs; i++) {
                size_t block = block_begin(writer);

                mac_equals(writer, 0, &writer->macs[i]);
                good[i] = jump(writer);
                block_end(writer, block);
        }
        verdict(writer, LEAVE_IT);
        for (size_t i = 0; i < writer->n_macs; i++)
                jump_lands(writer, good[i]);
}

static void headers(Writer *writer) {
        size_t block = block_begin(writer);

        if (writer->is_ipv6) {
                field_equals(writer, BPF_B, ETH_HLEN, 0xf0, 0x60);
                field_equals(writer, BPF_B, ETH_HLEN + 6, UINT32_MAX, IPPROTO_TCP);
        } else {
                field_equals(writer, BPF_B, ETH_HLEN, UINT32_MAX, 0x45); // no options
                field_equals(writer, BPF_H, ETH_HLEN + 6, 0xbfff, 0);    // no fragment, and no reserved bit
                field_equals(writer, BPF_B, ETH_HLEN + 9, UINT32_MAX, IPPROTO_TCP);
        }
        size_t good = jump(writer);
        block_end(writer, block);
        verdict(writer, LEAVE_IT);
        jump_lands(writer, good);
}

// To one of our addresses.
static void destination(Writer *writer) {
        _cleanup_free_ size_t *good = calloc(writer->plane->n_addresses + 1, sizeof(size_t));
        size_t n_good = 0;

        if (!good) {
                writer->failed = true;
                return;
        }
        for (size_t i = 0; i < writer->plane->n_addresses; i++) {
                Prefix own = writer->plane->addresses[i].prefix;
                size_t block = block_begin(writer);

                own.length = (uint8_t)address_bits(own.address.family);
                if ((own.address.family == AF_INET6) != writer->is_ipv6)
                        continue;
                address_within(writer, layouts[writer->is_ipv6].destination, &own);
                good[n_good++] = jump(writer);
                block_end(writer, block);
        }
        verdict(writer, LEAVE_IT);
        while (n_good > 0)
                jump_lands(writer, good[--n_good]);
}

static void port_is_migrations(Writer *writer, uint32_t offset, size_t *good) {
        const PlaneConfig *plane = writer->plane;

        load(writer, BPF_H, offset);
        for (size_t i = 0; i < plane->n_ports; i++) {
                put(writer, BPF_JMP | BPF_JGE | BPF_K, 0, 2, plane->ports[i].first);
                put(writer, BPF_JMP | BPF_JGT | BPF_K, 1, 0, plane->ports[i].last);
                good[i] = jump(writer);
        }
}

// As the allow list has it: to a port of Ports=; or from one, if it is an answer.
static void ports(Writer *writer) {
        const uint32_t tcp = layouts[writer->is_ipv6].tcp;
        size_t n = writer->plane->n_ports, block = block_begin(writer);
        _cleanup_free_ size_t *good = calloc(2 * n + 1, sizeof(size_t));

        if (!good) {
                writer->failed = true;
                return;
        }
        load(writer, BPF_H, tcp);
        condition(writer, BPF_JGE, PORT_MIN, true);
        port_is_migrations(writer, tcp + 2, good);
        block_end(writer, block);

        load(writer, BPF_H, tcp + 2);
        condition(writer, BPF_JGE, PORT_MIN, true);
        load(writer, BPF_B, tcp + 13);
        put(writer, BPF_ALU | BPF_AND | BPF_K, 0, 0, TH_SYN | TH_ACK);
        condition(writer, BPF_JEQ, TH_SYN, false);
        load(writer, BPF_B, tcp + 13);
        condition(writer, BPF_JSET, TH_RST | TH_ACK, true);
        port_is_migrations(writer, tcp, good + n);
        block_end(writer, block);

        verdict(writer, LEAVE_IT);
        for (size_t i = 0; i < 2 * n; i++)
                jump_lands(writer, good[i]);
}

// --- peers ---

// A network of Peers=, or an address within one of them that is an exception.
typedef struct Source {
        Prefix prefix;
        bool is_exception;
        const MacAddress *mac; // of an exception; NULL: none, it is a gateway's address
} Source;

typedef struct Sources {
        Source *sources;
        size_t n_sources, n_allocated;
} Sources;

static void sources_deinit(Sources *sources) {
        free(sources->sources);
}

static int source_compare(const void *a, const void *b) {
        return prefix_compare(&((const Source *)a)->prefix, &((const Source *)b)->prefix);
}

static int source_add(Sources *sources, Source source) {
        if (array_reserve(&sources->sources, &sources->n_allocated, sources->n_sources + 1) < 0)
                return -ENOMEM;
        sources->sources[sources->n_sources++] = source;
        return 0;
}

static int exception_add(Sources *sources, const Address *address, const MacAddress *mac) {
        const Prefix host = { .address = *address, .length = (uint8_t)address_bits(address->family) };

        return source_add(sources, (Source){ host, true, mac });
}

static int sources_init(const PlaneConfig *plane, int family, Sources *ret) {
        for (size_t i = 0; i < plane->n_peers; i++)
                if (plane->peers[i].address.family == family &&
                    source_add(ret, (Source){ prefix_network(&plane->peers[i]), false, NULL }) < 0)
                        return -ENOMEM;
        if (ret->n_sources == 0)
                return 0;
        for (size_t i = 0; i < plane->n_known_peers; i++) {
                const PlanePeer *peer = &plane->known_peers[i];
                if (peer->address.family == family && peer->has_mac && plane_config_is_peer(plane, &peer->address) &&
                    exception_add(ret, &peer->address, &peer->mac) < 0)
                        return -ENOMEM;
        }
        for (size_t i = 0; i < plane->n_routes; i++) {
                const Address *gateway = &plane->routes[i].gateway;
                if (gateway->family == family && exception_add(ret, gateway, NULL) < 0)
                        return -ENOMEM;
        }
        qsort(ret->sources, ret->n_sources, sizeof(Source), source_compare);
        return 0;
}

static void source(Writer *writer, const Source *from) {
        size_t block = block_begin(writer);

        address_within(writer, layouts[writer->is_ipv6].source, &from->prefix);
        if (from->mac) {
                size_t inner = block_begin(writer);

                mac_equals(writer, ETH_ALEN, from->mac);
                verdict(writer, TAKE_IT);
                block_end(writer, inner);
        }
        verdict(writer, from->is_exception ? LEAVE_IT : TAKE_IT);
        block_end(writer, block);
}

// The sources from the first up to the n-th, of addresses from that of the first up to that of the n-th. So no two
// programs take the same packet, and a network that reaches into several parts is in each of them.
static void sources_part(Writer *writer, const Sources *sources, size_t first, size_t n) {
        const uint32_t offset = layouts[writer->is_ipv6].source;
        const Source *all = sources->sources;

        if (first > 0)
                address_is_at_least(writer, offset, &all[first].prefix.address, true);
        if (n < sources->n_sources)
                address_is_at_least(writer, offset, &all[n].prefix.address, false);
        for (size_t i = first; i < n; i++)
                if (all[i].is_exception)
                        source(writer, &all[i]);
        // The networks are disjoint, so that only the last one before this part may reach into it.
        for (size_t i = first; i-- > 0;)
                if (!all[i].is_exception) {
                        if (prefix_contains(&all[i].prefix, &all[first].prefix.address))
                                source(writer, &all[i]);
                        break;
                }
        for (size_t i = first; i < n; i++)
                if (!all[i].is_exception)
                        source(writer, &all[i]);
        verdict(writer, LEAVE_IT);
}

// --- the programs ---

static int selector_add(Writer writer, const Sources *sources, size_t first, size_t n, SelectorList *list) {
        to_ours(&writer);
        headers(&writer);
        destination(&writer);
        ports(&writer);
        sources_part(&writer, sources, first, n);
        if (writer.failed || array_reserve(&list->selectors, &list->n_allocated, list->n_selectors + 1) < 0) {
                free(writer.selector.program);
                return -ENOMEM;
        }
        list->selectors[list->n_selectors++] = writer.selector;
        return 0;
}

int selectors_make(const PlaneConfig *plane, int family, const MacAddress *macs, size_t n_macs, SelectorList *ret) {
        const Writer writer = { .plane = plane, .macs = macs, .n_macs = n_macs, .is_ipv6 = family == AF_INET6 };
        // At most: a word of the address takes four instructions, the MAC six, the verdicts two.
        const size_t n_each = PEERS_SIZE_MAX / (4 * layouts[family == AF_INET6].n_words + 8);
        _cleanup_(sources_deinit) Sources sources = {};
        _cleanup_selectors_ SelectorList list = {};

        if (!plane_config_has_family(plane, family))
                return 0;
        if (sources_init(plane, family, &sources) < 0)
                return -ENOMEM;
        for (size_t first = 0, n; first < sources.n_sources; first = n) {
                n = first + n_each < sources.n_sources ? first + n_each : sources.n_sources;
                // A network and the address at its start are in one part.
                while (n < sources.n_sources &&
                       address_compare(&sources.sources[n].prefix.address, &sources.sources[n - 1].prefix.address) == 0)
                        n++;
                if (selector_add(writer, &sources, first, n, &list) < 0)
                        return -ENOMEM;
        }
        *ret = list;
        list = (SelectorList){};
        return 0;
}

void selectors_deinit(SelectorList *list) {
        for (size_t i = 0; i < list->n_selectors; i++)
                free(list->selectors[i].program);
        free(list->selectors);
        *list = (SelectorList){};
}
