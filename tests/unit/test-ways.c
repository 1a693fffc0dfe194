// The ways to a plane's peers: whom the kernel is asked for, what is wrong with its answers, and what is remembered
// SPDX-License-Identifier: GPL-2.0-or-later

#include <arpa/inet.h>

#include "base/util.h"
#include "config/config.h"
#include "golden.h"
#include "fake-kernel.h"
#include "engine/ways.h"
#include "kernel/way.h"

#define PLANE "[Interface]\nName=mig0\n[Address]\nAddress=172.150.1.5/16\n"

static struct {
        Config *config;
        Link link, other;
        Link links[2];
        Inventory inventory;
        AddrEntry address;
        AddrList addresses;
        PlaneFacts facts;
        WaysMemory memory;
        Ways ways;
        bool all;
        // What the kernel says about one address; AF_UNSPEC: every way is right.
        Address wrong;
        Way way;
        int error;
        char asked[16384]; // "TO" or "TO<FROM", one a line
} lab;

int __wrap_way_ask(Netlink *netlink, const WayQuestion *question, Way *ret, Error *ret_error);
int __wrap_way_ask(Netlink *netlink _unused_, const WayQuestion *question, Way *ret, Error *ret_error) {
        size_t n = strlen(lab.asked);
        bool has_source = question->from.family != AF_UNSPEC;

        assert_int_equal(question->port, 49152);
        (void)snprintf(lab.asked + n, sizeof(lab.asked) - n, "%s%s%s\n", ADDRESS_TEXT(&question->to),
                       has_source ? "<" : "", has_source ? ADDRESS_TEXT(&question->from) : "");
        *ret = (Way){ .type = RTN_UNICAST, .ifindex = MIG0, .source = lab.address.prefix.address };
        if (address_compare(&question->to, &lab.wrong) != 0)
                return 0;
        if (lab.error)
                return error_set(ret_error, lab.error, "%s", strerror(-lab.error));
        *ret = lab.way;
        return 0;
}

static Address address_of(const char *text) {
        Address address;

        assert_int_equal(address_parse(text, &address), 0);
        return address;
}

static Prefix prefix_of(const char *text) {
        Prefix prefix;

        assert_int_equal(prefix_parse(text, &prefix), 0);
        return prefix;
}

static void lab_init(const char *text) {
        config_free(lab.config);
        memset(&lab, 0, sizeof(lab));
        lab.links[0] = (Link){ .index = ENO1, .name = "eno1" };
        lab.links[1] = (Link){ .index = MIG0, .name = "mig0", .up = true, .carrier = true };
        lab.inventory = (Inventory){ .links = lab.links, .n_links = 2 };
        const PlaneInput input = { .config = golden_plane("blue", text, &lab.config) };
        lab.facts = plane_facts_find(&input, &lab.inventory);
        lab.address = (AddrEntry){ .ifindex = MIG0, .prefix = input.config->addresses[0].prefix };
        lab.addresses = (AddrList){ .entries = &lab.address, .n_entries = 1 };
}

static int lab_deinit(void **state _unused_) {
        config_free(TAKE(lab.config));
        return 0;
}

static const char *look(void) {
        lab.asked[0] = '\0';
        ways_read(NULL, &lab.facts, &lab.inventory, &lab.addresses, lab.all, &lab.memory, &lab.ways);
        return lab.asked;
}

// --- whom to ask for ---

static void test_each_address_is_asked_without_a_source_and_with_the_planes(void **state _unused_) {
        lab_init(PLANE);
        assert_string_equal(look(), "172.150.0.1\n172.150.0.1<172.150.1.5\n");
        assert_int_equal(lab.ways.n_asked, 1);
        assert_int_equal(lab.ways.n_faults, 0);
}

static void test_what_the_file_names_is_asked(void **state _unused_) {
        lab_init(PLANE
                 "[Route]\nDestination=203.0.113.0/24\nGateway=172.150.0.9\n"
                 "[Peer]\nAddress=172.150.7.7\nMACAddress=52:54:00:00:00:01\n"
                 "[Isolation]\nPeers=172.150.0.0/17 172.150.200.1 203.0.113.0/24\n[Health]\nProbe=172.150.7.8\n");
        look();
        static const char *const addresses[] = { "172.150.0.1",   "172.150.0.9", "203.0.113.1", "172.150.7.7",
                                                 "172.150.200.1", "172.150.7.8", "203.0.113.77" };
        for (size_t i = 0; i < 6; i++) {
                char line[64];
                (void)snprintf(line, sizeof(line), "%s\n", addresses[i]);
                if (!strstr(lab.asked, line))
                        fail_msg("%s is not asked: %s", addresses[i], lab.asked);
        }
}

