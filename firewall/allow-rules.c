// The rules of one plane's allow list.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// The rules keep no connection state. Each frame is judged by what it says itself, so that nothing can be flushed,
// forgotten or filled up under a running migration. A migration uses a port of Ports= as destination in one direction
// and as source in the other. The second alone would let a peer that sends from such a port reach every service of the
// host. So the segment that opens a connection needs the port as destination, and the other port is never below 1024,
// where services are and initiators are not. Segments with neither ACK nor RST belong to no connection and are dropped,
// because the answer to them tells open ports from closed ones. The answer to any other stray segment is a reset, for
// open and closed ports alike.
//
// A rule does not match where one of its expressions cannot be evaluated, even if it is a rule that drops. A packet too
// short for the rules that drop is too short for those that accept, since these read further. In nft 1.0.6 "ether ..."
// asks for the type of the input device, and on egress there is none, so that such a rule never matches. So the link
// layer is matched by offset: @ll,BIT,BITS.

#include "firewall/allow-rules.h"

#include <stdarg.h>

#include "firewall/log-rule.h"

#define TO_GROUP "@ll,7,1 1"
#define TO_MAC "@ll,0,48"
#define FRAME_TYPE "@ll,96,16"

#define ARP_OF_IPV4 "arp htype 1 arp ptype ip arp hlen 6 arp plen 4 arp operation "
#define SOLICIT "ip6 nexthdr icmpv6 ip6 hoplimit 255 icmpv6 type nd-neighbor-solicit @th,64,128"
#define ADVERT "ip6 nexthdr icmpv6 ip6 hoplimit 255 icmpv6 type nd-neighbor-advert @th,64,128"
#define ND_GROUPS "ff02::1:ff00:0/104"
// Duplicate address detection asks for our own address, in nobody's name; the other owner's claim is the answer.
#define ARP_PROBE ARP_OF_IPV4 "1 arp saddr ip 0.0.0.0 arp daddr ip %s"
#define ARP_CLAIM ARP_OF_IPV4 "2 arp saddr ip %s arp daddr ip 0.0.0.0"
#define ND_CLAIM "ip6 saddr %s ip6 daddr ff02::1 " ADVERT " %s"
#define EVERYBODY "0xffffffffffff"
#define ALL_NODES "0x333300000001"

#define ECHO "{ echo-reply, echo-request }"
#define ICMP_ERRORS "icmp type { destination-unreachable, time-exceeded }"
#define ICMPV6_ERRORS "icmpv6 type { destination-unreachable, packet-too-big, time-exceeded }"
// The kernel checks an error that quotes TCP against the socket. It trusts errors that quote anything else.
#define QUOTES_TCP "@th,64,8 0x45 @th,136,8 6 "
#define QUOTES_TCP6 "@th,112,8 6 "
// Enough for a probe a second from each of many hosts, and too little to load the host.
#define ICMP_LIMIT "limit rate 1000/second burst 1000 packets "

// For each way: the keywords for the host's end and for the other end, where a frame has the other end's MAC address,
// and where an ICMP error has the host's address (the quoted packet went the other way).
static const struct {
        const char *name, *local, *remote, *remote_mac, *quoted, *quoted6;
} ways[] = {
        [WAY_IN] = { "in", "daddr", "saddr", FROM_MAC, "@th,160,32", "@th,128,128" },
        [WAY_OUT] = { "out", "saddr", "daddr", TO_MAC, "@th,192,32", "@th,256,128" },
};

// One chain on its way to the file, and what its rules have that those at another hook do not have.
typedef struct Rules {
        const AllowList *list;
        Way way;
        FILE *file;
        const char *frame; // what a frame must show to be let out
        const char *limit; // of ICMP
        const char *users; // the only users who may open a connection; NULL: every user, or checked at another hook
        bool reports_opens;
} Rules;

static void print_report(const Rules *rules, const char *reason) {
        char name[COUNTER_NAME_MAX];

        (void)snprintf(name, sizeof(name), "%s-%s", ways[rules->way].name, reason);
        log_rule_print(rules->list->report, rules->list->link, name, rules->file);
}

static void print_drop(const Rules *rules, const char *reason) {
        fprintf(rules->file, "counter name \"%s-%s-%s\" drop\n", rules->list->link, ways[rules->way].name, reason);
}

