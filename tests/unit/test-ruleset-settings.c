// The rules that each setting makes, held against tests/unit/rulesets/SETTING.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// A file has what differs from the rules of the setting that it is compared with, without the comments. After a wanted
// change: WRITE_RULESETS=1 build/tests/test-ruleset-settings writes the files, and git diff shows what has changed.

#include "chain-text.h"

enum { PLANES_MAX = 3, TEXT_MAX = 65536 };

typedef struct Case {
        const char *name, *base; // base: NULL, or the name of a case above
        const char *planes[PLANES_MAX];
        RulesetPlane facts[PLANES_MAX]; // device_exists, has_mac and mac are filled in
        bool lacks_device, lacks_mac, lacks_opens;
} Case;

#define DEVICE(name) "[Interface]\nName=" name "\nKind=device\n"
#define MACVLAN(name) "[Interface]\nName=" name "\nKind=macvlan\nParent=eno1\n"
#define VLAN(name, id) "[Interface]\nName=" name "\nKind=vlan\nParent=eno1\nVLANId=" id "\n"
#define ADDRESS(address) "[Address]\nAddress=" address "\n"
#define IPV4 ADDRESS("192.0.2.5/24")
#define IPV6 ADDRESS("fd00::12:3456/64")
#define BOTH DEVICE("mig0") IPV4 IPV6
#define CAPS "[Bandwidth]\nEgress=8G\nIngress=8G\nPerMigration=4G\n"
#define PEERS(peers) "[Isolation]\nPeers=" peers "\n"
#define NAMED_PEERS PEERS("192.0.2.6 192.0.2.7 203.0.113.9 fd00::6 fd00::7 2001:db8::9")
#define PINNED(address, mac) "[Peer]\nAddress=" address "\nMACAddress=" mac "\n"
#define ONE_PINNED PINNED("192.0.2.6", "02:00:00:00:00:06") PINNED("fd00::6", "02:00:00:00:00:06")
#define TWO_PINNED ONE_PINNED PINNED("192.0.2.7", "02:00:00:00:00:07") PINNED("fd00::7", "02:00:00:00:00:07")
#define ROUTES                                                       \
        "[Route]\nDestination=203.0.113.0/24\nGateway=192.0.2.254\n" \
        "[Route]\nDestination=2001:db8::/32\nGateway=fd00::fe\n"
#define ROUTED_PEERS PEERS("192.0.2.0/28 203.0.113.0/24 198.51.100.0/24 fd00::/120 2001:db8::/32")
#define USERS "[Isolation]\nUsers=64055 901\n"
#define PORTS(ports) "[Isolation]\nPorts=" ports "\n"
#define LOG_DROPS "[Isolation]\nLogDrops=10/minute\n"
#define ALLOW "[Plane]\nFallback=allow\n"

static const RulesetPort two_ports[] = {
        { "p1", true, { { 0x02, 0, 0, 0, 0, 0xb1 } } },
        { "p2", true, { { 0x02, 0, 0, 0, 0, 0xa2 } } },
};
static const RulesetPort ports_without_mac[] = { { .name = "p1" }, { .name = "p2" } };

