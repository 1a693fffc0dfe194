// The rules of an allow list.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// There is no connection state: what a frame says must be enough by itself, so that nothing can be flushed, forgotten
// or filled up under a running migration. A migration uses a port of the range as destination in one direction and as
// source in the other. Taken alone, the second would let a peer that sends from such a port reach every service of the
// host; so the segment that opens a connection needs the destination, and no service is at the other end: a port below
// 1024 is never an initiator's. Nor is there an answer to segments that are of no connection, with neither ACK nor RST,
// which tell open ports from closed ones. The answer to others, a reset, is the same for both.
//
// A rule with an expression that cannot be evaluated does not match, also where the rule is to drop. A packet too short
// for the rules that drop is too short for those that accept, which read further on. But "ether ..." asks, in nft
// 1.0.6, for the type of the input device, and on egress there is none: such a rule never matches. So the link layer is
// matched by offset, @ll,BIT,BITS.

#include <stdarg.h>

#include "base/util.h"
#include "firewall/allow.h"
#include "firewall/chain-name.h"
#include "firewall/log-rule.h"

#define TO_GROUP "@ll,7,1 1"
#define TO_MAC "@ll,0,48"
#define FROM_MAC "@ll,48,48"
#define FRAME_TYPE "@ll,96,16"

// A request or a reply.
#define ARP_OF_IPV4 "arp htype 1 arp ptype ip arp hlen 6 arp plen 4 arp operation 1-2"
#define SOLICIT "ip6 nexthdr icmpv6 ip6 hoplimit 255 icmpv6 type nd-neighbor-solicit @th,64,128"
#define ADVERT "ip6 nexthdr icmpv6 ip6 hoplimit 255 icmpv6 type nd-neighbor-advert @th,64,128"
#define ND_GROUPS "ff02::1:ff00:0/104"

#define ECHO "{ echo-reply, echo-request }"
#define ICMP_ERRORS "icmp type { destination-unreachable, time-exceeded }"
#define ICMPV6_ERRORS "icmpv6 type { destination-unreachable, packet-too-big, time-exceeded }"
// The kernel asks the socket whether an error that quotes TCP can be true. It believes others, of whatever traffic.
#define QUOTES_TCP "@th,64,8 0x45 @th,136,8 6 "
#define QUOTES_TCP6 "@th,112,8 6 "
// Enough for a probe a second from each of many hosts, and nothing of a load.
#define ICMP_LIMIT "limit rate 1000/second burst 1000 packets "

// What each way calls the host's end and the other end, where the other's MAC stands in a frame, and where in an ICMP
// error the host's address: what is quoted went the other way.
static const struct {
        const char *name, *local, *remote, *remote_mac, *quoted, *quoted6;
} ways[] = {
        [WAY_IN] = { "in", "daddr", "saddr", FROM_MAC, "@th,160,32", "@th,128,128" },
        [WAY_OUT] = { "out", "saddr", "daddr", TO_MAC, "@th,192,32", "@th,256,128" },
};

static void report_rest(const AllowList *list, Way way, const char *reason, FILE *file) {
        char name[COUNTER_NAME_MAX];

        (void)snprintf(name, sizeof(name), "%s-%s", ways[way].name, reason);
        report_print(list->report, list->link, name, file);
}

static void count_and_drop(const AllowList *list, Way way, const char *reason, FILE *file) {
        fprintf(file, "counter name \"%s-%s-%s\" drop\n", list->link, ways[way].name, reason);
}

static void drop_rest(const AllowList *list, Way way, const char *reason, FILE *file) {
        if (list->report.count > 0)
                report_rest(list, way, reason, file);
        count_and_drop(list, way, reason, file);
}

// A rule that drops what matches, and before it, where that is asked for, one that reports it.
static _printf_(5, 6) void drop(const AllowList *list, Way way, const char *reason, FILE *file, const char *match,
                                ...) {
        for (bool report = list->report.count > 0;; report = false) {
                va_list arguments;

                va_start(arguments, match);
                (void)vfprintf(file, match, arguments);
                va_end(arguments);
                fputc(' ', file);
                if (!report)
                        break;
                report_rest(list, way, reason, file);
        }
        count_and_drop(list, way, reason, file);
}

