// Which edit of a plane's file would cut a connection that it has.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "golden.h"
#include "base/inet.h"
#include "config/config.h"
#include "config/load.h"
#include "planes/pending-edit.h"

#define INTERFACE "[Interface]\nName=mig0\nKind=vlan\nParent=eno1\nVLANId=100\n"
#define PEER "[Peer]\nAddress=172.150.1.6\nMACAddress=02:00:00:00:00:06\n"
#define BEFORE INTERFACE "[Address]\nAddress=172.150.1.5/24\n" PEER

// From 172.150.1.5, to a migration port of the peer.
static const char *key_towards(const char *before, const char *after, const char *remote) {
        _cleanup_config_ Config *in_force = NULL, *wanted = NULL;
        const PlaneConfig *a = golden_plane("blue", before, &in_force), *b = golden_plane("blue", after, &wanted);
        TcpSocket connection = { .local_port = 40000, .remote_port = 49200 };

        assert_int_equal(address_parse("172.150.1.5", &connection.local), 0);
        assert_int_equal(address_parse(remote, &connection.remote), 0);
        return pending_edit_key(&connection, a, b) ?: "";
}

static void assert_key(const char *before, const char *after, const char *expected) {
        assert_string_equal(key_towards(before, after, "172.150.1.6"), expected);
}

static void test_what_cuts_waits(void **state _unused_) {
        assert_key(
                BEFORE,
                "[Interface]\nName=mig1\nKind=vlan\nParent=eno1\nVLANId=100\n[Address]\nAddress=172.150.1.5/24\n" PEER,
                "Name=");
        assert_key(BEFORE,
                   "[Interface]\nName=mig0\nKind=macvlan\nParent=eno1\n[Address]\nAddress=172.150.1.5/24\n" PEER,
                   "Kind=");
        assert_key(BEFORE, BEFORE "[Interface]\nManagedBy=other\n", "ManagedBy=");
        assert_key(BEFORE, INTERFACE "[Address]\nAddress=172.150.1.7/24\n" PEER, "Address=");
        assert_key(BEFORE, INTERFACE "[Address]\nAddress=172.150.1.5/16\n" PEER, "Address=");
        assert_key(BEFORE, BEFORE "[Isolation]\nPorts=49152-49199\n", "Ports=");
        assert_key(BEFORE, INTERFACE "[Address]\nAddress=172.150.1.5/24\n[Isolation]\nPeers=172.150.1.128/25\n",
                   "Peers=");
        assert_key(BEFORE, BEFORE "[Route]\nDestination=172.150.1.0/28\nGateway=172.150.1.1\n", "[Route]");
        assert_key(BEFORE,
                   INTERFACE
                   "[Address]\nAddress=172.150.1.5/24\n[Peer]\nAddress=172.150.1.6\nMACAddress=02:00:00:00:00:07\n",
                   "[Peer] MACAddress=");
        assert_key(BEFORE, BEFORE "[Isolation]\nUsers=0\n", "Users=");
        assert_key(BEFORE "[Isolation]\nUsers=0 1\n", BEFORE "[Isolation]\nUsers=1 2\n", "Users=");
}

static void test_what_cuts_nothing_does_not_wait(void **state _unused_) {
        assert_key(BEFORE, BEFORE, "");
        assert_key(BEFORE,
                   BEFORE
                   "[Plane]\nDescription=b\nFallback=allow\n[Interface]\nMTUBytes=9000\n[Bandwidth]\nEgress=1G\n",
                   "");
        assert_key(BEFORE,
                   BEFORE
                   "[Address]\nAddress=172.150.2.5/24\n[Route]\nDestination=172.151.0.0/16\nGateway=172.150.1.1\n",
                   "");
        assert_key(BEFORE, BEFORE "[Isolation]\nPorts=49200 16514\nPeers=172.150.1.0/24 172.151.0.0/16\n", "");
        assert_key(BEFORE, INTERFACE "[Address]\nAddress=172.150.1.5/24\n", "");
        assert_key(BEFORE "[Isolation]\nUsers=0 1\n", BEFORE "[Isolation]\nUsers=0 1 2\n", "");
        assert_key(BEFORE "[Isolation]\nUsers=0 1\n", BEFORE, "");
        // The device's own, which derive holds back.
        assert_key(BEFORE, BEFORE "[Interface]\nVLANId=101\nParent=eno2\n", "");
}

