// The isolation ruleset: the text of every chain.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "chain-text.h"

// What an accepted frame must show on its way out.
#define FRAME "@ll,48,48 0x020000000005 "

// What both ways and both families share.
#define IPV4_PAYLOAD(way, frame, quoted, limit)                                                                   \
        "ip hdrlength != 5 counter name \"mig0-" way                                                              \
        "-options\" drop\n"                                                                                       \
        "ip frag-off & 0xbfff != 0 counter name \"mig0-" way "-fragment\" drop\n" frame                           \
        "ip protocol tcp tcp dport 49152-49215 tcp sport >= 1024 accept\n" frame                                  \
        "ip protocol tcp tcp sport 49152-49215 tcp dport >= 1024 tcp flags & (syn | ack) != syn "                 \
        "tcp flags & (rst | ack) != 0 accept\n"                                                                   \
        "ip protocol tcp counter name \"mig0-" way "-port\" drop\n" frame                                         \
        "ip protocol icmp icmp type { echo-reply, echo-request } " limit "accept\n" frame                         \
        "ip protocol icmp icmp type { destination-unreachable, time-exceeded } @th,64,8 0x45 @th,136,8 6 " quoted \
        " 0xc0000205 " limit                                                                                      \
        "accept\n"                                                                                                \
        "ip protocol icmp counter name \"mig0-" way                                                               \
        "-icmp\" drop\n"                                                                                          \
        "counter name \"mig0-" way "-other\" drop\n"
#define IPV4_IN(limit)                                                  \
        "ip daddr != 192.0.2.5 counter name \"mig0-in-address\" drop\n" \
        "ip saddr 192.0.2.5 counter name \"mig0-in-peer\" drop\n"       \
        "ip saddr != 192.0.2.0/28 counter name \"mig0-in-peer\" drop\n" IPV4_PAYLOAD("in", "", "@th,160,32", limit)
#define IPV4_OUT(frame)                                                  \
        "ip saddr != 192.0.2.5 counter name \"mig0-out-address\" drop\n" \
        "ip daddr 192.0.2.5 counter name \"mig0-out-peer\" drop\n"       \
        "ip daddr != 192.0.2.0/28 counter name \"mig0-out-peer\" drop\n" IPV4_PAYLOAD("out", frame, "@th,192,32", "")
#define ARP_OF_IPV4 "arp htype 1 arp ptype ip arp hlen 6 arp plen 4 arp operation "
#define PROBE ARP_OF_IPV4 "1 arp saddr ip 0.0.0.0 arp daddr ip 192.0.2.5 accept\n"
#define CLAIM ARP_OF_IPV4 "2 arp saddr ip 192.0.2.5 arp daddr ip 0.0.0.0 accept\n"
#define ARP "arp htype 1 arp ptype ip arp hlen 6 arp plen 4 arp operation 1-2 "

static void test_an_ipv4_plane_at_its_device(void **state _unused_) {
        _cleanup_config_ Config *config = NULL;
        _cleanup_state_ State rules = {};

        derive(IPV4_PLANE, there, &config, &rules);
        assert_chain(
                &rules, RULESET_NETDEV, "mig0-in",
                "type filter hook ingress device \"mig0\" priority -500; policy accept;\n"
                "@ll,96,16 0x88a8 counter name \"mig0-in-ethertype\" drop\n"
                "vlan id != 0 counter name \"mig0-in-ethertype\" drop\n"
                "meta protocol != { arp, ip } counter name \"mig0-in-ethertype\" drop\n"
                "@ll,0,48 0x020000000005 " CLAIM
                "arp htype 1 arp ptype ip arp hlen 6 arp plen 4 arp operation 1-2 arp saddr ip 192.0.2.5 arp saddr "
                "ether != 02:00:00:00:00:05 counter name \"mig0-in-conflict\" drop\n"
                "arp htype 1 arp ptype ip arp hlen 6 arp plen 4 arp operation 1-2 arp saddr ip != 0.0.0.0 arp saddr ip "
                "!= 192.0.2.5 @ll,48,48 0x020000000005 counter name \"mig0-in-conflict\" drop\n"
                "meta protocol arp @ll,0,48 != { 0xffffffffffff, 0x020000000005 } counter name \"mig0-in-mac\" drop\n"
                "meta protocol ip @ll,0,48 != 0x020000000005 counter name \"mig0-in-mac\" drop\n"
                "arp saddr ip 192.0.2.5 counter name \"mig0-in-arp\" drop\n" ARP
                "arp daddr ip 192.0.2.5 arp saddr ip 192.0.2.0/28 accept\n"
                "meta protocol arp counter name \"mig0-in-arp\" drop\n" IPV4_IN(
                        "limit rate 1000/second burst 1000 packets "));
        assert_chain(
                &rules, RULESET_NETDEV, "mig0-out",
                "type filter hook egress device \"mig0\" priority 500; policy accept;\n"
                "meta protocol . @ll,96,16 != { arp . 0x0806, ip . 0x0800 } counter name \"mig0-out-ethertype\" drop\n"
                "@ll,48,48 != 0x020000000005 counter name \"mig0-out-mac\" drop\n"
                "meta protocol ip @ll,7,1 1 counter name \"mig0-out-mac\" drop\n" FRAME
                "arp saddr ether 02:00:00:00:00:05 @ll,0,48 0xffffffffffff " PROBE
                "arp daddr ip 192.0.2.5 counter name \"mig0-out-arp\" drop\n" FRAME
                "arp saddr ether 02:00:00:00:00:05 " ARP
                "arp saddr ip 192.0.2.5 arp daddr ip 192.0.2.0/28 accept\n"
                "meta protocol arp counter name \"mig0-out-arp\" drop\n" IPV4_OUT(FRAME));
}

