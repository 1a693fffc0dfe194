// Checks within one plane: values that do not fit each other, and the message about each.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "config-messages.h"

#include "config/advise.h"

static void test_valid_planes_have_no_messages(void **state _unused_) {
        static const char *const texts[] = {
                "[Interface]\nName=mig0\n[Address]\nAddress=10.0.0.0/31\n",
                "[Interface]\nName=mig0\n[Address]\nAddress=10.0.0.1/31\n",
                "[Interface]\nName=mig0\n[Address]\nAddress=fd00::/127\n",
                "[Interface]\nName=mig0\nMTUBytes=1280\n[Address]\nAddress=fd00::5/64\n",
                "[Interface]\nName=mig0\nMTUBytes=68\n[Address]\nAddress=10.0.0.1/8\n",
                "[Interface]\nName=mig0\n[Address]\nAddress=10.0.0.1/32\n[Isolation]\nPeers=10.0.0.0/24\n",
                "[Interface]\nName=mig0\n[Address]\nAddress=10.0.0.1\n[Route]\nDestination=10.0.0.0/24\n",
                PLANE
                "[Interface]\nKind=vlan\nParent=eno1\nVLANId=4094\n[Bandwidth]\nLinkRate=10G\nManagementReserve="
                "1.3G\nEgress=8G\n",
                PLANE "[Bandwidth]\nPerMigration=8G\nEgress=8G\n",
        };

        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                _cleanup_config_ Config *config = load(texts[i]);
                (void)only_plane(config);
        }
}

