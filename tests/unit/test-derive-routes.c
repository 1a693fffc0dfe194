// What a plane means: its routes and neighbours.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "derived.h"

static void routes_and_known_neighbours_follow_the_configuration(void **state _unused_) {
        Link links[] = { link_make("eno1", LINK_DEVICE, "", 1500, false) };
        _cleanup_derived_ Derived derived = derive_with(
                "[Interface]\nName=mig0\nKind=vlan\nParent=eno1\nVLANId=100\n[Address]\nAddress=172.150.1.5/24\n"
                "[Route]\nDestination=172.150.0.0/16\nGateway=172.150.1.1\n"
                "[Peer]\nAddress=172.150.1.6\nMACAddress=02:00:00:00:00:06\n",
                links, 1, "");

        assert_objects(&derived,
                       "link mig0 kind vlan parent eno1 id 100 loose mtu 1500 alias migplane:blue\n"
                       "address mig0 172.150.1.5/24\nlink-up eno1\nlink-up mig0\n"
                       "neighbour mig0 172.150.1.6 lladdr 02:00:00:00:00:06 permanent\n"
                       "route 172.150.0.0/16 via 172.150.1.1 dev mig0 src 172.150.1.5\n"
                       "route 172.150.1.6/32 dev mig0 src 172.150.1.5\n");
}

// Each once, and neither for the host itself and the gateway nor for who is behind it.
static void named_peers_in_the_planes_networks_have_routes(void **state _unused_) {
        Link links[] = { link_make("eno1", LINK_DEVICE, "", 1500, false) };
        _cleanup_derived_ Derived derived = derive_with(
                "[Interface]\nName=mig0\nKind=vlan\nParent=eno1\nVLANId=100\n"
                "[Address]\nAddress=172.150.1.5/24\n[Address]\nAddress=172.150.2.5/24\n[Address]\nAddress=fd00::5/64\n"
                "[Route]\nDestination=172.151.0.0/16\nGateway=172.150.1.1\n"
                "[Isolation]\nPeers=172.150.1.1 172.150.1.5 172.150.1.6 172.150.2.7 172.150.2.16/28 172.151.0.9 fd00::6\n"
                "[Peer]\nAddress=172.150.1.6\n[Peer]\nAddress=172.150.2.17\n",
                links, 1, "");
        _cleanup_free_ char *text = golden_state(&derived.state);
        const char *routes = strstr(text, "route ");

        assert_non_null(routes);
        assert_string_equal(routes,
                            "route 172.150.1.6/32 dev mig0 src 172.150.1.5\n"
                            "route 172.150.2.7/32 dev mig0 src 172.150.2.5\n"
                            "route 172.150.2.17/32 dev mig0 src 172.150.2.5\n"
                            "route 172.151.0.0/16 via 172.150.1.1 dev mig0 src 172.150.1.5\n"
                            "route fd00::6/128 dev mig0 src fd00::5 metric 1\n");
}

static Network network_make(const char *prefix, NetworkSource source) {
        Network network = { .ifindex = 7, .source = source };

        assert_int_equal(prefix_parse(prefix, &network.prefix), 0);
        return network;
}

static void a_connected_route_that_was_deleted_is_desired(void **state _unused_) {
        static const char text[] =
                "[Interface]\nName=mig0\nKind=vlan\nParent=eno1\nVLANId=100\nManagedBy=%s\n"
                "[Address]\nAddress=172.150.1.5/24\n[Address]\nAddress=fd00:1::5/64\n"
                "[Address]\nAddress=172.150.2.5/32\n";
        const Network has_address = network_make("172.150.1.5/24", NETWORK_ADDRESS),
                      has_route = network_make("172.150.1.0/24", NETWORK_CONNECTED),
                      has_address6 = network_make("fd00:1::5/64", NETWORK_ADDRESS),
                      has_host = network_make("172.150.2.5/32", NETWORK_ADDRESS);
        struct {
                const char *manager;
                bool is_down;
                Network networks[4];
                const char *first, *second; // the routes that are desired; NULL: none
        } cases[] = {
                { "migplane", false, { has_address, has_route }, NULL, NULL },
                { "migplane", false, { has_address, has_host }, "172.150.1.0/24", NULL },
                { "migplane", false, { has_address, has_address6 }, "172.150.1.0/24", "fd00:1::/64" },
                { "migplane", false, { has_address, has_route, has_address6 }, "fd00:1::/64", NULL },
                { "migplane", false, {}, NULL, NULL }, // the kernel adds it with the address
                { "migplane", true, { has_address }, NULL, NULL },
                { "other", false, { has_address }, NULL, NULL },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Link links[] = { link_make("eno1", LINK_DEVICE, "", 1500, false),
                                 link_make("mig0", LINK_VLAN, "eno1", 1500, true) };
                NetworkList networks = { .networks = cases[i].networks, .n_networks = 4 };
                const char *expected[] = { cases[i].first, cases[i].second };
                char plane[400];
                size_t n = 0;

                links[0].index = 8;
                links[1].vlan_id = 100;
                links[1].up = !cases[i].is_down;
                (void)snprintf(plane, sizeof(plane), text, cases[i].manager);
                _cleanup_derived_ Derived derived = derive_known(plane, links, 2, "", (Known){ .networks = &networks });
                for (size_t j = 0; j < derived.state.n_objects; j++) {
                        const Object *object = &derived.state.objects[j];
                        char destination[PREFIX_TEXT_MAX];
                        if (object->kind != OBJECT_ROUTE)
                                continue;
                        assert_true(object->as_route.is_connected);
                        assert_true(n < 2 && expected[n]);
                        assert_string_equal(prefix_format(&object->as_route.destination, destination), expected[n++]);
                }
                assert_true(n == 2 || !expected[n]);
        }
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(routes_and_known_neighbours_follow_the_configuration),
                cmocka_unit_test(named_peers_in_the_planes_networks_have_routes),
                cmocka_unit_test(a_connected_route_that_was_deleted_is_desired),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