static bool allows_anything(const AllowList *list) {
        return list->ipv4.own || list->ipv6.own;
}

// --- the link layer ---

// "{ A, B }" of what the plane's families need.
static const char *choice(const AllowList *list, const char *arp_and_ipv4, const char *ipv6, char ret[static 64]) {
        (void)snprintf(ret, 64, "{ %s%s%s }", list->ipv4.own ? arp_and_ipv4 : "",
                       list->ipv4.own && list->ipv6.own ? ", " : "", list->ipv6.own ? ipv6 : "");
        return ret;
}

// "meta protocol" is what the stack goes by, tags taken off. VLAN 0 is a mere priority, and legitimate except on a
// VLAN.
static void print_frame_in(const AllowList *list, FILE *file) {
        char types[64];

        if (list->is_vlan) {
                drop(list, WAY_IN, "ethertype", file, FRAME_TYPE " { 0x8100, 0x88a8 }");
        } else {
                drop(list, WAY_IN, "ethertype", file, FRAME_TYPE " 0x88a8");
                drop(list, WAY_IN, "ethertype", file, "vlan id != 0");
        }
        drop(list, WAY_IN, "ethertype", file, "meta protocol != %s", choice(list, "arp, ip", "ip6", types));

        if (list->ipv4.own) {
                drop(list, WAY_IN, "mac", file, "meta protocol arp " TO_MAC " != { 0xffffffffffff, %s }",
                     list->mac_raw);
                drop(list, WAY_IN, "mac", file, "meta protocol ip " TO_MAC " != %s", list->mac_raw);
        }
        if (list->ipv6.own) {
                drop(list, WAY_IN, "mac", file, "ip6 daddr %s " TO_MAC " != %s", list->ipv6.groups,
                     list->ipv6.group_macs);
                drop(list, WAY_IN, "mac", file, "ip6 daddr != %s " TO_MAC " != %s", list->ipv6.groups, list->mac_raw);
        }
}

// What a packet socket calls a frame and what the frame says itself are two things.
static void print_frame_out(const AllowList *list, FILE *file) {
        char types[64];

        drop(list, WAY_OUT, "ethertype", file, "meta protocol . " FRAME_TYPE " != %s",
             choice(list, "arp . 0x0806, ip . 0x0800", "ip6 . 0x86dd", types));
        drop(list, WAY_OUT, "mac", file, FROM_MAC " != %s", list->mac_raw);
        if (list->ipv4.own)
                drop(list, WAY_OUT, "mac", file, "meta protocol ip " TO_GROUP);
        if (list->ipv6.own)
                drop(list, WAY_OUT, "mac", file, "ip6 daddr != " ND_GROUPS " " TO_GROUP);
}

// A peer whose MAC is known has no other.
static void print_known(const AllowList *list, Way way, FILE *file) {
        const char *remote = ways[way].remote, *mac = ways[way].remote_mac;

        if (list->ipv4.known)
                drop(list, way, "mac", file, "ip %s %s ip %s . %s != %s", remote, list->ipv4.known, remote, mac,
                     list->ipv4.known_macs);
        if (list->ipv6.known)
                drop(list, way, "mac", file, "ip6 %s %s ip6 %s . %s != %s", remote, list->ipv6.known, remote, mac,
                     list->ipv6.known_macs);
}

static void print_arp(const AllowList *list, Way way, const char *frame, FILE *file) {
        const AllowFamily *family = &list->ipv4;

        // Nobody else has our address, and we announce it to nobody.
        drop(list, way, "arp", file, "arp %s ip %s", ways[way].remote, family->own);
        for (size_t i = 0; i < family->n_peers; i++)
                fprintf(file, "%s" ARP_OF_IPV4 " arp %s ip %s arp %s ip%s %s accept\n", frame, ways[way].local,
                        family->own, ways[way].remote, family->peers[i].mask, family->peers[i].set);
}

