// The packets that a filter matches, as programs of classic BPF.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// Packets that return from an ifb have skipped the netdev ingress hook, and all packets that enter the ifb share its
// cap. So a filter matches only packets that the rules at that hook would accept: whole TCP segments to our MAC and
// address, without IPv4 options or IPv6 extension headers, between the ports of a migration, from a peer and, where a
// [Peer] section gives it, from that peer's MAC. A stranger's packets take the ordinary way, and are dropped there
// without a share of the cap. Inet prerouting checks all of it again.
//
// At the egress the programs stand for the chain at the netdev egress hook. They match ARP, ICMP and ND as well, each
// kind in programs of its own. They are a little wider than the chain: they do not look into what an ICMP error quotes.
// Inet output does, for all that the host's own stack sends.

#include "tc/selector.h"

#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>

#include "base/inet.h"
#include "base/util.h"
#include "tc/selector-writer.h"

enum {
        // The instructions for the peers of one program.
        PEERS_SIZE_MAX = 2048,

        PORT_MIN = 1024, // of an initiator, as in the allow list
};

// --- the headers, whoever the other end is ---

// One of our MACs is at this offset.
static void mac_is_ours(Writer *writer, uint32_t offset) {
        _cleanup_free_ size_t *good = calloc(writer->n_macs + 1, sizeof(size_t));

        if (!good) {
                writer->failed = true;
                return;
        }
        for (size_t i = 0; i < writer->n_macs; i++) {
                size_t block = writer_block_begin(writer);

                writer_mac_equals(writer, offset, &writer->macs[i]);
                good[i] = writer_jump(writer);
                writer_block_end(writer, block);
        }
        writer_verdict(writer, LEAVE_IT);
        for (size_t i = 0; i < writer->n_macs; i++)
                writer_jump_lands(writer, good[i]);
}

// The type that a packet socket gives for a frame may differ from the type that the frame says itself.
static void frame_is_sent(Writer *writer) {
        size_t block = writer_block_begin(writer);

        writer_field_equals(writer, BPF_H, 2 * ETH_ALEN, UINT32_MAX, writer->selector.protocol);
        writer_require(writer, block);
        mac_is_ours(writer, ETH_ALEN);
}

static void frame_is_unicast(Writer *writer) {
        size_t block = writer_block_begin(writer);

        writer_field_equals(writer, BPF_B, 0, 1, 0);
        writer_require(writer, block);
}

static void headers(Writer *writer) {
        const bool is_tcp = writer->subject == SUBJECT_TCP;
        size_t block = writer_block_begin(writer);

        if (writer->is_ipv6) {
                writer_field_equals(writer, BPF_B, ETH_HLEN, 0xf0, 0x60);
                writer_field_equals(writer, BPF_B, ETH_HLEN + 6, UINT32_MAX, is_tcp ? IPPROTO_TCP : IPPROTO_ICMPV6);
        } else {
                writer_field_equals(writer, BPF_B, ETH_HLEN, UINT32_MAX, 0x45); // no options
                writer_field_equals(writer, BPF_H, ETH_HLEN + 6, 0xbfff, 0);    // no fragment, and no reserved bit
                writer_field_equals(writer, BPF_B, ETH_HLEN + 9, UINT32_MAX, is_tcp ? IPPROTO_TCP : IPPROTO_ICMP);
        }
        writer_require(writer, block);
}

// A request or an answer for IPv4 over Ethernet, in our MAC's name.
static void headers_arp(Writer *writer) {
        size_t block = writer_block_begin(writer);

        writer_field_equals(writer, BPF_W, ETH_HLEN, UINT32_MAX, 0x00010800);
        writer_field_equals(writer, BPF_H, ETH_HLEN + 4, UINT32_MAX, 0x0604);
        writer_load(writer, BPF_H, ETH_HLEN + 6);
        writer_condition(writer, BPF_JGE, 1, true);
        writer_condition(writer, BPF_JGT, 2, false);
        writer_require(writer, block);
        mac_is_ours(writer, ETH_HLEN + 8);
}

