// The ways to a plane's peers, asked of the kernel.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "engine/ways.h"

#include <linux/rtnetlink.h>

#include "base/error.h"
#include "base/inet.h"
#include "base/util.h"
#include "config/plane-config.h"
#include "engine/plane-facts.h"
#include "kernel/addr.h"
#include "kernel/link.h"
#include "kernel/way.h"
#include "netlink/request.h"

enum { SMALL_NETWORK_BITS = 8 }; // of hosts: each of its addresses is asked in turn

// --- addresses ---

static void address_add(Address *address, size_t n) {
        for (size_t i = address_bits(address->family) / 8; i-- > 0 && n > 0; n >>= 8) {
                n += address->bytes[i];
                address->bytes[i] = (uint8_t)n;
        }
}

static bool is_host_route(const Prefix *prefix) {
        return prefix->length == address_bits(prefix->address.family);
}

// The first or the last address of a network of the plane is not a host's.
static bool is_networks_own(const PlaneConfig *plane, const Address *address) {
        for (size_t i = 0; i < plane->n_addresses; i++) {
                const Prefix *own = &plane->addresses[i].prefix;
                unsigned bits = address_bits(own->address.family);
                Address next = *address;

                if (own->length + 2U > bits || !prefix_contains(own, address))
                        continue;
                const Prefix network = prefix_network(own);
                address_add(&next, 1);
                if (address_compare(&network.address, address) == 0 ||
                    (own->address.family == AF_INET && !prefix_contains(own, &next)))
                        return true;
        }
        return false;
}

static bool is_another_host(const PlaneConfig *plane, const Address *address) {
        return !plane_config_has_address(plane, address) && !is_networks_own(plane, address);
}

// An address of the network that another host may have; AF_UNSPEC: there is none.
static Address sample_of(const PlaneConfig *plane, const Prefix *prefix) {
        Address sample = prefix_network(prefix).address;

        // The first address of a network behind a gateway is not a host's, either.
        if (prefix->length + 2U <= address_bits(sample.family))
                address_add(&sample, 1);
        for (unsigned i = 0; i < 4 && prefix_contains(prefix, &sample); i++, address_add(&sample, 1))
                if (is_another_host(plane, &sample))
                        return sample;
        return (Address){};
}

// --- whom to ask for ---

// Whether the file names this very address.
static bool is_named(const PlaneConfig *plane, const Address *address) {
        for (size_t i = 0; i < plane->n_routes; i++)
                if (address_compare(&plane->routes[i].gateway, address) == 0)
                        return true;
        for (size_t i = 0; i < plane->n_known_peers; i++)
                if (address_compare(&plane->known_peers[i].address, address) == 0)
                        return true;
        for (size_t i = 0; i < plane->n_peers; i++)
                if (is_host_route(&plane->peers[i]) && address_compare(&plane->peers[i].address, address) == 0)
                        return true;
        for (size_t i = 0; i < plane->n_probes; i++)
                if (address_compare(&plane->probes[i], address) == 0)
                        return true;
        return false;
}

// Another link has an address in a part of a network of the plane, which network-overlap tells. That leaves the rest of
// it, unless the file names somebody in that part. A route alone may be anybody's.
static bool is_given_up(const PlaneFacts *facts, const Address *address) {
        for (size_t i = 0; i < facts->n_overlaps; i++) {
                const Overlap *overlap = &facts->overlaps[i];
                if (overlap->has_address && !overlap->is_refused && overlap->theirs.length > overlap->ours->length &&
                    prefix_contains(&overlap->theirs, address))
                        return !is_named(facts->config, address);
        }
        return false;
}

// Goes through addresses in an order that is always the same.
typedef struct Visitor {
        const PlaneConfig *plane;
        size_t first, n; // those to be visited, of all
        size_t n_seen;
        void (*visit)(const Address *address, void *userdata);
        void *userdata;
} Visitor;

static void visit(Visitor *visitor, const Address *address) {
        if (address->family == AF_UNSPEC || !is_another_host(visitor->plane, address))
                return;
        size_t i = visitor->n_seen++;
        if (i >= visitor->first && i - visitor->first < visitor->n)
                visitor->visit(address, visitor->userdata);
}

