// Addresses, routes, neighbours and names of sockets: what is read of the kernel, and what is asked of it.
// SPDX-License-Identifier: GPL-2.0-or-later

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <linux/if_addr.h>
#include <linux/neighbour.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>

#include "base/inet.h"
#include "base/names.h"
#include "kernel/addr.h"
#include "kernel/inventory.h"
#include "kernel/neighbour.h"
#include "kernel/network.h"
#include "kernel/route.h"
#include "kernel/unix-name.h"
#include "model/object.h"
#include "model/state.h"

#include "fake-kernel.h"

enum { IFA_PROTO_NUMBER = 11, FOREIGN_PROTOCOL = 4, OTHER_LINK = 44 };

static Prefix prefix_of(const char *text) {
        Prefix prefix;
        assert_int_equal(prefix_parse(text, &prefix), 0);
        return prefix;
}

static Address address_of(const char *text) {
        Address address;
        assert_int_equal(address_parse(text, &address), 0);
        return address;
}

static void put_address(uint16_t type, const Address *address) {
        mnl_attr_put(fake.last, type, address_bits(address->family) / 8, address->bytes);
}

static void assert_address(const Address *address, const char *text) {
        Address expected = {};

        if (text)
                expected = address_of(text);
        assert_memory_equal(address, &expected, sizeof(expected));
}

// --- addresses ---

static void address_put(int ifindex, const char *text, uint8_t flags, const uint32_t *more_flags, uint8_t protocol) {
        const Prefix prefix = prefix_of(text);
        const struct ifaddrmsg header = {
                .ifa_family = (uint8_t)prefix.address.family,
                .ifa_prefixlen = prefix.length,
                .ifa_flags = flags,
                .ifa_index = (uint32_t)ifindex,
        };

        (void)message_begin(RTM_NEWADDR, &header, sizeof(header));
        put_address(IFA_LOCAL, &prefix.address);
        if (more_flags)
                mnl_attr_put_u32(fake.last, IFA_FLAGS, *more_flags);
        if (protocol)
                mnl_attr_put_u8(fake.last, IFA_PROTO_NUMBER, protocol);
        message_end();
}

static void test_an_address_is_usable_when_its_detection_has_passed(void **state _unused_) {
        static const struct {
                uint8_t flags;
                bool has_more;
                uint32_t more_flags;
                int usable;
        } cases[] = {
                { IFA_F_PERMANENT, true, IFA_F_PERMANENT, 1 },
                { IFA_F_PERMANENT, true, IFA_F_PERMANENT | IFA_F_NOPREFIXROUTE, 1 },
                { IFA_F_TENTATIVE, true, IFA_F_TENTATIVE, 0 },
                { IFA_F_DADFAILED, true, IFA_F_DADFAILED | IFA_F_PERMANENT, 0 },
                { IFA_F_DADFAILED | IFA_F_TENTATIVE, true, IFA_F_DADFAILED | IFA_F_TENTATIVE, 0 },
                { 0, true, IFA_F_DADFAILED, 0 },
                { IFA_F_DADFAILED, false, 0, 0 }, // an older kernel
                { IFA_F_PERMANENT, false, 0, 1 },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_addr_list_ AddrList list = {};
                (void)fake_reset(NULL);
                address_put(MIG0, "fd00::5/64", cases[i].flags, cases[i].has_more ? &cases[i].more_flags : NULL, 0);
                assert_int_equal(addr_read(NULL, 0, &list, NULL), 0);
                assert_int_equal(list.n_entries, 1);
                assert_int_equal(!(list.entries[0].flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED)), cases[i].usable);
        }
}

static void test_an_address_counts_on_its_link(void **state _unused_) {
        _cleanup_addr_list_ AddrList list = {};

        address_put(OTHER_LINK, "172.150.1.5/24", IFA_F_PERMANENT, NULL, 0); // kernels without strict checks send all
        address_put(MIG0, "172.150.1.5/16", IFA_F_PERMANENT, NULL, 0);
        assert_int_equal(addr_read(NULL, MIG0, &list, NULL), 0);
        assert_int_equal(list.n_entries, 1);
        assert_int_equal(list.entries[0].prefix.length, 16);
        answer_error(-EPERM);
        assert_int_equal(addr_read(NULL, MIG0, &list, NULL), -EPERM);
}