static void icmp_type(Writer *writer) {
        static const uint8_t types[][7] = {
                [false] = { ICMP_ECHOREPLY, ICMP_UNREACH, ICMP_ECHO, ICMP_TIMXCEED },
                [true] = { ICMP6_DST_UNREACH, ICMP6_PACKET_TOO_BIG, ICMP6_TIME_EXCEEDED, ICMP6_ECHO_REQUEST,
                           ICMP6_ECHO_REPLY, ND_NEIGHBOR_SOLICIT, ND_NEIGHBOR_ADVERT },
        };
        const size_t n = writer->is_ipv6 ? 7 : 4;
        size_t good[7];

        writer_load(writer, BPF_B, writer->layout->payload);
        for (size_t i = 0; i < n; i++) {
                writer_put(writer, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, types[writer->is_ipv6][i]);
                good[i] = writer_jump(writer);
        }
        writer_verdict(writer, LEAVE_IT);
        for (size_t i = 0; i < n; i++)
                writer_jump_lands(writer, good[i]);
}

// The i-th address of the plane, if it is of this family.
static bool own_address(const Writer *writer, size_t i, Prefix *ret) {
        *ret = writer->plane->addresses[i].prefix;
        ret->length = (uint8_t)address_bits(ret->address.family);
        return (ret->address.family == AF_INET6) == writer->is_ipv6;
}

// The host's end is one of our addresses.
static void address_is_ours(Writer *writer) {
        _cleanup_free_ size_t *good = calloc(writer->plane->n_addresses + 1, sizeof(size_t));
        size_t n_good = 0;

        if (!good) {
                writer->failed = true;
                return;
        }
        for (size_t i = 0; i < writer->plane->n_addresses; i++) {
                size_t block = writer_block_begin(writer);
                Prefix own;

                if (!own_address(writer, i, &own))
                        continue;
                writer_address_within(writer, writer_our_offset(writer), &own);
                good[n_good++] = writer_jump(writer);
                writer_block_end(writer, block);
        }
        writer_verdict(writer, LEAVE_IT);
        while (n_good > 0)
                writer_jump_lands(writer, good[--n_good]);
}

// The other end has none of our addresses, although Peers= may contain them.
static void other_is_not_us(Writer *writer) {
        for (size_t i = 0; i < writer->plane->n_addresses; i++) {
                size_t block = writer_block_begin(writer);
                Prefix own;

                if (!own_address(writer, i, &own))
                        continue;
                writer_address_within(writer, writer_their_offset(writer), &own);
                writer_verdict(writer, LEAVE_IT);
                writer_block_end(writer, block);
        }
}

static void port_is_migrations(Writer *writer, uint32_t offset, size_t *good) {
        const PlaneConfig *plane = writer->plane;

        writer_load(writer, BPF_H, offset);
        for (size_t i = 0; i < plane->n_ports; i++) {
                writer_put(writer, BPF_JMP | BPF_JGE | BPF_K, 0, 2, plane->ports[i].first);
                writer_put(writer, BPF_JMP | BPF_JGT | BPF_K, 1, 0, plane->ports[i].last);
                good[i] = writer_jump(writer);
        }
}

// As the allow list has it: to a port of Ports=; or from one, if it is an answer.
static void ports(Writer *writer) {
        const uint32_t tcp = writer->layout->payload;
        size_t n = writer->plane->n_ports, block = writer_block_begin(writer);
        _cleanup_free_ size_t *good = calloc(2 * n + 1, sizeof(size_t));

        if (!good) {
                writer->failed = true;
                return;
        }
        writer_load(writer, BPF_H, tcp);
        writer_condition(writer, BPF_JGE, PORT_MIN, true);
        port_is_migrations(writer, tcp + 2, good);
        writer_block_end(writer, block);

        writer_load(writer, BPF_H, tcp + 2);
        writer_condition(writer, BPF_JGE, PORT_MIN, true);
        writer_load(writer, BPF_B, tcp + 13);
        writer_put(writer, BPF_ALU | BPF_AND | BPF_K, 0, 0, TH_SYN | TH_ACK);
        writer_condition(writer, BPF_JEQ, TH_SYN, false);
        writer_load(writer, BPF_B, tcp + 13);
        writer_condition(writer, BPF_JSET, TH_RST | TH_ACK, true);
        port_is_migrations(writer, tcp, good + n);
        writer_block_end(writer, block);

        writer_verdict(writer, LEAVE_IT);
        for (size_t i = 0; i < 2 * n; i++)
                writer_jump_lands(writer, good[i]);
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
        const bool needs_mac = from->mac && writer->subject != SUBJECT_ARP;
        size_t block = writer_block_begin(writer);

        writer_address_within(writer, writer_their_offset(writer), &from->prefix);
        if (needs_mac) {
                size_t inner = writer_block_begin(writer);

                writer_mac_equals(writer, writer->is_egress ? 0 : ETH_ALEN, from->mac);
                writer_verdict(writer, TAKE_IT);
                writer_block_end(writer, inner);
        }
        // A gateway is asked for, and may be told of errors.
        writer_verdict(writer,
                       needs_mac || (from->is_exception && writer->subject == SUBJECT_TCP) ? LEAVE_IT : TAKE_IT);
        writer_block_end(writer, block);
}