static void test_errors_of_interface_and_address(void **state _unused_) {
        static const Case cases[] = {
                { "",
                  "blue.plane: error: Name= is missing in [Interface]; add the name of the plane's network "
                  "interface, such as Name=mig0\n"
                  "blue.plane: error: the plane has no address; add [Address] with Address=, such as "
                  "Address=172.150.1.5/24\n" },
                { "[Interface]\n[Address]\n",
                  "blue.plane:1: error: Name= is missing in [Interface]; add the name of the plane's network "
                  "interface, such as Name=mig0\n"
                  "blue.plane:2: error: the plane has no address; add [Address] with Address=, such as "
                  "Address=172.150.1.5/24\n" },
                { PLANE "[Interface]\nKind=vlan\nParent=mig0\nVLANId=100\n",
                  "blue.plane:7: error: Parent=mig0 is the plane's own interface; name the interface below it\n" },
                { PLANE "[Interface]\nKind=vlan\n",
                  "blue.plane:6: error: Kind=vlan needs Parent=; add it to [Interface]\n"
                  "blue.plane:6: error: Kind=vlan needs VLANId=; add it to [Interface]\n" },
                { PLANE "[Interface]\nKind=macvlan\nVLANId=100\n",
                  "blue.plane:6: error: Kind=macvlan needs Parent=; add it to [Interface]\n"
                  "blue.plane:7: error: VLANId= is set, but Kind=macvlan does not use it; remove it, or set "
                  "Kind=vlan\n" },
                { PLANE "[Interface]\nParent=eno1\nVLANId=100\nMACAddress=52:54:00:12:34:56\n",
                  "blue.plane:6: error: Parent= is set, but Kind=device does not use it; remove it, or set Kind=vlan "
                  "or Kind=macvlan\n"
                  "blue.plane:7: error: VLANId= is set, but Kind=device does not use it; remove it, or set Kind=vlan\n"
                  "blue.plane:8: error: MACAddress= is set, but Kind=device does not use it; remove it, or set "
                  "Kind=macvlan\n" },
                { PLANE "[Interface]\nKind=macvlan\nParent=eno1\nVLANProtocol=802.1q\n",
                  "blue.plane:8: error: VLANProtocol= is set, but Kind=macvlan does not use it; remove it, or set "
                  "Kind=vlan\n" },
                { PLANE "[Interface]\nKind=macvlan\nParent=eno1\nMACAddress=52:54:00:12:34:56\nManagedBy=other\n",
                  "blue.plane:8: error: MACAddress= is set, but another program makes the interface (ManagedBy=other); "
                  "set the MAC address there\n" },
                { PLANE "[Interface]\nMTUBytes=1279\n[Address]\nAddress=fd00::5/64\n",
                  "blue.plane:6: error: MTUBytes=1279 is too small for the plane's IPv6 address; expected at least "
                  "1280\n" },
                { "[Interface]\nName=mig0\n[Address]\nAddress=172.150.1.0/24\n",
                  "blue.plane:4: error: Address=172.150.1.0/24 is the address of the network itself; give an address "
                  "that this host alone has\n" },
                { "[Interface]\nName=mig0\n[Address]\nAddress=172.150.1.255/24\n",
                  "blue.plane:4: error: Address=172.150.1.255/24 is the broadcast address of its network; give an "
                  "address that this host alone has\n" },
                { "[Interface]\nName=mig0\n[Address]\nAddress=172.150.1.3/30\n",
                  "blue.plane:4: error: Address=172.150.1.3/30 is the broadcast address of its network; give an "
                  "address that this host alone has\n" },
                { "[Interface]\nName=mig0\n[Address]\nAddress=fd00::/64\n",
                  "blue.plane:4: error: Address=fd00::/64 is the address of the network itself; give an address that "
                  "this host alone has\n" },
                { "[Interface]\nName=mig0\n[Address]\nAddress=10.0.0.1/0\n",
                  "blue.plane:4: error: Address=10.0.0.1/0 puts every host on the link; give the prefix length of the "
                  "plane's network\n" },
                { PLANE "Address=0.0.0.0/8\nAddress=224.0.0.1/24\nAddress=127.0.0.1/8\nAddress=255.255.255.255/32\n",
                  "blue.plane:5: error: Address=0.0.0.0/8 is the unspecified address; give an address that this host "
                  "alone has\n"
                  "blue.plane:6: error: Address=224.0.0.1/24 is a multicast address; give an address that this host "
                  "alone has\n"
                  "blue.plane:7: error: Address=127.0.0.1/8 is a loopback address; give an address that this host "
                  "alone has\n"
                  "blue.plane:8: error: Address=255.255.255.255/32 is the broadcast address; give an address that this "
                  "host alone has\n" },
                { PLANE "Address=::/64 ff02::1/64 ::1/64\\\nfe80::5/64 ::ffff:10.0.0.1/128\n",
                  "blue.plane:5: error: Address=::/64 is the unspecified address; give an address that this host alone "
                  "has\n"
                  "blue.plane:5: error: Address=ff02::1/64 is a multicast address; give an address that this host "
                  "alone has\n"
                  "blue.plane:5: error: Address=::1/64 is a loopback address; give an address that this host alone "
                  "has\n"
                  "blue.plane:5: error: Address=fe80::5/64 is a link-local address; give an address that this host "
                  "alone has\n"
                  "blue.plane:5: error: Address=::ffff:10.0.0.1/128 is an IPv4 address in IPv6 form; give an address "
                  "that this host alone has\n" },
                { PLANE "[Address]\nAddress=172.150.1.5/16\n",
                  "blue.plane:6: error: Address=172.150.1.5/16 is given twice; remove one\n" },
                { "[Interface]\nName=mig0\n[Address]\nAddress=172.150.1.5\n",
                  "blue.plane:4: error: Address=172.150.1.5/32: no other host can be a peer; give the prefix length of "
                  "the plane's network, or set Peers=\n" },
        };

        assert_cases(cases, ELEMENTSOF(cases), true);
}

static void test_ipv6_needs_a_kernel_with_ipv6(void **state _unused_) {
        static const char text[] = PLANE "Address=fd00::5/64\n";
        _cleanup_config_ Config *config = NULL;

        assert_int_equal(config_load_text("blue", "blue.plane", text, sizeof(text) - 1, false, &config), 0);
        assert_messages(config,
                        "blue.plane:5: error: Address=fd00::5/64: this kernel has IPv6 turned off; use IPv4, or boot "
                        "without ipv6.disable=1\n");
}