// The first of each network, gateways, and all that the file names.
static void named_visit(Visitor *visitor) {
        const PlaneConfig *plane = visitor->plane;
        Address sample;

        for (size_t i = 0; i < plane->n_addresses; i++) {
                sample = sample_of(plane, &plane->addresses[i].prefix);
                visit(visitor, &sample);
        }
        for (size_t i = 0; i < plane->n_routes; i++) {
                visit(visitor, &plane->routes[i].gateway);
                sample = sample_of(plane, &plane->routes[i].destination);
                visit(visitor, &sample);
        }
        for (size_t i = 0; i < plane->n_known_peers; i++) {
                const Address *peer = &plane->known_peers[i].address;
                const Prefix host = { *peer, (uint8_t)address_bits(peer->family) };
                if (plane_config_is_near(plane, &host))
                        visit(visitor, peer);
        }
        for (size_t i = 0; i < plane->n_peers; i++)
                if (is_host_route(&plane->peers[i]) && plane_config_is_near(plane, &plane->peers[i]))
                        visit(visitor, &plane->peers[i].address);
        for (size_t i = 0; i < plane->n_probes; i++)
                visit(visitor, &plane->probes[i]);
}

// The addresses of small networks of peers.
static void others_visit(Visitor *visitor) {
        const PlaneConfig *plane = visitor->plane;

        for (size_t i = 0; i < plane->n_peers; i++) {
                const Prefix network = prefix_network(&plane->peers[i]);
                Address address = network.address;
                unsigned host_bits = address_bits(address.family) - network.length;

                if (host_bits == 0 || host_bits > SMALL_NETWORK_BITS || !plane_config_is_near(plane, &network))
                        continue;
                for (size_t j = 0; j < 1U << host_bits; j++, address_add(&address, 1))
                        visit(visitor, &address);
        }
}

// Visits at most max of them, and begins where the last visit ended.
static void part_visit(void (*visit_all)(Visitor *visitor), Visitor visitor, size_t max, bool all, size_t *next) {
        visitor.n = 0;
        visit_all(&visitor);
        size_t n = visitor.n_seen, first = *next < n ? *next : 0;

        if (all || n <= max) {
                visitor.n = n;
                visitor.n_seen = 0;
                visit_all(&visitor);
                return;
        }
        visitor.first = first;
        visitor.n = max;
        visitor.n_seen = 0;
        visit_all(&visitor);
        *next = first + max;
}

// --- what the kernel says ---

typedef struct Asking {
        Netlink *netlink;
        const PlaneFacts *facts;
        const Inventory *inventory;
        const AddrList *addresses;
        WaysMemory *memory;
        Ways *ways;
} Asking;

static const char *link_name(const Asking *asking, int ifindex) {
        const Link *link = inventory_find_index(asking->inventory, ifindex);

        return link ? link->name : "no link";
}

// Writes what is wrong with a way; false if it is right.
static bool fault_find(const Asking *asking, const WayQuestion *question, int r, const Way *way, const Error *error,
                       char ret[static 256]) {
        const PlaneConfig *plane = asking->facts->config;
        char to[ADDRESS_TEXT_MAX], from[ADDRESS_TEXT_MAX + 8] = "", see[2 * ADDRESS_TEXT_MAX + 32];

        (void)address_format(&question->to, to);
        if (question->from.family != AF_UNSPEC)
                (void)snprintf(from, sizeof(from), " from %s", ADDRESS_TEXT(&question->from));
        (void)snprintf(see, sizeof(see), "see ip route get %s%s, and ip rule", to, from);
        if (r < 0)
                (void)snprintf(ret, 256, "no route to %s%s: %.100s", to, from, error->text);
        else if (way->type != RTN_UNICAST)
                (void)snprintf(ret, 256, "the route to %s%s is of the type %s: %s", to, from,
                               way_type_to_string(way->type), see);
        else if (way->ifindex != asking->facts->link->index)
                (void)snprintf(ret, 256, "the route to %s%s leaves by %s: %s", to, from,
                               link_name(asking, way->ifindex), see);
        else if (way->source.family != AF_UNSPEC && !plane_config_has_address(plane, &way->source))
                (void)snprintf(ret, 256, "the route to %s has the source %s, which is not the plane's address: %s", to,
                               ADDRESS_TEXT(&way->source), see);
        else
                return false;
        return true;
}

static bool is_there(const Asking *asking, const Prefix *own) {
        for (size_t i = 0; i < asking->addresses->n_entries; i++)
                if (asking->addresses->entries[i].ifindex == asking->facts->link->index &&
                    prefix_compare(&asking->addresses->entries[i].prefix, own) == 0)
                        return true;
        return false;
}