static void test_an_ipv4_plane_in_the_stack(void **state _unused_) {
        _cleanup_config_ Config *config = NULL;
        _cleanup_state_ State rules = {};

        derive(IPV4_PLANE, there, &config, &rules);
        assert_chain(&rules, RULESET_INET, "mig0-in", "notrack\n" IPV4_IN(""));
        assert_chain(&rules, RULESET_INET, "mig0-out", "notrack\n" IPV4_OUT(""));
        assert_chain(&rules, RULESET_INET, "prerouting",
                     "type filter hook prerouting priority -450; policy accept;\n"
                     "iifname \"mig0\" goto mig0-in\n"
                     "iifname \"lo\" accept\n"
                     "ip daddr & 255.255.255.0 == 192.0.2.0 counter name \"mig0-in-elsewhere\" drop\n"
                     "ip saddr & 255.255.255.0 == 192.0.2.0 counter name \"mig0-in-elsewhere\" drop\n");
        assert_chain(&rules, RULESET_INET, "forward",
                     "type filter hook forward priority -450; policy accept;\n"
                     "iifname == \"mig0\" counter name \"mig0-in-forward\" drop\n"
                     "oifname == \"mig0\" counter name \"mig0-out-forward\" drop\n");
        assert_chain(&rules, RULESET_INET, "output",
                     "type filter hook output priority -450; policy accept;\n"
                     "oifname \"mig0\" goto mig0-out\n"
                     "oifname \"lo\" accept\n"
                     "ip saddr == 192.0.2.5 counter name \"mig0-out-elsewhere\" drop\n"
                     "ip daddr & 255.255.255.0 == 192.0.2.0 counter name \"mig0-out-elsewhere\" drop\n");
}

#define INPUT_HOOK "type filter hook input priority -450; policy accept;\n"
#define OPENS "tcp flags & (syn | ack) == syn "
#define CLOSES(ports, link) OPENS "tcp dport " ports " counter name \"" link "-in-fallback\" reject with tcp reset\n"
#define SILENT(ports, link) OPENS "tcp dport " ports " counter name \"" link "-in-fallback\" drop\n"
#define QUOTED "icmp type { destination-unreachable, redirect, time-exceeded, parameter-problem } "

static void test_migration_ports_are_closed_elsewhere(void **state _unused_) {
        _cleanup_config_ Config *config = NULL;
        _cleanup_state_ State rules = {};

        derive(IPV4_PLANE "Ports=49152-49215 16514\n", there, &config, &rules);
        assert_chain(&rules, RULESET_INET, "input",
                     INPUT_HOOK
                     "iifname { \"lo\", \"mig0\" } accept\n"
                     "ip daddr == 192.0.2.5 counter name \"mig0-in-elsewhere\" drop\n" QUOTED
                     "@th,160,32 == 0xc0000205 counter name \"mig0-in-elsewhere\" drop\n" QUOTED
                     "@th,192,32 & 0xffffff00 == 0xc0000200 counter name \"mig0-in-elsewhere\" drop\n" CLOSES(
                             "49152-49215", "mig0"));
}

