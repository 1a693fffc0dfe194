// The configuration of one plane: syntax, keys, values and messages.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "config-messages.h"
#include "base/inet.h"
#include "base/util.h"
#include "config/config.h"
#include "config/equal.h"
#include "config/ini.h"
#include "config/load.h"

// --- Syntax

static void assert_description(const char *text, const char *expected) {
        _cleanup_free_ char *whole = NULL;
        assert_true(asprintf(&whole, "%s%s", text, PLANE) > 0);
        _cleanup_config_ Config *config = load(whole);

        assert_string_equal(only_plane(config)->description, expected);
}

static void test_syntax_is_that_of_systemd(void **state _unused_) {
        assert_description("[Plane]\nDescription=blue\n", "blue");
        assert_description("\xef\xbb\xbf[Plane]\nDescription=blue\n", "blue"); // byte order mark
        assert_description("[Plane]\r\nDescription=blue\r\n", "blue");
        assert_description("\n  [Plane]  \n\t Description \t=\t blue \t\n", "blue");
        assert_description("# c\n[Plane]\n  ; c\n\t# Description=c\nDescription=blue\n", "blue");
        // Within a line neither begins a comment, and nothing is unquoted.
        assert_description("[Plane]\nDescription=blue # one ; two\n", "blue # one ; two");
        assert_description("[Plane]\nDescription=\"blue\" = 'x'\n", "\"blue\" = 'x'");
        assert_description("[Plane]\nDescription=bl\xc3\xbc\n", "bl\xc3\xbc");
        // An indented line is not a continuation.
        assert_description("[Plane]\nDescription=red\n  Description=blue\n", "blue");
        // The last assignment counts, and a section may be repeated.
        assert_description("[Plane]\nDescription=red\n[Health]\n[Plane]\nDescription=blue\n", "blue");
        // Names for other programs.
        assert_description("[X-Site]\nfoo=bar\n[Plane]\nX-Owner=me\nDescription=blue\n", "blue");
}

static void test_lines_are_continued_as_in_systemd(void **state _unused_) {
        assert_description("[Plane]\nDescription=a\\\nb\n", "a b");
        assert_description("[Plane]\nDescription=a\\\r\nb\r\n", "a b");
        assert_description("[Plane]\nDescription=a \\\n   b\\\n c\n", "a     b  c");
        assert_description("[Plane]\nDescription=a\\\n# a comment\\\n  ; and another\nb\n", "a b");
        assert_description("[Plane]\nDescription=a\\\\\n", "a\\\\"); // a backslash behind a backslash
        assert_description("[Plane]\nDescription=a\\\\\\\nb\n", "a\\\\ b");
        assert_description("[Plane]\nDescription=a\\\n\n", "a");         // an empty line ends it
        assert_description("[Plane]\n# c \\\nDescription=\\\nb\n", "b"); // a comment is not continued
}

static void test_a_continuation_at_the_end_of_the_file(void **state _unused_) {
        _cleanup_config_ Config *config = load(PLANE "[Plane]\nDescription=a\\");

        assert_string_equal(only_plane(config)->description, "a");
}

