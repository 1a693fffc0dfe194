// The table of a plane's properties.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "base/util.h"
#include "config/config.h"
#include "planes/properties.h"
#include "golden.h"

static const char *text_of(const char *name, const Plane *plane) {
        static char text[PROPERTY_TEXT_MAX];

        return properties_find(name)->text(plane, text);
}

static void test_each_has_a_name_of_its_own_and_a_getter(void **state _unused_) {
        size_t n;
        const Property *properties = properties_all(&n);

        for (size_t i = 0; i < n; i++) {
                assert_ptr_equal(properties_find(properties[i].name), &properties[i]);
                assert_true((properties[i].kind == PROPERTY_TEXT) == (properties[i].text != NULL));
                assert_true((properties[i].kind == PROPERTY_NUMBER) == (properties[i].number != NULL));
        }
        assert_null(properties_find("Nothing"));
}

// A change that no property follows would be announced to nobody; a counter is not announced.
static void test_each_change_has_a_property_and_no_counter_has_a_change(void **state _unused_) {
        size_t n;
        const Property *properties = properties_all(&n);
        PlaneChange all = 0;

        for (size_t i = 0; i < n; i++) {
                all |= properties[i].changes;
                assert_false(properties[i].is_counter && properties[i].changes);
        }
        assert_int_equal(all, PLANE_CHANGE_HEALTH | PLANE_CHANGE_REASONS | PLANE_CHANGE_IFINDEX | PLANE_CHANGE_MTU |
                                      PLANE_CHANGE_RATES | PLANE_CHANGE_CONFIG | PLANE_CHANGE_ORIGINS |
                                      PLANE_CHANGE_ADDRESSES | PLANE_CHANGE_MIGRATIONS);
}

static void test_an_endpoint_is_written_as_initiators_take_it(void **state _unused_) {
        _cleanup_config_ Config *ipv4 = NULL, *ipv6 = NULL;
        Plane a = {}, b = {};
        const char *text = "[Interface]\nName=mig0\n[Address]\nAddress=%s\n";
        char four[128], six[128];

        (void)snprintf(four, sizeof(four), text, "172.150.1.5/24");
        (void)snprintf(six, sizeof(six), text, "fd00::5/64");
        (void)golden_plane("blue", four, &ipv4);
        a.config = ipv4->planes[0];
        (void)golden_plane("blue", six, &ipv6);
        b.config = ipv6->planes[0];
        assert_string_equal(text_of("MigrateUri", &a), "tcp://172.150.1.5");
        assert_string_equal(text_of("MigrateUriLegacy", &a), "tcp:172.150.1.5");
        assert_string_equal(text_of("Cidr", &a), "172.150.1.5/24");
        assert_string_equal(text_of("Family", &a), "ipv4");
        assert_string_equal(text_of("MigrateUri", &b), "tcp://[fd00::5]");
        assert_string_equal(text_of("MigrateUriLegacy", &b), "tcp:[fd00::5]");
        assert_string_equal(text_of("ListenAddress", &b), "fd00::5");
        assert_string_equal(text_of("Family", &b), "ipv6");
}

static void test_a_cap_says_where_it_comes_from(void **state _unused_) {
        _cleanup_config_ Config *config = NULL;
        Plane plane = {};

        (void)golden_plane("blue",
                           "[Interface]\nName=mig0\n[Address]\nAddress=172.150.1.5/24\n[Bandwidth]\nEgress=8G\n"
                           "Egress=9G\nPerMigration=1G\nPerMigration=\n",
                           &config);
        plane.config = config->planes[0];
        assert_string_equal(text_of("FragmentPath", &plane), plane.config->path);
        assert_true(has_suffix(text_of("EgressOrigin", &plane), ":7"));
        assert_string_equal(text_of("IngressOrigin", &plane), "");
        assert_true(has_suffix(text_of("PerMigrationOrigin", &plane), ":9"));
}

static void test_the_suggested_rate_is_rounded_down(void **state _unused_) {
        _cleanup_config_ Config *config = NULL;
        Plane plane = {};

        (void)golden_plane(
                "blue",
                "[Interface]\nName=mig0\n[Address]\nAddress=172.150.1.5/24\n[Bandwidth]\nEgress=8G\nPerMigration=4G\n",
                &config);
        plane.config = config->planes[0];
        // 4,000,000,000 / 8 / 1,048,576 = 476.8
        assert_int_equal(properties_find("SuggestedMiBps")->number(&plane), 476);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_each_has_a_name_of_its_own_and_a_getter),
                cmocka_unit_test(test_each_change_has_a_property_and_no_counter_has_a_change),
                cmocka_unit_test(test_an_endpoint_is_written_as_initiators_take_it),
                cmocka_unit_test(test_a_cap_says_where_it_comes_from),
                cmocka_unit_test(test_the_suggested_rate_is_rounded_down),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