static const Case cases[] = {
        { "both", NULL, { BOTH } },
        { "both", NULL, { BOTH CAPS } }, // the caps are another layer's
        { "both", NULL, { MACVLAN("mig0") IPV4 IPV6 } },
        { "both", NULL, { BOTH LOG_DROPS } }, // nobody reads what they report
        { "ipv4", "both", { DEVICE("mig0") IPV4 } },
        { "ipv6", "both", { DEVICE("mig0") IPV6 } },
        { "several-addresses", "both", { BOTH ADDRESS("198.51.100.5/25") ADDRESS("fd00:1::7/64") } },
        { "without-device", "both", { BOTH }, .lacks_device = true },
        { "without-mac", "both", { BOTH }, .lacks_mac = true },
        { "awaits-address", "both", { BOTH }, { { .awaits_address = true } } },
        { "bond", "both", { BOTH }, { { .is_bonded = true, .ports = two_ports, .n_ports = 2 } } },
        { "bond-of-one-mac", "both", { BOTH }, { { .is_bonded = true, .ports = ports_without_mac, .n_ports = 2 } } },
        { "without-ipv6-peers", "both", { BOTH PEERS("192.0.2.0/28") } },
        { "named-peers", "both", { BOTH NAMED_PEERS } },
        { "routes", "both", { BOTH ROUTES ROUTED_PEERS } },
        { "pinned-peer", "both", { BOTH ONE_PINNED } },
        { "pinned-peers", "both", { BOTH TWO_PINNED } },
        { "users", "both", { BOTH USERS }, { { .daemon_user = 901 } } },
        { "ports", "both", { BOTH PORTS("49152-49215 16514 22 60000-60050") } },
        { "fallback-allow", "both", { ALLOW BOTH } },
        { "vlan", "both", { VLAN("mig0", "100") IPV4 IPV6 }, { { .parent_guard = "eno1" } } },
        { "service-vlan",
          "vlan",
          { VLAN("mig0", "100") "VLANProtocol=802.1ad\n" IPV4 IPV6 },
          { { .parent_guard = "eno1" } } },
        { "vlan-in-service-vlan",
          "vlan",
          { VLAN("mig0", "100") IPV4 IPV6 },
          { { .parent_guard = "service", .outer_guard = "eno1" } } },
        { "vlan-on-bridge",
          "vlan",
          { VLAN("mig0", "100") IPV4 IPV6 },
          { { .parent_guard = "eno1", .bridge = "eno1", .bridge_vlan_id = 100, .bridge_vlan_protocol = 0x8100 } } },
        { "bridges-call", "both", { BOTH }, { { .bridges_call = true } } },
        { "refused-device", "both", { BOTH }, { { .is_refused = true } }, .lacks_device = true },
        { "refused-beside-another",
          "both",
          { BOTH, DEVICE("mgmt0") ADDRESS("198.51.100.5/25") },
          { {}, { .is_refused = true } } },
        { "two-vlans",
          "vlan",
          { VLAN("mig0", "100") IPV4 IPV6, VLAN("mig1", "101") ADDRESS("198.51.100.5/25") },
          { { .parent_guard = "eno1" }, { .parent_guard = "eno1" } } },
        { "three-planes",
          "both",
          { BOTH NAMED_PEERS, ALLOW DEVICE("mig1") ADDRESS("198.51.100.5/25") PORTS("49200-49300"),
            DEVICE("mig2") ADDRESS("fd00:2::5/64") PORTS("49152-49260") } },
        { "three-planes-that-report",
          "three-planes",
          { BOTH NAMED_PEERS LOG_DROPS, ALLOW DEVICE("mig1") ADDRESS("198.51.100.5/25") PORTS("49200-49300") LOG_DROPS,
            DEVICE("mig2") ADDRESS("fd00:2::5/64") PORTS("49152-49260") },
          { { .reports = true }, { .reports = true } } },
};

static void rules_of(const Case *one, State *ret) {
        Config *configs[PLANES_MAX] = {};
        RulesetPlane planes[PLANES_MAX] = {};
        size_t n = 0;

        for (; n < PLANES_MAX && one->planes[n]; n++) {
                planes[n] = one->facts[n];
                planes[n].plane = golden_plane("blue", one->planes[n], &configs[n]);
                planes[n].device_exists = !one->lacks_device;
                planes[n].has_mac = !one->lacks_mac;
                planes[n].reports_opens = !one->lacks_opens;
                planes[n].mac = (MacAddress)MAC;
        }
        assert_int_equal(ruleset_derive(planes, n, ret), 0);
        state_sort(ret);
        while (n-- > 0)
                config_free(configs[n]);
}

// A plane's own chains are those of a single plane, unless it is the first.
static bool is_shown(const Case *one, const RulesetObject *chain) {
        return !one->planes[1] || strncmp(chain->chain, "mig", 3) != 0 || strncmp(chain->chain, "mig0-", 5) == 0;
}

// --- differences ---

enum { LINES_MAX = 128 };

typedef struct Lines {
        const char *at[LINES_MAX];
        int size[LINES_MAX];
        size_t n;
} Lines;

static Lines lines_of(const char *text) {
        Lines lines = {};

        for (; *text; text += strcspn(text, "\n") + 1) {
                assert_true(lines.n < LINES_MAX);
                lines.at[lines.n] = text;
                lines.size[lines.n++] = (int)strcspn(text, "\n");
        }
        return lines;
}

static bool same_line(const Lines *a, size_t i, const Lines *b, size_t j) {
        return a->size[i] == b->size[j] && memcmp(a->at[i], b->at[j], (size_t)a->size[i]) == 0;
}