// No route of the plane leads there: that is no fault of a route.
static void test_a_peer_that_the_plane_cannot_have_is_not_asked(void **state _unused_) {
        lab_init(PLANE "[Peer]\nAddress=198.19.0.1\nMACAddress=52:54:00:00:00:01\n[Isolation]\nPeers=198.19.0.1\n");
        assert_null(strstr(look(), "198.19.0.1"));
}

// A bounded number at a look; all of them in some looks, or at once when somebody asks for a report.
static void test_the_addresses_of_a_small_network_are_asked_in_turn(void **state _unused_) {
        char seen[256] = {};
        unsigned n = 0, looks = 0;

        lab_init("[Interface]\nName=mig0\n[Address]\nAddress=172.150.1.5/24\n");
        for (; looks < 50 && n < 253; looks++) {
                look();
                assert_true(lab.ways.n_asked <= 1 + WAYS_OTHERS_MAX);
                for (const char *line = lab.asked; *line; line = strchr(line, '\n') + 1) {
                        unsigned last;
                        assert_int_equal(sscanf(line, "172.150.1.%u", &last), 1);
                        n += !seen[last];
                        seen[last] = 1;
                }
        }
        assert_int_equal(n, 253);
        assert_int_equal(looks, 32);
        assert_true(!seen[0] && !seen[5] && !seen[255]); // the network, this host, the broadcast
        lab.all = true;
        look();
        assert_int_equal(lab.ways.n_asked, 1 + 253);
}

static void test_a_network_of_two_has_one_other_host(void **state _unused_) {
        lab_init("[Interface]\nName=mig0\n[Address]\nAddress=172.150.1.4/31\n");
        look();
        assert_non_null(strstr(lab.asked, "172.150.1.5\n"));
        assert_null(strstr(lab.asked, "\n172.150.1.4"));
}

static void test_without_address_link_or_carrier_nothing_is_asked(void **state _unused_) {
        lab_init(PLANE);
        lab.links[1].carrier = false;
        assert_string_equal(look(), "");
        lab.links[1].carrier = true;
        lab.address.ifindex = ENO1;
        assert_string_equal(look(), "");
        lab.facts.link = NULL;
        assert_string_equal(look(), "");
}

// --- what is wrong ---