// The sources from the first up to the n-th, of addresses from that of the first up to that of the n-th. So no two
// programs take the same packet, and a network that reaches into several parts is in each of them.
static void sources_part(Writer *writer, const Sources *sources, size_t first, size_t n) {
        const uint32_t offset = writer_their_offset(writer);
        const Source *all = sources->sources;

        if (first > 0)
                writer_address_is_at_least(writer, offset, &all[first].prefix.address, true);
        if (n < sources->n_sources)
                writer_address_is_at_least(writer, offset, &all[n].prefix.address, false);
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
        writer_verdict(writer, LEAVE_IT);
}

// --- the programs ---

// Takes the program over.
static int selector_add(Writer *writer, SelectorList *list) {
        if (writer->failed || array_reserve(&list->selectors, &list->n_allocated, list->n_selectors + 1) < 0) {
                free(writer->selector.program);
                return -ENOMEM;
        }
        list->selectors[list->n_selectors++] = writer->selector;
        return 0;
}

static int part_add(Writer writer, const Sources *sources, size_t first, size_t n, SelectorList *list) {
        if (writer.is_egress) {
                frame_is_sent(&writer);
                if (writer.subject != SUBJECT_ARP)
                        frame_is_unicast(&writer);
        } else
                mac_is_ours(&writer, 0);
        if (writer.subject == SUBJECT_ARP)
                headers_arp(&writer);
        else
                headers(&writer);
        address_is_ours(&writer);
        if (writer.subject == SUBJECT_TCP)
                ports(&writer);
        if (writer.subject == SUBJECT_ICMP)
                icmp_type(&writer);
        if (writer.is_egress)
                other_is_not_us(&writer);
        sources_part(&writer, sources, first, n);
        return selector_add(&writer, list);
}

static int parts_add(const Writer *writer, const Sources *sources, SelectorList *list) {
        // At most: a word of the address takes four instructions, the MAC six, the verdicts two.
        const size_t n_each = PEERS_SIZE_MAX / (4 * writer->layout->n_words + 8);

        for (size_t first = 0, n; first < sources->n_sources; first = n) {
                n = first + n_each < sources->n_sources ? first + n_each : sources->n_sources;
                // A network and the address at its start are in one part.
                while (n < sources->n_sources && address_compare(&sources->sources[n].prefix.address,
                                                                 &sources->sources[n - 1].prefix.address) == 0)
                        n++;
                if (part_add(*writer, sources, first, n, list) < 0)
                        return -ENOMEM;
        }
        return 0;
}

int selectors_make(const PlaneConfig *plane, int family, const MacAddress *macs, size_t n_macs, SelectorList *ret) {
        const Writer writer = writer_of(plane, macs, n_macs, family, false, SUBJECT_TCP);
        _cleanup_(sources_deinit) Sources sources = {};
        _cleanup_selectors_ SelectorList list = {};

        if (!plane_config_has_family(plane, family))
                return 0;
        if (sources_init(plane, family, &sources) < 0 || parts_add(&writer, &sources, &list) < 0)
                return -ENOMEM;
        *ret = list;
        list = (SelectorList){};
        return 0;
}

// A probe for one of our addresses, in nobody's name; and an announcement, if the plane may move to another port.
static int claims_add(Writer writer, bool announces, SelectorList *list) {
        const Prefix nobody = { .address.family = AF_INET, .length = 32 };

        frame_is_sent(&writer);
        headers_arp(&writer);
        for (size_t i = 0; i < writer.plane->n_addresses; i++) {
                Prefix own;

                if (!own_address(&writer, i, &own))
                        continue;
                for (size_t j = 0; j <= announces; j++) {
                        size_t block = writer_block_begin(&writer);

                        writer_address_within(&writer, writer_our_offset(&writer), j ? &own : &nobody);
                        writer_address_within(&writer, writer_their_offset(&writer), &own);
                        writer_verdict(&writer, TAKE_IT);
                        writer_block_end(&writer, block);
                }
        }
        writer_verdict(&writer, LEAVE_IT);
        return selector_add(&writer, list);
}