// A network behind a router may hold others than the planes' hosts; a peer's own address is the plane's.
static void test_a_routed_peer_is_the_planes_and_its_network_is_not(void **state _unused_) {
        _cleanup_config_ Config *config = NULL;
        _cleanup_state_ State rules = {};

        derive(IPV4_PLANE "Peers=203.0.113.9 203.0.113.16/28\n[Route]\nDestination=203.0.113.0/24\nGateway=192.0.2.1\n",
               there, &config, &rules);
        assert_chain(&rules, RULESET_INET, "output",
                     "type filter hook output priority -450; policy accept;\n"
                     "oifname \"mig0\" goto mig0-out\n"
                     "oifname \"lo\" accept\n"
                     "ip saddr == 192.0.2.5 counter name \"mig0-out-elsewhere\" drop\n"
                     "ip daddr & 255.255.255.0 == 192.0.2.0 counter name \"mig0-out-elsewhere\" drop\n"
                     "ip daddr == 203.0.113.9 counter name \"mig0-out-elsewhere\" drop\n");
        assert_has(&rules, RULESET_INET, "input",
                   QUOTED "@th,192,32 == 0xcb007109 counter name \"mig0-in-elsewhere\" drop\n");
}

static void test_migration_ports_are_open_with_a_fallback(void **state _unused_) {
        _cleanup_config_ Config *config = NULL;
        _cleanup_state_ State rules = {};

        derive(IPV4_PLANE "[Plane]\nFallback=allow\n", there, &config, &rules);
        assert_has(&rules, RULESET_INET, "input",
                   INPUT_HOOK "iifname { \"lo\", \"mig0\" } accept\nip daddr == 192.0.2.5 counter name");
}

static void test_plain_rules_close_ports_in_silence(void **state _unused_) {
        _cleanup_config_ Config *config = NULL;
        _cleanup_state_ State rules = {};
        RulesetPlane plane = there;

        plane.is_plain = true;
        derive(IPV4_PLANE, plane, &config, &rules);
        assert_has(&rules, RULESET_INET, "input", SILENT("49152-49215", "mig0"));
}

