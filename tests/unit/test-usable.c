// The conditions under which a plane can be used: what is read of the kernel, and the reason for each that fails
// SPDX-License-Identifier: GPL-2.0-or-later

#include <linux/if_addr.h>
#include <linux/if_bridge.h>

#include "base/util.h"
#include "config/config.h"
#include "golden.h"
#include "fake-kernel.h"
#include "engine/usable.h"

#define ADDRESSES "[Address]\nAddress=172.150.1.5/24\n[Address]\nAddress=fd00:1::5/64\n"
#define VLAN "[Interface]\nName=mig0\nKind=vlan\nParent=eno1\nVLANId=100\n" ADDRESSES

int __wrap_firewall_read_counters(Firewall *firewall, unsigned families, FirewallCounter **ret_counters, size_t *ret_n,
                                  Error *ret_error);
int __wrap_firewall_read_counters(Firewall *firewall _unused_, unsigned families _unused_,
                                  FirewallCounter **ret_counters, size_t *ret_n, Error *ret_error _unused_) {
        *ret_counters = NULL;
        *ret_n = 0;
        return 0;
}

// A plane, its host, and what is found of it.
typedef struct Situation {
        Config *config;
        Link links[2];
        Inventory inventory;
        AddrEntry addresses[3];
        UsableHost host;
        PlaneFacts facts;
        UsableMemory memory;
        UsableReading reading;
        Reasons reasons;
} Situation;

static Prefix prefix_of(const char *text) {
        Prefix prefix;

        assert_int_equal(prefix_parse(text, &prefix), 0);
        return prefix;
}

// All is as it should be.
static void situation_init(Situation *situation, const char *text) {
        *situation = (Situation){
                .links = {
                        { .index = ENO1, .name = "eno1" },
                        { .index = MIG0, .name = "mig0", .has_mac = true, .mtu = 9000, .up = true, .carrier = true },
                },
                .addresses = {
                        { .ifindex = MIG0, .prefix = prefix_of("172.150.1.5/24") },
                        { .ifindex = MIG0, .prefix = prefix_of("fd00:1::5/64") },
                        { .ifindex = ENO1, .prefix = prefix_of("192.0.2.5/24") },
                },
                .host.addresses.n_entries = 3,
        };
        situation->inventory = (Inventory){ .links = situation->links, .n_links = ELEMENTSOF(situation->links) };
        situation->host.addresses.entries = situation->addresses;
        situation->host.inventory = &situation->inventory;
        const PlaneInput input = { .config = golden_plane("blue", text, &situation->config) };
        situation->facts = plane_facts_find(&input, &situation->inventory);
        situation->reading = (UsableReading){ .host = &situation->host, .facts = &situation->facts };
}

static void situation_deinit(Situation *situation) {
        reasons_deinit(&situation->reasons);
        plane_facts_deinit(&situation->facts);
        config_free(situation->config);
}
#define _cleanup_situation_ _cleanup_(situation_deinit)

// --- what may be wrong ---

static void nothing(Situation *situation _unused_) {
}

static void no_device(Situation *situation) {
        situation->facts.link = NULL;
        situation->host.addresses.n_entries = 0;
}

static void link_is_down(Situation *situation) {
        situation->links[1].up = situation->links[1].carrier = false;
}

static void no_carrier(Situation *situation) {
        situation->links[1].carrier = false;
}

static void arp_is_off(Situation *situation) {
        situation->links[1].no_arp = true;
}

static void macvlan_of_sources(Situation *situation) {
        strcpy_fixed(situation->links[1].mode, "source");
}

static void macvlan_of_a_bridge(Situation *situation) {
        strcpy_fixed(situation->links[1].mode, "bridge");
}

static void no_first_address(Situation *situation) {
        situation->addresses[0].ifindex = ENO1 + 100;
}

static void another_length(Situation *situation) {
        situation->addresses[0].prefix.length = 16;
}

static void no_second_address(Situation *situation) {
        situation->host.addresses.n_entries = 1;
}

