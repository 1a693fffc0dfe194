// An edited key is an edit: every key of the table in turn, with values that its type reads.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "config-messages.h"
#include "base/util.h"
#include "config/draft.h"
#include "config/equal.h"
#include "config/keys.h"
#include "config/plane-config.h"
#include "config/read.h"

// At least two values of every type; no two of them mean the same.
static const char *const words[] = {
        "yes",
        "no",
        "deny",
        "allow",
        "vlan",
        "macvlan",
        "802.1Q",
        "802.1ad",
        "networkd",
        "NetworkManager",
        "mig0",
        "mig00",
        "1500",
        "1501",
        "100",
        "101",
        "10000000",
        "10000001",
        "172.150.1.5/24",
        "172.150.1.5/25",
        "172.150.0.0/16",
        "172.150.0.0/17",
        "172.150.1.6",
        "172.150.1.7",
        "fd00::1",
        "fd00::2",
        "fd00::/64",
        "fd00::/65",
        "02:00:00:00:00:06",
        "02:00:00:00:00:07",
        "49152-49215",
        "49152-49216",
        "11/minute",
        "12/minute",
        "11/hour",
};

// A plane with two items in each list and two sections of each name that may repeat.
static void plane_init(ConfigDraft *draft, Config *config) {
        char text[] =
                "[Address]\nAddress=10.0.0.1/8 11.0.0.1/8\n[Route]\n[Route]\n[Peer]\n[Peer]\n"
                "[Isolation]\nPeers=10.0.0.0/8 11.0.0.0/8\nPorts=1 2\nUsers=1 2\n"
                "[Health]\nProbe=10.0.0.2 11.0.0.2\n";

        assert_int_equal(draft_init(draft, config, "blue", "blue.plane", true), 0);
        draft_read_text(draft, "blue.plane", text, strlen(text));
        assert_int_equal(draft->n_messages, 0);
}

// The list that the key is in; NULL: the key has one value.
static ConfigList *list_of(PlaneConfig *plane, const ConfigKey *key) {
        const ConfigSection *section = config_section_find(key->section);

        if (key->is_list)
                return (void *)((char *)plane + key->offset);
        return section->item_size > 0 ? (void *)((char *)plane + section->offset) : NULL;
}

// The only value of the key, or the second of two.
static void *value_of(PlaneConfig *plane, const ConfigKey *key) {
        const ConfigList *list = list_of(plane, key);

        if (!list)
                return (char *)plane + key->offset;
        assert_int_equal(list->n, 2);
        if (key->is_list)
                return (char *)list->items + key->size;
        return (char *)list->items + config_section_find(key->section)->item_size + key->offset;
}

static bool set(ConfigDraft *draft, const ConfigKey *key, const char *word) {
        Error error;

        return key->type->read(draft, word, value_of(draft->plane, key), &error) == 0;
}

// Compares a plane whose key has the value of the word with planes whose key has another value; returns how many there
// are of these.
static unsigned edit_key(const ConfigKey *key, const char *word) {
        Config config = {};
        _cleanup_(draft_deinit) ConfigDraft a = {}, b = {};
        unsigned n = 0;

        plane_init(&a, &config);
        plane_init(&b, &config);
        assert_true(plane_config_equal(a.plane, b.plane));
        if (!set(&a, key, word))
                return 0;
        for (size_t i = 0; i < ELEMENTSOF(words); i++) {
                if (!set(&b, key, words[i]))
                        continue;
                bool equal = plane_config_equal(a.plane, b.plane);
                if (equal != streq(word, words[i]))
                        fail_msg("[%s] %s=%s and %s=%s are taken for %s", key->section, key->key, word, key->key,
                                 words[i], equal ? "equal" : "different");
                n += !equal;
        }
        return n;
}

static void test_each_edited_key_is_an_edit(void **state _unused_) {
        const ConfigKey *key;

        for (size_t i = 0; (key = config_key_at(i)); i++) {
                unsigned n = 0;
                for (size_t j = 0; j < ELEMENTSOF(words); j++)
                        n += edit_key(key, words[j]);
                if (n == 0)
                        fail_msg("this test has no two words that [%s] %s= reads; add them", key->section, key->key);
        }
}

static void test_each_shortened_list_is_an_edit(void **state _unused_) {
        const ConfigKey *key;
        Config config = {};
        _cleanup_(draft_deinit) ConfigDraft a = {}, b = {};

        plane_init(&a, &config);
        plane_init(&b, &config);
        for (size_t i = 0; (key = config_key_at(i)); i++) {
                ConfigList *list = list_of(b.plane, key);
                if (!list)
                        continue;
                list->n--;
                if (plane_config_equal(a.plane, b.plane) || plane_config_equal(b.plane, a.plane))
                        fail_msg("a missing item of [%s] %s= is not seen", key->section, key->key);
                list->n++;
                assert_true(plane_config_equal(a.plane, b.plane));
        }
}

static void test_the_name_and_the_default_count_too(void **state _unused_) {
        _cleanup_config_ Config *one = load(PLANE), *other = load(PLANE);

        assert_true(plane_config_equal(only_plane(one), only_plane(other)));
        other->planes[0]->is_default = false;
        assert_false(plane_config_equal(one->planes[0], other->planes[0]));
        other->planes[0]->is_default = true;
        other->planes[0]->name[0] = 'B';
        assert_false(plane_config_equal(one->planes[0], other->planes[0]));
}

static void test_the_place_and_form_of_a_value_do_not_count(void **state _unused_) {
        _cleanup_config_ Config *one = load(PLANE "[Interface]\nMTUBytes=9000\n[Isolation]\nPorts=100-200\n"),
                                *other =
                                        load("# a comment\n[Isolation]\nPorts=150-200 100-149\n"
                                             "[Interface]\nName=migration0\nMTUBytes=9000\n"
                                             "[Plane]\nDescription=x\nDescription=\n" PLANE);

        assert_true(plane_config_equal(only_plane(one), only_plane(other)));
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_each_edited_key_is_an_edit),
                cmocka_unit_test(test_each_shortened_list_is_an_edit),
                cmocka_unit_test(test_the_name_and_the_default_count_too),
                cmocka_unit_test(test_the_place_and_form_of_a_value_do_not_count),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