static void test_ours_are_the_addresses_with_our_mark(void **state _unused_) {
        _cleanup_state_ State desired = {}, observed = {};
        const Object wanted = {
                .kind = OBJECT_ADDRESS,
                .link = "mig0",
                .as_address.prefix = prefix_of("172.150.1.7/24"),
        };

        for (unsigned link_is_ours = 0; link_is_ours < 2; link_is_ours++) {
                answer_begin();
                address_put(MIG0, "172.150.1.5/24", 0, NULL, OUR_PROTOCOL);
                address_put(MIG0, "172.150.1.6/24", 0, NULL, FOREIGN_PROTOCOL);
                address_put(MIG0, "172.150.1.7/24", 0, NULL, 0);
        }
        assert_int_equal(state_add(&desired, &wanted), 0);
        assert_int_equal(addr_observe(NULL, "mig0", MIG0, false, &desired, &observed, NULL), 0);
        assert_int_equal(observed.n_objects, 2);
        assert_true(observed.objects[0].as_address.ours);
        assert_false(observed.objects[1].as_address.ours);
        assert_int_equal(observed.objects[1].as_address.prefix.address.bytes[3], 7);
        assert_int_equal(addr_observe(NULL, "mig0", MIG0, true, &desired, &observed, NULL), 0);
        assert_int_equal(observed.n_objects, 2 + 3);
}

static void point_to_point_put(const char *local, const char *peer) {
        const Prefix prefix = prefix_of(peer);
        const Address own = address_of(local);
        const struct ifaddrmsg header = {
                .ifa_family = (uint8_t)own.family,
                .ifa_prefixlen = prefix.length,
                .ifa_index = MIG0,
        };

        (void)message_begin(RTM_NEWADDR, &header, sizeof(header));
        put_address(IFA_ADDRESS, &prefix.address);
        put_address(IFA_LOCAL, &own);
        message_end();
}

static void test_the_other_end_of_an_address_is_a_part_of_it(void **state _unused_) {
        static const struct {
                const char *local, *peer, *text;
                bool is_plain;
        } cases[] = {
                { "10.0.0.1", "10.0.0.2/32", "10.0.0.1 peer 10.0.0.2/32", false },
                { "10.0.0.1", "192.0.2.9/24", "10.0.0.1 peer 192.0.2.9/24", false },
                { "fd00::1", "fd99::2/64", "fd00::1 peer fd99::2/64", false },
                { "10.0.0.1", "10.0.0.2/24", "10.0.0.1/24", true }, // the same network
                { "10.0.0.1", "10.0.0.1/32", "10.0.0.1/32", true },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_state_ State none = {}, observed = {};
                _cleanup_addr_list_ AddrList list = {};
                char text[ADDRESS_OBJECT_TEXT_MAX];
                const Address *peer = NULL;
                Address sent;

                (void)fake_reset(NULL);
                for (unsigned reading = 0; reading < 2; reading++) {
                        answer_begin();
                        point_to_point_put(cases[i].local, cases[i].peer);
                }
                assert_int_equal(addr_observe(NULL, "mig0", MIG0, true, &none, &observed, NULL), 0);
                assert_int_equal(observed.n_objects, 1);
                peer = &observed.objects[0].as_address.peer;
                assert_string_equal(address_object_format(&observed.objects[0].as_address, text), cases[i].text);
                // It is no plane's address.
                const Prefix plain = { address_of(cases[i].local), prefix_of(cases[i].peer).length };
                assert_int_equal(addr_read(NULL, MIG0, &list, NULL), 0);
                assert_int_equal(addr_entry_is(&list.entries[0], &plain), cases[i].is_plain);
                // The kernel does not find an IPv4 address without its other end.
                assert_int_equal(addr_delete(NULL, MIG0, &observed.objects[0], NULL), 0);
                assert_true(attribute_address(request_attribute(2, sizeof(struct ifaddrmsg), IFA_ADDRESS),
                                              peer->family ?: address_of(cases[i].local).family, &sent));
                assert_address(&sent, peer->family == AF_INET ? address_format(peer, text) : cases[i].local);
        }
}

static void test_an_address_is_added_with_our_mark_and_without_detection(void **state _unused_) {
        const Object four = { .kind = OBJECT_ADDRESS, .as_address.prefix = prefix_of("172.150.1.5/24") };
        const Object six = { .kind = OBJECT_ADDRESS, .as_address.prefix = prefix_of("fd00::5/64") };
        const size_t size = sizeof(struct ifaddrmsg);
        uint8_t protocol = 0;
        Address address;

        assert_int_equal(addr_add(NULL, MIG0, &four, NULL), 0);
        assert_int_equal(request_at(0)->nlmsg_type, RTM_NEWADDR);
        const struct ifaddrmsg *header = request_header(0);
        assert_int_equal(header->ifa_index, MIG0);
        assert_int_equal(header->ifa_prefixlen, 24);
        assert_true(attribute_address(request_attribute(0, size, IFA_LOCAL), AF_INET, &address));
        assert_address(&address, "172.150.1.5");
        assert_int_equal(attribute_u8(request_attribute(0, size, IFA_PROTO_NUMBER), &protocol), 1);
        assert_int_equal(protocol, OUR_PROTOCOL);
        assert_int_equal(addr_add(NULL, MIG0, &six, NULL), 0);
        header = request_header(2);
        assert_int_equal(header->ifa_flags, IFA_F_NODAD);
        assert_int_equal(addr_delete(NULL, MIG0, &six, NULL), 0);
        assert_int_equal(request_at(4)->nlmsg_type, RTM_DELADDR);
}

