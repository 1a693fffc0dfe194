// Warnings of what is allowed and weak.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "config/advise.h"

#include "base/inet.h"
#include "base/util.h"
#include "config/config.h"
#include "config/plane-config.h"

static int neighbours_advise(Config *config, const PlaneConfig *plane) {
        const Prefix *network = plane_config_find_trusted(plane);
        char text[512];

        if (!network)
                return 0;
        (void)snprintf(text, sizeof(text),
                       "every address of %s is a peer, and no peer has a fixed MAC address: a stranger on the wire can "
                       "fill this host's neighbour tables, which all interfaces share; name the peers in Peers= and "
                       "give them [Peer] MACAddress=",
                       PREFIX_TEXT(network));
        return config_add_message(config, CONFIG_WARNING, plane->name, config_location(plane, "Isolation", "Peers", 0),
                                  text);
}

int config_advise(Config *config) {
        for (size_t i = 0; i < config->n_planes; i++) {
                int r = config->planes[i] ? neighbours_advise(config, config->planes[i]) : 0;
                if (r < 0)
                        return r;
        }
        return 0;
}
