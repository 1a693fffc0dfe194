// A copy of a plane's configuration: the same, and no part of it shared.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "base/util.h"
#include "config/config.h"
#include "config/copy.h"
#include "config/equal.h"
#include "golden.h"

// Something in every list.
#define PLANE                                                                                            \
        "[Plane]\nDescription=Live migration\n[Interface]\nName=mig0\n[Address]\nAddress=192.0.2.1/24\n" \
        "[Route]\nDestination=198.51.100.0/24\nGateway=192.0.2.254\n[Bandwidth]\nEgress=1G\n"            \
        "[Isolation]\nPeers=192.0.2.0/24\nPorts=49152-49215\nUsers=0\n"                                  \
        "[Peer]\nAddress=192.0.2.2\nMACAddress=02:00:00:00:00:02\n[Health]\nProbe=192.0.2.2\n"

static void test_it_is_equal_and_outlives_the_first(void **state _unused_) {
        _cleanup_config_ Config *config = NULL;
        const PlaneConfig *plane = golden_plane("blue", PLANE, &config);
        PlaneConfig *copy = plane_config_copy(plane);

        assert_non_null(copy);
        assert_true(plane_config_equal(plane, copy));
        config_freep(&config);
        assert_string_equal(copy->name, "blue");
        assert_string_equal(copy->description, "Live migration");
        assert_string_equal(copy->path, "blue.plane");
        assert_int_equal(config_location(copy, "Bandwidth", "Egress", 0).line, 11);
        assert_string_equal(config_location(copy, "Bandwidth", "Egress", 0).path, "blue.plane");
        assert_int_equal(copy->known_peers[0].mac.bytes[5], 2);
        plane_config_free(copy);
}

static void test_a_change_of_it_is_its_own(void **state _unused_) {
        _cleanup_config_ Config *config = NULL;
        const PlaneConfig *plane = golden_plane("blue", PLANE, &config);
        PlaneConfig *copy = plane_config_copy(plane);

        assert_non_null(copy);
        copy->egress = UINT64_C(2000000000);
        copy->ports[0].first = 1;
        copy->addresses[0].prefix.length = 16;
        assert_int_equal(plane->egress, UINT64_C(1000000000));
        assert_int_equal(plane->ports[0].first, 49152);
        assert_int_equal(plane->addresses[0].prefix.length, 24);
        plane_config_free(copy);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_it_is_equal_and_outlives_the_first),
                cmocka_unit_test(test_a_change_of_it_is_its_own),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
