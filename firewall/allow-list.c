// The values that an allow list is printed from.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "firewall/allow-list.h"

#include "base/text-file.h"
#include "firewall/log-rule.h"

// A set that is written item by item. A single item has no braces, since a comparison costs less than a lookup; but a
// concatenation needs them.
typedef struct ListText {
        bool is_concatenation;
        FILE *file;
        char *text;
        size_t size;
        unsigned n_items;
} ListText;

static void list_text_deinit(ListText *list) {
        fclose_file(&list->file);
        free(list->text);
}
#define _cleanup_list_text_ _cleanup_(list_text_deinit)

static int list_text_open(ListText *list) {
        list->file = text_file_open(&list->text, &list->size);
        return list->file ? 0 : -ENOMEM;
}

static FILE *list_text_item(ListText *list) {
        if (list->n_items++ > 0)
                fputs(", ", list->file);
        return list->file;
}

// *ret_text stays NULL when there is no item.
static int list_text_close(ListText *list, char **ret_text) {
        if (fclose(TAKE(list->file)) != 0)
                return -ENOMEM;
        if (list->n_items == 0)
                return 0;
        if (list->n_items == 1 && !list->is_concatenation) {
                *ret_text = TAKE(list->text);
                return 0;
        }
        char *text;
        if (asprintf(&text, "{ %s }", list->text) < 0)
                return -ENOMEM;
        *ret_text = text;
        return 0;
}

// A set of hosts.
static int element_set_text(ElementSet *set, char **ret_text) {
        _cleanup_list_text_ ListText list = {};

        if (set->n_elements == 0)
                return 0;
        if (list_text_open(&list) < 0)
                return -ENOMEM;
        element_set_normalise(set);
        element_set_print_run(set->elements, set->n_elements, list.file);
        if (fclose(TAKE(list.file)) != 0)
                return -ENOMEM;
        *ret_text = TAKE(list.text);
        return 0;
}

static int own_init(const PlaneConfig *plane, int family, char **ret_text) {
        _cleanup_element_set_ ElementSet own = {};

        for (size_t i = 0; i < plane->n_addresses; i++) {
                const Address *address = &plane->addresses[i].prefix.address;
                if (address->family == family && element_set_add_address(&own, address, NULL) < 0)
                        return -ENOMEM;
        }
        return element_set_text(&own, ret_text);
}

static int own_raw_init(const PlaneConfig *plane, int family, char **ret_text) {
        _cleanup_list_text_ ListText own = {};

        if (list_text_open(&own) < 0)
                return -ENOMEM;
        for (size_t i = 0; i < plane->n_addresses; i++) {
                const Address *address = &plane->addresses[i].prefix.address;
                char text[ELEMENT_SET_TEXT_MAX];

                if (address->family != family)
                        continue;
                (void)element_set_format_number(address->bytes, address_bits(family) / 8, text);
                fputs(text, list_text_item(&own));
        }
        return list_text_close(&own, ret_text);
}

static int peer_run_init(const SetElement *elements, size_t n, PeerRun *ret) {
        size_t size;
        FILE *file = text_file_open(&ret->mask, &size);

        if (!file)
                return -ENOMEM;
        if (n > 1)
                element_set_print_mask(&elements[0], false, file);
        if (fclose(file) != 0)
                return -ENOMEM;
        file = text_file_open(&ret->set, &size);
        if (!file)
                return -ENOMEM;
        element_set_print_run(elements, n, file);
        return fclose(file) == 0 ? 0 : -ENOMEM;
}

static int peers_add(ElementSet *peers, const PlaneConfig *plane, int family) {
        for (size_t i = 0; i < plane->n_peers; i++)
                if (plane->peers[i].address.family == family && element_set_add(peers, &plane->peers[i], NULL) < 0)
                        return -ENOMEM;
        // The host must resolve its routers and receive their "fragmentation needed".
        for (size_t i = 0; i < plane->n_routes; i++)
                if (plane->routes[i].gateway.family == family &&
                    element_set_add_address(peers, &plane->routes[i].gateway, NULL) < 0)
                        return -ENOMEM;
        element_set_normalise(peers);
        return 0;
}