// Kernels before 5.18 ignore IFA_PROTO.
static void test_an_address_that_shows_no_mark_is_marked_by_its_metric(void **state _unused_) {
        const Object four = { .kind = OBJECT_ADDRESS, .as_address.prefix = prefix_of("172.150.1.5/24") };
        const size_t size = sizeof(struct ifaddrmsg);

        address_put(MIG0, "172.150.1.5/24", 0, NULL, 0);
        assert_int_equal(addr_add(NULL, MIG0, &four, NULL), 0);
        assert_int_equal(fake.n_requests, 3);
        assert_int_equal(request_at(2)->nlmsg_type, RTM_NEWADDR);
        assert_int_equal(request_u32(2, size, IFA_RT_PRIORITY), OUR_ADDRESS_METRIC);
        assert_null(request_attribute(2, size, IFA_PROTO_NUMBER));
}

static void test_an_address_that_shows_its_mark_is_left_alone(void **state _unused_) {
        const Object four = { .kind = OBJECT_ADDRESS, .as_address.prefix = prefix_of("172.150.1.5/24") };

        address_put(MIG0, "172.150.1.5/24", 0, NULL, OUR_PROTOCOL);
        assert_int_equal(addr_add(NULL, MIG0, &four, NULL), 0);
        assert_int_equal(fake.n_requests, 2);
}

// --- routes ---

static Link links[] = { { .index = MIG0, .name = "mig0" }, { .index = OTHER_LINK, .name = "other" } };
static const Inventory inventory = { .links = links, .n_links = ELEMENTSOF(links) };

static void route_begin(const char *destination, uint8_t protocol, uint8_t table) {
        const Prefix prefix = prefix_of(destination);
        const struct rtmsg header = {
                .rtm_family = (uint8_t)prefix.address.family,
                .rtm_dst_len = prefix.length,
                .rtm_protocol = protocol,
                .rtm_table = table,
        };

        (void)message_begin(RTM_NEWROUTE, &header, sizeof(header));
        put_address(RTA_DST, &prefix.address);
}

static void test_a_route_is_read_with_its_gateway_its_source_and_its_metric(void **state _unused_) {
        _cleanup_state_ State observed = {};
        const Address gateway = address_of("172.150.1.1"), source = address_of("172.150.1.5");

        route_begin("172.150.0.0/16", OUR_PROTOCOL, RT_TABLE_MAIN);
        put_address(RTA_GATEWAY, &gateway);
        put_address(RTA_PREFSRC, &source);
        mnl_attr_put_u32(fake.last, RTA_PRIORITY, 50);
        mnl_attr_put_u32(fake.last, RTA_OIF, MIG0);
        message_end();
        route_begin("172.151.0.0/16", OUR_PROTOCOL, RT_TABLE_MAIN);
        mnl_attr_put_u32(fake.last, RTA_OIF, OTHER_LINK);
        message_end();
        route_begin("172.152.0.0/16", RTPROT_STATIC, RT_TABLE_MAIN); // another program's
        mnl_attr_put_u32(fake.last, RTA_OIF, MIG0);
        message_end();
        route_begin("172.153.0.0/16", OUR_PROTOCOL, RT_TABLE_LOCAL);
        mnl_attr_put_u32(fake.last, RTA_OIF, MIG0);
        message_end();
        route_begin("172.154.0.0/16", OUR_PROTOCOL, RT_TABLE_MAIN);
        mnl_attr_put_u32(fake.last, RTA_OIF, 99); // a link that was added after the inventory was read
        message_end();

        assert_int_equal(route_observe(NULL, &inventory, &observed, NULL), 0);
        assert_int_equal(observed.n_objects, 2);
        const RouteObject *route = &observed.objects[0].as_route;
        assert_string_equal(observed.objects[0].link, "mig0");
        assert_address(&route->gateway, "172.150.1.1");
        assert_address(&route->source, "172.150.1.5");
        assert_int_equal(route->metric, 50);
        assert_int_equal(route->destination.length, 16);
        assert_false(route->is_odd);
        assert_string_equal(observed.objects[1].link, "other");
        assert_address(&observed.objects[1].as_route.gateway, NULL);
        assert_address(&observed.objects[1].as_route.source, NULL);
}