// The plane's address in the network of the other, else the first of its family. AF_UNSPEC: it is missing, which a
// condition of its own says.
static Address source_find(const Asking *asking, const Address *to) {
        const PlaneConfig *plane = asking->facts->config;
        const Prefix *found = NULL;

        for (size_t i = 0; i < plane->n_addresses; i++) {
                const Prefix *own = &plane->addresses[i].prefix;
                bool is_neighbour = prefix_contains(own, to);
                if (is_neighbour && is_there(asking, own))
                        return own->address;
                if (is_neighbour || (!found && own->address.family == to->family))
                        found = own;
        }
        return found && is_there(asking, found) ? found->address : (Address){};
}

// Once as an initiator asks that leaves the source to the kernel, and once with the plane's address.
static bool way_is_right(Asking *asking, const Address *to) {
        const Address source = source_find(asking, to);

        if (source.family == AF_UNSPEC || is_given_up(asking->facts, to))
                return true;
        asking->ways->n_asked++;
        for (unsigned i = 0; i < 2; i++) {
                const WayQuestion question = {
                        .to = *to,
                        .from = i == 0 ? (Address){} : source,
                        .port = plane_config_migration_ports(asking->facts->config)->first,
                };
                Way way = {};
                Error error = {};
                char text[256];
                int r = way_ask(asking->netlink, &question, &way, &error);

                if (!fault_find(asking, &question, r, &way, &error, text))
                        continue;
                if (asking->ways->n_faults < WAYS_TOLD_MAX)
                        strcpy_fixed(asking->ways->faults[asking->ways->n_faults], text);
                asking->ways->n_faults++;
                return false;
        }
        return true;
}

static bool is_suspect(const WaysMemory *memory, const Address *address) {
        for (size_t i = 0; i < memory->n_suspects; i++)
                if (address_compare(&memory->suspects[i], address) == 0)
                        return true;
        return false;
}

static void suspect_add(WaysMemory *memory, const Address *address) {
        if (memory->n_suspects < WAYS_SUSPECTS_MAX && !is_suspect(memory, address))
                memory->suspects[memory->n_suspects++] = *address;
}

static void ask(const Address *to, void *userdata) {
        Asking *asking = userdata;

        if (!is_suspect(asking->memory, to) && !way_is_right(asking, to))
                suspect_add(asking->memory, to);
}

// They are suspects for as long as their way leads elsewhere.
static void suspects_ask(Asking *asking) {
        WaysMemory *memory = asking->memory;
        size_t n = 0;

        for (size_t i = 0; i < memory->n_suspects; i++) {
                const Address suspect = memory->suspects[i];
                const Prefix host = { suspect, (uint8_t)address_bits(suspect.family) };

                if (ways_concern(asking->facts->config, &host) && is_another_host(asking->facts->config, &suspect) &&
                    !way_is_right(asking, &suspect))
                        memory->suspects[n++] = suspect;
        }
        memory->n_suspects = n;
}

void ways_read(Netlink *netlink, const PlaneFacts *facts, const Inventory *inventory, const AddrList *addresses,
               bool all, WaysMemory *memory, Ways *ret) {
        *ret = (Ways){};
        // Without these there are no routes, and a condition of its own says so.
        if (!facts->link || !facts->link->up || !facts->link->carrier)
                return;
        Asking asking = {
                .netlink = netlink,
                .facts = facts,
                .inventory = inventory,
                .addresses = addresses,
                .memory = memory,
                .ways = ret,
        };
        const Visitor visitor = { .plane = facts->config, .visit = ask, .userdata = &asking };

        suspects_ask(&asking);
        part_visit(named_visit, visitor, WAYS_NAMED_MAX, all, &memory->next_named);
        part_visit(others_visit, visitor, WAYS_OTHERS_MAX, all, &memory->next_other);
}

// --- routes that change ---

// A route to everywhere does not come before the plane's own.
bool ways_concern(const PlaneConfig *plane, const Prefix *destination) {
        if (destination->length == 0)
                return false;
        if (plane_config_is_near(plane, destination))
                return true;
        for (size_t i = 0; i < plane->n_peers; i++)
                if (prefix_overlaps(&plane->peers[i], destination))
                        return true;
        return false;
}

void ways_suspect(WaysMemory *memory, const PlaneConfig *plane, const Prefix *destination) {
        const Address sample = sample_of(plane, destination);

        if (sample.family != AF_UNSPEC && plane_config_is_peer(plane, &sample))
                suspect_add(memory, &sample);
}