static int peers_init(const PlaneConfig *plane, int family, AllowFamily *ret) {
        _cleanup_element_set_ ElementSet peers = {};

        int r = peers_add(&peers, plane, family);
        if (r < 0 || peers.n_elements == 0)
                return r;
        ret->peers = calloc(peers.n_elements, sizeof(PeerRun));
        if (!ret->peers)
                return -ENOMEM;
        for (size_t i = 0, n; i < peers.n_elements; i += n) {
                n = element_set_run(&peers, i);
                r = peer_run_init(&peers.elements[i], n, &ret->peers[ret->n_peers++]);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int gateways_init(const PlaneConfig *plane, int family, char **ret_text) {
        _cleanup_element_set_ ElementSet gateways = {};

        for (size_t i = 0; i < plane->n_routes; i++) {
                const Address *gateway = &plane->routes[i].gateway;
                if (gateway->family == family && element_set_add_address(&gateways, gateway, NULL) < 0)
                        return -ENOMEM;
        }
        return element_set_text(&gateways, ret_text);
}

static int known_init(const PlaneConfig *plane, int family, AllowFamily *ret) {
        _cleanup_list_text_ ListText addresses = {}, macs = { .is_concatenation = true };
        _cleanup_list_text_ ListText arp = { .is_concatenation = true };

        if (list_text_open(&addresses) < 0 || list_text_open(&macs) < 0 || list_text_open(&arp) < 0)
                return -ENOMEM;
        for (size_t i = 0; i < plane->n_known_peers; i++) {
                const PlanePeer *peer = &plane->known_peers[i];
                char address[ADDRESS_TEXT_MAX], mac[MAC_TEXT_MAX], mac_raw[ELEMENT_SET_TEXT_MAX];

                if (peer->address.family != family || !peer->has_mac)
                        continue;
                (void)address_format(&peer->address, address);
                (void)mac_format(&peer->mac, mac);
                (void)element_set_format_number(peer->mac.bytes, sizeof(peer->mac.bytes), mac_raw);
                fputs(address, list_text_item(&addresses));
                fprintf(list_text_item(&macs), "%s . %s", address, mac_raw);
                fprintf(list_text_item(&arp), "%s . %s . %s", address, mac, mac_raw);
        }
        if (list_text_close(&addresses, &ret->known) < 0 || list_text_close(&macs, &ret->known_macs) < 0 ||
            list_text_close(&arp, &ret->known_arp) < 0)
                return -ENOMEM;
        return 0;
}

// The solicited-node groups of the addresses, made of their last 24 bits: the group ff02::1:ffXX:XXXX (RFC 4291 2.7.1)
// and its MAC address 33:33:ff:XX:XX:XX (RFC 2464 7).
static int groups_init(const PlaneConfig *plane, AllowFamily *ret) {
        _cleanup_list_text_ ListText groups = {}, macs = {};

        if (list_text_open(&groups) < 0 || list_text_open(&macs) < 0)
                return -ENOMEM;
        for (size_t i = 0; i < plane->n_addresses; i++) {
                const Address *address = &plane->addresses[i].prefix.address;
                const uint8_t *last = &address->bytes[13];
                Address group = { .family = AF_INET6,
                                  .bytes = { 0xff, 0x02, [11] = 0x01, [12] = 0xff, last[0], last[1], last[2] } };
                const uint8_t mac[] = { 0x33, 0x33, 0xff, last[0], last[1], last[2] };
                char text[ADDRESS_TEXT_MAX], mac_text[ELEMENT_SET_TEXT_MAX];

                if (address->family != AF_INET6)
                        continue;
                fputs(address_format(&group, text), list_text_item(&groups));
                fputs(element_set_format_number(mac, sizeof(mac), mac_text), list_text_item(&macs));
        }
        if (list_text_close(&groups, &ret->groups) < 0 || list_text_close(&macs, &ret->group_macs) < 0)
                return -ENOMEM;
        return 0;
}

// The single ports as one set, then each range.
static int ports_init(const PlaneConfig *plane, AllowList *ret) {
        _cleanup_list_text_ ListText list = {};

        ret->ports = calloc(plane->n_ports + 1, sizeof(char *));
        if (!ret->ports || list_text_open(&list) < 0)
                return -ENOMEM;
        for (size_t i = 0; i < plane->n_ports; i++)
                if (plane->ports[i].first == plane->ports[i].last)
                        fprintf(list_text_item(&list), "%u", plane->ports[i].first);
        ret->n_ports = list.n_items > 0;
        if (list_text_close(&list, &ret->ports[0]) < 0)
                return -ENOMEM;
        for (size_t i = 0; i < plane->n_ports; i++) {
                const PortRange *range = &plane->ports[i];
                if (range->first == range->last)
                        continue;
                if (asprintf(&ret->ports[ret->n_ports], "%u-%u", range->first, range->last) < 0)
                        return -ENOMEM;
                ret->n_ports++;
        }
        return 0;
}

// The users who may send, the daemon's first.
static int users_init(const RulesetPlane *plane, char **ret_text) {
        const PlaneConfig *config = plane->plane;
        _cleanup_list_text_ ListText list = {};

        if (config->n_users == 0)
                return 0;
        if (list_text_open(&list) < 0)
                return -ENOMEM;
        fprintf(list_text_item(&list), "%u", plane->daemon_user);
        for (size_t i = 0; i < config->n_users; i++)
                if (config->users[i] != plane->daemon_user)
                        fprintf(list_text_item(&list), "%u", config->users[i]);
        return list_text_close(&list, ret_text);
}

static int mac_compare(const void *a, const void *b) {
        return memcmp(a, b, sizeof(MacAddress));
}

// A bond moves MAC addresses between itself and its ports: sorted, the set stays the same.
static int macs_init(const RulesetPlane *plane, AllowList *ret) {
        _cleanup_list_text_ ListText macs = {}, raw = {}, items = {};
        _cleanup_free_ MacAddress *all = calloc(plane->n_ports + 1, sizeof(*all));
        size_t n = 0;

        if (!all || list_text_open(&macs) < 0 || list_text_open(&raw) < 0 || list_text_open(&items) < 0)
                return -ENOMEM;
        all[n++] = plane->mac;
        for (size_t i = 0; i < plane->n_ports; i++)
                if (plane->ports[i].has_mac)
                        all[n++] = plane->ports[i].mac;
        qsort(all, n, sizeof(*all), mac_compare);
        for (size_t i = 0; i < n; i++) {
                char text[MAC_TEXT_MAX], number[ELEMENT_SET_TEXT_MAX];

                if (i > 0 && mac_compare(&all[i], &all[i - 1]) == 0)
                        continue;
                fputs(mac_format(&all[i], text), list_text_item(&macs));
                (void)element_set_format_number(all[i].bytes, sizeof(all[i].bytes), number);
                fputs(number, list_text_item(&raw));
                fputs(number, list_text_item(&items));
        }
        if (fclose(TAKE(items.file)) != 0)
                return -ENOMEM;
        ret->macs_raw_items = TAKE(items.text);
        if (list_text_close(&macs, &ret->macs) < 0 || list_text_close(&raw, &ret->macs_raw) < 0)
                return -ENOMEM;
        return asprintf(&ret->frame_out, FROM_MAC " %s ", ret->macs_raw) < 0 ? -ENOMEM : 0;
}

static void family_deinit(AllowFamily *family) {
        free(family->own);
        free(family->own_raw);
        free(family->groups);
        free(family->group_macs);
        for (size_t i = 0; i < family->n_peers; i++) {
                free(family->peers[i].mask);
                free(family->peers[i].set);
        }
        free(family->peers);
        free(family->gateways);
        free(family->known);
        free(family->known_macs);
        free(family->known_arp);
        *family = (AllowFamily){};
}

// On failure the caller frees what is there.
static int family_init(const PlaneConfig *plane, int family, AllowFamily *ret) {
        int r = own_init(plane, family, &ret->own);
        if (r < 0)
                return r;
        r = own_raw_init(plane, family, &ret->own_raw);
        if (r < 0)
                return r;
        r = peers_init(plane, family, ret);
        if (r < 0)
                return r;
        if (!ret->own || !ret->peers) {
                family_deinit(ret);
                return 0;
        }
        r = gateways_init(plane, family, &ret->gateways);
        if (r < 0)
                return r;
        r = known_init(plane, family, ret);
        if (r < 0)
                return r;
        return family == AF_INET6 ? groups_init(plane, ret) : 0;
}

int allow_list_init(AllowList *ret, const RulesetPlane *plane) {
        _cleanup_allow_list_ AllowList list = {
                .report = log_rule_rate(plane),
                .reports_opens = plane->reports_opens,
                .is_vlan = plane->plane->kind == PLANE_KIND_VLAN,
                .has_mac = plane->has_mac,
                .announces = plane->is_bonded,
        };

        (void)chain_name_spell_link(plane->plane->interface, list.link);
        int r = macs_init(plane, &list);
        if (r < 0)
                return r;
        r = family_init(plane->plane, AF_INET, &list.ipv4);
        if (r < 0)
                return r;
        r = family_init(plane->plane, AF_INET6, &list.ipv6);
        if (r < 0)
                return r;
        // Where another program sets the address, that program may give it up because of an answer, even while
        // migrations run. So it hears answers only until the address is there. The daemon never gives up an address.
        list.ipv4.hears_claims =
                list.ipv4.own && (plane->awaits_address || plane->plane->managed_by == MANAGED_BY_MIGPLANE);
        list.ipv6.hears_claims = list.ipv6.own && plane->awaits_address;
        r = ports_init(plane->plane, &list);
        if (r < 0)
                return r;
        r = users_init(plane, &list.users);
        if (r < 0)
                return r;

        *ret = list;
        list = (AllowList){};
        return 0;
}

void allow_list_deinit(AllowList *list) {
        family_deinit(&list->ipv4);
        family_deinit(&list->ipv6);
        for (size_t i = 0; i < list->n_ports; i++)
                free(list->ports[i]);
        free(list->ports);
        free(list->macs);
        free(list->macs_raw);
        free(list->macs_raw_items);
        free(list->frame_out);
        free(list->users);
        *list = (AllowList){};
}
