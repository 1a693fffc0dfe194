// The audit: addresses, neighbours, routes, sockets, and others' rules.
// SPDX-License-Identifier: GPL-2.0-or-later

#include <linux/if_addr.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>

#include "audit/audit.h"
#include "audit/check.h"
#include "base/error.h"
#include "base/inet.h"
#include "base/util.h"
#include "config/plane-config.h"
#include "engine/migrations.h"
#include "firewall/foreign-rules.h"
#include "model/object.h"
#include "model/plan.h"
#include "netlink/request.h"

// --- addresses ---

static bool is_own(const PlaneConfig *config, const Address *address) {
        for (size_t i = 0; i < config->n_addresses; i++)
                if (address_compare(&config->addresses[i].prefix.address, address) == 0)
                        return true;
        return false;
}

static const HostAddress *address_find(const Verify *verify, const Prefix *prefix) {
        for (size_t i = 0; i < verify->host->n_addresses; i++)
                if (verify->host->addresses[i].ifindex == verify->link->index &&
                    prefix_compare(&verify->host->addresses[i].prefix, prefix) == 0)
                        return &verify->host->addresses[i];
        return NULL;
}

void verify_addresses(Verify *verify) {
        const VerifyHost *host = verify->host;
        const char *link = verify->link->name;
        char text[PREFIX_TEXT_MAX];

        if (host->addresses_error.code < 0) {
                verify_say_unseen(verify, VERDICT_FAILED, &host->addresses_error);
                return;
        }
        for (size_t i = 0; i < verify->config->n_addresses; i++) {
                const Prefix *prefix = &verify->config->addresses[i].prefix;
                const HostAddress *found = address_find(verify, prefix);
                if (!found)
                        verify_say(verify, VERDICT_FAILED, "%s does not have %s", link, prefix_format(prefix, text));
                else if (found->flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED))
                        verify_say(verify, VERDICT_FAILED, "%s cannot be used: somebody else may have it",
                                   prefix_format(prefix, text));
                else
                        verify_say(verify, VERDICT_OK, "%s", prefix_format(prefix, text));
        }
        for (size_t i = 0; i < host->n_addresses; i++)
                if (host->addresses[i].ifindex == verify->link->index &&
                    !is_own(verify->config, &host->addresses[i].prefix.address))
                        verify_say(verify, VERDICT_WARNING,
                                   "%s also has %s, which the rules keep silent: ip address del %s dev %s", link,
                                   prefix_format(&host->addresses[i].prefix, text), text, link);
}

static bool overlaps_own(const PlaneConfig *config, const Prefix *prefix) {
        for (size_t i = 0; i < config->n_addresses; i++)
                if (prefix_overlaps(&config->addresses[i].prefix, prefix))
                        return true;
        return false;
}

void verify_elsewhere(Verify *verify) {
        const VerifyHost *host = verify->host;
        char text[PREFIX_TEXT_MAX], link[IFNAMSIZ + 8];

        if (host->addresses_error.code < 0) {
                verify_say_unseen(verify, VERDICT_FAILED, &host->addresses_error);
                return;
        }
        for (size_t i = 0; i < host->n_addresses; i++) {
                const HostAddress *address = &host->addresses[i];
                if (verify->link && address->ifindex == verify->link->index)
                        continue;
                (void)verify_link_name(verify, address->ifindex, link);
                (void)prefix_format(&address->prefix, text);
                if (is_own(verify->config, &address->prefix.address))
                        verify_say(verify, VERDICT_FAILED, "%s has the plane's address %s: ip address del %s dev %s", link,
                                   text, text, link);
                else if (address->prefix.length > 0 && overlaps_own(verify->config, &address->prefix))
                        verify_say(verify, VERDICT_WARNING,
                                   "%s has %s, in the plane's network: what is for that network leaves by the plane or not "
                                   "at all",
                                   link, text);
        }
        verify_say(verify, VERDICT_OK, "no other device of this namespace has them, or their network");
}

// --- neighbours ---

typedef struct Neighbours {
        Verify *verify;
        struct {
                Address address;
                MacAddress mac;
        } *entries;
        size_t n_entries, n_allocated;
} Neighbours;