static void test_next_hops_are_read_one_by_one(void **state _unused_) {
        static const char *const destinations[] = { "172.150.0.0/16", "fd01::/64" };
        struct {
                struct rtnexthop hop;
                struct nlattr gateway;
                uint8_t address[16];
        } hops[2] = {};

        for (size_t i = 0; i < ELEMENTSOF(destinations); i++) {
                _cleanup_state_ State observed = {};
                bool is_ipv6 = i == 1;

                (void)fake_reset(NULL);
                if (is_ipv6) // the first query is for IPv4
                        answer_begin();
                answer_begin();
                for (size_t j = 0; j < ELEMENTSOF(hops); j++) {
                        hops[j].hop = (struct rtnexthop){ .rtnh_len = sizeof(hops[j]), .rtnh_ifindex = MIG0 };
                        hops[j].gateway = (struct nlattr){
                                .nla_len = (uint16_t)(NLA_HDRLEN + (is_ipv6 ? 16 : 4)),
                                .nla_type = RTA_GATEWAY,
                        };
                        hops[j].address[0] = (uint8_t)(j + 1);
                }
                route_begin(destinations[i], OUR_PROTOCOL, RT_TABLE_MAIN);
                mnl_attr_put(fake.last, RTA_MULTIPATH, sizeof(hops), hops);
                message_end();
                assert_int_equal(route_observe(NULL, &inventory, &observed, NULL), 0);
                assert_int_equal(observed.n_objects, 2);
                for (size_t j = 0; j < 2; j++) {
                        assert_int_equal(observed.objects[j].as_route.gateway.bytes[0], j + 1);
                        // An IPv4 route with several next hops is never one of ours.
                        assert_int_equal(observed.objects[j].as_route.is_odd, !is_ipv6);
                }
        }
}

static void test_a_next_hop_without_a_gateway_has_none(void **state _unused_) {
        _cleanup_state_ State observed = {};
        struct {
                struct rtnexthop first;
                struct nlattr gateway;
                uint8_t address[4];
                struct rtnexthop second;
        } hops = {
                .first = { .rtnh_len = offsetof(__typeof__(hops), second), .rtnh_ifindex = MIG0 },
                .gateway = { .nla_len = NLA_HDRLEN + 4, .nla_type = RTA_GATEWAY },
                .address = { 172, 150, 1, 1 },
                .second = { .rtnh_len = sizeof(hops.second), .rtnh_ifindex = OTHER_LINK },
        };

        route_begin("172.150.0.0/16", OUR_PROTOCOL, RT_TABLE_MAIN);
        mnl_attr_put(fake.last, RTA_MULTIPATH, sizeof(hops), &hops);
        message_end();
        assert_int_equal(route_observe(NULL, &inventory, &observed, NULL), 0);
        assert_int_equal(observed.n_objects, 2);
        assert_address(&observed.objects[0].as_route.gateway, "172.150.1.1");
        assert_string_equal(observed.objects[1].link, "other");
        assert_address(&observed.objects[1].as_route.gateway, NULL);
}

static void test_next_hops_that_lie_about_their_length_are_refused(void **state _unused_) {
        static const uint16_t lengths[] = { 0, 1, sizeof(struct rtnexthop) - 1, sizeof(struct rtnexthop) + 1,
                                            UINT16_MAX };

        for (size_t i = 0; i < ELEMENTSOF(lengths); i++) {
                _cleanup_state_ State observed = {};
                const struct rtnexthop hop = { .rtnh_len = lengths[i], .rtnh_ifindex = MIG0 };

                (void)fake_reset(NULL);
                route_begin("172.150.0.0/16", OUR_PROTOCOL, RT_TABLE_MAIN);
                mnl_attr_put(fake.last, RTA_MULTIPATH, sizeof(hop), &hop);
                message_end();
                assert_int_equal(route_observe(NULL, &inventory, &observed, NULL), -EBADMSG);
        }
}

static void test_a_kernel_without_ipv6_has_no_ipv6_routes(void **state _unused_) {
        static const struct { int error, result; } cases[] = { { -ENOENT, 0 }, { -EOPNOTSUPP, 0 }, { -EPERM, -EPERM } };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_state_ State observed = {};
                Error error = {};

                (void)fake_reset(NULL);
                route_begin("172.150.0.0/16", OUR_PROTOCOL, RT_TABLE_MAIN);
                mnl_attr_put_u32(fake.last, RTA_OIF, MIG0);
                message_end();
                answer_error(cases[i].error);
                assert_int_equal(route_observe(NULL, &inventory, &observed, &error), cases[i].result);
                assert_int_equal(observed.n_objects, 1);
                assert_int_equal(error.code, cases[i].result);
        }
}

