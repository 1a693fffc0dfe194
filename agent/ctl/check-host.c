// migplanectl check: the configuration against the links of this host, read of the kernel as any user may.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "ctl/check-host.h"

#include <net/if.h>
#include <stdarg.h>

#include "base/error.h"
#include "base/inet.h"
#include "base/text-file.h"
#include "base/util.h"
#include "config/plane-config.h"
#include "kernel/inventory.h"
#include "kernel/network.h"
#include "netlink/request.h"

typedef struct Host {
        Netlink *netlink;
        Inventory inventory;
        NetworkList networks;
        Config *config;
        const PlaneConfig *plane;
        int result;
} Host;

static void host_deinit(Host *host) {
        host->netlink = netlink_free(host->netlink);
        inventory_deinit(&host->inventory);
        network_list_deinit(&host->networks);
}

static void warn(Host *host, ConfigLocation at, const char *format, ...) _printf_(3, 4);
static void warn(Host *host, ConfigLocation at, const char *format, ...) {
        char text[512];
        va_list arguments;

        va_start(arguments, format);
        (void)vsnprintf(text, sizeof(text), format, arguments);
        va_end(arguments);
        if (host->result >= 0)
                host->result = config_add_message(host->config, CONFIG_WARNING, host->plane->name, at, text);
}

static bool is_planes(const Host *host, const Link *link) {
        for (size_t i = 0; i < host->config->n_planes; i++)
                if (streq(host->config->planes[i]->interface, link->name))
                        return true;
        return link->is_tagged;
}

static void network_check(Host *host, const Prefix *ours, ConfigLocation at, const char *key) {
        for (size_t i = 0; i < host->networks.n_networks; i++) {
                const Network *theirs = &host->networks.networks[i];
                const Link *link = inventory_find_index(&host->inventory, theirs->ifindex);

                if (theirs->source == NETWORK_OURS || !link || is_planes(host, link) ||
                    !network_overlaps(theirs, link->has_mac, ours))
                        continue;
                warn(host, at, "%s=%s overlaps %s %s of %s on this host; a plane with it does not go up", key,
                     PREFIX_TEXT(ours), theirs->source == NETWORK_ADDRESS ? "the address" : "the route to",
                     PREFIX_TEXT(&theirs->prefix), link->name);
                return;
        }
}

// Whether the link has addresses, and none of the plane's.
static bool is_in_use(const Host *host, const Link *link) {
        bool has_any = false;

        for (size_t i = 0; i < host->networks.n_networks; i++) {
                const Network *network = &host->networks.networks[i];
                if (network->ifindex != link->index || network->source != NETWORK_ADDRESS)
                        continue;
                if (plane_config_has_address(host->plane, &network->prefix.address))
                        return false;
                has_any = true;
        }
        return has_any;
}

static void name_check(Host *host) {
        const PlaneConfig *plane = host->plane;
        ConfigLocation at = config_location(plane, "Interface", "Name", 0);
        const Link *link = inventory_find(&host->inventory, plane->interface);
        // This finds alternative names, too.
        const Link *other = link ? NULL : inventory_find_index(&host->inventory, (int)if_nametoindex(plane->interface));

        if (other)
                warn(host, at,
                     "Name=%s is an alternative name of %s on this host; give the plane another name, or: "
                     "ip link property del dev %s altname %s",
                     plane->interface, other->name, other->name, plane->interface);
        if (!link || link->is_tagged)
                return;
        if (is_in_use(host, link))
                warn(host, at, "Name=%s has addresses on this host and none of the plane's: it is in use", link->name);
        else if (network_is_way_out(host->netlink, link->index, NULL) > 0)
                warn(host, at, "Name=%s has this host's default route, and a plane would cut it off", link->name);
}

static void plane_check(Host *host) {
        const PlaneConfig *plane = host->plane;

        name_check(host);
        for (size_t i = 0; i < plane->n_addresses; i++)
                network_check(host, &plane->addresses[i].prefix, config_location(plane, "Address", "Address", i),
                              "Address");
        for (size_t i = 0; i < plane->n_routes; i++)
                network_check(host, &plane->routes[i].destination, config_location(plane, "Route", "Destination", i),
                              "Destination");
}

int check_host(Config *config, Error *ret_error) {
        _cleanup_(host_deinit) Host host = { .config = config };

        int r = netlink_new(NETLINK_ROUTE, &host.netlink, ret_error);
        if (r >= 0)
                r = inventory_read(host.netlink, &host.inventory, ret_error);
        if (r >= 0)
                r = network_read(host.netlink, &host.networks, ret_error);
        if (r < 0)
                return r;
        for (size_t i = 0; i < config->n_planes; i++) {
                host.plane = config->planes[i];
                plane_check(&host);
        }
        return host.result < 0 ? error_set(ret_error, host.result, "out of memory") : 0;
}