static void test_empty_assignments_reset(void **state _unused_) {
        _cleanup_config_ Config *config =
                load("[Interface]\nName=mig0\nKind=vlan\nKind=\nMTUBytes=9000\nMTUBytes=\nParent=eno1\nParent=\n"
                     "[Plane]\nRequired=no\nRequired=\nDescription=x\nDescription=\nFallback=allow\nFallback=\n"
                     "[Address]\nAddress=10.0.0.1/24\nAddress=\nAddress=172.150.1.5/24\n"
                     "[Bandwidth]\nEgress=8G\nEgress=\n"
                     "[Isolation]\nPeers=10.0.0.0/24\nPorts=1 2 3\nPorts=\nPorts=16514\nPeers=\nUsers=0\nUsers=\n"
                     "[Route]\nDestination=10.9.0.0/16\nGateway=172.150.1.1\nGateway=\n"
                     "[Peer]\nAddress=172.150.1.6\nMACAddress=52:54:00:12:34:56\nMACAddress=\n"
                     "[Health]\nProbe=172.150.1.6\nProbe=\n");
        const PlaneConfig *plane = only_plane(config);

        assert_int_equal(plane->kind, PLANE_KIND_DEVICE);
        assert_int_equal(plane->mtu, 0);
        assert_string_equal(plane->parent, "");
        assert_true(plane->required);
        assert_null(plane->description);
        assert_int_equal(plane->fallback, FALLBACK_DENY);
        assert_int_equal(plane->n_addresses, 1);
        assert_int_equal(plane->egress, 0);
        assert_int_equal(plane->n_ports, 1);
        assert_int_equal(plane->ports[0].first, 16514);
        assert_int_equal(plane->n_peers, 2); // the default again
        assert_int_equal(plane->n_users, 0);
        assert_int_equal(plane->routes[0].gateway.family, AF_UNSPEC);
        assert_false(plane->known_peers[0].has_mac);
        assert_int_equal(plane->n_probes, 0);
}

// --- Values

static void test_another_vlan_protocol_is_another_plane(void **state _unused_) {
#define VLAN "[Interface]\nKind=vlan\nParent=eno1\nVLANId=100\n"
        _cleanup_config_ Config *none = load(PLANE VLAN), *same = load(PLANE VLAN "VLANProtocol=802.1q\n"),
                                *other = load(PLANE VLAN "VLANProtocol=802.1ad\n");
#undef VLAN

        assert_true(plane_config_equal(only_plane(none), only_plane(same)));
        assert_false(plane_config_equal(only_plane(none), only_plane(other)));
}

static void test_the_example_of_the_manual(void **state _unused_) {
        _cleanup_config_ Config *config =
                load("[Plane]\nDescription=Live migration, cluster blue\nDefault=yes\nRequired=no\n"
                     "Fallback=allow\n"
                     "[Interface]\nName=mig0\nKind=vlan\nParent=eno1\nVLANId=100\nMTUBytes=9000\n"
                     "ManagedBy=networkd\n"
                     "[Address]\nAddress=172.150.1.5/24\n"
                     "[Address]\nAddress=fd00:150:1::5/64\n"
                     "[Route]\nDestination=172.150.0.0/16\nGateway=172.150.1.1\n"
                     "[Route]\nDestination=fd00:150::/32\nGateway=fd00:150:1::1\n"
                     "[Bandwidth]\nEgress=8G\nIngress=7.5G\nPerMigration=4G\nLinkRate=10G\n"
                     "ManagementReserve=1G\n"
                     "[Isolation]\nPeers=172.150.0.0/16 fd00:150::/32\nPorts=49152-49215\nUsers=root 64055\n"
                     "[Peer]\nAddress=172.150.1.6\nMACAddress=52:54:00:12:34:56\n"
                     "[Peer]\nAddress=172.150.2.6\n"
                     "[Health]\nProbe=172.150.1.6 172.150.1.7\nProbe=fd00:150::6\n");
        const PlaneConfig *plane = only_plane(config);
        char text[PREFIX_TEXT_MAX];

        assert_string_equal(plane->name, "blue");
        assert_string_equal(plane->path, "blue.plane");
        assert_string_equal(plane->description, "Live migration, cluster blue");
        assert_true(plane->wants_default);
        assert_true(plane->is_default);
        assert_false(plane->required);
        assert_int_equal(plane->fallback, FALLBACK_ALLOW);
        assert_string_equal(plane->interface, "mig0");
        assert_string_equal(plane_kind_to_string(plane->kind), "vlan");
        assert_string_equal(plane->parent, "eno1");
        assert_int_equal(plane->vlan_id, 100);
        assert_int_equal(plane->mtu, 9000);
        assert_false(plane->has_mac);
        assert_string_equal(managed_by_to_string(plane->managed_by), "networkd");
        assert_int_equal(plane->n_addresses, 2);
        assert_string_equal(prefix_format(&plane->addresses[0].prefix, text), "172.150.1.5/24");
        assert_string_equal(prefix_format(&plane->addresses[1].prefix, text), "fd00:150:1::5/64");
        assert_int_equal(plane->n_routes, 2);
        assert_string_equal(prefix_format(&plane->routes[1].destination, text), "fd00:150::/32");
        assert_string_equal(address_format(&plane->routes[0].gateway, text), "172.150.1.1");
        assert_int_equal(plane->egress, 8000000000);
        assert_int_equal(plane->ingress, 7500000000);
        assert_int_equal(plane->per_migration, 4000000000);
        assert_int_equal(plane->link_rate, 10000000000);
        assert_int_equal(plane->management_reserve, 1000000000);
        assert_int_equal(plane->n_peers, 2);
        assert_int_equal(plane->n_ports, 1);
        assert_int_equal(plane->ports[0].last, 49215);
        assert_int_equal(plane->n_users, 2);
        assert_int_equal(plane->users[0], 0);
        assert_int_equal(plane->users[1], 64055);
        assert_int_equal(plane->n_known_peers, 2);
        assert_true(plane->known_peers[0].has_mac);
        assert_int_equal(plane->known_peers[0].mac.bytes[5], 0x56);
        assert_false(plane->known_peers[1].has_mac);
        assert_int_equal(plane->n_probes, 3);
}