static int neighbour_read(const struct nlmsghdr *header, void *userdata) {
        Neighbours *neighbours = userdata;
        struct nlattr *attributes[NDA_MAX + 1];
        const struct ndmsg *info = NLMSG_DATA(header);

        if (header->nlmsg_type != RTM_NEWNEIGH ||
            nlmsg_parse((struct nlmsghdr *)header, sizeof(*info), attributes, NDA_MAX, NULL) < 0)
                return -EBADMSG;
        struct nlattr *destination = attributes[NDA_DST], *mac = attributes[NDA_LLADDR];
        if (info->ndm_ifindex != neighbours->verify->link->index || info->ndm_state & (NUD_NOARP | NUD_FAILED) ||
            (info->ndm_family != AF_INET && info->ndm_family != AF_INET6) || !destination || !mac ||
            (unsigned)nla_len(destination) != address_bits(info->ndm_family) / 8 || nla_len(mac) != sizeof(MacAddress))
                return 0;
        if (array_reserve(&neighbours->entries, &neighbours->n_allocated, neighbours->n_entries + 1) < 0)
                return -ENOMEM;
        size_t i = neighbours->n_entries++;
        neighbours->entries[i].address = (Address){ .family = info->ndm_family };
        memcpy(neighbours->entries[i].address.bytes, nla_data(destination), (size_t)nla_len(destination));
        memcpy(&neighbours->entries[i].mac, nla_data(mac), sizeof(MacAddress));
        return 0;
}

static void neighbours_restart(void *userdata) {
        ((Neighbours *)userdata)->n_entries = 0;
}

static bool is_peer(const PlaneConfig *config, const Address *address) {
        for (size_t i = 0; i < config->n_peers; i++)
                if (prefix_contains(&config->peers[i], address))
                        return true;
        for (size_t i = 0; i < config->n_routes; i++)
                if (address_compare(&config->routes[i].gateway, address) == 0)
                        return true;
        return false;
}

static const PlanePeer *pinned_find(const PlaneConfig *config, const Address *address) {
        for (size_t i = 0; i < config->n_known_peers; i++)
                if (config->known_peers[i].has_mac && address_compare(&config->known_peers[i].address, address) == 0)
                        return &config->known_peers[i];
        return NULL;
}

static void neighbours_judge(Verify *verify, const Neighbours *neighbours) {
        char text[ADDRESS_TEXT_MAX], other[ADDRESS_TEXT_MAX], mac[MAC_TEXT_MAX];

        for (size_t i = 0; i < neighbours->n_entries; i++) {
                const Address *address = &neighbours->entries[i].address;
                const MacAddress *found = &neighbours->entries[i].mac;
                const PlanePeer *pinned = pinned_find(verify->config, address);

                (void)address_format(address, text);
                (void)mac_format(found, mac);
                if (pinned && memcmp(&pinned->mac, found, sizeof(*found)) != 0)
                        verify_say(verify, VERDICT_FAILED, "%s is at %s, and not where its MACAddress= says", text, mac);
                else if (verify->link->has_mac && memcmp(&verify->link->mac, found, sizeof(*found)) == 0)
                        verify_say(verify, VERDICT_FAILED, "%s is said to be at this host's own MAC %s", text, mac);
                else if (!is_peer(verify->config, address))
                        verify_say(verify, VERDICT_WARNING, "%s at %s is none of Peers=", text, mac);
                for (size_t j = 0; j < i && !pinned; j++)
                        if (memcmp(&neighbours->entries[j].mac, found, sizeof(*found)) == 0)
                                verify_say(verify, VERDICT_WARNING,
                                           "%s and %s are both at %s: one of them may be forged, and [Peer] MACAddress= "
                                           "would tell",
                                           address_format(&neighbours->entries[j].address, other), text, mac);
        }
}