static Object route_desired(const char *gateway) {
        Object object = {
                .kind = OBJECT_ROUTE,
                .link = "mig0",
                .as_route = {
                        .destination = prefix_of("172.150.0.0/16"),
                        .gateway = address_of(gateway),
                        .source = address_of("172.150.1.5"),
                        .metric = 50,
                },
        };
        return object;
}

static void test_a_route_is_added_with_its_source(void **state _unused_) {
        const Object desired = route_desired("172.150.1.1");
        const size_t size = sizeof(struct rtmsg);
        Address address;

        assert_int_equal(route_add(NULL, MIG0, &desired, NULL), 0);
        assert_int_equal(request_at(0)->nlmsg_type, RTM_NEWROUTE);
        assert_int_equal(request_at(0)->nlmsg_flags & (NLM_F_CREATE | NLM_F_EXCL), NLM_F_CREATE | NLM_F_EXCL);
        const struct rtmsg *header = request_header(0);
        assert_int_equal(header->rtm_protocol, OUR_PROTOCOL);
        assert_int_equal(header->rtm_table, RT_TABLE_MAIN);
        assert_int_equal(header->rtm_dst_len, 16);
        assert_true(attribute_address(request_attribute(0, size, RTA_PREFSRC), AF_INET, &address));
        assert_address(&address, "172.150.1.5");
        assert_true(attribute_address(request_attribute(0, size, RTA_GATEWAY), AF_INET, &address));
        assert_address(&address, "172.150.1.1");
        assert_int_equal(request_u32(0, size, RTA_PRIORITY), 50);
        assert_int_equal(request_u32(0, size, RTA_OIF), MIG0);
}

static void test_a_route_that_changes_is_there_all_the_time(void **state _unused_) {
        const Object desired = route_desired("172.150.1.1"), observed = route_desired("172.150.1.2");
        Address address;

        assert_int_equal(route_change(NULL, MIG0, &desired, &observed, NULL), 0);
        assert_int_equal(fake.n_requests, 2);
        assert_int_equal(request_at(0)->nlmsg_type, RTM_NEWROUTE);
        assert_int_equal(request_at(0)->nlmsg_flags & NLM_F_REPLACE, 0);
        assert_int_equal(request_at(1)->nlmsg_type, RTM_DELROUTE);
        assert_true(attribute_address(request_attribute(1, sizeof(struct rtmsg), RTA_GATEWAY), AF_INET, &address));
        assert_address(&address, "172.150.1.2");

        (void)fake_reset(NULL);
        fake.results[1] = -ESRCH; // the old one is gone already
        assert_int_equal(route_change(NULL, MIG0, &desired, &observed, NULL), 0);
        (void)fake_reset(NULL);
        fake.results[0] = -ENETUNREACH;
        assert_int_equal(route_change(NULL, MIG0, &desired, &observed, NULL), -ENETUNREACH);
        assert_int_equal(fake.n_requests, 1);
        (void)fake_reset(NULL);
        fake.results[0] = -EEXIST;
        assert_int_equal(route_change(NULL, MIG0, &desired, &observed, NULL), 0);
        assert_int_equal(fake.n_requests, 2);
        assert_int_equal(request_at(1)->nlmsg_flags & NLM_F_REPLACE, NLM_F_REPLACE);
}

// --- neighbours ---

static void neighbour_put(int ifindex, const char *text, uint16_t state, uint8_t protocol) {
        const Address address = address_of(text);
        const struct ndmsg header = {
                .ndm_family = (uint8_t)address.family,
                .ndm_ifindex = ifindex,
                .ndm_state = state,
        };
        static const MacAddress mac = { { 2, 0, 0, 0, 0, 9 } };

        (void)message_begin(RTM_NEWNEIGH, &header, sizeof(header));
        put_address(NDA_DST, &address);
        mnl_attr_put(fake.last, NDA_LLADDR, sizeof(mac), &mac);
        if (protocol)
                mnl_attr_put_u8(fake.last, NDA_PROTOCOL, protocol);
        message_end();
}

static Object neighbour_desired(const char *address) {
        Object object = {
                .kind = OBJECT_NEIGHBOUR,
                .link = "mig0",
                .as_neighbour = { .address = address_of(address), .mac = { { 2, 0, 0, 0, 0, 9 } } },
        };
        return object;
}