static void test_errors_of_routes(void **state _unused_) {
        static const Case cases[] = {
                { PLANE "[Route]\nGateway=172.150.1.1\n",
                  "blue.plane:5: error: Destination= is missing in [Route]; add the network of the peers, or remove "
                  "the section\n" },
                { PLANE "[Route]\nDestination=0.0.0.0/0\n",
                  "blue.plane:6: error: Destination=0.0.0.0/0 is a default route, and a plane leads to its peers only; "
                  "name the networks of the peers\n" },
                { PLANE "[Route]\nDestination=224.0.0.0/8\n",
                  "blue.plane:6: error: Destination=224.0.0.0/8 is a multicast address\n" },
                { PLANE "[Route]\nDestination=fd00::/64\n",
                  "blue.plane:6: error: Destination=fd00::/64 is of an address family in which the plane has no "
                  "address; add one in [Address]\n" },
                { PLANE "[Route]\nDestination=172.150.1.0/24\n",
                  "blue.plane:6: error: Destination=172.150.1.0/24 is the network of the plane's own address, and the "
                  "kernel adds that route itself; remove this section\n" },
                { PLANE "[Route]\nDestination=10.0.0.0/8\n[Route]\nDestination=10.0.0.0/8\n",
                  "blue.plane:8: error: Destination=10.0.0.0/8 is given twice; remove one [Route]\n" },
                { PLANE "[Route]\nDestination=10.0.0.0/8\nGateway=172.150.2.1\n",
                  "blue.plane:7: error: Gateway=172.150.2.1 is not in a network of the plane's addresses and cannot be "
                  "reached; name the router's address on the plane\n" },
                { PLANE "[Route]\nDestination=10.0.0.0/8\nGateway=fd00::1\n",
                  "blue.plane:7: error: Gateway=fd00::1 and Destination=10.0.0.0/8 are of different families; both "
                  "must be IPv4 or both IPv6\n" },
                { PLANE "[Route]\nDestination=10.0.0.0/8\nGateway=172.150.1.5\n",
                  "blue.plane:7: error: Gateway=172.150.1.5 is the plane's own address; name the router, or remove "
                  "Gateway= for a destination that is on the link\n" },
        };

        assert_cases(cases, ELEMENTSOF(cases), true);
}

static void test_errors_of_bandwidth(void **state _unused_) {
        static const Case cases[] = {
                { PLANE "[Bandwidth]\nEgress=4G\nIngress=2.5G\nPerMigration=8G\n",
                  "blue.plane:8: error: PerMigration=8G is above Egress=4G, the rate of all migrations together; "
                  "lower it, or raise Egress=\n"
                  "blue.plane:8: error: PerMigration=8G is above Ingress=2.5G, the rate of all migrations together; "
                  "lower it, or raise Ingress=\n" },
                { PLANE "[Bandwidth]\nManagementReserve=1G\n",
                  "blue.plane:6: error: ManagementReserve=1G is set, but a plane of Kind=device does not share its "
                  "uplink; remove it\n" },
                { PLANE
                  "[Interface]\nKind=vlan\nParent=eno1\nVLANId=1\n[Bandwidth]\nLinkRate=1G\nManagementReserve=1G\n",
                  "blue.plane:11: error: ManagementReserve=1G leaves nothing of LinkRate=1G to the plane; lower it\n" },
                { PLANE
                  "[Interface]\nKind=vlan\nParent=eno1\nVLANId=1\n[Bandwidth]\nLinkRate=10G\nManagementReserve=1G\n"
                  "Egress=8.301G\n",
                  "blue.plane:11: error: ManagementReserve=1G and Egress=8301M add up to more than 9.3G, which is 93 % "
                  "of LinkRate=10G; the reserve cannot be guaranteed above that; lower one of them\n" },
        };

        assert_cases(cases, ELEMENTSOF(cases), true);
}

static void test_errors_of_peers(void **state _unused_) {
        static const Case cases[] = {
                { PLANE "[Isolation]\nPeers=172.150.1.0/24 127.0.0.0/8\nPeers=224.0.0.0/4\n",
                  "blue.plane:6: error: Peers=127.0.0.0/8 is a loopback address; name networks of hosts\n"
                  "blue.plane:7: error: Peers=224.0.0.0/4 is a multicast address; name networks of hosts\n" },
                { PLANE "[Isolation]\nPeers=172.150.1.5\n",
                  "blue.plane:6: error: Peers= holds the plane's own address and no other host; name the other hosts, "
                  "or remove Peers= for the plane's networks\n" },
                { PLANE "[Route]\nDestination=10.0.0.0/8\nGateway=172.150.1.1\n[Health]\nProbe=172.150.1.1\n",
                  "blue.plane:9: error: Probe=172.150.1.1 is a gateway, which answers no probe on the plane; name a "
                  "peer\n" },
                { PLANE "[Peer]\nMACAddress=52:54:00:12:34:56\n",
                  "blue.plane:5: error: Address= is missing in [Peer]; add the peer's address, or remove the "
                  "section\n" },
                { PLANE "[Peer]\nAddress=172.150.1.5\n",
                  "blue.plane:6: error: Address=172.150.1.5 of a [Peer] is the plane's own address; name another "
                  "host\n" },
                { PLANE "[Peer]\nAddress=172.150.2.6\n",
                  "blue.plane:6: error: Address=172.150.2.6 of a [Peer] is not within Peers=; correct it, or add it "
                  "there\n" },
                { PLANE "[Peer]\nAddress=172.150.1.6\n[Peer]\nAddress=172.150.1.6\n",
                  "blue.plane:8: error: Address=172.150.1.6 has two [Peer] sections; remove one\n" },
                { PLANE "[Health]\nProbe=172.150.1.6\nProbe=172.150.1.7 172.150.2.7\n",
                  "blue.plane:7: error: Probe=172.150.2.7 is not within Peers=; correct it, or add it there\n" },
                { PLANE "[Health]\nProbe=172.150.1.5\n",
                  "blue.plane:6: error: Probe=172.150.1.5 is the plane's own address; name a peer\n" },
        };

        assert_cases(cases, ELEMENTSOF(cases), true);
}