static bool is_reported(const Rules *rules) {
        return rules->list->report.count > 0;
}

static void drop_rest(const Rules *rules, const char *reason) {
        if (is_reported(rules))
                print_report(rules, reason);
        print_drop(rules, reason);
}

// A rule that drops what matches and, where LogDrops= asks for it, a rule before it that reports the same.
static _printf_(3, 4) void drop(const Rules *rules, const char *reason, const char *match, ...) {
        for (bool report = is_reported(rules);; report = false) {
                va_list arguments;

                va_start(arguments, match);
                (void)vfprintf(rules->file, match, arguments);
                va_end(arguments);
                fputc(' ', rules->file);
                if (!report)
                        break;
                print_report(rules, reason);
        }
        print_drop(rules, reason);
}

// --- the link layer ---

// "{ A, B }", with the values of the families that the plane has.
static const char *choice(const AllowList *list, const char *arp_and_ipv4, const char *ipv6, char ret[static 64]) {
        (void)snprintf(ret, 64, "{ %s%s%s }", list->ipv4.own ? arp_and_ipv4 : "",
                       list->ipv4.own && list->ipv6.own ? ", " : "", list->ipv6.own ? ipv6 : "");
        return ret;
}

static void nd_claim(const Rules *rules, const char *frame) {
        const AllowFamily *family = &rules->list->ipv6;

        if (family->hears_claims)
                fprintf(rules->file, "%s" ND_CLAIM " accept\n", frame, family->own, family->own_raw);
}

// Another host that uses an address of ours (RFC 5227 2.4), or that asks whether it may (RFC 4862 5.4.3), and another
// host with our MAC address. Our own frames can come back from a switch, with both. The frames get no answer: a forged
// one would draw it from us.
static void conflicts(const Rules *rules) {
        const AllowList *list = rules->list;

        if (list->ipv4.own) {
                drop(rules, "conflict", ARP_OF_IPV4 "1-2 arp saddr ip %s arp saddr ether != %s", list->ipv4.own,
                     list->macs);
                drop(rules, "conflict", ARP_OF_IPV4 "1-2 arp saddr ip != 0.0.0.0 arp saddr ip != %s " FROM_MAC " %s",
                     list->ipv4.own, list->macs_raw);
        }
        if (list->ipv6.own) {
                drop(rules, "conflict", ADVERT " %s " FROM_MAC " != %s", list->ipv6.own_raw, list->macs_raw);
                drop(rules, "conflict", "ip6 saddr :: " SOLICIT " %s " FROM_MAC " != %s", list->ipv6.own_raw,
                     list->macs_raw);
        }
}

// The same as an announcement in arp().
static void nd_announcement(const Rules *rules, const char *to) {
        const AllowFamily *family = &rules->list->ipv6;

        if (family->own && rules->list->announces)
                fprintf(rules->file, "%s%s" ND_CLAIM " accept\n", rules->frame, to, family->own, family->own_raw);
}

// "meta protocol" is the type that the stack goes by, behind the tags. VLAN 0 is only a priority. It is legitimate,
// except on a VLAN.
static void frame_in(const Rules *rules) {
        const AllowList *list = rules->list;
        char types[64];

        if (list->is_vlan) {
                drop(rules, "ethertype", FRAME_TYPE " { 0x8100, 0x88a8 }");
        } else {
                drop(rules, "ethertype", FRAME_TYPE " 0x88a8");
                drop(rules, "ethertype", "vlan id != 0");
        }
        drop(rules, "ethertype", "meta protocol != %s", choice(list, "arp, ip", "ip6", types));

        // Programs read ARP with packet sockets. The arp chain still drops the claim: the kernel learns nothing from
        // it.
        if (list->ipv4.hears_claims)
                fprintf(rules->file, TO_MAC " %s " ARP_CLAIM " accept\n", list->macs_raw, list->ipv4.own);
        nd_claim(rules, TO_MAC " " ALL_NODES " ");
        conflicts(rules);

        if (list->ipv4.own) {
                drop(rules, "mac", "meta protocol arp " TO_MAC " != { 0xffffffffffff, %s }", list->macs_raw_items);
                drop(rules, "mac", "meta protocol ip " TO_MAC " != %s", list->macs_raw);
        }
        if (list->ipv6.own) {
                drop(rules, "mac", "ip6 daddr %s " TO_MAC " != %s", list->ipv6.groups, list->ipv6.group_macs);
                drop(rules, "mac", "ip6 daddr != %s " TO_MAC " != %s", list->ipv6.groups, list->macs_raw);
        }
}