static void test_unset_keys_have_defaults(void **state _unused_) {
        _cleanup_config_ Config *config = load(PLANE "[Route]\nDestination=10.9.0.0/16\n");
        const PlaneConfig *plane = only_plane(config);
        char text[PREFIX_TEXT_MAX];

        assert_null(plane->description);
        assert_true(plane->required);
        assert_false(plane->wants_default);
        assert_true(plane->is_default); // the only one
        assert_string_equal(fallback_to_string(plane->fallback), "deny");
        assert_int_equal(plane->kind, PLANE_KIND_DEVICE);
        assert_int_equal(plane->managed_by, MANAGED_BY_MIGPLANE);
        assert_int_equal(plane->n_peers, 2);
        assert_string_equal(prefix_format(&plane->peers[0], text), "10.9.0.0/16");
        assert_string_equal(prefix_format(&plane->peers[1], text), "172.150.1.0/24");
        assert_int_equal(plane->n_ports, 1);
        assert_int_equal(plane->ports[0].first, 49152);
        assert_int_equal(plane->ports[0].last, 49215);
}

static void test_rates_of_logged_drops(void **state _unused_) {
        static const struct {
                const char *text;
                unsigned count, seconds;
        } cases[] = {
                { "no", 0, 0 },        { "yes", 10, 60 },     { "1/second", 1, 1 }, { "100/minute", 100, 60 },
                { "5/hour", 5, 3600 }, { "1/day", 1, 86400 }, { "", 0, 0 },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                char text[256];
                (void)snprintf(text, sizeof(text), PLANE "[Isolation]\nLogDrops=7/hour\nLogDrops=%s\n", cases[i].text);
                _cleanup_config_ Config *config = load(text);
                assert_int_equal(only_plane(config)->log_drops.count, cases[i].count);
                assert_int_equal(only_plane(config)->log_drops.seconds, cases[i].seconds);
        }
}

static void test_peers_ports_and_users_are_sorted(void **state _unused_) {
        _cleanup_config_ Config *config =
                load(PLANE
                     "[Isolation]\nPeers=172.150.1.0/24 10.1.0.0/16\nPeers=10.0.0.0/8 172.150.1.7\n"
                     "Ports=300 100-200\nPorts=150-250 251 65535 400-500 65530-65535\n"
                     "Users=7 0 root 7\n");
        const PlaneConfig *plane = only_plane(config);
        static const PortRange ports[] = { { 100, 251 }, { 300, 300 }, { 400, 500 }, { 65530, 65535 } };
        char text[PREFIX_TEXT_MAX];

        assert_int_equal(plane->n_peers, 2);
        assert_string_equal(prefix_format(&plane->peers[0], text), "10.0.0.0/8");
        assert_string_equal(prefix_format(&plane->peers[1], text), "172.150.1.0/24");
        assert_int_equal(plane->n_ports, ELEMENTSOF(ports));
        assert_memory_equal(plane->ports, ports, sizeof(ports));
        assert_int_equal(plane->n_users, 2);
        assert_int_equal(plane->users[0], 0);
        assert_int_equal(plane->users[1], 7);
}