static void test_every_wrong_way_has_its_sentence(void **state _unused_) {
        static const struct {
                Way way;
                int error;
                const char *text;
        } cases[] = {
                { {}, -ENETUNREACH, "no route to 172.150.0.1: Network is unreachable" },
                { { .type = RTN_UNICAST, .ifindex = ENO1 },
                  0,
                  "the route to 172.150.0.1 leaves by eno1: see ip route get 172.150.0.1, and ip rule" },
                { { .type = RTN_BLACKHOLE, .ifindex = MIG0 },
                  0,
                  "the route to 172.150.0.1 is of the type blackhole: see ip route get 172.150.0.1, and ip rule" },
                { { .type = RTN_UNICAST, .ifindex = MIG0, .source = { .family = AF_INET, .bytes = { 10, 0, 0, 1 } } },
                  0,
                  "the route to 172.150.0.1 has the source 10.0.0.1, which is not the plane's address: see ip route "
                  "get 172.150.0.1, and ip rule" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                lab_init(PLANE);
                lab.wrong = address_of("172.150.0.1");
                lab.way = cases[i].way;
                lab.error = cases[i].error;
                look();
                assert_int_equal(lab.ways.n_faults, 1);
                assert_string_equal(lab.ways.faults[0], cases[i].text);
        }
}

// It is told as network-overlap.
static void test_what_another_link_has_of_a_network_is_no_fault_unless_the_file_names_it(void **state _unused_) {
        static const struct {
                const char *theirs, *more;
                bool is_route;
                size_t n_faults;
        } cases[] = {
                { "172.150.0.1/24", "", false, 0 },
                { "172.150.0.1/32", "", true, 1 },
                { "172.150.0.1/24", "[Peer]\nAddress=172.150.0.1\nMACAddress=52:54:00:00:00:01\n", false, 1 },
                { "172.150.3.1/24", "", false, 1 },
                { "172.150.0.1/16", "", false, 1 }, // all of it
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                char text[256];
                (void)snprintf(text, sizeof(text), PLANE "%s", cases[i].more);
                lab_init(text);
                Overlap overlap = {
                        .ours = &lab.facts.config->addresses[0].prefix,
                        .theirs = prefix_of(cases[i].theirs),
                        .has_address = !cases[i].is_route,
                };
                lab.facts.overlaps = &overlap;
                lab.facts.n_overlaps = 1;
                lab.wrong = address_of("172.150.0.1");
                lab.way = (Way){ .type = RTN_UNICAST, .ifindex = ENO1 };
                look();
                if (lab.ways.n_faults != cases[i].n_faults)
                        fail_msg("%s, %s: %zu faults", cases[i].theirs, cases[i].more, lab.ways.n_faults);
                lab.facts.n_overlaps = 0;
        }
}

// --- what is remembered ---

static void test_a_route_that_changes_is_asked_until_its_way_is_right(void **state _unused_) {
        const Prefix destination = prefix_of("172.150.9.9/32");

        lab_init(PLANE);
        lab.wrong = destination.address;
        lab.way = (Way){ .type = RTN_UNICAST, .ifindex = ENO1 };
        assert_true(ways_concern(lab.facts.config, &destination));
        ways_suspect(&lab.memory, lab.facts.config, &destination);
        for (unsigned i = 0; i < 3; i++) {
                look();
                assert_int_equal(lab.ways.n_faults, 1);
                assert_non_null(strstr(lab.asked, "172.150.9.9\n"));
        }
        lab.wrong = (Address){};
        look();
        assert_int_equal(lab.ways.n_faults, 0);
        assert_null(strstr(look(), "172.150.9.9\n"));
}

static void test_routes_of_others_are_no_matter(void **state _unused_) {
        static const struct {
                const char *destination;
                bool concerns, is_asked;
        } cases[] = {
                { "172.150.9.0/24", true, true },      { "172.150.9.9/32", true, true }, { "172.0.0.0/8", true, false },
                { "0.0.0.0/0", false, false },         { "10.0.0.0/8", false, false },   { "fd00::/64", false, false },
                { "172.150.1.5/32", true, false }, // this host
                { "172.150.255.255/32", true, false },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                const Prefix destination = prefix_of(cases[i].destination);

                lab_init(PLANE);
                if (ways_concern(lab.facts.config, &destination) != cases[i].concerns)
                        fail_msg("%s", cases[i].destination);
                ways_suspect(&lab.memory, lab.facts.config, &destination);
                if (lab.memory.n_suspects != cases[i].is_asked)
                        fail_msg("%s is %sa suspect", cases[i].destination, cases[i].is_asked ? "not " : "");
        }
}

static void test_a_storm_of_routes_is_asked_for_in_part(void **state _unused_) {
        lab_init(PLANE);
        for (uint8_t i = 1; i <= 100; i++) {
                const Prefix destination = { .address = { .family = AF_INET, .bytes = { 172, 150, 9, i } },
                                             .length = 32 };
                ways_suspect(&lab.memory, lab.facts.config, &destination);
                ways_suspect(&lab.memory, lab.facts.config, &destination);
        }
        look();
        assert_int_equal(lab.ways.n_asked, 1 + WAYS_SUSPECTS_MAX);
}

static void test_peers_that_are_in_no_network_of_the_plane_are_no_peers(void **state _unused_) {
        static const struct {
                const char *text;
                bool has;
        } cases[] = {
                { PLANE, true },
                { PLANE "[Isolation]\nPeers=172.151.1.0/24\n", false },
                { PLANE "[Isolation]\nPeers=172.151.1.0/24 172.150.3.0/24\n", true },
                { PLANE "[Isolation]\nPeers=172.151.1.0/24 172.150.1.5\n", false },
                { PLANE "[Isolation]\nPeers=172.0.0.0/8\n", true },
                { PLANE "[Route]\nDestination=10.0.0.0/8\nGateway=172.150.0.1\n[Isolation]\nPeers=10.1.0.0/16\n",
                  true },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                lab_init(cases[i].text);
                if (plane_config_reaches_peers(lab.facts.config) != cases[i].has)
                        fail_msg("%s", cases[i].text);
        }
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_each_address_is_asked_without_a_source_and_with_the_planes),
                cmocka_unit_test(test_what_the_file_names_is_asked),
                cmocka_unit_test(test_a_peer_that_the_plane_cannot_have_is_not_asked),
                cmocka_unit_test(test_the_addresses_of_a_small_network_are_asked_in_turn),
                cmocka_unit_test(test_a_network_of_two_has_one_other_host),
                cmocka_unit_test(test_without_address_link_or_carrier_nothing_is_asked),
                cmocka_unit_test(test_every_wrong_way_has_its_sentence),
                cmocka_unit_test(test_what_another_link_has_of_a_network_is_no_fault_unless_the_file_names_it),
                cmocka_unit_test(test_a_route_that_changes_is_asked_until_its_way_is_right),
                cmocka_unit_test(test_routes_of_others_are_no_matter),
                cmocka_unit_test(test_a_storm_of_routes_is_asked_for_in_part),
                cmocka_unit_test(test_peers_that_are_in_no_network_of_the_plane_are_no_peers),
        };
        return cmocka_run_group_tests(tests, NULL, lab_deinit);
}