static void address_is_tentative(Situation *situation) {
        situation->addresses[0].flags = IFA_F_TENTATIVE;
}

static void address_is_a_duplicate(Situation *situation) {
        situation->addresses[1].flags = IFA_F_DADFAILED | IFA_F_TENTATIVE;
}

static void addresses_cannot_be_read(Situation *situation) {
        situation->host.addresses.n_entries = 0;
        (void)error_set(&situation->host.addresses_error, -EIO, "Input/output error");
}

static void parent_has_the_address(Situation *situation) {
        situation->addresses[2].prefix = prefix_of("172.150.1.5/32");
}

static void another_host_has_the_address(Situation *situation) {
        situation->reading.has_conflict = true;
}

static void bridge_filters(Situation *situation) {
        situation->reading.drops_vlan = &situation->links[0];
}

static void ways_lead_elsewhere(Situation *situation) {
        situation->reading.ways = (Ways){ .n_asked = 3, .n_faults = 1, .faults = { "the route to a leaves by eno1" } };
}

#define NO_REASON REASON_CODE_MAX

static const struct {
        const char *what;
        void (*is)(Situation *situation);
        ReasonCode code;
        const char *text;
} cases[] = {
        { "nothing", nothing, NO_REASON, "" },
        { "no device", no_device, REASON_DEVICE_MISSING, "mig0 does not exist" },
        { "down", link_is_down, REASON_LINK_DOWN, "mig0 is down" },
        { "no carrier", no_carrier, REASON_NO_CARRIER, "mig0 has no carrier" },
        { "arp off", arp_is_off, REASON_ARP_OFF,
          "ARP is off on mig0, so that no peer finds it: ip link set dev mig0 arp on" },
        { "source", macvlan_of_sources, REASON_MACVLAN_MODE,
          "mig0 is a macvlan of the mode source, which receives from listed MAC addresses only: ip link set dev mig0 "
          "type macvlan mode private" },
        { "bridge mode", macvlan_of_a_bridge, NO_REASON, "" },
        { "no address", no_first_address, REASON_ADDRESS_MISSING, "mig0 does not have the address 172.150.1.5/24" },
        { "length", another_length, REASON_ADDRESS_MISSING, "mig0 does not have the address 172.150.1.5/24" },
        { "second", no_second_address, REASON_ADDRESS_INCOMPLETE, "mig0 does not have the address fd00:1::5/64" },
        { "tentative", address_is_tentative, REASON_ADDRESS_MISSING,
          "172.150.1.5/24 of mig0 cannot be used yet: its duplicate address detection is running" },
        { "duplicate", address_is_a_duplicate, REASON_ADDRESS_INCOMPLETE,
          "fd00:1::5/64 of mig0 cannot be used: its duplicate address detection found another host that has it" },
        { "unread", addresses_cannot_be_read, REASON_ADDRESS_MISSING,
          "cannot read the addresses of mig0, which should have 172.150.1.5/24: Input/output error" },
        { "parent", parent_has_the_address, REASON_ADDRESS_ELSEWHERE,
          "eno1 has the plane's address 172.150.1.5/32: ip address del 172.150.1.5/32 dev eno1" },
        { "conflict", another_host_has_the_address, REASON_ADDRESS_CONFLICT,
          "another host on the wire of mig0 uses an address or the MAC address of the plane, or forges it: look for a "
          "host with the same file or machine id; LogDrops= tells its MAC address" },
        { "ways", ways_lead_elsewhere, REASON_ROUTE_ELSEWHERE, "the route to a leaves by eno1" },
        { "bridge", bridge_filters, REASON_BRIDGE_FILTERS,
          "bridge eno1 filters VLANs and VLAN 100 is not allowed on it; allow it with: bridge vlan add dev eno1 vid "
          "100 self" },
};