static void test_macvlan_has_a_mac_address(void **state _unused_) {
        _cleanup_config_ Config *config =
                load(PLANE "[Interface]\nKind=macvlan\nParent=eno1\nMACAddress=52:54:00:12:34:56\n");

        assert_true(only_plane(config)->has_mac);
}

// --- Messages: a text, and all messages about it

static void test_warnings(void **state _unused_) {
        static const Case cases[] = {
                { PLANE "[Bandwith]\nEgress=8G\n",
                  "blue.plane:5: warning: unknown section [Bandwith] is ignored; did you mean [Bandwidth]?\n" },
                { PLANE "[Limits]\nEgress=8G\n",
                  "blue.plane:5: warning: unknown section [Limits] is ignored; see migplane.plane(5)\n" },
                { PLANE "[Interface]\nVlanIds=9\n",
                  "blue.plane:6: warning: unknown key VlanIds= in [Interface] is ignored; did you mean VLANId= in "
                  "[Interface]?\n" },
                { PLANE "[bandwidth]\nEgress=8G\n",
                  "blue.plane:5: warning: unknown section [bandwidth] is ignored; did you mean [Bandwidth]?\n" },
                { PLANE "[Interface]\nMtu=9000\n",
                  "blue.plane:6: warning: unknown key Mtu= in [Interface] is ignored; see migplane.plane(5)\n" },
                { PLANE "[Interface]\nmtubytes=9000\n",
                  "blue.plane:6: warning: unknown key mtubytes= in [Interface] is ignored; did you mean MTUBytes= in "
                  "[Interface]?\n" },
                { PLANE "[Plane]\n\nPorts=1\n",
                  "blue.plane:7: warning: unknown key Ports= in [Plane] is ignored; did you mean Ports= in "
                  "[Isolation]?\n" },
                { PLANE "[Peer]\nAddress=172.150.1.6\nmacaddress=x\n",
                  "blue.plane:7: warning: unknown key macaddress= in [Peer] is ignored; did you mean MACAddress= in "
                  "[Peer]?\n" },
                { PLANE "[Isolation]\nPeers=0.0.0.0/0\n",
                  "blue.plane:6: warning: Peers=0.0.0.0/0 makes every host a peer; name the networks of the peers\n" },
        };

        assert_cases(cases, ELEMENTSOF(cases), false);
}

static void test_errors_of_syntax(void **state _unused_) {
        static const Case cases[] = {
                { "Name=mig0\n" PLANE,
                  "blue.plane:1: error: Name= is before the first section; put it below a [Section]\n" },
                { PLANE "Egress\n",
                  "blue.plane:5: error: '=' is missing; write Key=Value, a [Section] or a # comment\n" },
                { PLANE " = 8G\n", "blue.plane:5: error: the key before '=' is missing; write Key=Value\n" },
                { PLANE "[Bandwidth\n",
                  "blue.plane:5: error: the section header does not end in ']'; write [Section]\n" },
                { PLANE "[\n", "blue.plane:5: error: the section header does not end in ']'; write [Section]\n" },
                { PLANE "[]\n", "blue.plane:5: error: the section header has no name; write [Section]\n" },
                { PLANE "[Plane]\nDescription=bl\xfc\n",
                  "blue.plane:6: error: the line is not valid UTF-8; save the file as UTF-8\n" },
                { PLANE "[Plane]\nDescription=\xed\xa0\x80\n",
                  "blue.plane:6: error: the line is not valid UTF-8; save the file as UTF-8\n" },
                { PLANE "[Plane]\nDescription=\xc0\xaf\n",
                  "blue.plane:6: error: the line is not valid UTF-8; save the file as UTF-8\n" },
                // The message has the line where the continued line begins, and reading goes on.
                { "# c\n\\\nfoo \\\nbar\n[Plane]\nDefault=maybe\n",
                  "blue.plane:2: error: '=' is missing; write Key=Value, a [Section] or a # comment\n"
                  "blue.plane:6: error: Default=maybe is not understood; expected yes or no\n" },
        };

        assert_cases(cases, ELEMENTSOF(cases), true);
}

