// The bond or team that a plane stands on, and its ports.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// A bond speaks and listens by its ports. With fail_over_mac=active and in mode balance-alb, peers send to the MAC
// addresses of the ports. The bonding driver itself sends by a port, past the rules of the bond.

#include "engine/bond.h"

#include "base/parse.h"
#include "base/util.h"

enum { DEPTH_MAX = 8 }; // the kernel's own limit of links on links

static bool is_bond(const Link *link) {
        return streq(link->kind, "bond") || streq(link->kind, "team");
}

// has_own_mac: a macvlan is in between, whose MAC address the driver leaves as it is.
static const Link *below_find(const Inventory *inventory, const PlaneConfig *config, const Link *device,
                              const Link *parent, bool *has_own_mac) {
        const Link *below = device ?: parent;

        *has_own_mac = config->kind == PLANE_KIND_MACVLAN;
        for (unsigned i = 0; below && i < DEPTH_MAX; i++) {
                if (is_bond(below))
                        return below;
                *has_own_mac |= below->type == LINK_MACVLAN;
                below = below->parent[0] ? inventory_find(inventory, below->parent) : NULL;
        }
        return NULL;
}

int bond_find(const Inventory *inventory, const PlaneConfig *config, const Link *device, const Link *parent,
              Bond *ret) {
        _cleanup_bond_ Bond bond = {};
        size_t n_allocated = 0;
        bool has_own_mac;

        bond.link = below_find(inventory, config, device, parent, &has_own_mac);
        for (size_t i = 0; i < inventory->n_links && bond.link; i++) {
                const Link *link = &inventory->links[i];

                // No rule can name a link with such a name. What the driver sends there is dropped.
                if (link->master_index != bond.link->index || !interface_name_is_valid(link->name))
                        continue;
                if (array_reserve(&bond.ports, &n_allocated, bond.n_ports + 1) < 0)
                        return -ENOMEM;
                RulesetPort *port = &bond.ports[bond.n_ports++];
                *port = (RulesetPort){ .has_mac = link->has_mac && !has_own_mac, .mac = link->mac };
                strcpy_fixed(port->name, link->name);
        }
        *ret = bond;
        bond = (Bond){};
        return 0;
}

static int mac_compare(const void *a, const void *b) {
        return memcmp(a, b, sizeof(MacAddress));
}

int bond_macs(const Bond *bond, const MacAddress *own, MacAddress **ret, size_t *ret_n) {
        MacAddress *macs = calloc(bond->n_ports + 1, sizeof(*macs));
        size_t n = 0, n_unique = 0;

        if (!macs)
                return -ENOMEM;
        macs[n++] = *own;
        for (size_t i = 0; i < bond->n_ports; i++)
                if (bond->ports[i].has_mac)
                        macs[n++] = bond->ports[i].mac;
        qsort(macs, n, sizeof(*macs), mac_compare);
        for (size_t i = 0; i < n; i++)
                if (i == 0 || mac_compare(&macs[i], &macs[n_unique - 1]) != 0)
                        macs[n_unique++] = macs[i];
        *ret = macs;
        *ret_n = n_unique;
        return 0;
}

void bond_deinit(Bond *bond) {
        free(bond->ports);
        *bond = (Bond){};
}
