// A migration that gets no answer: whose entry the kernel is made to forget, how often, and which entries come back.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// The linker calls the __wrap_ functions instead of the kernel's (--wrap, see meson.build).

#include "base/inet.h"
#include "base/util.h"
#include "kernel/neighbour.h"
#include "kernel/tcp.h"
#include "planes.h"
#include "planes/peer-recovery.h"

#define PLANE                                                         \
        "[Interface]\nName=mig0\n[Address]\nAddress=172.150.1.5/24\n" \
        "[Route]\nDestination=10.0.0.0/8\nGateway=172.150.1.1\n"      \
        "[Route]\nDestination=10.1.0.0/16\nGateway=172.150.1.2\n"     \
        "[Route]\nDestination=10.2.0.0/16\n"                          \
        "[Route]\nDestination=172.150.1.64/26\nGateway=172.150.1.3\n" \
        "[Peer]\nAddress=172.150.1.6\nMACAddress=02:00:00:00:00:06\n" \
        "[Peer]\nAddress=172.150.1.1\nMACAddress=02:00:00:00:00:01\n"

// --- the kernel ---

static struct {
        TcpSocket socket; // the host's only connection, if it has_socket
        bool has_socket;
        char calls[512]; // "forget 172.150.1.6 ours\n"
} kernel;

static void call(const char *verb, const Address *address, const char *note) {
        size_t n = strlen(kernel.calls);
        char text[ADDRESS_TEXT_MAX];

        (void)snprintf(kernel.calls + n, sizeof(kernel.calls) - n, "%s %s%s\n", verb, address_format(address, text),
                       note);
}

int __wrap_neighbour_add(Netlink *netlink, int ifindex, const Object *desired, Error *ret_error);
int __wrap_neighbour_add(Netlink *netlink _unused_, int ifindex _unused_, const Object *desired,
                         Error *ret_error _unused_) {
        call("pin", &desired->as_neighbour.address, "");
        return 0;
}

int __wrap_neighbour_forget(Netlink *netlink, int ifindex, const Address *address, bool is_ours, Error *ret_error);
int __wrap_neighbour_forget(Netlink *netlink _unused_, int ifindex _unused_, const Address *address, bool is_ours,
                            Error *ret_error _unused_) {
        call("forget", address, is_ours ? " ours" : "");
        return 0;
}

// --- one plane ---

typedef struct Lab {
        PlaneSet planes;
        Plane *plane;
        PeerRecovery recovery;
} Lab;

static void lab_init(Lab *lab) {
        *lab = (Lab){};
        memset(&kernel, 0, sizeof(kernel));
        lab->plane = planes_add_text(&lab->planes, "blue", PLANE);
        lab->plane->status.ifindex = 7;
        lab->recovery = (PeerRecovery){ .planes = &lab->planes };
}

static void lab_deinit(Lab *lab) {
        planes_deinit(&lab->planes);
}
#define _cleanup_lab_ _cleanup_(lab_deinit)

static void migration_runs(const char *peer, bool is_unanswered) {
        kernel.has_socket = true;
        kernel.socket = (TcpSocket){ .local_port = 40000, .remote_port = 49200, .is_unanswered = is_unanswered };
        assert_int_equal(address_parse("172.150.1.5", &kernel.socket.local), 0);
        assert_int_equal(address_parse(peer, &kernel.socket.remote), 0);
}

static void assert_calls(const char *expected) {
        assert_string_equal(kernel.calls, expected);
        kernel.calls[0] = '\0';
}

static void look(Lab *lab) {
        peer_recovery_look(&lab->recovery,
                           &(TcpSockets){ .sockets = &kernel.socket, .n_sockets = kernel.has_socket ? 1 : 0 });
}

// --- who is asked ---

static void test_the_next_hop_is_the_peer_or_its_gateway(void **state _unused_) {
        static const struct {
                const char *peer, *next_hop;
        } cases[] = {
                { "172.150.1.6", "172.150.1.6" },
                { "10.9.0.1", "172.150.1.1" },
                { "10.1.0.1", "172.150.1.2" },     // the longest [Route]
                { "10.2.0.1", "10.2.0.1" },        // on the link
                { "172.150.1.70", "172.150.1.3" }, // longer than the plane's own network
                { "192.0.2.1", NULL },
                { "fd00::1", NULL },
        };
        _cleanup_config_ Config *config = NULL;
        const PlaneConfig *plane = golden_plane("blue", PLANE, &config);

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                char text[ADDRESS_TEXT_MAX];
                Address peer;

                assert_int_equal(address_parse(cases[i].peer, &peer), 0);
                const Address *found = peer_recovery_next_hop(plane, &peer);
                if (cases[i].next_hop)
                        assert_string_equal(found ? address_format(found, text) : "none", cases[i].next_hop);
                else
                        assert_null(found);
        }
}