static void test_a_file_with_nul_bytes_is_not_read(void **state _unused_) {
        static const char text[] = PLANE "[Plane]\nDescription=a\0b\nfoo\n";
        _cleanup_config_ Config *config = load_sized(text, sizeof(text) - 1);

        assert_messages(config,
                        "blue.plane:6: error: the line has a NUL byte: this is not a text file, and the rest is not "
                        "read\n");
        assert_true(config_is_broken(config, "blue"));
}

// A plane with n characters of description.
static Config *load_long_description(size_t n) {
        static const char head[] = PLANE "[Plane]\nDescription=";
        _cleanup_free_ char *text = malloc(sizeof(head) + n);

        assert_non_null(text);
        memcpy(text, head, sizeof(head));
        memset(text + sizeof(head) - 1, 'x', n);
        text[sizeof(head) - 1 + n] = '\0';
        return load(text);
}

static void test_lines_may_be_long(void **state _unused_) {
        static const size_t lengths[] = { 199, 200, 201, 1023, 4096, 65536, INI_LINE_MAX - 12 };

        for (size_t i = 0; i < ELEMENTSOF(lengths); i++) {
                _cleanup_config_ Config *config = load_long_description(lengths[i]);
                assert_int_equal(strlen(only_plane(config)->description), lengths[i]);
        }

        _cleanup_config_ Config *config = load_long_description(INI_LINE_MAX - 11);
        assert_messages(config,
                        "blue.plane:6: error: the line is longer than 1048576 bytes; use several assignments\n");
}