static void test_permanent_neighbours_of_ours_are_read(void **state _unused_) {
        _cleanup_state_ State desired = {}, observed = {};
        const Object wanted = neighbour_desired("172.150.1.8");

        neighbour_put(MIG0, "172.150.1.6", NUD_PERMANENT, OUR_PROTOCOL);
        neighbour_put(MIG0, "172.150.1.7", NUD_REACHABLE, OUR_PROTOCOL);
        neighbour_put(MIG0, "172.150.1.8", NUD_PERMANENT, 0);
        neighbour_put(MIG0, "172.150.1.9", NUD_PERMANENT, 0);
        neighbour_put(OTHER_LINK, "172.150.1.6", NUD_PERMANENT, OUR_PROTOCOL);
        neighbour_put(MIG0, "fd00::6", NUD_PERMANENT, OUR_PROTOCOL);
        assert_int_equal(state_add(&desired, &wanted), 0);
        assert_int_equal(neighbour_observe(NULL, "mig0", MIG0, &desired, &observed, NULL), 0);
        assert_int_equal(observed.n_objects, 3);
        assert_address(&observed.objects[0].as_neighbour.address, "172.150.1.6");
        assert_int_equal(observed.objects[0].as_neighbour.mac.bytes[5], 9);
        assert_address(&observed.objects[1].as_neighbour.address, "172.150.1.8");
        assert_address(&observed.objects[2].as_neighbour.address, "fd00::6");
}

static void test_a_neighbour_is_added_for_good_and_deleted(void **state _unused_) {
        const Object neighbour = neighbour_desired("172.150.1.6");
        const size_t size = sizeof(struct ndmsg);
        uint8_t protocol = 0;
        Address address;

        assert_int_equal(neighbour_add(NULL, MIG0, &neighbour, NULL), 0);
        assert_int_equal(request_at(0)->nlmsg_type, RTM_NEWNEIGH);
        assert_int_equal(((const struct ndmsg *)request_header(0))->ndm_state, NUD_PERMANENT);
        assert_int_equal(attribute_u8(request_attribute(0, size, NDA_PROTOCOL), &protocol), 1);
        assert_int_equal(protocol, OUR_PROTOCOL);
        assert_int_equal(neighbour_delete(NULL, MIG0, &neighbour, NULL), 0);
        assert_int_equal(request_at(1)->nlmsg_type, RTM_DELNEIGH);
        assert_int_equal(((const struct ndmsg *)request_header(1))->ndm_ifindex, MIG0);
        assert_true(attribute_address(request_attribute(1, size, NDA_DST), AF_INET, &address));
        assert_address(&address, "172.150.1.6");
}

static void test_a_neighbour_to_be_looked_for_again_fails_unless_others_pinned_it(void **state _unused_) {
        static const struct {
                uint16_t state;
                bool is_ours;
                size_t n_changes;
        } cases[] = {
                { NUD_REACHABLE, false, 1 },
                { NUD_PERMANENT, true, 1 },
                { NUD_PERMANENT, false, 0 },
        };
        const Address address = address_of("172.150.1.6");

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                (void)fake_reset(NULL);
                neighbour_put(MIG0, "172.150.1.6", cases[i].state, 0);
                assert_int_equal(neighbour_forget(NULL, MIG0, &address, cases[i].is_ours, NULL), 0);
                assert_int_equal(fake.n_changes, cases[i].n_changes);
                if (cases[i].n_changes > 0)
                        assert_int_equal(((const struct ndmsg *)request_header(1))->ndm_state, NUD_FAILED);
        }
        (void)fake_reset(NULL);
        answer_error(-ENOENT); // the kernel has no entry
        assert_int_equal(neighbour_forget(NULL, MIG0, &address, true, NULL), 0);
        answer_error(-EPERM);
        assert_int_equal(neighbour_forget(NULL, MIG0, &address, true, NULL), -EPERM);
        assert_int_equal(fake.n_changes, 0);
}

static void test_nothing_is_left_of_an_interrupted_reading(void **state _unused_) {
        _cleanup_state_ State addresses = {}, routes = {}, neighbours = {}, none = {};

        address_put(MIG0, "172.150.1.5/24", 0, NULL, OUR_PROTOCOL);
        answer_interrupt();
        address_put(MIG0, "172.150.1.6/24", 0, NULL, OUR_PROTOCOL);
        assert_int_equal(addr_observe(NULL, "mig0", MIG0, true, &none, &addresses, NULL), 0);
        assert_int_equal(addresses.n_objects, 1);

        answer_begin();
        for (unsigned i = 0; i < 2; i++) {
                route_begin("172.150.0.0/16", OUR_PROTOCOL, RT_TABLE_MAIN);
                mnl_attr_put_u32(fake.last, RTA_OIF, MIG0);
                message_end();
                if (i == 0)
                        answer_interrupt();
        }
        answer_begin();
        assert_int_equal(route_observe(NULL, &inventory, &routes, NULL), 0);
        assert_int_equal(routes.n_objects, 1);

        answer_begin();
        neighbour_put(MIG0, "172.150.1.6", NUD_PERMANENT, OUR_PROTOCOL);
        answer_interrupt();
        neighbour_put(MIG0, "172.150.1.7", NUD_PERMANENT, OUR_PROTOCOL);
        assert_int_equal(neighbour_observe(NULL, "mig0", MIG0, &none, &neighbours, NULL), 0);
        assert_int_equal(neighbours.n_objects, 1);
}