// As diff -U1 would, without the line numbers and the context behind: "-" of a, "+" of b, and the line before.
static void print_difference(const Lines *a, const Lines *b, FILE *file) {
        static size_t common[LINES_MAX + 1][LINES_MAX + 1]; // longest common sequence of what is left of both
        size_t i = 0, j = 0, shown = 0;                     // of b, the lines up to here are printed

        for (size_t x = a->n + 1; x-- > 0;)
                for (size_t y = b->n + 1; y-- > 0;) {
                        size_t most = x < a->n ? common[x + 1][y] : 0;
                        if (y < b->n && common[x][y + 1] > most)
                                most = common[x][y + 1];
                        common[x][y] = x < a->n && y < b->n && same_line(a, x, b, y) ? common[x + 1][y + 1] + 1 : most;
                }
        while (i < a->n || j < b->n) {
                if (i < a->n && j < b->n && same_line(a, i, b, j)) {
                        i++, j++;
                        continue;
                }
                if (j > shown)
                        fprintf(file, " %.*s\n", b->size[j - 1], b->at[j - 1]);
                if (i < a->n && (j == b->n || common[i + 1][j] >= common[i][j + 1])) {
                        fprintf(file, "-%.*s\n", a->size[i], a->at[i]);
                        i++;
                } else {
                        fprintf(file, "+%.*s\n", b->size[j], b->at[j]);
                        j++;
                }
                shown = j;
        }
}

static void print_chain(const State *rules, const State *base, const Object *object, FILE *file) {
        const RulesetObject *chain = &object->as_ruleset;
        _cleanup_free_ char *before = chain_text(base, chain->family, chain->chain);
        _cleanup_free_ char *after = chain_text(rules, chain->family, chain->chain);
        const Lines a = lines_of(before), b = lines_of(after);

        if (streq(before, after))
                return;
        fprintf(file, "%s %s\n", ruleset_family_to_string(chain->family), chain->chain);
        if (base->n_objects == 0)
                fputs(after, file);
        else
                print_difference(&a, &b, file);
        fputc('\n', file);
}

static char *difference(const Case *one, const State *rules, const State *base) {
        char *text = NULL;
        size_t size;
        FILE *file = open_memstream(&text, &size);

        for (size_t i = 0; i < rules->n_objects; i++)
                if (is_shown(one, &rules->objects[i].as_ruleset))
                        print_chain(rules, base, &rules->objects[i], file);
        for (size_t i = 0; i < base->n_objects; i++) {
                const RulesetObject *chain = &base->objects[i].as_ruleset;
                if (!state_find(rules, &base->objects[i]))
                        fprintf(file, "%s %s is missing\n", ruleset_family_to_string(chain->family), chain->chain);
        }
        fclose(file);
        return text;
}

// --- files ---

static void base_of(const Case *one, State *ret) {
        for (size_t i = 0; one->base && i < ELEMENTSOF(cases); i++)
                if (streq(cases[i].name, one->base)) {
                        rules_of(&cases[i], ret);
                        return;
                }
}

static void write_file(const char *path, const char *text) {
        FILE *file = fopen(path, "we");

        assert_non_null(file);
        fputs(text, file);
        assert_int_equal(fclose(file), 0);
}

static void assert_is_in_file(const char *path, const char *found) {
        _cleanup_free_ char *expected = calloc(1, TEXT_MAX);
        FILE *file = fopen(path, "re");

        assert_non_null(file);
        assert_true(fread(expected, 1, TEXT_MAX - 1, file) < TEXT_MAX - 1);
        fclose(file);
        for (const char *a = found, *b = expected; *a || *b; a += strcspn(a, "\n") + 1, b += strcspn(b, "\n") + 1) {
                int a_size = (int)strcspn(a, "\n"), b_size = (int)strcspn(b, "\n");
                if (a_size != b_size || strncmp(a, b, (size_t)a_size) != 0)
                        fail_msg("%s\nexpected: %.*s\nfound:    %.*s", path, b_size, b, a_size, a);
        }
}

static void test_each_setting_makes_its_rules(void **state _unused_) {
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_state_ State rules = {}, base = {};
                char path[256];

                rules_of(&cases[i], &rules);
                base_of(&cases[i], &base);
                _cleanup_free_ char *found = difference(&cases[i], &rules, &base);
                (void)snprintf(path, sizeof(path), RULESETS "/%s", cases[i].name);
                if (getenv("WRITE_RULESETS"))
                        write_file(path, found);
                assert_is_in_file(path, found);
        }
}

// --- reports ---

#define LIMIT "limit rate 10/minute burst 5 packets log group 28016 "
#define EVERYTHING IPV4 IPV6 NAMED_PEERS TWO_PINNED USERS

static const char *line_end(const char *line) {
        return line + strcspn(line, "\n");
}

static bool has_line_before(const char *text, const char *end, const char *line) {
        for (; text < end; text = line_end(text) + 1)
                if (strncmp(text, line, strlen(line)) == 0)
                        return true;
        return false;
}

