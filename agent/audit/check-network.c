// The audit: addresses, neighbours, routes, sockets, and the rules of other programs.
// SPDX-License-Identifier: GPL-2.0-or-later

#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>

#include "audit/check.h"
#include "audit/checks.h"
#include "audit/host.h"
#include "base/error.h"
#include "base/inet.h"
#include "base/util.h"
#include "config/plane-config.h"
#include "engine/plane-facts.h"
#include "engine/usable.h"
#include "firewall/foreign-rules.h"
#include "kernel/addr.h"
#include "kernel/tcp.h"
#include "model/object.h"
#include "model/plan.h"
#include "netlink/attribute.h"
#include "netlink/request.h"

// --- addresses ---

static bool is_configured(const PlaneConfig *config, const AddrEntry *entry) {
        for (size_t i = 0; i < config->n_addresses; i++)
                if (addr_entry_is(entry, &config->addresses[i].prefix))
                        return true;
        return false;
}

void check_addresses(Check *check) {
        const AddrList *list = &check->host->usable.addresses;
        const char *link = check->link->name;
        char text[ADDRESS_OBJECT_TEXT_MAX];

        for (size_t i = 0; i < list->n_entries; i++) {
                const AddrEntry *entry = &list->entries[i];

                if (entry->ifindex != check->link->index)
                        continue;
                (void)addr_entry_format(entry, text);
                if (is_configured(check->config, entry))
                        check_say(check, VERDICT_OK, "%s", text);
                else
                        check_say(check, VERDICT_WARNING, "%s also has %s, which %s: ip address del %s dev %s", link,
                                  text,
                                  plane_config_has_address(check->config, &entry->prefix.address)
                                          ? "gives the plane's address another network"
                                          : "the rules keep silent",
                                  text, link);
        }
}

static bool overlaps_own(const PlaneConfig *config, const Prefix *prefix) {
        for (size_t i = 0; i < config->n_addresses; i++)
                if (prefix_overlaps(&config->addresses[i].prefix, prefix))
                        return true;
        return false;
}

void check_elsewhere(Check *check) {
        const UsableHost *host = &check->host->usable;
        char text[PREFIX_TEXT_MAX], link[IFNAMSIZ + 8];

        if (host->addresses_error.code < 0) {
                check_say_unseen(check, VERDICT_FAILED, &host->addresses_error);
                return;
        }
        for (size_t i = 0; i < host->addresses.n_entries; i++) {
                const AddrEntry *address = &host->addresses.entries[i];
                if ((check->link && address->ifindex == check->link->index) || address->prefix.length == 0 ||
                    plane_config_has_address(check->config, &address->prefix.address) ||
                    !overlaps_own(check->config, &address->prefix))
                        continue;
                check_say(check, VERDICT_WARNING,
                          "%s has %s, in the plane's network: traffic for that network leaves through the plane only",
                          check_link_name(check, address->ifindex, link), prefix_format(&address->prefix, text));
        }
        check_say(check, VERDICT_OK,
                  "no other device of this network namespace has an address of the plane, or of its network");
}

// --- neighbours ---

typedef struct Neighbour {
        Address address;
        MacAddress mac;
} Neighbour;

typedef struct Neighbours {
        Check *check;
        Neighbour *entries;
        size_t n_entries, n_allocated;
} Neighbours;

static int neighbour_read(const struct nlmsghdr *header, void *userdata) {
        Neighbours *neighbours = userdata;
        const struct nlattr *attributes[NDA_MAX + 1];
        const struct ndmsg *info = NLMSG_DATA(header);
        Address address;
        MacAddress mac;

        if (header->nlmsg_type != RTM_NEWNEIGH ||
            attribute_index_message(header, sizeof(*info), attributes, NDA_MAX) < 0)
                return -EBADMSG;
        if (info->ndm_ifindex != neighbours->check->link->index || info->ndm_state & (NUD_NOARP | NUD_FAILED) ||
            (info->ndm_family != AF_INET && info->ndm_family != AF_INET6) ||
            !attribute_address(attributes[NDA_DST], info->ndm_family, &address) ||
            !attribute_mac(attributes[NDA_LLADDR], &mac))
                return 0;
        if (array_reserve(&neighbours->entries, &neighbours->n_allocated, neighbours->n_entries + 1) < 0)
                return -ENOMEM;
        size_t i = neighbours->n_entries++;
        neighbours->entries[i].address = address;
        neighbours->entries[i].mac = mac;
        return 0;
}

static void neighbours_restart(void *userdata) {
        ((Neighbours *)userdata)->n_entries = 0;
}

static bool is_expected(const PlaneConfig *config, const Address *address) {
        return plane_config_is_peer(config, address) || plane_config_is_gateway(config, address);
}