// --- the network layer ---

// Who is in none of the sets.
static void drop_strangers(const AllowList *list, Way way, const char *protocol, const AllowFamily *family,
                           FILE *file) {
        for (bool report = list->report.count > 0;; report = false) {
                for (size_t i = 0; i < family->n_peers; i++)
                        fprintf(file, "%s %s%s != %s ", protocol, ways[way].remote, family->peers[i].mask,
                                family->peers[i].set);
                if (!report)
                        break;
                report_rest(list, way, "peer", file);
        }
        count_and_drop(list, way, "peer", file);
}

static void print_ends(const AllowList *list, Way way, const char *protocol, const AllowFamily *family, FILE *file) {
        drop(list, way, "address", file, "%s %s != %s", protocol, ways[way].local, family->own);
        drop(list, way, "peer", file, "%s %s %s", protocol, ways[way].remote, family->own);
        drop_strangers(list, way, protocol, family, file);
}

// What the rules of one hook have, and those of others have not.
typedef struct Layer {
        const char *frame; // what a frame must show to be let out
        const char *limit; // of ICMP
        const char *users; // who alone may open a connection; NULL: everybody, or another hook has seen to it
} Layer;

// The two ends of a migration, as the ports tell; in between stand those of Ports=.
static const struct {
        const char *before, *after;
} port_matches[] = {
        { "tcp dport ", " tcp sport >= 1024" },
        { "tcp sport ", " tcp dport >= 1024 tcp flags & (syn | ack) != syn tcp flags & (rst | ack) != 0" },
};

// Users= once more for the segments that open a connection, on either side: a socket that the kernel holds for a user's
// own (MPTCP, SMC) tells no user, so that here whoever is not told is not let out. Of later segments the kernel has some
// that are nobody's. The one that it sends without a socket in a flood, a SYN cookie, is asked for again.
static void print_ports(const AllowList *list, Way way, const Layer *layer, const char *tcp, const char *ports,
                        FILE *file) {
        for (size_t i = 0; i < ELEMENTSOF(port_matches); i++) {
                const char *before = port_matches[i].before, *after = port_matches[i].after;

                if (!layer->users) {
                        fprintf(file, "%s%s %s%s%s accept\n", layer->frame, tcp, before, ports, after);
                        continue;
                }
                fprintf(file, "%s tcp flags & syn != syn %s%s%s accept\n", tcp, before, ports, after);
                fprintf(file, "%s meta skuid %s %s%s%s accept\n", tcp, layer->users, before, ports, after);
                drop(list, way, "user", file, "%s %s%s%s", tcp, before, ports, after);
        }
}

static void print_tcp(const AllowList *list, Way way, const Layer *layer, const char *tcp, FILE *file) {
        for (size_t i = 0; i < list->n_ports; i++)
                print_ports(list, way, layer, tcp, list->ports[i], file);
        drop(list, way, "port", file, "%s", tcp);
}

static void print_ipv4(const AllowList *list, Way way, const Layer *layer, FILE *file) {
        const char *frame = layer->frame, *limit = layer->limit;

        if (!list->ipv4.own)
                return;
        print_ends(list, way, "ip", &list->ipv4, file);
        drop(list, way, "options", file, "ip hdrlength != 5");
        drop(list, way, "fragment", file, "ip frag-off & 0xbfff != 0");
        print_tcp(list, way, layer, "ip protocol tcp", file);
        fprintf(file, "%sip protocol icmp icmp type " ECHO " %saccept\n", frame, limit);
        fprintf(file, "%sip protocol icmp " ICMP_ERRORS " " QUOTES_TCP "%s %s %saccept\n", frame, ways[way].quoted,
                list->ipv4.own_raw, limit);
        drop(list, way, "icmp", file, "ip protocol icmp");
}