// A solicitation to its group: for a peer, or for one of our addresses in nobody's name.
static void solicitation(Writer *writer, const Prefix *own) {
        static const Prefix nobody = { .address.family = AF_INET6, .length = 128 };
        static const Prefix groups = {
                .address = { .family = AF_INET6, .bytes = { 0xff, 0x02, [11] = 0x01, [12] = 0xff } }, .length = 104
        };

        for (size_t i = 0; i < 2; i++) {
                size_t block = writer_block_begin(writer);

                writer_field_equals(writer, BPF_B, writer->layout->payload, UINT32_MAX, ND_NEIGHBOR_SOLICIT);
                writer_address_within(writer, writer_their_offset(writer), &groups);
                writer_address_within(writer, writer_our_offset(writer), i ? own : &nobody);
                if (i == 0)
                        writer_address_within(writer, writer->layout->payload + 8, own);
                writer_verdict(writer, TAKE_IT);
                writer_block_end(writer, block);
        }
}

static void advertisement_to_all(Writer *writer, const Prefix *own) {
        static const Prefix all_nodes = { .address = { .family = AF_INET6, .bytes = { 0xff, 0x02, [15] = 0x01 } },
                                          .length = 128 };
        size_t block = writer_block_begin(writer);

        writer_field_equals(writer, BPF_B, writer->layout->payload, UINT32_MAX, ND_NEIGHBOR_ADVERT);
        writer_address_within(writer, writer_their_offset(writer), &all_nodes);
        writer_address_within(writer, writer_our_offset(writer), own);
        writer_verdict(writer, TAKE_IT);
        writer_block_end(writer, block);
}

static int groups_add(Writer writer, bool announces, SelectorList *list) {
        frame_is_sent(&writer);
        headers(&writer);
        for (size_t i = 0; i < writer.plane->n_addresses; i++) {
                Prefix own;

                if (!own_address(&writer, i, &own))
                        continue;
                solicitation(&writer, &own);
                if (announces)
                        advertisement_to_all(&writer, &own);
        }
        writer_verdict(&writer, LEAVE_IT);
        return selector_add(&writer, list);
}

static int rest_add(SelectorList *list) {
        Writer writer = { .selector.protocol = ETH_P_ALL };

        writer_verdict(&writer, TC_ACT_SHOT);
        return selector_add(&writer, list);
}

// The kernel asks the program that was added last first: that of the segments.
static int family_add(const PlaneConfig *plane, int family, const MacAddress *macs, size_t n_macs, bool announces,
                      SelectorList *list) {
        const Writer arp = writer_of(plane, macs, n_macs, family, true, SUBJECT_ARP);
        const Writer icmp = writer_of(plane, macs, n_macs, family, true, SUBJECT_ICMP);
        const Writer segments = writer_of(plane, macs, n_macs, family, true, SUBJECT_TCP);
        _cleanup_(sources_deinit) Sources sources = {};

        if (!plane_config_has_family(plane, family))
                return 0;
        if (sources_init(plane, family, &sources) < 0)
                return -ENOMEM;
        int r = family == AF_INET6 ? groups_add(icmp, announces, list) : claims_add(arp, announces, list);
        if (r == 0 && family == AF_INET)
                r = parts_add(&arp, &sources, list);
        if (r == 0)
                r = parts_add(&icmp, &sources, list);
        return r < 0 ? r : parts_add(&segments, &sources, list);
}

int selectors_make_egress(const PlaneConfig *plane, const MacAddress *macs, size_t n_macs, bool announces,
                          SelectorList *ret) {
        _cleanup_selectors_ SelectorList list = {};

        if (family_add(plane, AF_INET, macs, n_macs, announces, &list) < 0 ||
            family_add(plane, AF_INET6, macs, n_macs, announces, &list) < 0 || rest_add(&list) < 0)
                return -ENOMEM;
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