// --- names of sockets ---

static void put_socket(uint8_t type, const char *name, size_t size, uint32_t user) {
        const struct unix_diag_msg header = { .udiag_family = AF_UNIX, .udiag_type = type };

        message_begin(SOCK_DIAG_BY_FAMILY, &header, sizeof(header));
        mnl_attr_put(fake.last, UNIX_DIAG_NAME, size, name);
        mnl_attr_put_u32(fake.last, 7, user); // UNIX_DIAG_UID
        message_end();
}

static void the_user_of_an_abstract_name_is_that_of_its_stream_socket(void **state _unused_) {
        uid_t user = 7;

        put_socket(SOCK_STREAM, "\0lock", 5, 110);
        put_socket(SOCK_DGRAM, "\0lock", 5, 65534);
        put_socket(SOCK_STREAM, "\0lock2", 6, 65534);
        put_socket(SOCK_STREAM, "\0loc", 4, 65534);
        put_socket(SOCK_STREAM, "/lock", 5, 65534);
        assert_int_equal(unix_name_owner("lock", &user, NULL), 0);
        assert_int_equal(user, 110);
        // A connection that waits to be accepted has the name, too, and is nobody's.
        const struct unix_diag_req *request = request_header(0);
        assert_int_equal(request->udiag_states, 1U << 10 | 1U << 7); // TCP_LISTEN, TCP_CLOSE

        user = 7;
        assert_int_equal(unix_name_owner("lock2000", &user, NULL), -ENOENT);
        assert_int_equal(user, 7);
}

// --- networks and default routes of the host ---

static void unicast_put(const char *destination, uint8_t protocol, const char *gateway, uint32_t metric, int ifindex) {
        const Prefix prefix = prefix_of(destination);
        const struct rtmsg header = {
                .rtm_family = (uint8_t)prefix.address.family,
                .rtm_dst_len = prefix.length,
                .rtm_protocol = protocol,
                .rtm_table = RT_TABLE_MAIN,
                .rtm_type = RTN_UNICAST,
        };

        (void)message_begin(RTM_NEWROUTE, &header, sizeof(header));
        if (prefix.length > 0)
                put_address(RTA_DST, &prefix.address);
        if (gateway) {
                const Address via = address_of(gateway);
                put_address(RTA_GATEWAY, &via);
        }
        mnl_attr_put_u32(fake.last, RTA_PRIORITY, metric);
        mnl_attr_put_u32(fake.last, RTA_OIF, (uint32_t)ifindex);
        message_end();
}

static void test_networks_are_addresses_and_connected_routes(void **state _unused_) {
        _cleanup_network_list_ NetworkList list = {};

        address_put(ENO1, "192.0.2.11/24", 0, NULL, 0);
        address_put(ENO1, "fe80::1/64", 0, NULL, 0);
        answer_begin(); // proto kernel, IPv4
        unicast_put("192.0.2.0/24", RTPROT_KERNEL, NULL, 0, ENO1);
        unicast_put("203.0.113.0/24", RTPROT_STATIC, NULL, 0, ENO1); // of a kernel without strict checks
        unicast_put("198.51.100.0/24", RTPROT_KERNEL, "192.0.2.1", 0, ENO1);
        unicast_put("0.0.0.0/0", RTPROT_KERNEL, NULL, 0, ENO1);
        answer_begin(); // IPv6
        unicast_put("fe80::/64", RTPROT_KERNEL, NULL, 256, ENO1);
        for (unsigned i = 0; i < 9; i++)
                answer_begin();
        unicast_put("172.16.0.0/12", OUR_PROTOCOL, "172.150.1.1", 0, MIG0);
        assert_int_equal(network_read(NULL, &list, NULL), 0);
        assert_int_equal(list.n_networks, 3);
        assert_string_equal(PREFIX_TEXT(&list.networks[0].prefix), "192.0.2.11/24");
        assert_int_equal(list.networks[0].source, NETWORK_ADDRESS);
        assert_string_equal(PREFIX_TEXT(&list.networks[1].prefix), "192.0.2.0/24");
        assert_int_equal(list.networks[1].source, NETWORK_CONNECTED);
        assert_string_equal(PREFIX_TEXT(&list.networks[2].prefix), "172.16.0.0/12");
        assert_int_equal(list.networks[2].source, NETWORK_OURS);
        assert_int_equal(list.networks[2].ifindex, MIG0);
}