// Whether a rule before this one reports the same, and does nothing else.
static bool is_reported(const char *text, const char *rule, const char *counter) {
        const char *name = counter + strlen("counter name \"");
        int match = (int)(counter - rule), size = (int)strcspn(name, "\"");
        char here[1024], there_too[1024];

        (void)snprintf(here, sizeof(here), "%.*s" LIMIT "prefix \"%.*s\"\n", match, rule, size, name);
        (void)snprintf(there_too, sizeof(there_too), "%.*sjump %.*s\n", match, rule, size, name);
        return has_line_before(text, rule, here) || has_line_before(text, rule, there_too);
}

// The rules that do not report, each of which does what it does after one that does.
static char *without_reports(const char *text) {
        char *left = NULL;
        size_t size;
        FILE *file = open_memstream(&left, &size);

        for (const char *line = text; *line; line = line_end(line) + 1) {
                _cleanup_free_ char *rule = strndup(line, (size_t)(line_end(line) - line));
                const char *counter = strstr(rule, "counter name \"");
                if (strstr(rule, " log group ") || strstr(rule, " jump "))
                        continue;
                fprintf(file, "%s\n", rule);
                if (counter && !is_reported(text, line, line + (counter - rule)))
                        fail_msg("nothing reports: %s", rule);
        }
        fclose(file);
        return left;
}

#define OPEN_LIMIT " limit rate 5/second burst 10 packets log group 28017 prefix "

static char *without_reports_of_opens(const char *text) {
        char *left = NULL;
        size_t size;
        FILE *file = open_memstream(&left, &size);

        for (const char *line = text; *line; line = line_end(line) + 1) {
                _cleanup_free_ char *rule = strndup(line, (size_t)(line_end(line) - line));
                const char *report = strstr(rule, OPEN_LIMIT);
                // The rule ends with the prefix, so that it has no verdict.
                if (report)
                        assert_int_equal(strcspn(strchr(report, '"') + 1, "\"") + 2, strlen(strchr(report, '"')));
                else
                        fprintf(file, "%s\n", rule);
        }
        fclose(file);
        return left;
}

static void test_reports_of_opened_connections_change_no_verdict(void **state _unused_) {
        static const Case with_opens = { .planes = { DEVICE("mig0") EVERYTHING } };
        static const Case without_opens = { .planes = { DEVICE("mig0") EVERYTHING }, .lacks_opens = true };
        _cleanup_state_ State with = {}, without = {};

        rules_of(&with_opens, &with);
        rules_of(&without_opens, &without);
        for (size_t i = 0; i < with.n_objects; i++) {
                const RulesetObject *chain = &with.objects[i].as_ruleset;
                _cleanup_free_ char *text = chain_text(&with, chain->family, chain->chain);
                _cleanup_free_ char *expected = chain_text(&without, chain->family, chain->chain);
                _cleanup_free_ char *left = without_reports_of_opens(text);
                assert_string_equal(left, expected);
        }
}

// For each rule that drops there is one that reports; without those, the rules are the same as without LogDrops=.
static void test_reports_are_rules_of_their_own(void **state _unused_) {
        static const Case pairs[][2] = {
                { { .planes = { DEVICE("mig0") EVERYTHING LOG_DROPS },
                    .facts = { { .reports = true } },
                    .lacks_opens = true },
                  { .planes = { DEVICE("mig0") EVERYTHING }, .lacks_opens = true } },
                { { .planes = { VLAN("mig0", "100") EVERYTHING LOG_DROPS },
                    .facts = { { .parent_guard = "br0", .outer_guard = "eno1", .bridge = "br0", .reports = true } },
                    .lacks_opens = true },
                  { .planes = { VLAN("mig0", "100") EVERYTHING },
                    .facts = { { .parent_guard = "br0", .outer_guard = "eno1", .bridge = "br0" } },
                    .lacks_opens = true } },
        };

        for (size_t i = 0; i < ELEMENTSOF(pairs); i++) {
                _cleanup_state_ State with = {}, without = {};

                rules_of(&pairs[i][0], &with);
                rules_of(&pairs[i][1], &without);
                for (size_t j = 0; j < with.n_objects; j++) {
                        const RulesetObject *chain = &with.objects[j].as_ruleset;
                        _cleanup_free_ char *text = chain_text(&with, chain->family, chain->chain);
                        _cleanup_free_ char *expected = chain_text(&without, chain->family, chain->chain);
                        _cleanup_free_ char *left = without_reports(text);
                        assert_string_equal(left, expected);
                }
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_each_setting_makes_its_rules),
                cmocka_unit_test(test_reports_are_rules_of_their_own),
                cmocka_unit_test(test_reports_of_opened_connections_change_no_verdict),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