void verify_neighbours(Verify *verify) {
        struct ndmsg info = {};
        Neighbours neighbours = { .verify = verify };
        size_t n_pinned = 0, n_missing = 0;
        Error error = {};

        struct nl_msg *message = netlink_message_new(RTM_GETNEIGH, NLM_F_DUMP, &info, sizeof(info));
        if (message)
                (void)nla_put_u32(message, NDA_IFINDEX, (uint32_t)verify->link->index);
        int r = netlink_query(verify->manager->kernel.netlink, message, neighbour_read, neighbours_restart, &neighbours,
                              &error);
        if (r >= 0)
                neighbours_judge(verify, &neighbours);
        else
                verify_say_unseen(verify, VERDICT_FAILED, &error);
        free(neighbours.entries);

        const Plan *plan = &verify->look->plan;
        for (size_t i = 0; i < plan->n_operations; i++)
                n_missing += (plan->operations[i].desired ?: plan->operations[i].observed)->kind == OBJECT_NEIGHBOUR &&
                             streq(operation_link(&plan->operations[i]), verify->link->name);
        for (size_t i = 0; i < verify->config->n_known_peers; i++)
                n_pinned += verify->config->known_peers[i].has_mac;
        if (n_missing > 0)
                verify_say(verify, VERDICT_FAILED, "%zu of the permanent entries are not as they should be, see migplanectl plan",
                           n_missing);
        if (n_pinned > 0)
                verify_say(verify, VERDICT_OK, "%zu peer(s) pinned to their MAC; others are believed", n_pinned);
        else
                verify_say(verify, VERDICT_OK, "no peer is pinned by [Peer] MACAddress=: each is believed");
}

// --- routes ---

static int route_read(const struct nlmsghdr *header, void *userdata) {
        static const struct nla_policy policy[RTA_MAX + 1] = { [RTA_OIF] = { .type = NLA_U32 } };
        struct nlattr *attributes[RTA_MAX + 1];

        if (nlmsg_parse((struct nlmsghdr *)header, sizeof(struct rtmsg), attributes, RTA_MAX, policy) < 0)
                return -EBADMSG;
        *(int *)userdata = attributes[RTA_OIF] ? (int)nla_get_u32(attributes[RTA_OIF]) : 0;
        return 0;
}

// Asks the kernel for the way, so that everything counts that it goes by.
static void way_verify(Verify *verify, const Address *to) {
        struct rtmsg info = { .rtm_family = (uint8_t)to->family, .rtm_dst_len = (uint8_t)address_bits(to->family) };
        struct nl_msg *message = netlink_message_new(RTM_GETROUTE, 0, &info, sizeof(info));
        char text[ADDRESS_TEXT_MAX], link[IFNAMSIZ + 8];
        int ifindex = 0;
        Error error = {};

        if (message)
                (void)nla_put(message, RTA_DST, (int)(address_bits(to->family) / 8), to->bytes);
        (void)address_format(to, text);
        int r = netlink_query(verify->manager->kernel.netlink, message, route_read, NULL, &ifindex, &error);
        if (r < 0)
                verify_say(verify, VERDICT_FAILED, "no way to %s: %s", text, error.text);
        else if (ifindex != verify->link->index)
                verify_say(verify, VERDICT_FAILED, "the way to %s is by %s: see ip route get %s, and ip rule", text,
                           verify_link_name(verify, ifindex, link), text);
}

// An address of the network that is not ours: its first, or the one after.
static Address sample_of(const PlaneConfig *config, const Prefix *prefix) {
        Address sample = prefix_network(prefix).address;
        size_t last = address_bits(sample.family) / 8 - 1;

        for (unsigned i = 0; i < 3 && prefix->length + 2 <= (int)address_bits(sample.family); i++) {
                sample.bytes[last]++;
                if (!is_own(config, &sample))
                        break;
        }
        return sample;
}

static size_t sample_verify(Verify *verify, const Prefix *prefix) {
        Address sample = sample_of(verify->config, prefix);

        if (is_own(verify->config, &sample))
                return 0;
        way_verify(verify, &sample);
        return 1;
}

void verify_routes(Verify *verify) {
        const PlaneConfig *config = verify->config;
        size_t n = 0;

        if (!verify->link->up) {
                verify_say(verify, VERDICT_WARNING, "%s is down, and with it its routes", verify->link->name);
                return;
        }
        for (size_t i = 0; i < config->n_addresses; i++)
                n += sample_verify(verify, &config->addresses[i].prefix);
        for (size_t i = 0; i < config->n_routes; i++)
                n += sample_verify(verify, &config->routes[i].destination);
        for (size_t i = 0; i < config->n_known_peers; i++, n++)
                way_verify(verify, &config->known_peers[i].address);
        if (verify->host->n_policy_rules > 0)
                verify_say(verify, VERDICT_OK, "the way to each of %zu addresses that were asked for, with %zu policy rule(s) in force", n,
                           verify->host->n_policy_rules);
        else
                verify_say(verify, VERDICT_OK, "the way to each of %zu addresses that were asked for", n);
}

// --- sockets ---

static bool is_loopback(const Address *address) {
        return address->family == AF_INET ? address->bytes[0] == 127 : IN6_IS_ADDR_LOOPBACK(&address->in6);
}