static void neighbours_judge(Check *check, const Neighbours *neighbours) {
        char text[ADDRESS_TEXT_MAX], other[ADDRESS_TEXT_MAX], mac[MAC_TEXT_MAX];

        for (size_t i = 0; i < neighbours->n_entries; i++) {
                const Address *address = &neighbours->entries[i].address;
                const MacAddress *found = &neighbours->entries[i].mac;
                const PlanePeer *pinned = plane_config_find_peer(check->config, address);

                (void)address_format(address, text);
                (void)mac_format(found, mac);
                if (pinned && memcmp(&pinned->mac, found, sizeof(*found)) != 0)
                        check_say(check, VERDICT_FAILED, "%s is at %s, which is not its MACAddress=", text, mac);
                else if (check->link->has_mac && memcmp(&check->link->mac, found, sizeof(*found)) == 0)
                        check_say(check, VERDICT_FAILED, "%s resolves to this host's own MAC address %s", text, mac);
                else if (!is_expected(check->config, address))
                        check_say(check, VERDICT_WARNING, "%s at %s is not within Peers=", text, mac);
                for (size_t j = 0; j < i && !pinned; j++)
                        // A peer of both families has one address of each at its MAC address.
                        if (neighbours->entries[j].address.family == address->family &&
                            memcmp(&neighbours->entries[j].mac, found, sizeof(*found)) == 0)
                                check_say(check, VERDICT_WARNING,
                                          "%s and %s are both at %s: one entry may be forged; [Peer] MACAddress= fixes "
                                          "the address of a peer",
                                          address_format(&neighbours->entries[j].address, other), text, mac);
        }
}

// A stranger with a gateway's address gets ARP, ND and, for each packet to the networks behind it, the packet.
static void gateways_judge(Check *check) {
        for (size_t i = 0; i < check->config->n_routes; i++) {
                const Address *gateway = &check->config->routes[i].gateway;
                bool is_repeated = false;

                for (size_t j = 0; j < i; j++)
                        is_repeated |= address_compare(&check->config->routes[j].gateway, gateway) == 0;
                if (gateway->family != AF_UNSPEC && !is_repeated && !plane_config_find_peer(check->config, gateway))
                        check_say(check, VERDICT_WARNING,
                                  "the gateway %s has no fixed MAC address; add [Peer] Address=%s MACAddress=",
                                  ADDRESS_TEXT(gateway), ADDRESS_TEXT(gateway));
        }
}

void check_neighbours(Check *check) {
        struct ndmsg info = {};
        Neighbours neighbours = { .check = check };
        size_t n_pinned = 0, n_missing = 0;
        Error error = {};

        struct nl_msg *message = netlink_message_new(RTM_GETNEIGH, NLM_F_DUMP, &info, sizeof(info));
        if (message)
                (void)nla_put_u32(message, NDA_IFINDEX, (uint32_t)check->link->index);
        int r = netlink_query(check->netlink, message, neighbour_read, neighbours_restart, &neighbours, &error);
        if (r >= 0)
                neighbours_judge(check, &neighbours);
        else
                check_say_unseen(check, VERDICT_FAILED, &error);
        free(neighbours.entries);
        gateways_judge(check);

        const Plan *plan = &check->snapshot->plan;
        for (size_t i = 0; i < plan->n_operations; i++)
                n_missing += operation_object(&plan->operations[i])->kind == OBJECT_NEIGHBOUR &&
                             streq(operation_link(&plan->operations[i]), check->link->name);
        for (size_t i = 0; i < check->config->n_known_peers; i++)
                n_pinned += check->config->known_peers[i].has_mac;
        if (n_missing > 0)
                check_say(check, VERDICT_FAILED,
                          "%zu permanent entries differ from the configuration: see migplanectl plan", n_missing);
        if (n_pinned > 0)
                check_say(check, VERDICT_OK,
                          "%zu peer(s) have a fixed MAC address; ARP and ND are trusted for the rest", n_pinned);
        else if (plane_config_find_trusted(check->config))
                check_say(
                        check, VERDICT_WARNING,
                        "no peer has a fixed MAC address ([Peer] MACAddress=), and every address of %s is a peer: ARP "
                        "and ND are trusted, and a stranger can fill the neighbour tables",
                        PREFIX_TEXT(plane_config_find_trusted(check->config)));
        else
                check_say(check, VERDICT_OK,
                          "no peer has a fixed MAC address ([Peer] MACAddress=): ARP and ND are trusted");
}

// --- routes ---

static bool is_route(const Check *check _unused_, const Object *object) {
        return object->kind == OBJECT_ROUTE;
}