static void test_every_condition_has_its_reason(void **state _unused_) {
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_situation_ Situation situation;

                situation_init(&situation, VLAN);
                cases[i].is(&situation);
                usable_assess(&situation.reading, &situation.reasons);
                const Reasons *reasons = &situation.reasons;
                if (reasons->n_reasons != (cases[i].code != NO_REASON))
                        fail_msg("%s: %zu reasons", cases[i].what, reasons->n_reasons);
                if (reasons->n_reasons == 0)
                        continue;
                if (reasons->reasons[0].code != cases[i].code || !streq(reasons->reasons[0].text, cases[i].text))
                        fail_msg("%s: %s: %s", cases[i].what, reason_to_string(reasons->reasons[0].code),
                                 reasons->reasons[0].text);
        }
}

static void test_what_keeps_the_device_from_being_made_says_enough(void **state _unused_) {
        _cleanup_situation_ Situation situation;

        situation_init(&situation, VLAN);
        no_device(&situation);
        reasons_add(&situation.reasons, REASON_PARENT_MISSING, "the parent eno1 does not exist");
        usable_assess(&situation.reading, &situation.reasons);
        assert_int_equal(situation.reasons.n_reasons, 1);
}

static void test_an_address_that_another_manager_is_to_set_says_so(void **state _unused_) {
        _cleanup_situation_ Situation situation;

        situation_init(&situation, VLAN "[Interface]\nManagedBy=other\n");
        no_first_address(&situation);
        usable_assess(&situation.reading, &situation.reasons);
        assert_non_null(strstr(reasons_text(&situation.reasons, REASON_ADDRESS_MISSING), "its manager is to set it"));
}

static void test_peers_that_nobody_is_are_told_with_the_line(void **state _unused_) {
        _cleanup_situation_ Situation situation;

        situation_init(&situation, VLAN "[Isolation]\nPeers=172.151.1.0/24\n");
        usable_assess(&situation.reading, &situation.reasons);
        assert_int_equal(situation.reasons.n_reasons, 1);
        assert_string_equal(reasons_text(&situation.reasons, REASON_PEERS_UNREACHABLE),
                            "Peers=172.151.1.0/24 (blue.plane:11) holds no other host of the plane's networks "
                            "(Address=) and routes ([Route]): nobody can migrate to this host");
}

// --- what is read ---

static void test_of_a_plane_taken_down_nothing_is_asked(void **state _unused_) {
        _cleanup_situation_ Situation situation;

        situation_init(&situation, VLAN);
        situation.facts.taken_down = true;
        usable_read(NULL, &situation.host, &situation.facts, false, &situation.memory, &situation.reading);
        assert_int_equal(fake.n_queries, 0);
}

static void member_put(int ifindex) {
        const struct br_vlan_msg header = { .family = AF_BRIDGE, .ifindex = (uint32_t)ifindex };
        const struct bridge_vlan_info info = { .vid = 100 };

        (void)message_begin(RTM_NEWVLAN, &header, sizeof(header));
        struct nlattr *entry = mnl_attr_nest_start(fake.last, BRIDGE_VLANDB_ENTRY);
        mnl_attr_put(fake.last, BRIDGE_VLANDB_ENTRY_INFO, sizeof(info), &info);
        mnl_attr_nest_end(fake.last, entry);
        message_end();
}