static bool covers(const PortRange *range, uint16_t port) {
        return port >= range->first && port <= range->last;
}

static bool is_open_port(const PlaneConfig *config, uint16_t port) {
        for (size_t i = 0; i < config->n_ports; i++)
                if (covers(&config->ports[i], port))
                        return true;
        return false;
}

// Whether Fallback=deny closes it wherever no plane is.
static bool is_closed_elsewhere(const Verify *verify, uint16_t port) {
        for (size_t i = 0; i < verify->look->n_planes; i++)
                if (verify->look->configs[i]->fallback == FALLBACK_ALLOW &&
                    covers(plane_config_migration_ports(verify->look->configs[i]), port))
                        return false;
        return verify->rules_stand && verify->config->fallback == FALLBACK_DENY &&
               covers(plane_config_migration_ports(verify->config), port);
}

void verify_listeners(Verify *verify) {
        const TcpSockets *listening = &verify->host->listening;
        static const Address any;

        if (verify->host->listening_error.code < 0) {
                verify_say_unseen(verify, VERDICT_WARNING, &verify->host->listening_error);
                return;
        }
        for (size_t i = 0; i < listening->n_sockets; i++) {
                const TcpSocket *flow = &listening->sockets[i];
                char text[ADDRESS_TEXT_MAX];
                if (!is_open_port(verify->config, flow->local_port) || is_loopback(&flow->local) ||
                    is_own(verify->config, &flow->local))
                        continue;
                bool everywhere = memcmp(flow->local.bytes, any.bytes, sizeof(any.bytes)) == 0;
                if (is_closed_elsewhere(verify, flow->local_port))
                        verify_say(verify, VERDICT_OK, "port %u listens on %s; Fallback=deny closes it there",
                                   flow->local_port, everywhere ? "every address" : address_format(&flow->local, text));
                else
                        verify_say(verify, VERDICT_WARNING, "port %u listens on %s: have it listen on the plane's alone%s",
                           flow->local_port, everywhere ? "every address" : address_format(&flow->local, text),
                                   everywhere ? " (libvirt: migration_host= or listen_address)" : "");
        }
        if (!verify->text[0])
                verify_say(verify, VERDICT_OK, "nothing listens on a port of Ports= elsewhere, now");
}

void verify_sniffers(Verify *verify) {
        const VerifyHost *host = verify->host;

        if (host->sniffers_error.code < 0) {
                verify_say_unseen(verify, VERDICT_WARNING, &host->sniffers_error);
                return;
        }
        for (size_t i = 0; i < host->n_sniffers; i++)
                if (host->sniffers[i].ifindex == 0 || host->sniffers[i].ifindex == verify->link->index)
                        verify_say(verify, VERDICT_WARNING,
                                   "a packet socket on %s reads every frame of the plane: ss --packet --processes",
                                   host->sniffers[i].ifindex == 0 ? "every device" : verify->link->name);
        verify_say(verify, VERDICT_OK, "no packet socket on %s or on every device", verify->link->name);
}

// --- others' rules ---

void verify_other_rules(Verify *verify) {
        const ForeignRules *rules = &verify->host->rules;

        if (verify->host->rules_error.code < 0) {
                verify_say_unseen(verify, VERDICT_WARNING, &verify->host->rules_error);
                return;
        }
        for (size_t i = 0; i < rules->n_chains; i++) {
                const ForeignChain *chain = &rules->chains[i];
                bool at_plane = chain->device[0] && (streq(chain->device, verify->config->interface) ||
                                                     streq(chain->device, verify->ifb_name) ||
                                                     streq(chain->device, verify->config->parent));
                if (at_plane)
                        verify_say(verify, VERDICT_WARNING,
                                   "the %s %s of table %s %s is at %s: what it copies or sends elsewhere is past the rules",
                                   chain->is_flowtable ? "flowtable" : "chain", chain->name, chain->family, chain->table,
                                   chain->device);
                else if (chain->drops)
                        verify_say(verify, VERDICT_WARNING,
                                   "the chain %s of table %s %s drops what its rules do not accept: see that they accept %s",
                                   chain->name, chain->family, chain->table, verify->config->interface);
        }
        verify_say(verify, VERDICT_OK, "%zu base chain(s) of others; none is at the plane or drops by default, and what "
                   "they accept the rules still drop", rules->n_chains);
}