static void test_a_pin_and_a_route_are_about_the_peer_alone(void **state _unused_) {
        assert_string_equal(key_towards(BEFORE, BEFORE "[Peer]\nAddress=172.150.1.7\nMACAddress=02:00:00:00:00:07\n",
                                        "172.150.1.6"),
                            "");
        assert_string_equal(key_towards(BEFORE, BEFORE "[Peer]\nAddress=172.150.1.7\nMACAddress=02:00:00:00:00:07\n",
                                        "172.150.1.7"),
                            "[Peer] MACAddress=");
        assert_string_equal(key_towards(BEFORE "[Route]\nDestination=10.0.0.0/8\nGateway=172.150.1.1\n",
                                        BEFORE "[Route]\nDestination=10.0.0.0/8\nGateway=172.150.1.2\n", "10.1.2.3"),
                            "[Route]");
        assert_string_equal(key_towards(BEFORE "[Route]\nDestination=10.0.0.0/8\nGateway=172.150.1.1\n",
                                        BEFORE "[Route]\nDestination=10.0.0.0/8\nGateway=172.150.1.2\n", "172.150.1.6"),
                            "");
}

// A destination, and a longer one within it.
#define ROUTES(outer, inner) \
        "[Route]\nDestination=10.0.0.0/8\nGateway=" outer "\n[Route]\nDestination=10.1.0.0/16\nGateway=" inner "\n"

static void test_of_several_routes_the_longest_decides(void **state _unused_) {
        const char *before = BEFORE ROUTES("172.150.1.1", "172.150.1.2");
        const char *outer_edited = BEFORE ROUTES("172.150.1.3", "172.150.1.2");
        const char *inner_edited = BEFORE ROUTES("172.150.1.1", "172.150.1.3");

        assert_string_equal(key_towards(before, outer_edited, "10.1.2.3"), "");
        assert_string_equal(key_towards(before, inner_edited, "10.1.2.3"), "[Route]");
        assert_string_equal(key_towards(before, outer_edited, "10.2.2.3"), "[Route]");
        assert_string_equal(key_towards(before, inner_edited, "10.2.2.3"), "");
        // A new route that is longer than the one in use.
        assert_string_equal(
                key_towards(before,
                            BEFORE ROUTES("172.150.1.1",
                                          "172.150.1.2") "[Route]\nDestination=10.1.2.0/24\nGateway=172.150.1.3\n",
                            "10.1.2.3"),
                "[Route]");
        // The same routes in another order.
        assert_string_equal(key_towards(before,
                                        BEFORE "[Route]\nDestination=10.1.0.0/16\nGateway=172.150.1.2\n"
                                               "[Route]\nDestination=10.0.0.0/8\nGateway=172.150.1.1\n",
                                        "10.1.2.3"),
                            "");
}

static void test_other_connections_hold_nothing_up(void **state _unused_) {
        _cleanup_config_ Config *in_force = NULL, *wanted = NULL;
        const PlaneConfig *a = golden_plane("blue", BEFORE, &in_force);
        const PlaneConfig *b = golden_plane("blue", INTERFACE "[Address]\nAddress=172.150.1.7/24\n", &wanted);
        TcpSocket connection = { .local_port = 40000, .remote_port = 22 };

        assert_int_equal(address_parse("172.150.1.5", &connection.local), 0);
        assert_int_equal(address_parse("172.150.1.6", &connection.remote), 0);
        assert_null(pending_edit_key(&connection, a, b));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_what_cuts_waits),
                cmocka_unit_test(test_what_cuts_nothing_does_not_wait),
                cmocka_unit_test(test_a_pin_and_a_route_are_about_the_peer_alone),
                cmocka_unit_test(test_of_several_routes_the_longest_decides),
                cmocka_unit_test(test_other_connections_hold_nothing_up),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