// Only a solicitation may go to a group. Who solicits names the other's address as target, who advertises its own.
static void print_ipv6(const AllowList *list, Way way, const Layer *layer, FILE *file) {
        const AllowFamily *family = &list->ipv6;
        const char *own = family->own_raw, *frame = layer->frame, *limit = layer->limit;

        if (!family->own)
                return;
        for (size_t i = 0; i < family->n_peers && way == WAY_IN; i++)
                fprintf(file, "ip6 saddr != %s ip6 saddr%s %s ip6 daddr %s " SOLICIT " %s accept\n", family->own,
                        family->peers[i].mask, family->peers[i].set, family->groups, own);
        if (way == WAY_OUT)
                fprintf(file, "%sip6 saddr %s ip6 daddr " ND_GROUPS " " SOLICIT " != %s accept\n", frame, family->own,
                        own);
        print_ends(list, way, "ip6", family, file);
        fprintf(file, "%s" SOLICIT "%s %s accept\n", frame, way == WAY_IN ? "" : " !=", own);
        fprintf(file, "%s" ADVERT "%s %s accept\n", frame, way == WAY_IN ? " !=" : "", own);
        print_tcp(list, way, layer, "ip6 nexthdr tcp", file);
        fprintf(file, "%sip6 nexthdr icmpv6 icmpv6 type " ECHO " %saccept\n", frame, limit);
        fprintf(file, "%sip6 nexthdr icmpv6 " ICMPV6_ERRORS " " QUOTES_TCP6 "%s %s %saccept\n", frame, ways[way].quoted6, own,
                limit);
        drop(list, way, "icmp", file, "ip6 nexthdr icmpv6");
}

// --- the chains ---

void allow_list_print_netdev(const AllowList *list, Way way, FILE *file) {
        if (allows_anything(list) && list->has_mac) {
                // A frame that a packet socket sends past the qdiscs has no link layer that rules could be held
                // against: those above that drop do not match. So what is accepted must match by it.
                char frame[48] = "";
                const Layer layer = { .frame = frame, .limit = way == WAY_IN ? ICMP_LIMIT : "" };

                if (way == WAY_OUT)
                        (void)snprintf(frame, sizeof(frame), FROM_MAC " %s ", list->mac_raw);
                if (way == WAY_IN)
                        print_frame_in(list, file);
                else
                        print_frame_out(list, file);
                if (list->ipv4.known && way == WAY_IN)
                        drop(list, way, "mac", file,
                             "arp saddr ip %s arp saddr ip . arp saddr ether . " FROM_MAC " != %s", list->ipv4.known,
                             list->ipv4.known_arp);
                if (list->ipv4.own) {
                        char sender[96] = "";
                        if (way == WAY_OUT)
                                (void)snprintf(sender, sizeof(sender), "%sarp saddr ether %s ", frame, list->mac);
                        print_arp(list, way, sender, file);
                        drop(list, way, "arp", file, "meta protocol arp");
                }
                print_known(list, way, file);
                print_ipv4(list, way, &layer, file);
                print_ipv6(list, way, &layer, file);
        }
        drop_rest(list, way, "other", file);
}

// What comes back from an ifb has not seen the ingress hook: so the same list once more. And what the host sends is
// dropped here before it makes the host look for a neighbour.
void allow_list_print_inet(const AllowList *list, Way way, FILE *file) {
        const Layer layer = { .frame = "", .limit = "", .users = way == WAY_OUT ? list->users : NULL };

        fputs("notrack\n", file);
        // A segment without a socket that anyone holds is the kernel's own, or the rest of a connection that was
        // closed: "skuid" cannot be evaluated then, and it passes.
        if (layer.users)
                drop(list, way, "user", file, "meta skuid != %s", list->users);
        if (way == WAY_IN)
                print_known(list, way, file);
        print_ipv4(list, way, &layer, file);
        print_ipv6(list, way, &layer, file);
        drop_rest(list, way, "other", file);
}

void allow_list_print_arp(const AllowList *list, Way way, FILE *file) {
        if (list->ipv4.own)
                print_arp(list, way, "", file);
        drop_rest(list, way, "arp", file);
}