static void test_a_peer_that_does_not_answer_is_forgotten(void **state _unused_) {
        _cleanup_lab_ Lab lab;

        lab_init(&lab);
        migration_runs("172.150.1.7", true);
        look(&lab);
        assert_calls("forget 172.150.1.7\n");
        assert_true(lab.plane->is_unanswered);
}

static void test_of_a_peer_behind_a_gateway_the_gateway_is(void **state _unused_) {
        _cleanup_lab_ Lab lab;

        lab_init(&lab);
        migration_runs("10.1.0.1", true);
        look(&lab);
        assert_calls("forget 172.150.1.2\n");
}

static void test_a_pinned_entry_is_ours_to_forget(void **state _unused_) {
        _cleanup_lab_ Lab lab;

        lab_init(&lab);
        migration_runs("172.150.1.6", true);
        look(&lab);
        assert_calls("forget 172.150.1.6 ours\n");
}

static void test_a_peer_that_answers_is_left_alone(void **state _unused_) {
        _cleanup_lab_ Lab lab;

        lab_init(&lab);
        migration_runs("172.150.1.7", false);
        look(&lab);
        assert_calls("");
        assert_false(lab.plane->is_unanswered);
}

static void test_connections_that_are_no_migrations_are_left_alone(void **state _unused_) {
        _cleanup_lab_ Lab lab;

        lab_init(&lab);
        migration_runs("172.150.1.7", true);
        kernel.socket.remote_port = 22;
        look(&lab);
        assert_calls("");
}

// --- how often ---

static void test_it_looks_for_the_peer_again_until_it_answers(void **state _unused_) {
        _cleanup_lab_ Lab lab;

        lab_init(&lab);
        migration_runs("172.150.1.7", true);
        look(&lab);
        assert_calls("forget 172.150.1.7\n");
        for (unsigned i = 0; i < 3; i++) {
                look(&lab);
                assert_calls("pin 172.150.1.6\npin 172.150.1.1\nforget 172.150.1.7\n");
        }
        kernel.has_socket = false;
        look(&lab);
        assert_false(lab.plane->is_unanswered);
}

// --- which entries come back ---

static void test_pinned_peers_come_back_after_the_peer_was_looked_for(void **state _unused_) {
        _cleanup_lab_ Lab lab;

        lab_init(&lab);
        migration_runs("172.150.1.6", true);
        look(&lab);
        assert_calls("forget 172.150.1.6 ours\n");
        peer_recovery_pin_peers(&lab.recovery);
        assert_calls("pin 172.150.1.6\npin 172.150.1.1\n");
        // It answers: the last time.
        kernel.socket.is_unanswered = false;
        look(&lab);
        assert_calls("pin 172.150.1.6\npin 172.150.1.1\n");
        look(&lab);
        assert_calls("");
}

static void test_a_plane_without_a_device_or_taken_down_has_none(void **state _unused_) {
        _cleanup_lab_ Lab lab;

        lab_init(&lab);
        lab.plane->is_unanswered = lab.plane->taken_down = true;
        peer_recovery_pin_peers(&lab.recovery);
        assert_calls("");
        lab.plane->taken_down = false;
        lab.plane->status.ifindex = 0;
        peer_recovery_pin_peers(&lab.recovery);
        migration_runs("172.150.1.7", true);
        look(&lab);
        assert_calls("");
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_the_next_hop_is_the_peer_or_its_gateway),
                cmocka_unit_test(test_a_peer_that_does_not_answer_is_forgotten),
                cmocka_unit_test(test_of_a_peer_behind_a_gateway_the_gateway_is),
                cmocka_unit_test(test_a_pinned_entry_is_ours_to_forget),
                cmocka_unit_test(test_a_peer_that_answers_is_left_alone),
                cmocka_unit_test(test_connections_that_are_no_migrations_are_left_alone),
                cmocka_unit_test(test_it_looks_for_the_peer_again_until_it_answers),
                cmocka_unit_test(test_pinned_peers_come_back_after_the_peer_was_looked_for),
                cmocka_unit_test(test_a_plane_without_a_device_or_taken_down_has_none),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