// What one plane closes and another wants open is open; what two close, the first one counts.
static void test_fallbacks_of_several_planes(void **state _unused_) {
        static const struct {
                const char *ports[3]; // of mig0 and mig1, which deny, and mig2, which allows
                const char *closed;
        } cases[] = {
                { { "100-199", "100-199", "300" }, CLOSES("100-199", "mig0") },
                { { "150-199", "100-249", "300" },
                  CLOSES("100-149", "mig1") CLOSES("150-199", "mig0") CLOSES("200-249", "mig1") },
                { { "100-199", "65000-65535", "150-159" },
                  CLOSES("100-149", "mig0") CLOSES("160-199", "mig0") CLOSES("65000-65535", "mig1") },
                { { "100-199", "100-109", "100-189" }, CLOSES("190-199", "mig0") },
                { { "100-101", "200", "101" }, CLOSES("100", "mig0") CLOSES("200", "mig1") },
                { { "100-199", "150-159", "1-65535" }, "" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Config *configs[3];
                RulesetPlane planes[3] = { there, there, there };
                _cleanup_state_ State rules = {};
                char text[512];

                for (unsigned j = 0; j < 3; j++) {
                        (void)snprintf(text, sizeof(text),
                                       "[Plane]\nFallback=%s\n[Interface]\nName=mig%u\n[Address]\n"
                                       "Address=192.0.%u.5/24\n[Isolation]\nPorts=%s\n",
                                       j == 2 ? "allow" : "deny", j, j, cases[i].ports[j]);
                        planes[j].plane = golden_plane("blue", text, &configs[j]);
                }
                assert_int_equal(ruleset_derive(planes, 3, &rules), 0);
                (void)snprintf(text, sizeof(text), "-in-elsewhere\" drop\n%s", cases[i].closed);
                _cleanup_free_ char *chain = chain_text(&rules, RULESET_INET, "input");
                assert_true(strlen(chain) > strlen(text));
                assert_string_equal(chain + strlen(chain) - strlen(text), text);
                for (unsigned j = 0; j < 3; j++)
                        config_free(configs[j]);
        }
}

static const PlaneConfig unread = {
        .name = (char[]){ "red" },
        .is_unread = true,
        .ports = (PortRange[]){ { 49152, 49215 } },
        .n_ports = 1,
};

// Nothing is known of it, and its ports are closed on every network: in silence, because its own may be among them.
static void test_a_plane_that_is_unread_closes_its_ports(void **state _unused_) {
        const RulesetPlane plane = { .plane = &unread };
        _cleanup_state_ State rules = {};

        assert_int_equal(ruleset_derive(&plane, 1, &rules), 0);
        assert_int_equal(rules.n_objects, 1);
        assert_chain(&rules, RULESET_INET, "input",
                     INPUT_HOOK "iifname { \"lo\" } accept\n" SILENT("49152-49215", "x//"));
}

static void test_a_plane_that_is_unread_beside_another(void **state _unused_) {
        _cleanup_config_ Config *config = NULL;
        _cleanup_state_ State alone = {}, both = {};
        RulesetPlane planes[] = { there, { .plane = &unread } };

        planes[0].plane = golden_plane("blue", IPV4_PLANE "[Isolation]\nPorts=100-199\n", &config);
        assert_int_equal(ruleset_derive(planes, 1, &alone), 0);
        assert_int_equal(ruleset_derive(planes, 2, &both), 0);
        assert_has(&both, RULESET_INET, "input",
                   "-in-elsewhere\" drop\n" CLOSES("100-199", "mig0") SILENT("49152-49215", "x//"));
        assert_int_equal(alone.n_objects, both.n_objects);
        for (size_t i = 0; i < alone.n_objects; i++)
                if (!streq(alone.objects[i].as_ruleset.chain, "input"))
                        assert_int_equal(alone.objects[i].as_ruleset.hash, both.objects[i].as_ruleset.hash);
}

static void test_an_ipv4_plane_in_arp(void **state _unused_) {
        _cleanup_config_ Config *config = NULL;
        _cleanup_state_ State rules = {};

        derive(IPV4_PLANE, there, &config, &rules);
        assert_chain(&rules, RULESET_ARP, "input",
                     "type filter hook input priority -450; policy accept;\n"
                     "iifname \"mig0\" goto mig0-in\n"
                     "arp daddr ip & 255.255.255.0 == 192.0.2.0 counter name \"mig0-in-elsewhere\" drop\n"
                     "arp saddr ip & 255.255.255.0 == 192.0.2.0 counter name \"mig0-in-elsewhere\" drop\n");
        assert_chain(&rules, RULESET_ARP, "mig0-in",
                     "arp saddr ip 192.0.2.5 counter name \"mig0-in-arp\" drop\n" ARP
                     "arp daddr ip 192.0.2.5 arp saddr ip 192.0.2.0/28 accept\n"
                     "counter name \"mig0-in-arp\" drop\n");
        assert_chain(&rules, RULESET_ARP, "output",
                     "type filter hook output priority -450; policy accept;\n"
                     "oifname \"mig0\" goto mig0-out\n"
                     "arp saddr ip & 255.255.255.0 == 192.0.2.0 counter name \"mig0-out-elsewhere\" drop\n"
                     "arp daddr ip & 255.255.255.0 == 192.0.2.0 counter name \"mig0-out-elsewhere\" drop\n");
        assert_chain(&rules, RULESET_ARP, "mig0-out",
                     "arp daddr ip 192.0.2.5 counter name \"mig0-out-arp\" drop\n" ARP
                     "arp saddr ip 192.0.2.5 arp daddr ip 192.0.2.0/28 accept\n"
                     "counter name \"mig0-out-arp\" drop\n");
}

#define SOLICIT "ip6 nexthdr icmpv6 ip6 hoplimit 255 icmpv6 type nd-neighbor-solicit @th,64,128 "
#define ADVERT "ip6 nexthdr icmpv6 ip6 hoplimit 255 icmpv6 type nd-neighbor-advert @th,64,128 "
#define OWN_RAW "0xfd000000000000000000000000123456"
#define NETWORK_RAW "& 0xffffffffffffffff0000000000000000 == 0xfd000000000000000000000000000000"
#define QUOTED6 "icmpv6 type { destination-unreachable, packet-too-big, time-exceeded, parameter-problem } "

static void test_an_ipv6_plane(void **state _unused_) {
        _cleanup_config_ Config *config = NULL;
        _cleanup_state_ State rules = {};

        derive("[Interface]\nName=mig0\nKind=device\n[Address]\nAddress=fd00::12:3456/64\n", there, &config, &rules);
        assert_has(
                &rules, RULESET_NETDEV, "mig0-in",
                "meta protocol != { ip6 } counter name \"mig0-in-ethertype\" drop\n"
                "ip6 nexthdr icmpv6 ip6 hoplimit 255 icmpv6 type nd-neighbor-advert @th,64,128 "
                "0xfd000000000000000000000000123456 @ll,48,48 != 0x020000000005 counter name \"mig0-in-conflict\" drop\n"
                "ip6 saddr :: ip6 nexthdr icmpv6 ip6 hoplimit 255 icmpv6 type nd-neighbor-solicit @th,64,128 "
                "0xfd000000000000000000000000123456 @ll,48,48 != 0x020000000005 counter name \"mig0-in-conflict\" drop\n"
                "ip6 daddr ff02::1:ff12:3456 @ll,0,48 != 0x3333ff123456 counter name \"mig0-in-mac\" drop\n"
                "ip6 daddr != ff02::1:ff12:3456 @ll,0,48 != 0x020000000005 counter name \"mig0-in-mac\" drop\n"
                "ip6 saddr != fd00::12:3456 ip6 saddr fd00::/64 ip6 daddr ff02::1:ff12:3456 " SOLICIT OWN_RAW
                " accept\n"
                "ip6 daddr != fd00::12:3456 counter name \"mig0-in-address\" drop\n"
                "ip6 saddr fd00::12:3456 counter name \"mig0-in-peer\" drop\n"
                "ip6 saddr != fd00::/64 counter name \"mig0-in-peer\" drop\n" SOLICIT OWN_RAW " accept\n" ADVERT
                "!= " OWN_RAW
                " accept\n"
                "ip6 nexthdr tcp tcp dport 49152-49215 tcp sport >= 1024 accept\n");
        assert_has(&rules, RULESET_NETDEV, "mig0-out",
                   "ip6 daddr != ff02::1:ff00:0/104 @ll,7,1 1 counter name \"mig0-out-mac\" drop\n" FRAME
                   "ip6 saddr :: ip6 daddr ff02::1:ff12:3456 " SOLICIT OWN_RAW " accept\n" FRAME
                   "ip6 saddr fd00::12:3456 ip6 daddr ff02::1:ff00:0/104 " SOLICIT "!= " OWN_RAW " accept\n");
        assert_has(&rules, RULESET_INET, "mig0-out", SOLICIT "!= " OWN_RAW " accept\n" ADVERT OWN_RAW " accept\n");
        assert_has(&rules, RULESET_INET, "prerouting",
                   "ip6 daddr & ffff:ffff:ffff:ffff:: == fd00:: counter name \"mig0-in-elsewhere\" drop\n"
                   "ip6 saddr & ffff:ffff:ffff:ffff:: == fd00:: counter name \"mig0-in-elsewhere\" drop\n"
                   "icmpv6 type nd-neighbor-solicit @th,64,128 " NETWORK_RAW
                   " counter name \"mig0-in-elsewhere\" drop\n");
        assert_has(
                &rules, RULESET_INET, "mig0-in",
                "ip6 nexthdr icmpv6 icmpv6 type { destination-unreachable, packet-too-big, time-exceeded } @th,112,8 6 "
                "@th,128,128 " OWN_RAW " accept\n");
        assert_has(&rules, RULESET_INET, "mig0-out", "@th,112,8 6 @th,256,128 " OWN_RAW " accept\n");
        assert_has(&rules, RULESET_INET, "input",
                   "ip6 daddr == fd00::12:3456 counter name \"mig0-in-elsewhere\" drop\n" QUOTED6
                   "@th,128,128 == " OWN_RAW " counter name \"mig0-in-elsewhere\" drop\n" QUOTED6
                   "@th,256,128 " NETWORK_RAW " counter name \"mig0-in-elsewhere\" drop\n");
        assert_chain(&rules, RULESET_ARP, "input", "");
}

static void test_known_peers_are_held_to_their_macs(void **state _unused_) {
        _cleanup_config_ Config *config = NULL;
        _cleanup_state_ State rules = {};

        derive(IPV4_PLANE "[Peer]\nAddress=192.0.2.6\nMACAddress=02:00:00:00:00:06\n", there, &config, &rules);
        assert_has(&rules, RULESET_NETDEV, "mig0-in",
                   "arp saddr ip 192.0.2.6 arp saddr ip . arp saddr ether . @ll,48,48 != "
                   "{ 192.0.2.6 . 02:00:00:00:00:06 . 0x020000000006 } counter name \"mig0-in-mac\" drop\n");
        assert_has(
                &rules, RULESET_NETDEV, "mig0-in",
                "ip saddr 192.0.2.6 ip saddr . @ll,48,48 != { 192.0.2.6 . 0x020000000006 } counter name \"mig0-in-mac\" drop\n");
        assert_has(
                &rules, RULESET_NETDEV, "mig0-out",
                "ip daddr 192.0.2.6 ip daddr . @ll,0,48 != { 192.0.2.6 . 0x020000000006 } counter name \"mig0-out-mac\" drop\n");
        assert_has(&rules, RULESET_INET, "mig0-in", "notrack\nip saddr 192.0.2.6 ip saddr . @ll,48,48 != ");
}

static void test_gateways_are_resolved_as_peers_are(void **state _unused_) {
        _cleanup_config_ Config *config = NULL;
        _cleanup_state_ State rules = {};

        derive(IPV4_PLANE "[Route]\nDestination=198.51.100.0/24\nGateway=192.0.2.254\n", there, &config, &rules);
        assert_has(&rules, RULESET_NETDEV, "mig0-in",
                   ARP "arp daddr ip 192.0.2.5 arp saddr ip 192.0.2.0/28 accept\n" ARP
                       "arp daddr ip 192.0.2.5 arp saddr ip 192.0.2.254 accept\n");
        assert_has(&rules, RULESET_NETDEV, "mig0-in",
                   "ip saddr != 192.0.2.0/28 ip saddr != 192.0.2.254 counter name \"mig0-in-peer\" drop\n");
}

static void test_users_are_those_named_and_the_daemon(void **state _unused_) {
        _cleanup_config_ Config *config = NULL;
        _cleanup_state_ State rules = {};
        RulesetPlane plane = there;

        plane.daemon_user = 901;
        derive(IPV4_PLANE "[Isolation]\nUsers=64055 901\n", plane, &config, &rules);
        assert_has(&rules, RULESET_INET, "mig0-out",
                   "notrack\nmeta skuid != { 901, 64055 } counter name \"mig0-out-user\" drop\n");
        // Who opens a connection, on either side, must be known.
        assert_has(&rules, RULESET_INET, "mig0-out",
                   "ip protocol tcp tcp flags & syn != syn tcp dport 49152-49215 tcp sport >= 1024 accept\n"
                   "ip protocol tcp meta skuid { 901, 64055 } tcp dport 49152-49215 tcp sport >= 1024 accept\n"
                   "ip protocol tcp tcp dport 49152-49215 tcp sport >= 1024 counter name \"mig0-out-user\" drop\n"
                   "ip protocol tcp tcp flags & syn != syn tcp sport 49152-49215 tcp dport >= 1024 ");
}

#define REPORT(reason) "limit rate 10/minute burst 5 packets log group 28016 prefix \"mig0-" reason "\"\n"

// Each rule that drops is as it is without, and has one before it that matches the same and reports.
static void test_reports_stand_before_drops(void **state _unused_) {
        _cleanup_config_ Config *config = NULL;
        _cleanup_state_ State rules = {};
        RulesetPlane plane = there;

        plane.reports = true;
        derive(IPV4_PLANE "LogDrops=yes\n", plane, &config, &rules);
        assert_has(&rules, RULESET_NETDEV, "mig0-in",
                   "meta protocol != { arp, ip } " REPORT(
                           "in-ethertype") "meta protocol != { arp, ip } counter name \"mig0-in-ethertype\" drop\n");
        assert_has(&rules, RULESET_INET, "mig0-out", "\n" REPORT("out-other") "counter name \"mig0-out-other\" drop\n");
        assert_has(&rules, RULESET_INET, "prerouting",
                   "ip daddr & 255.255.255.0 == 192.0.2.0 jump mig0-in-elsewhere\n"
                   "ip daddr & 255.255.255.0 == 192.0.2.0 counter name \"mig0-in-elsewhere\" drop\n");
        assert_has(&rules, RULESET_INET, "forward",
                   "iifname == \"mig0\" jump mig0-in-forward\n"
                   "iifname == \"mig0\" counter name \"mig0-in-forward\" drop\n");
        assert_has(&rules, RULESET_INET, "input",
                   OPENS "tcp dport 49152-49215 jump mig0-in-fallback\n" CLOSES("49152-49215", "mig0"));
        assert_chain(&rules, RULESET_INET, "mig0-in-fallback", REPORT("in-fallback"));
        assert_chain(&rules, RULESET_ARP, "mig0-out-elsewhere", REPORT("out-elsewhere"));
}

static void test_refused_connections_are_reported_without_log_drops(void **state _unused_) {
        _cleanup_config_ Config *config = NULL;
        _cleanup_state_ State rules = {};
        RulesetPlane plane = there;

        plane.reports = true;
        derive(IPV4_PLANE, plane, &config, &rules);
        assert_has(&rules, RULESET_INET, "input",
                   OPENS "tcp dport 49152-49215 jump mig0-in-fallback\n" CLOSES("49152-49215", "mig0"));
        assert_chain(&rules, RULESET_INET, "mig0-in-fallback", REPORT("in-fallback"));
        assert_chain(&rules, RULESET_ARP, "mig0-out-elsewhere", "");
}

// All that a plane that reports adds is rules that report: nobody reads them, nothing is lost.
static void test_without_a_reader_nothing_reports(void **state _unused_) {
        Config *configs[2];
        _cleanup_state_ State with = {}, without = {};

        derive(IPV4_PLANE "LogDrops=1/day\n", there, &configs[0], &with);
        derive(IPV4_PLANE, there, &configs[1], &without);
        assert_int_equal(with.n_objects, without.n_objects);
        for (size_t i = 0; i < with.n_objects; i++)
                assert_string_equal(with.objects[i].as_ruleset.text, without.objects[i].as_ruleset.text);
        config_free(configs[0]);
        config_free(configs[1]);
}

static void test_lone_ports_are_a_set(void **state _unused_) {
        _cleanup_config_ Config *config = NULL;
        _cleanup_state_ State rules = {};

        derive(IPV4_PLANE "[Isolation]\nPorts=16514 49152-49215 22\n", there, &config, &rules);
        assert_has(&rules, RULESET_INET, "mig0-in",
                   "ip protocol tcp tcp dport { 22, 16514 } tcp sport >= 1024 accept\n");
        assert_has(&rules, RULESET_INET, "mig0-in", "ip protocol tcp tcp dport 49152-49215 tcp sport >= 1024 accept\n");
}

static void test_peers_are_looked_up_by_their_networks(void **state _unused_) {
        _cleanup_config_ Config *config = NULL;
        _cleanup_state_ State rules = {};

        derive(IPV4_PLANE "Peers=198.51.100.0/24 203.0.113.0/24 10.0.0.0/8 192.0.2.26 192.0.2.27\n", there, &config,
               &rules);
        assert_has(
                &rules, RULESET_INET, "mig0-in",
                "ip saddr != 10.0.0.0/8 ip saddr & 255.255.255.0 != { 198.51.100.0, 203.0.113.0 } "
                "ip saddr != 192.0.2.0/28 ip saddr != { 192.0.2.26, 192.0.2.27 } counter name \"mig0-in-peer\" drop\n");
        assert_has(&rules, RULESET_ARP, "mig0-in",
                   ARP "arp daddr ip 192.0.2.5 arp saddr ip 10.0.0.0/8 accept\n" ARP
                       "arp daddr ip 192.0.2.5 arp saddr ip & 255.255.255.0 { 198.51.100.0, 203.0.113.0 } accept\n" ARP
                       "arp daddr ip 192.0.2.5 arp saddr ip 192.0.2.0/28 accept\n" ARP
                       "arp daddr ip 192.0.2.5 arp saddr ip { 192.0.2.26, 192.0.2.27 } accept\n");
}

// Where a set or a map has an interval, the text within its braces has a prefix, or a dash before a digit.
static bool has_interval(const char *text) {
        for (const char *set = text; (set = strchr(set, '{')); set++)
                for (const char *c = set + 1; *c && *c != '}' && *c != '\n'; c++)
                        if (*c == '/' || (*c == '-' && c[1] >= '0' && c[1] <= '9'))
                                return true;
        return false;
}

static void test_no_set_is_of_intervals(void **state _unused_) {
        _cleanup_config_ Config *blue = NULL, *green = NULL;
        _cleanup_state_ State rules = {};
        RulesetPlane planes[] = { there, there };

        planes[0].plane = golden_plane("blue",
                                       IPV4_PLANE
                                       "[Plane]\nFallback=deny\n[Address]\nAddress=fd00::12:3456/64\n[Isolation]\n"
                                       "Ports=49152-49215 16514 60000-60050\nPeers=192.0.2.0/24 10.0.0.0/8\n"
                                       "Peers=10.1.2.3 fd00::/64 fd01::/48 fd02::1\nLogDrops=10/minute\n",
                                       &blue);
        planes[1].plane =
                golden_plane("green",
                             "[Plane]\nFallback=deny\n[Interface]\nName=mig1\nKind=vlan\nParent=eno1\nVLANId=101\n"
                             "[Address]\nAddress=198.51.100.5/25\n[Isolation]\nPorts=40000-40001\n",
                             &green);
        planes[0].reports = true;
        assert_int_equal(ruleset_derive(planes, 2, &rules), 0);
        for (size_t i = 0; i < rules.n_objects; i++)
                assert_false(has_interval(rules.objects[i].as_ruleset.text));
        assert_true(has_interval("ip saddr { 192.0.2.1, 10.0.0.0/8 } drop"));
        assert_true(has_interval("tcp dport { 22, 49152-49215 } drop"));
}

static void test_without_a_mac_nothing_passes(void **state _unused_) {
        _cleanup_config_ Config *config = NULL;
        _cleanup_state_ State rules = {};

        derive(IPV4_PLANE, (RulesetPlane){ .device_exists = true }, &config, &rules);
        assert_chain(&rules, RULESET_NETDEV, "mig0-in",
                     "type filter hook ingress device \"mig0\" priority -500; policy accept;\n"
                     "counter name \"mig0-in-other\" drop\n");
}

static void test_without_a_device_the_stack_is_guarded_all_the_same(void **state _unused_) {
        _cleanup_config_ Config *config = NULL;
        _cleanup_state_ State rules = {};

        derive(IPV4_PLANE, (RulesetPlane){}, &config, &rules);
        assert_int_equal(rules.n_objects, 10);
        for (size_t i = 0; i < rules.n_objects; i++)
                assert_int_not_equal(rules.objects[i].as_ruleset.family, RULESET_NETDEV);
}

static void test_every_rule_tells_the_hash(void **state _unused_) {
        _cleanup_config_ Config *config = NULL;
        _cleanup_state_ State rules = {};

        derive(IPV4_PLANE, there, &config, &rules);
        for (size_t i = 0; i < rules.n_objects; i++) {
                const RulesetObject *ruleset = &rules.objects[i].as_ruleset;
                char comment[64];
                unsigned n = 0;

                (void)snprintf(comment, sizeof(comment), " comment \"migplane %016llx\"\n",
                               (unsigned long long)ruleset->hash);
                for (const char *at = ruleset->text; (at = strstr(at, comment)); at++)
                        n++;
                assert_int_equal(n, ruleset->n_rules);
                assert_true(n > 0);
        }
}

static void test_no_plane_no_ruleset(void **state _unused_) {
        _cleanup_state_ State rules = {};

        assert_int_equal(ruleset_derive(NULL, 0, &rules), 0);
        assert_int_equal(rules.n_objects, 0);
}

static void test_names_that_nft_does_not_take_are_spelled(void **state _unused_) {
        _cleanup_config_ Config *config = NULL;
        _cleanup_state_ State rules = {};

        derive("[Interface]\nName=0m@ig\nKind=device\n[Address]\nAddress=192.0.2.5/24\n", there, &config, &rules);
        assert_has(&rules, RULESET_NETDEV, "x//0m/40ig-in",
                   "type filter hook ingress device \"0m@ig\" priority -500; policy accept;\n");
        assert_has(&rules, RULESET_NETDEV, "x//0m/40ig-in", "counter name \"x//0m/40ig-in-other\" drop\n");
        assert_has(&rules, RULESET_INET, "prerouting", "iifname \"0m@ig\" goto x//0m/40ig-in\n");
}

static void test_names_that_cannot_be_told_to_nft_are_refused(void **state _unused_) {
        _cleanup_config_ Config *config = NULL;
        _cleanup_state_ State rules = {};
        PlaneConfig plane = *golden_plane("blue", IPV4_PLANE, &config);
        RulesetPlane facts = { .plane = &plane };

        strcpy_fixed(plane.interface, "mig\"0");
        assert_int_equal(ruleset_derive(&facts, 1, &rules), -EINVAL);
        strcpy_fixed(plane.interface, "mig0");
        facts.parent_guard = "eno*";
        assert_int_equal(ruleset_derive(&facts, 1, &rules), -EINVAL);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_an_ipv4_plane_at_its_device),
                cmocka_unit_test(test_an_ipv4_plane_in_the_stack),
                cmocka_unit_test(test_migration_ports_are_closed_elsewhere),
                cmocka_unit_test(test_a_routed_peer_is_the_planes_and_its_network_is_not),
                cmocka_unit_test(test_migration_ports_are_open_with_a_fallback),
                cmocka_unit_test(test_plain_rules_close_ports_in_silence),
                cmocka_unit_test(test_fallbacks_of_several_planes),
                cmocka_unit_test(test_a_plane_that_is_unread_closes_its_ports),
                cmocka_unit_test(test_a_plane_that_is_unread_beside_another),
                cmocka_unit_test(test_an_ipv4_plane_in_arp),
                cmocka_unit_test(test_an_ipv6_plane),
                cmocka_unit_test(test_known_peers_are_held_to_their_macs),
                cmocka_unit_test(test_gateways_are_resolved_as_peers_are),
                cmocka_unit_test(test_users_are_those_named_and_the_daemon),
                cmocka_unit_test(test_reports_stand_before_drops),
                cmocka_unit_test(test_refused_connections_are_reported_without_log_drops),
                cmocka_unit_test(test_without_a_reader_nothing_reports),
                cmocka_unit_test(test_lone_ports_are_a_set),
                cmocka_unit_test(test_peers_are_looked_up_by_their_networks),
                cmocka_unit_test(test_no_set_is_of_intervals),
                cmocka_unit_test(test_without_a_mac_nothing_passes),
                cmocka_unit_test(test_without_a_device_the_stack_is_guarded_all_the_same),
                cmocka_unit_test(test_every_rule_tells_the_hash),
                cmocka_unit_test(test_no_plane_no_ruleset),
                cmocka_unit_test(test_names_that_nft_does_not_take_are_spelled),
                cmocka_unit_test(test_names_that_cannot_be_told_to_nft_are_refused),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