static void test_errors_of_values(void **state _unused_) {
        static const Case cases[] = {
                { PLANE "[Plane]\nDescription=a\tb\n",
                  "blue.plane:6: error: Description=a?b is not understood; expected text without control "
                  "characters\n" },
                { PLANE "[Plane]\nDefault=maybe\nRequired=2\n",
                  "blue.plane:6: error: Default=maybe is not understood; expected yes or no\n"
                  "blue.plane:7: error: Required=2 is not understood; expected yes or no\n" },
                { PLANE "[Plane]\nFallback=Deny\n",
                  "blue.plane:6: error: Fallback=Deny is not understood; expected deny or allow\n" },
                { "[Interface]\nName=migration-plane0\n",
                  "blue.plane:2: error: Name=migration-plane0: the name has 16 characters and the kernel allows at "
                  "most 15; choose a shorter name\n" },
                { "[Interface]\nName=mig 0\n",
                  "blue.plane:2: error: Name=mig 0 is not understood; expected the name of a network interface, such "
                  "as mig0\n" },
                { "[Interface]\nName=lo\n",
                  "blue.plane:2: error: Name=lo: the loopback interface reaches no other host; name another "
                  "interface\n" },
                { PLANE "[Interface]\nKind=bridge\n",
                  "blue.plane:6: error: Kind=bridge is not understood; expected vlan, macvlan or device\n" },
                { PLANE "[Interface]\nVLANId=100 # the blue one\n",
                  "blue.plane:6: error: VLANId=100 # the blue one is not understood; expected a number from 1 to 4094; a "
                  "comment stands on a line of its own\n" },
                { "[Interface]\nName=mig0 # dedicated to blue\n[Address]\nAddress=172.150.1.5/24\n",
                  "blue.plane:2: error: Name=mig0 # dedicated to blue: the name has 24 characters and the kernel allows at most "
                  "15; choose a shorter name; a comment stands on a line of its own\n" },
                { "[Interface]\nName=!x\n[Address]\nAddress=172.150.1.5/24\n",
                  "blue.plane:2: error: Name=!x: a name with any of ! ? [ ] ; , is a pattern or a list to other programs; rename "
                  "the interface\n" },
                { PLANE "[Interface]\nParent=a/b\n",
                  "blue.plane:6: error: Parent=a/b is not understood; expected the name of a network interface, such "
                  "as mig0\n" },
                { PLANE "[Interface]\nVLANId=0\n",
                  "blue.plane:6: error: VLANId=0 is out of range; expected a number from 1 to 4094\n" },
                { PLANE "[Interface]\nVLANId=4095\n",
                  "blue.plane:6: error: VLANId=4095 is out of range; expected a number from 1 to 4094\n" },
                { PLANE "[Interface]\nVLANId=0x64\n",
                  "blue.plane:6: error: VLANId=0x64 is not understood; expected a number from 1 to 4094\n" },
                { PLANE "[Interface]\nVLANProtocol=88a8\n",
                  "blue.plane:6: error: VLANProtocol=88a8 is not understood; expected 802.1Q or 802.1ad\n" },
                { PLANE "[Interface]\nMTUBytes=67\n",
                  "blue.plane:6: error: MTUBytes=67 is out of range; expected a number of bytes from 68 to 65535, "
                  "such as 9000\n" },
                { PLANE "[Interface]\nMTUBytes=9K\n",
                  "blue.plane:6: error: MTUBytes=9K is not understood; expected a number of bytes from 68 to 65535, "
                  "such as 9000\n" },
                { PLANE "[Interface]\nMACAddress=52:54:00\n",
                  "blue.plane:6: error: MACAddress=52:54:00 is not understood; expected a MAC address, such as "
                  "52:54:00:12:34:56\n" },
                { PLANE "[Interface]\nMACAddress=00:00:00:00:00:00\n",
                  "blue.plane:6: error: MACAddress=00:00:00:00:00:00: no device has this address; give the address of "
                  "one device\n" },
                { PLANE "[Peer]\nAddress=172.150.1.6\nMACAddress=01:00:5e:00:00:01\n",
                  "blue.plane:7: error: MACAddress=01:00:5e:00:00:01: a multicast or broadcast address; give the "
                  "address of one device\n" },
                { PLANE "[Interface]\nManagedBy=me\n",
                  "blue.plane:6: error: ManagedBy=me is not understood; expected migplane, networkd, NetworkManager "
                  "or other\n" },
                { PLANE "[Address]\nAddress=172.150.1/24 172.150.1.7/33\n",
                  "blue.plane:6: error: Address=172.150.1/24 is not understood; expected an address with its prefix "
                  "length, such as 172.150.1.5/24\n"
                  "blue.plane:6: error: Address=172.150.1.7/33 is out of range; expected an address with its prefix "
                  "length, such as 172.150.1.5/24\n" },
                { PLANE "[Route]\nDestination=172.150.1.0/16\n",
                  "blue.plane:6: error: Destination=172.150.1.0/16: bits are set after the prefix length; write the "
                  "network, 172.150.0.0/16, or the host alone, 172.150.1.0\n" },
                { PLANE "[Route]\nDestination=default\n",
                  "blue.plane:6: error: Destination=default is not understood; expected a network, such as "
                  "172.150.0.0/16 or fd00:150::/48\n" },
                { PLANE "[Route]\nGateway=172.150.1.1/24\n",
                  "blue.plane:6: error: Gateway=172.150.1.1/24 is not understood; expected an IPv4 or IPv6 address "
                  "without prefix length, such as 172.150.1.6\n" },
                { PLANE "[Bandwidth]\nEgress=8Gbit\n",
                  "blue.plane:6: error: Egress=8Gbit is not understood; expected bits per second from 10M to 10T, "
                  "with K, M, G or T (base 1000), such as 8G or 2.5G\n" },
                { PLANE "[Bandwidth]\nIngress=9.99M\nPerMigration=0\nLinkRate=11T\n",
                  "blue.plane:6: error: Ingress=9.99M is out of range; expected bits per second from 10M to 10T, "
                  "with K, M, G or T (base 1000), such as 8G or 2.5G\n"
                  "blue.plane:7: error: PerMigration=0 is out of range; expected bits per second from 10M to 10T, "
                  "with K, M, G or T (base 1000), such as 8G or 2.5G\n"
                  "blue.plane:8: error: LinkRate=11T is out of range; expected bits per second from 10M to 10T, with "
                  "K, M, G or T (base 1000), such as 8G or 2.5G\n" },
                { PLANE "[Isolation]\nPeers=fd00:150::5/64\n",
                  "blue.plane:6: error: Peers=fd00:150::5/64: bits are set after the prefix length; write the network, "
                  "fd00:150::/64, or the host alone, fd00:150::5\n" },
                { PLANE "[Isolation]\nPorts=1-2 0\nPorts=5-3 x\n",
                  "blue.plane:6: error: Ports=0 is out of range; expected a port or FIRST-LAST within 1-65535, such "
                  "as 49152-49215\n"
                  "blue.plane:7: error: Ports=5-3 is out of range; expected a port or FIRST-LAST within 1-65535, "
                  "such as 49152-49215\n"
                  "blue.plane:7: error: Ports=x is not understood; expected a port or FIRST-LAST within 1-65535, "
                  "such as 49152-49215\n" },
                { PLANE "[Isolation]\nUsers=no-such-user\n",
                  "blue.plane:6: error: Users=no-such-user: there is no such user in /etc/passwd; install the package "
                  "that creates it, or write the numeric uid\n" },
                { PLANE "[Isolation]\nUsers=4294967295\n",
                  "blue.plane:6: error: Users=4294967295 is out of range; expected a user's name, or a uid from 0 to "
                  "4294967294\n" },
                { PLANE "[Isolation]\nLogDrops=0/minute\nLogDrops=101/second\n",
                  "blue.plane:6: error: LogDrops=0/minute is out of range; expected yes, no, or 1 to 100 per second, "
                  "minute, hour or day, such as 10/minute\n"
                  "blue.plane:7: error: LogDrops=101/second is out of range; expected yes, no, or 1 to 100 per second, "
                  "minute, hour or day, such as 10/minute\n" },
                { PLANE "[Isolation]\nLogDrops=10\nLogDrops=10/week\n",
                  "blue.plane:6: error: LogDrops=10 is not understood; expected yes, no, or 1 to 100 per second, "
                  "minute, hour or day, such as 10/minute\n"
                  "blue.plane:7: error: LogDrops=10/week is not understood; expected yes, no, or 1 to 100 per second, "
                  "minute, hour or day, such as 10/minute\n" },
                { PLANE "[Health]\nProbe=peer.example\n",
                  "blue.plane:6: error: Probe=peer.example is not understood; expected an IPv4 or IPv6 address "
                  "without prefix length, such as 172.150.1.6\n" },
        };

        assert_cases(cases, ELEMENTSOF(cases), true);
}