// The type that a packet socket gives for a frame may differ from the type that the frame says itself.
static void frame_out(const Rules *rules) {
        const AllowList *list = rules->list;
        char types[64];

        drop(rules, "ethertype", "meta protocol . " FRAME_TYPE " != %s",
             choice(list, "arp . 0x0806, ip . 0x0800", "ip6 . 0x86dd", types));
        drop(rules, "mac", FROM_MAC " != %s", list->macs_raw);
        nd_announcement(rules, TO_MAC " " ALL_NODES " ");
        if (list->ipv4.own)
                drop(rules, "mac", "meta protocol ip " TO_GROUP);
        if (list->ipv6.own)
                drop(rules, "mac", "ip6 daddr != " ND_GROUPS " " TO_GROUP);
}

// A peer with a [Peer] MACAddress= has no other MAC address.
static void known_peers(const Rules *rules) {
        const AllowList *list = rules->list;
        const char *remote = ways[rules->way].remote, *mac = ways[rules->way].remote_mac;

        if (list->ipv4.known)
                drop(rules, "mac", "ip %s %s ip %s . %s != %s", remote, list->ipv4.known, remote, mac,
                     list->ipv4.known_macs);
        if (list->ipv6.known)
                drop(rules, "mac", "ip6 %s %s ip6 %s . %s != %s", remote, list->ipv6.known, remote, mac,
                     list->ipv6.known_macs);
}

// In the netdev family a frame must show that it is ours, in ARP as well.
static void arp_sender(const Rules *rules) {
        if (rules->frame[0])
                fprintf(rules->file, "%sarp saddr ether %s ", rules->frame, rules->list->macs);
}

static void arp(const Rules *rules) {
        const AllowFamily *family = &rules->list->ipv4;
        const char *local = ways[rules->way].local, *remote = ways[rules->way].remote;

        // A bond has moved to another port, where the switch, and if the MAC address is another one the peers, are to
        // look for us.
        if (rules->way == WAY_OUT && rules->list->announces) {
                arp_sender(rules);
                fprintf(rules->file, ARP_OF_IPV4 "1-2 arp saddr ip %s arp daddr ip %s accept\n", family->own,
                        family->own);
        }
        // No other host has our address.
        drop(rules, "arp", "arp %s ip %s", remote, family->own);
        for (size_t i = 0; i < family->n_peers; i++) {
                arp_sender(rules);
                fprintf(rules->file, ARP_OF_IPV4 "1-2 arp %s ip %s arp %s ip%s %s accept\n", local, family->own, remote,
                        family->peers[i].mask, family->peers[i].set);
        }
}

// --- the network layer ---

// An address that is in none of the sets is not a peer's.
static void strangers(const Rules *rules, const char *protocol, const AllowFamily *family) {
        for (bool report = is_reported(rules);; report = false) {
                for (size_t i = 0; i < family->n_peers; i++)
                        fprintf(rules->file, "%s %s%s != %s ", protocol, ways[rules->way].remote, family->peers[i].mask,
                                family->peers[i].set);
                if (!report)
                        break;
                print_report(rules, "peer");
        }
        print_drop(rules, "peer");
}

static void both_ends(const Rules *rules, const char *protocol, const AllowFamily *family) {
        drop(rules, "address", "%s %s != %s", protocol, ways[rules->way].local, family->own);
        drop(rules, "peer", "%s %s %s", protocol, ways[rules->way].remote, family->own);
        strangers(rules, protocol, family);
}

// The two ends of a migration, as its ports tell them. Ports= stand between the two strings.
static const struct {
        const char *before, *after;
} port_matches[] = {
        { "tcp dport ", " tcp sport >= 1024" },
        { "tcp sport ", " tcp dport >= 1024 tcp flags & (syn | ack) != syn tcp flags & (rst | ack) != 0" },
};