// The ways are in the list of what makes a plane usable. A route of ours can be missing and its way be right.
void check_routes(Check *check) {
        (void)check_say_differences(check, is_route);
        check_say(check, VERDICT_OK,
                  "the routes to %zu sample addresses leave by the plane, with %zu policy rule(s) in "
                  "force",
                  check->n_ways, check->host->n_policy_rules);
}

// --- sockets ---

static bool is_loopback(const Address *address) {
        return address->family == AF_INET ? address->bytes[0] == 127 : IN6_IS_ADDR_LOOPBACK(&address->in6);
}

// Whether Fallback=deny closes the port on every interface that is not a plane's.
static bool is_closed_elsewhere(const Check *check, uint16_t port) {
        for (size_t i = 0; i < check->snapshot->n_planes; i++) {
                const PlaneFacts *plane = &check->snapshot->planes[i];
                if (!plane->taken_down && plane->config->fallback == FALLBACK_ALLOW &&
                    port_range_contains(plane_config_migration_ports(plane->config), port))
                        return false;
        }
        return check->rules_stand && check->config->fallback == FALLBACK_DENY &&
               port_range_contains(plane_config_migration_ports(check->config), port);
}

void check_listeners(Check *check) {
        const TcpSockets *listening = &check->host->listening;
        static const Address any;

        if (check->host->listening_error.code < 0) {
                check_say_unseen(check, VERDICT_WARNING, &check->host->listening_error);
                return;
        }
        for (size_t i = 0; i < listening->n_sockets; i++) {
                const TcpSocket *flow = &listening->sockets[i];
                char text[ADDRESS_TEXT_MAX];
                if (!plane_config_has_port(check->config, flow->local_port) || is_loopback(&flow->local) ||
                    plane_config_has_address(check->config, &flow->local))
                        continue;
                bool everywhere = memcmp(flow->local.bytes, any.bytes, sizeof(any.bytes)) == 0;
                if (is_closed_elsewhere(check, flow->local_port))
                        check_say(check, VERDICT_OK, "port %u listens on %s; Fallback=deny closes it there",
                                  flow->local_port, everywhere ? "every address" : address_format(&flow->local, text));
                else
                        check_say(check, VERDICT_WARNING,
                                  "port %u listens on %s: let it listen on the plane's address only%s",
                                  flow->local_port, everywhere ? "every address" : address_format(&flow->local, text),
                                  everywhere ? " (libvirt: migration_host= or listen_address)" : "");
        }
        if (!check->text[0])
                check_say(check, VERDICT_OK, "nothing listens on a port of Ports= elsewhere at the moment");
}

void check_sniffers(Check *check) {
        const AuditHost *host = check->host;

        if (host->sniffers_error.code < 0) {
                check_say_unseen(check, VERDICT_WARNING, &host->sniffers_error);
                return;
        }
        for (size_t i = 0; i < host->n_sniffers; i++)
                if (host->sniffers[i].ifindex == 0 || host->sniffers[i].ifindex == check->link->index)
                        check_say(check, VERDICT_WARNING,
                                  "a packet socket on %s reads every frame of the plane: ss --packet --processes",
                                  host->sniffers[i].ifindex == 0 ? "every device" : check->link->name);
        check_say(check, VERDICT_OK, "no packet socket on %s or on every device", check->link->name);
}

// --- rules of other programs ---

void check_other_rules(Check *check) {
        const ForeignRules *rules = &check->host->rules;

        if (check->host->rules_error.code < 0) {
                check_say_unseen(check, VERDICT_WARNING, &check->host->rules_error);
                return;
        }
        for (size_t i = 0; i < rules->n_chains; i++) {
                const ForeignChain *chain = &rules->chains[i];
                bool at_plane = chain->device[0] && (streq(chain->device, check->config->interface) ||
                                                     streq(chain->device, check->facts->ifb_name) ||
                                                     streq(chain->device, check->config->parent));
                if (at_plane)
                        check_say(
                                check, VERDICT_WARNING,
                                "the %s %s of table %s %s is attached to %s: what it copies or redirects bypasses the "
                                "rules",
                                chain->is_flowtable ? "flowtable" : "chain", chain->name, chain->family, chain->table,
                                chain->device);
                else if (chain->drops)
                        check_say(
                                check, VERDICT_WARNING,
                                "the chain %s of table %s %s drops what its rules do not accept: see that they accept "
                                "%s",
                                chain->name, chain->family, chain->table, check->config->interface);
        }
        check_say(check, VERDICT_OK,
                  "%zu base chain(s) of other programs: none is attached to the plane or drops by default, and the "
                  "plane's rules still drop what they accept",
                  rules->n_chains);
}