static void test_the_number_of_messages_is_limited(void **state _unused_) {
        char text[4096] = "";

        for (size_t i = 0; i < 1000; i++)
                strcat(text, "foo\n");
        _cleanup_config_ Config *config = load(text);

        assert_int_equal(config->n_messages, 101);
        assert_string_equal(config->messages[100].text,
                            "there are more messages, which are not shown; is this a plane file?");
        assert_true(config_is_broken(config, "blue"));
}

static void test_long_values_are_quoted_short(void **state _unused_) {
        char text[2048] = "[Plane]\nDefault=", expected[2048] = "Default=";

        memset(text + strlen(text), 'x', 1000);
        memset(expected + strlen(expected), 'x', 100);
        strcat(expected, " is not understood; expected yes or no");
        _cleanup_config_ Config *config = load(text);
        assert_string_equal(config->messages[0].text, expected);
}

static void test_each_value_has_its_file_and_line(void **state _unused_) {
        _cleanup_config_ Config *config =
                load(PLANE "[Address]\nAddress=10.0.0.1/8 fd00::5/64\n[Interface]\nName=mig1\n");
        const PlaneConfig *plane = only_plane(config);

        assert_int_equal(config_location(plane, "Interface", "Name", 0).line, 8);
        assert_int_equal(config_location(plane, "Address", "Address", 0).line, 4);
        assert_int_equal(config_location(plane, "Address", "Address", 2).line, 6);
        assert_int_equal(config_location(plane, "Interface", "Parent", 0).line, 0);
        assert_string_equal(config_location(plane, "Interface", "Parent", 0).path, "blue.plane");
}