// A guest's port in the VLAN leads to no peer.
static void test_the_bridge_and_a_port_to_the_wire_have_to_carry_the_vlan(void **state _unused_) {
        enum { PORT = 21, OTHER_PORT, TAP };
        static const struct {
                int members[3];
                const char *told;
        } hosts[] = {
                { { PORT }, "bridge vlan add dev eno1 vid 100 self" },
                { { ENO1, TAP }, "VLAN 100 is not allowed on nic0; allow it with: bridge vlan add dev nic0 vid 100" },
                { { ENO1, PORT }, NULL },
                { { ENO1, OTHER_PORT }, NULL },
        };

        for (size_t i = 0; i < ELEMENTSOF(hosts); i++) {
                _cleanup_situation_ Situation situation;

                (void)fake_reset(NULL);
                situation_init(&situation, VLAN);
                Link links[] = {
                        situation.links[0],
                        situation.links[1],
                        { .index = PORT, .name = "nic0", .master_index = ENO1 },
                        { .index = OTHER_PORT, .name = "nic1", .kind = "bond", .master_index = ENO1 },
                        { .index = TAP, .name = "vnet0", .kind = "tun", .master_index = ENO1 },
                };
                links[0].filters_vlans = true;
                links[0].vlan_protocol = 0x8100;
                links[1].carrier = false; // no ways
                situation.inventory = (Inventory){ .links = links, .n_links = ELEMENTSOF(links) };
                situation.facts.parent = &links[0];
                situation.facts.link = &links[1];
                answer_begin();
                for (size_t j = 0; j < ELEMENTSOF(hosts[i].members) && hosts[i].members[j]; j++)
                        member_put(hosts[i].members[j]);
                usable_read(NULL, &situation.host, &situation.facts, false, &situation.memory, &situation.reading);
                usable_assess(&situation.reading, &situation.reasons);
                const char *told = reasons_text(&situation.reasons, REASON_BRIDGE_FILTERS);
                if (hosts[i].told ? !told || !strstr(told, hosts[i].told) : told != NULL)
                        fail_msg("case %zu: %s", i, told ?: "nothing");
        }
}

// The counter tells of frames since the last look, for ten minutes.
static void test_a_conflict_is_told_for_a_while(void **state _unused_) {
        static const struct {
                uint64_t at_seconds, n;
                bool is_told;
        } looks[] = {
                { 1, 7, false }, // from before this daemon
                { 2, 7, false },   { 3, 8, true },    { 600, 8, true },
                { 603, 8, false }, { 700, 0, false }, // the rules were deleted
                { 701, 1, true },  { 702, 9, true },  { 1303, 9, false },
        };
        _cleanup_situation_ Situation situation;
        FirewallCounter counters[] = {
                { .link = "mig0", .reason = "conflict" },
                { .link = "mig0", .reason = "arp", .packets = 1000 },
                { .link = "mig1", .reason = "conflict", .packets = 1000 },
        };

        situation_init(&situation, VLAN);
        situation.links[1].carrier = false; // no ways
        situation.host.drops = counters;
        situation.host.n_drops = ELEMENTSOF(counters);
        for (size_t i = 0; i < ELEMENTSOF(looks); i++) {
                counters[0].packets = looks[i].n;
                counters[1].packets++;
                situation.host.now_usec = looks[i].at_seconds * 1000000;
                usable_read(NULL, &situation.host, &situation.facts, false, &situation.memory, &situation.reading);
                if (situation.reading.has_conflict != looks[i].is_told)
                        fail_msg("look %zu", i);
        }
}

static void test_a_kernel_that_cannot_be_read_says_why(void **state _unused_) {
        _cleanup_usable_host_ UsableHost host = {};
        const Kernel kernel = {};

        answer_error(-EIO);
        usable_host_read(&kernel, NULL, &host);
        assert_int_equal(host.addresses_error.code, -EIO);
        assert_non_null(strstr(host.addresses_error.text, "Input/output error"));
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_every_condition_has_its_reason),
                cmocka_unit_test(test_what_keeps_the_device_from_being_made_says_enough),
                cmocka_unit_test(test_an_address_that_another_manager_is_to_set_says_so),
                cmocka_unit_test(test_peers_that_nobody_is_are_told_with_the_line),
                cmocka_unit_test_setup(test_the_bridge_and_a_port_to_the_wire_have_to_carry_the_vlan, fake_reset),
                cmocka_unit_test_setup(test_of_a_plane_taken_down_nothing_is_asked, fake_reset),
                cmocka_unit_test(test_a_conflict_is_told_for_a_while),
                cmocka_unit_test_setup(test_a_kernel_that_cannot_be_read_says_why, fake_reset),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
