// Arbitrary bytes as the kernel's answer about links, addresses, routes, neighbours, VLANs, tc and sockets.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// The first byte says who asks. The linker puts the functions below in the place of the request socket's (--wrap), so
// that all else is as in the daemon, and each answer is in memory of just its size.

#include <sys/socket.h>

#include "base/error.h"
#include "base/inet.h"
#include "base/util.h"
#include "engine/migrations.h"
#include "kernel/addr.h"
#include "kernel/bridge.h"
#include "kernel/link.h"
#include "kernel/neighbour.h"
#include "kernel/route.h"
#include "kernel/tcp.h"
#include "tc/class.h"
#include "tc/filter.h"
#include "tc/foreign-filters.h"
#include "tc/redirect.h"
#include "tc/qdisc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int __wrap_netlink_query(Netlink *netlink, struct nl_msg *message, NetlinkHandler handler,
                         void (*restart)(void *userdata), void *userdata, Error *ret_error);
int __wrap_netlink_link_name(Netlink *netlink, int index, char ret[static 16], Error *ret_error);
int __wrap_netlink_new(int protocol, Netlink **ret, Error *ret_error);
Netlink *__wrap_netlink_free(Netlink *netlink);

static const uint8_t *answer_data;
static size_t answer_size;

int __wrap_netlink_query(Netlink *netlink _unused_, struct nl_msg *message, NetlinkHandler handler,
                         void (*restart)(void *userdata), void *userdata, Error *ret_error) {
        NetlinkAnswer answer = { .handler = handler, .userdata = userdata };
        _cleanup_free_ char *datagram = malloc(answer_size ?: 1);

        nlmsg_free(message);
        if (!datagram)
                return -ENOMEM;
        memcpy(datagram, answer_data, answer_size);
        if (restart)
                restart(userdata);
        int r = netlink_parse(datagram, answer_size, &answer, ret_error);
        return r < 0 ? r : answer.result;
}

int __wrap_netlink_link_name(Netlink *netlink _unused_, int index _unused_, char ret[static 16],
                             Error *ret_error _unused_) {
        memcpy(ret, "ifb-mig0", sizeof("ifb-mig0"));
        return 0;
}

int __wrap_netlink_new(int protocol _unused_, Netlink **ret, Error *ret_error _unused_) {
        *ret = NULL;
        return 0;
}

Netlink *__wrap_netlink_free(Netlink *netlink _unused_) {
        return NULL;
}

enum { INDEX = 2 }; // of the plane's device

static void links(State *state, Error *error) {
        _cleanup_inventory_ Inventory inventory = {};
        State desired = {};
        uint64_t sent, received;

        if (inventory_read(NULL, &inventory, error) >= 0) {
                for (size_t i = 0; i < inventory.n_links; i++)
                        (void)link_observe(&inventory.links[i], inventory.links[i].is_tagged, &desired, state);
                (void)inventory_find(&inventory, "mig0");
                (void)inventory_find_index(&inventory, INDEX);
        }
        (void)link_read_bytes(NULL, INDEX, &sent, &received, error);
}

static void addresses(State *state, Error *error) {
        State desired = {};

        (void)addr_observe(NULL, "mig0", INDEX, true, &desired, state, error);
}

static void routes(State *state, Error *error) {
        Link link = { .index = INDEX, .name = "mig0" };
        Inventory inventory = { .links = &link, .n_links = 1 };

        (void)route_observe(NULL, &inventory, state, error);
}

static void neighbours(State *state, Error *error) {
        State desired = {};

        (void)neighbour_observe(NULL, "mig0", INDEX, &desired, state, error);
}

static void vlans(State *state _unused_, Error *error) {
        _cleanup_bridge_members_ BridgeMembers members = {};

        (void)bridge_members_read(NULL, 100, &members, error);
}

static void qdiscs(State *state, Error *error) {
        State desired = {};
        QdiscObject root;

        (void)qdisc_observe(NULL, "mig0", INDEX, &desired, state, error);
        (void)qdisc_get_root(NULL, INDEX, &root, error);
}

static void classes(State *state, Error *error) {
        (void)class_observe(NULL, "mig0", INDEX, state, error);
}

static void filters(State *state, Error *error) {
        size_t ours, foreign;

        (void)filter_observe(NULL, "mig0", INDEX, false, state, error);
        (void)filter_count(NULL, INDEX, &ours, &foreign, error);
}

static void redirects(State *state _unused_, Error *error) {
        _cleanup_redirects_ RedirectList list = {};

        (void)redirects_read(NULL, &list, error);
        (void)redirects_count(&list, 2);
        (void)foreign_filters_send_to(NULL, 2, 3, error);
}

static void sockets(State *state _unused_, Error *error) {
        PlaneConfig plane = {};
        _cleanup_tcp_sockets_ TcpSockets list = {};

        if (tcp_read_established(&list, error) >= 0)
                (void)migrations_count(&list, &plane);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static void (*const readers[])(State * state, Error * error) = {
                links, addresses, routes, neighbours, vlans, qdiscs, classes, filters, sockets, redirects,
        };
        State state = {};
        Error error;

        if (size == 0)
                return 0;
        answer_data = data + 1;
        answer_size = size - 1;
        readers[data[0] % ELEMENTSOF(readers)](&state, &error);
        // Whatever was read can be told.
        state_sort(&state);
        state_deinit(&state);
        return 0;
}