static void test_the_way_out_is_the_best_default_route(void **state _unused_) {
        static const struct {
                struct {
                        const char *destination;
                        uint8_t protocol;
                        uint32_t metric;
                        int ifindex;
                } routes[3];
                bool expected; // of ENO1
        } cases[] = {
                { {}, false },
                { { { "0.0.0.0/0", RTPROT_STATIC, 0, ENO1 } }, true },
                { { { "0.0.0.0/0", RTPROT_STATIC, 0, MIG0 } }, false },
                { { { "0.0.0.0/0", RTPROT_DHCP, 100, ENO1 }, { "0.0.0.0/0", RTPROT_DHCP, 200, MIG0 } }, true },
                { { { "0.0.0.0/0", RTPROT_DHCP, 200, ENO1 }, { "0.0.0.0/0", RTPROT_DHCP, 100, MIG0 } }, false },
                // Two equal ones: the host has another way.
                { { { "0.0.0.0/0", RTPROT_DHCP, 100, ENO1 }, { "0.0.0.0/0", RTPROT_DHCP, 100, MIG0 } }, false },
                { { { "0.0.0.0/0", RTPROT_DHCP, 100, MIG0 }, { "0.0.0.0/0", RTPROT_DHCP, 100, ENO1 } }, false },
                { { { "0.0.0.0/0", RTPROT_STATIC, 0, MIG0 }, { "::/0", RTPROT_STATIC, 1024, ENO1 } }, true },
                // Everybody on the wire can send a router advertisement.
                { { { "0.0.0.0/0", RTPROT_STATIC, 0, MIG0 }, { "::/0", RTPROT_RA, 1024, ENO1 } }, false },
                { { { "::/0", RTPROT_RA, 1024, ENO1 } }, true },
                { { { "::/0", RTPROT_RA, 1024, ENO1 }, { "::/0", RTPROT_RA, 1024, MIG0 } }, false },
                { { { "192.0.2.0/24", RTPROT_KERNEL, 0, ENO1 } }, false },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                (void)fake_reset(NULL);
                answer_begin();
                for (size_t j = 0; j < ELEMENTSOF(cases[i].routes) && cases[i].routes[j].destination; j++)
                        unicast_put(cases[i].routes[j].destination, cases[i].routes[j].protocol, NULL,
                                    cases[i].routes[j].metric, cases[i].routes[j].ifindex);
                answer_begin();
                if (network_is_way_out(NULL, ENO1, NULL) != cases[i].expected)
                        fail_msg("case %zu", i);
        }
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(test_an_address_is_usable_when_its_detection_has_passed, fake_reset),
                cmocka_unit_test_setup(test_an_address_counts_on_its_link, fake_reset),
                cmocka_unit_test_setup(test_ours_are_the_addresses_with_our_mark, fake_reset),
                cmocka_unit_test_setup(test_an_address_is_added_with_our_mark_and_without_detection, fake_reset),
                cmocka_unit_test_setup(test_an_address_that_shows_no_mark_is_marked_by_its_metric, fake_reset),
                cmocka_unit_test_setup(test_an_address_that_shows_its_mark_is_left_alone, fake_reset),
                cmocka_unit_test_setup(test_the_other_end_of_an_address_is_a_part_of_it, fake_reset),
                cmocka_unit_test_setup(test_a_route_is_read_with_its_gateway_its_source_and_its_metric, fake_reset),
                cmocka_unit_test_setup(test_next_hops_are_read_one_by_one, fake_reset),
                cmocka_unit_test_setup(test_a_next_hop_without_a_gateway_has_none, fake_reset),
                cmocka_unit_test_setup(test_next_hops_that_lie_about_their_length_are_refused, fake_reset),
                cmocka_unit_test_setup(test_a_kernel_without_ipv6_has_no_ipv6_routes, fake_reset),
                cmocka_unit_test_setup(test_a_route_is_added_with_its_source, fake_reset),
                cmocka_unit_test_setup(test_a_route_that_changes_is_there_all_the_time, fake_reset),
                cmocka_unit_test_setup(test_permanent_neighbours_of_ours_are_read, fake_reset),
                cmocka_unit_test_setup(test_a_neighbour_is_added_for_good_and_deleted, fake_reset),
                cmocka_unit_test_setup(test_a_neighbour_to_be_looked_for_again_fails_unless_others_pinned_it,
                                       fake_reset),
                cmocka_unit_test_setup(test_nothing_is_left_of_an_interrupted_reading, fake_reset),
                cmocka_unit_test_setup(the_user_of_an_abstract_name_is_that_of_its_stream_socket, fake_reset),
                cmocka_unit_test_setup(test_networks_are_addresses_and_connected_routes, fake_reset),
                cmocka_unit_test_setup(test_the_way_out_is_the_best_default_route, fake_reset),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