// The answer to the segment that opens a connection, on its way from the migration's port: only a port that is open
// sends it. It stands before the second of the port_matches and after the first, so that what a migration sends to its
// port does not pay for it. The first takes the answer where the initiator's port is one of Ports= as well: such a
// migration is seen at the next look.
static void report_open(const Rules *rules, const char *tcp, const char *ports) {
        fprintf(rules->file, "%s tcp sport %s tcp dport >= 1024 tcp flags & (syn | ack) == (syn | ack) ", tcp, ports);
        log_rule_print_open(rules->list->link, ways[rules->way].name, rules->file);
}

// The segments that open a connection, on either side, must show a user of Users=. A socket that the kernel holds on a
// user's behalf (MPTCP, SMC) shows none, so that here a segment without a user is dropped. Later segments pass without
// a user, because the kernel sends some of them without a socket. It opens connections without a socket only in a flood
// (SYN cookies), and there the initiator asks again.
static void tcp_ports(const Rules *rules, const char *tcp, const char *ports) {
        for (size_t i = 0; i < ELEMENTSOF(port_matches); i++) {
                const char *before = port_matches[i].before, *after = port_matches[i].after;

                if (i == 1 && rules->reports_opens)
                        report_open(rules, tcp, ports);
                if (!rules->users) {
                        fprintf(rules->file, "%s%s %s%s%s accept\n", rules->frame, tcp, before, ports, after);
                        continue;
                }
                fprintf(rules->file, "%s tcp flags & syn != syn %s%s%s accept\n", tcp, before, ports, after);
                fprintf(rules->file, "%s meta skuid %s %s%s%s accept\n", tcp, rules->users, before, ports, after);
                drop(rules, "user", "%s %s%s%s", tcp, before, ports, after);
        }
}

static void tcp(const Rules *rules, const char *protocol) {
        for (size_t i = 0; i < rules->list->n_ports; i++)
                tcp_ports(rules, protocol, rules->list->ports[i]);
        drop(rules, "port", "%s", protocol);
}

// A gateway is not a peer, also where it is within Peers=.
static void gateways(const Rules *rules, const char *protocol, const AllowFamily *family, const char *errors) {
        const char *quoted = family == &rules->list->ipv6 ? ways[rules->way].quoted6 : ways[rules->way].quoted;

        if (!family->gateways)
                return;
        fprintf(rules->file, "%s%s %s %s %s%s %s %saccept\n", rules->frame, protocol, ways[rules->way].remote,
                family->gateways, errors, quoted, family->own_raw, rules->limit);
        drop(rules, "peer", "%s %s %s", protocol, ways[rules->way].remote, family->gateways);
}

static void ipv4(const Rules *rules) {
        const AllowFamily *family = &rules->list->ipv4;
        const char *frame = rules->frame, *limit = rules->limit;

        if (!family->own)
                return;
        both_ends(rules, "ip", family);
        drop(rules, "options", "ip hdrlength != 5");
        drop(rules, "fragment", "ip frag-off & 0xbfff != 0");
        gateways(rules, "ip", family, "ip protocol icmp " ICMP_ERRORS " " QUOTES_TCP);
        tcp(rules, "ip protocol tcp");
        fprintf(rules->file, "%sip protocol icmp icmp type " ECHO " %saccept\n", frame, limit);
        fprintf(rules->file, "%sip protocol icmp " ICMP_ERRORS " " QUOTES_TCP "%s %s %saccept\n", frame,
                ways[rules->way].quoted, family->own_raw, limit);
        drop(rules, "icmp", "ip protocol icmp");
}

// Only a solicitation may go to a group.
static void solicitations_to_groups(const Rules *rules) {
        const AllowFamily *family = &rules->list->ipv6;

        if (rules->way == WAY_OUT) {
                fprintf(rules->file, "%sip6 saddr :: ip6 daddr %s " SOLICIT " %s accept\n", rules->frame,
                        family->groups, family->own_raw);
                fprintf(rules->file, "%sip6 saddr %s ip6 daddr " ND_GROUPS " " SOLICIT " != %s accept\n", rules->frame,
                        family->own, family->own_raw);
                return;
        }
        for (size_t i = 0; i < family->n_peers; i++)
                fprintf(rules->file, "ip6 saddr != %s ip6 saddr%s %s ip6 daddr %s " SOLICIT " %s accept\n", family->own,
                        family->peers[i].mask, family->peers[i].set, family->groups, family->own_raw);
}