// Messages are in the order of the file, not of the addresses, and those about one section are together.
static void test_errors_of_several_peers(void **state _unused_) {
        static const Case cases[] = {
                { PLANE "[Peer]\nAddress=172.150.1.9\n[Peer]\nAddress=172.150.1.6\n[Peer]\nAddress=172.150.2.6\n"
                        "[Peer]\nAddress=172.150.1.9\n[Peer]\nAddress=172.150.2.6\n[Peer]\nAddress=172.150.1.6\n"
                        "[Peer]\nAddress=172.150.1.9\n",
                  "blue.plane:10: error: Address=172.150.2.6 of a [Peer] is not within Peers=; correct it, or add it "
                  "there\n"
                  "blue.plane:12: error: Address=172.150.1.9 has two [Peer] sections; remove one\n"
                  "blue.plane:14: error: Address=172.150.2.6 of a [Peer] is not within Peers=; correct it, or add it "
                  "there\n"
                  "blue.plane:14: error: Address=172.150.2.6 has two [Peer] sections; remove one\n"
                  "blue.plane:16: error: Address=172.150.1.6 has two [Peer] sections; remove one\n"
                  "blue.plane:18: error: Address=172.150.1.9 has two [Peer] sections; remove one\n" },
                { PLANE "[Peer]\n[Peer]\n", // without an address, they are no two of one
                  "blue.plane:5: error: Address= is missing in [Peer]; add the peer's address, or remove the "
                  "section\n"
                  "blue.plane:6: error: Address= is missing in [Peer]; add the peer's address, or remove the "
                  "section\n" },
                // One wrong entry, and one within another; the rest is checked as well.
                { PLANE "Address=fd00::5/64\n[Isolation]\n"
                        "Peers=fd00::/64 127.0.0.0/8 172.150.1.0/24 172.150.1.128/25 fd00:0:0:1::/64\n"
                        "[Peer]\nAddress=fd00::6\n[Peer]\nAddress=172.150.1.6\n[Peer]\nAddress=fd00:0:0:1:ffff::\n"
                        "[Peer]\nAddress=172.150.1.200\n[Peer]\nAddress=fd00:0:0:2::\n[Peer]\nAddress=172.150.0.255\n"
                        "[Peer]\nAddress=172.150.2.0\n[Peer]\nAddress=fcff::\n",
                  "blue.plane:7: error: Peers=127.0.0.0/8 is a loopback address; name networks of hosts\n"
                  "blue.plane:17: error: Address=fd00:0:0:2:: of a [Peer] is not within Peers=; correct it, or add it "
                  "there\n"
                  "blue.plane:19: error: Address=172.150.0.255 of a [Peer] is not within Peers=; correct it, or add it "
                  "there\n"
                  "blue.plane:21: error: Address=172.150.2.0 of a [Peer] is not within Peers=; correct it, or add it "
                  "there\n"
                  "blue.plane:23: error: Address=fcff:: of a [Peer] is not within Peers=; correct it, or add it "
                  "there\n" },
        };

        assert_cases(cases, ELEMENTSOF(cases), true);
}