static Address address_of(const char *text) {
        Address address;

        assert_int_equal(address_parse(text, &address), 0);
        return address;
}

static void test_own_addresses_peers_and_ports(void **state _unused_) {
        _cleanup_config_ Config *config =
                load(PLANE
                     "[Isolation]\nPeers=10.0.0.0/8 172.150.1.0/24 192.0.2.7\nPorts=100-200 300\n"
                     "[Peer]\nAddress=10.1.2.3\n[Peer]\nAddress=10.1.2.4\nMACAddress=52:54:00:12:34:56\n");
        const PlaneConfig *plane = only_plane(config);
        static const struct {
                const char *address;
                bool own, peer, pinned;
        } addresses[] = {
                { "172.150.1.5", true, true, false },   { "172.150.1.6", false, true, false },
                { "172.150.2.5", false, false, false }, { "10.1.2.3", false, true, false },
                { "10.1.2.4", false, true, true },      { "192.0.2.6", false, false, false },
                { "192.0.2.7", false, true, false },    { "9.255.255.255", false, false, false },
                { "fd00::1", false, false, false },
        };
        static const struct {
                uint16_t port;
                bool open;
        } ports[] = { { 99, false }, { 100, true }, { 200, true }, { 201, false }, { 300, true }, { 301, false } };

        for (size_t i = 0; i < ELEMENTSOF(addresses); i++) {
                Address address = address_of(addresses[i].address);
                assert_int_equal(plane_config_has_address(plane, &address), addresses[i].own);
                assert_int_equal(plane_config_is_peer(plane, &address), addresses[i].peer);
                assert_int_equal(plane_config_find_peer(plane, &address) != NULL, addresses[i].pinned);
        }
        for (size_t i = 0; i < ELEMENTSOF(ports); i++)
                assert_int_equal(plane_config_has_port(plane, ports[i].port), ports[i].open);
        assert_true(plane_config_has_family(plane, AF_INET));
        assert_false(plane_config_has_family(plane, AF_INET6));
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_syntax_is_that_of_systemd),
                cmocka_unit_test(test_lines_are_continued_as_in_systemd),
                cmocka_unit_test(test_a_continuation_at_the_end_of_the_file),
                cmocka_unit_test(test_empty_assignments_reset),
                cmocka_unit_test(test_the_example_of_the_manual),
                cmocka_unit_test(test_another_vlan_protocol_is_another_plane),
                cmocka_unit_test(test_unset_keys_have_defaults),
                cmocka_unit_test(test_rates_of_logged_drops),
                cmocka_unit_test(test_peers_ports_and_users_are_sorted),
                cmocka_unit_test(test_macvlan_has_a_mac_address),
                cmocka_unit_test(test_warnings),
                cmocka_unit_test(test_errors_of_syntax),
                cmocka_unit_test(test_a_file_with_nul_bytes_is_not_read),
                cmocka_unit_test(test_lines_may_be_long),
                cmocka_unit_test(test_errors_of_values),
                cmocka_unit_test(test_the_number_of_messages_is_limited),
                cmocka_unit_test(test_long_values_are_quoted_short),
                cmocka_unit_test(test_each_value_has_its_file_and_line),
                cmocka_unit_test(test_own_addresses_peers_and_ports),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