// The target of a solicitation is the receiver's address, that of an advertisement the sender's.
static void ipv6(const Rules *rules) {
        const AllowFamily *family = &rules->list->ipv6;
        const char *own = family->own_raw, *frame = rules->frame, *limit = rules->limit;

        if (!family->own)
                return;
        solicitations_to_groups(rules);
        both_ends(rules, "ip6", family);
        fprintf(rules->file, "%s" SOLICIT "%s %s accept\n", frame, rules->way == WAY_IN ? "" : " !=", own);
        fprintf(rules->file, "%s" ADVERT "%s %s accept\n", frame, rules->way == WAY_IN ? " !=" : "", own);
        gateways(rules, "ip6", family, "ip6 nexthdr icmpv6 " ICMPV6_ERRORS " " QUOTES_TCP6);
        tcp(rules, "ip6 nexthdr tcp");
        fprintf(rules->file, "%sip6 nexthdr icmpv6 icmpv6 type " ECHO " %saccept\n", frame, limit);
        fprintf(rules->file, "%sip6 nexthdr icmpv6 " ICMPV6_ERRORS " " QUOTES_TCP6 "%s %s %saccept\n", frame,
                ways[rules->way].quoted6, own, limit);
        drop(rules, "icmp", "ip6 nexthdr icmpv6");
}

// --- the chains ---

static void netdev_in(const AllowList *list, FILE *file) {
        const Rules rules = { .list = list, .way = WAY_IN, .file = file, .frame = "", .limit = ICMP_LIMIT };

        frame_in(&rules);
        if (list->ipv4.known)
                drop(&rules, "mac", "arp saddr ip %s arp saddr ip . arp saddr ether . " FROM_MAC " != %s",
                     list->ipv4.known, list->ipv4.known_arp);
        if (list->ipv4.own) {
                arp(&rules);
                drop(&rules, "arp", "meta protocol arp");
        }
        known_peers(&rules);
        ipv4(&rules);
        ipv6(&rules);
}

// A frame that a packet socket sends past the qdiscs has no link layer that a rule could read, so that the rules that
// drop by it do not match. So the rules that accept must match by it as well.
static void netdev_out(const AllowList *list, FILE *file) {
        const Rules rules = { .list = list, .way = WAY_OUT, .file = file, .frame = list->frame_out, .limit = "" };

        frame_out(&rules);
        if (list->ipv4.own) {
                fprintf(file, "%sarp saddr ether %s " TO_MAC " " EVERYBODY " " ARP_PROBE " accept\n", rules.frame,
                        list->macs, list->ipv4.own);
                arp(&rules);
                drop(&rules, "arp", "meta protocol arp");
        }
        known_peers(&rules);
        ipv4(&rules);
        ipv6(&rules);
}

void allow_rules_print_netdev(const AllowList *list, Way way, FILE *file) {
        bool allows_anything = list->has_mac && (list->ipv4.own || list->ipv6.own);

        if (allows_anything && way == WAY_IN)
                netdev_in(list, file);
        if (allows_anything && way == WAY_OUT)
                netdev_out(list, file);
        drop_rest(&(Rules){ .list = list, .way = way, .file = file }, "other");
}

// Frames that come back from an ifb have skipped the ingress hook, so that the same list is needed again. And frames of
// the host are dropped here before it looks for a neighbour on their behalf.
void allow_rules_print_inet(const AllowList *list, Way way, FILE *file) {
        const Rules rules = {
                .list = list,
                .way = way,
                .file = file,
                .frame = "",
                .limit = "",
                .users = way == WAY_OUT ? list->users : NULL,
                .reports_opens = list->reports_opens,
        };

        fputs("notrack\n", file);
        // "skuid" cannot be evaluated for a segment without a socket: the kernel's own, or the rest of a closed
        // connection. Such a segment passes this rule.
        if (rules.users)
                drop(&rules, "user", "meta skuid != %s", rules.users);
        if (way == WAY_IN)
                known_peers(&rules);
        ipv4(&rules);
        if (way == WAY_IN)
                nd_claim(&rules, "");
        else
                nd_announcement(&rules, "");
        ipv6(&rules);
        drop_rest(&rules, "other");
}

void allow_rules_print_arp(const AllowList *list, Way way, FILE *file) {
        const Rules rules = { .list = list, .way = way, .file = file, .frame = "" };

        if (list->ipv4.own)
                arp(&rules);
        drop_rest(&rules, "arp");
}