// Ten thousand of each family, each in Peers= by itself, in no order; then one of them twice.
static void test_many_peers(void **state _unused_) {
        enum { N = 9999 };
        _cleanup_free_ char *text = NULL;
        size_t size;

        FILE *file = open_memstream(&text, &size);
        assert_non_null(file);
        assert_true(fprintf(file, PLANE "[Address]\nAddress=fd00::5/64\n[Isolation]\nPeers=fd00::/64\n") > 0);
        for (unsigned i = 0; i < N; i++) {
                const unsigned j = i * 7919 % N;
                assert_true(fprintf(file,
                                    "[Isolation]\nPeers=10.%u.%u.1 fd01::%x:1\n"
                                    "[Peer]\nAddress=10.%u.%u.1\n[Peer]\nAddress=fd01::%x:1\n",
                                    j / 256, j % 256, j, j / 256, j % 256, j) > 0);
        }
        assert_int_equal(fflush(file), 0);
        _cleanup_config_ Config *config = load_sized(text, size);
        assert_int_equal(only_plane(config)->n_known_peers, 2 * N);
        assert_int_equal(only_plane(config)->n_peers, 2 * N + 1);

        assert_true(fprintf(file, "[Peer]\nAddress=10.20.30.1\n") > 0);
        assert_int_equal(fclose(file), 0);
        _cleanup_config_ Config *repeated = load_sized(text, size);
        assert_messages(repeated, "blue.plane:60004: error: Address=10.20.30.1 has two [Peer] sections; remove one\n");
}

// One more than a plane may have, and what is said of it.
static void test_limits(void **state _unused_) {
        static const struct {
                unsigned n;
                const char *before, *each; // with the number
                const char *message;
        } cases[] = {
                { PLANE_PORTS_MAX + 1, "[Isolation]\n", "Ports=%u\n",
                  "blue.plane:134: error: Ports= has 129 single ports and ranges, and a plane has 128 at most; use "
                  "ranges\n" },
                { PLANE_ADDRESSES_MAX, "", "[Address]\nAddress=10.%u.0.1/24\n",
                  "blue.plane:132: error: there are 65 [Address] sections, and a plane has 64 at most; remove some\n" },
                { PLANE_PEERS_MAX, "[Isolation]\nPeers=172.150.1.0/24\n", "Peers=fd00::%x:0/112\n",
                  "blue.plane:20006: error: Peers= has 20001 networks and addresses, and a plane has 20000 at most; use "
                  "networks\n" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *text = NULL;
                size_t size;
                FILE *file = open_memstream(&text, &size);

                assert_non_null(file);
                fprintf(file, PLANE "%s", cases[i].before);
                for (unsigned n = 0; n < cases[i].n; n++) {
                        _cleanup_free_ char *line = NULL;
                        assert_true(asprintf(&line, cases[i].each, 2 * (n + 1)) > 0); // neighbours would be joined
                        fputs(line, file);
                }
                assert_int_equal(fclose(file), 0);
                _cleanup_config_ Config *config = load_sized(text, size);
                assert_messages(config, cases[i].message);
        }
}

static void test_advice_about_neighbours(void **state _unused_) {
        static const struct {
                const char *text;
                bool is_weak;
        } cases[] = {
                { PLANE, true },
                { PLANE "[Isolation]\nPeers=172.150.1.6 172.150.1.7\n", false },
                { PLANE "[Isolation]\nPeers=172.150.1.6 10.0.0.0/8\n", true },
                { PLANE "[Peer]\nAddress=172.150.1.6\nMACAddress=52:54:00:12:34:56\n", false },
                { PLANE "[Peer]\nAddress=172.150.1.6\n", true },
                { PLANE "[Route]\nDestination=10.0.0.0/8\nGateway=172.150.1.1\n[Peer]\nAddress=172.150.1.1\n"
                        "MACAddress=52:54:00:12:34:56\n",
                  true },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_config_ Config *config = load(cases[i].text);
                (void)only_plane(config);
                assert_int_equal(config_advise(config), 0);
                assert_int_equal(config->n_messages, cases[i].is_weak);
                if (cases[i].is_weak)
                        assert_non_null(strstr(config->messages[0].text, "no peer has a fixed MAC address"));
        }
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_valid_planes_have_no_messages),
                cmocka_unit_test(test_errors_of_interface_and_address),
                cmocka_unit_test(test_ipv6_needs_a_kernel_with_ipv6),
                cmocka_unit_test(test_errors_of_routes),
                cmocka_unit_test(test_errors_of_bandwidth),
                cmocka_unit_test(test_errors_of_peers),
                cmocka_unit_test(test_errors_of_several_peers),
                cmocka_unit_test(test_many_peers),
                cmocka_unit_test(test_limits),
                cmocka_unit_test(test_advice_about_neighbours),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
