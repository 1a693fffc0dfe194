// The kernel's notifications.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "daemon/watch.h"

#include <sys/epoll.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/inet.h"
#include "base/log.h"
#include "base/names.h"
#include "base/util.h"
#include "config/plane-config.h"
#include "engine/ways.h"
#include "kernel/link.h"
#include "kernel/monitor.h"
#include "planes/plane-set.h"
#include "planes/plane.h"

#define LOST_LOG_INTERVAL_USEC UINT64_C(10000000)

// What is not the plane's, but can be in its way or get at it: see engine/bypass.h.
static bool comes_near(const PlaneStatus *status, const MonitorEvent *event) {
        for (size_t i = 0; i < ELEMENTSOF(event->sends_to); i++)
                if (event->sends_to[i] > 0 && event->sends_to[i] == status->ifindex)
                        return true;
        return (event->ifindex > 0 && event->ifindex == status->lower_index) ||
               (event->lower > 0 && (event->lower == status->ifindex || event->lower == status->lower_index)) ||
               // A port of the bridge or of the bond that the plane stands on.
               (event->master > 0 && (event->master == status->bridge_index || event->master == status->ifindex ||
                                      event->master == status->lower_index));
}

static bool is_plane_link(const Plane *plane, const MonitorEvent *event) {
        const PlaneConfig *config = plane->config;
        char ifb[IFNAMSIZ];

        if (event->ifindex > 0 &&
            (event->ifindex == plane->status.ifindex || event->ifindex == plane->status.ifb_index))
                return true;
        if (!event->link[0])
                return false;
        names_ifb(config->interface, ifb);
        return streq(event->link, config->interface) || streq(event->link, ifb) || streq(event->link, config->parent);
}

static bool is_named(const PlaneConfig *config, const Address *peer) {
        if (plane_config_has_peer(config, peer))
                return true;
        for (size_t i = 0; i < config->n_known_peers; i++)
                if (address_compare(&config->known_peers[i].address, peer) == 0)
                        return true;
        return false;
}

// A route of the plane's file or to one of its peers, or another one to the same destination.
static bool is_planes_route(const PlaneConfig *config, const MonitorEvent *event) {
        const Prefix *destination = &event->destination;

        if (destination->address.family != AF_UNSPEC &&
            destination->length == address_bits(destination->address.family) &&
            plane_config_find_neighbour(config, &destination->address) && is_named(config, &destination->address))
                return true;
        for (size_t i = 0; i < config->n_routes; i++)
                if (prefix_compare(&config->routes[i].destination, &event->destination) == 0)
                        return true;
        return false;
}

static bool comes_into_network(const PlaneConfig *config, const Prefix *network) {
        if (network->address.family == AF_UNSPEC || network->length == 0)
                return false;
        for (size_t i = 0; i < config->n_addresses; i++)
                if (prefix_overlaps(&config->addresses[i].prefix, network))
                        return true;
        for (size_t i = 0; i < config->n_routes; i++)
                if (prefix_overlaps(&config->routes[i].destination, network))
                        return true;
        return false;
}

WatchConcern watch_concern(const PlaneSet *planes, const MonitorEvent *event) {
        WatchConcern concern = WATCH_NONE;

        if (event->ruleset)
                return WATCH_OBJECT;
        for (size_t i = 0; i < planes->n_planes; i++) {
                const Plane *plane = planes->planes[i];
                if (is_plane_link(plane, event) || comes_near(&plane->status, event) ||
                    is_planes_route(plane->config, event) || comes_into_network(plane->config, &event->network))
                        return WATCH_OBJECT;
                if (event->policy_rule || (event->destination.address.family != AF_UNSPEC &&
                                           ways_concern(plane->config, &event->destination)))
                        concern = WATCH_WAY;
        }
        return concern;
}

// The next look asks for the way there.
static void suspect_route(const PlaneSet *planes, const MonitorEvent *event) {
        for (size_t i = 0; i < planes->n_planes && event->destination.address.family != AF_UNSPEC; i++)
                ways_suspect(&planes->planes[i]->usable.ways, planes->planes[i]->config, &event->destination);
}

// In a storm of other programs' changes, notifications are lost many times a second.
static void lost_log(Watch *watch, uint64_t now_usec) {
        watch->n_lost++;
        if (watch->lost_logged_usec && now_usec < watch->lost_logged_usec + LOST_LOG_INTERVAL_USEC)
                return;
        log_notice("netlink notifications were lost (%u time(s) since the last such message); reading everything again",
                   watch->n_lost);
        watch->lost_logged_usec = now_usec;
        watch->n_lost = 0;
}

static void on_notification(const MonitorEvent *event, void *userdata) {
        Watch *watch = userdata;

        WatchConcern concern = event->lost ? WATCH_OBJECT : watch_concern(watch->planes, event);

        if (concern == WATCH_NONE)
                return;
        if (event->lost)
                lost_log(watch, clock_now_usec());
        suspect_route(watch->planes, event);
        watch->n_changes += concern == WATCH_OBJECT;
        watch->n_foreign += concern == WATCH_OBJECT && event->pid;
        if (concern == WATCH_OBJECT && event->pid && !watch->suspect.pid) {
                watch->suspect = *event;
                monitor_event_name_process(&watch->suspect);
        }
        watch->on_change(concern, watch->userdata);
}

static int on_readable(sd_event_source *source _unused_, int fd, uint32_t revents _unused_, void *userdata) {
        Watch *watch = userdata;

        // An error returned would switch the source off for good.
        for (unsigned i = 0; i < MONITOR_SOURCES; i++)
                if (monitor_fd(watch->monitor, i) == fd && monitor_dispatch(watch->monitor, i) < 0)
                        watch->on_change(WATCH_OBJECT, watch->userdata);
        return 0;
}

int watch_init(Watch *watch, sd_event *event, uint32_t own_port, const PlaneSet *planes,
               void (*on_change)(WatchConcern concern, void *userdata), void *userdata, Error *ret_error) {
        *watch = (Watch){ .planes = planes, .on_change = on_change, .userdata = userdata };
        int r = monitor_new(own_port, on_notification, watch, &watch->monitor, ret_error);
        if (r < 0)
                return r;
        for (unsigned i = 0; i < MONITOR_SOURCES; i++) {
                r = sd_event_add_io(event, &watch->sources[i], monitor_fd(watch->monitor, i), EPOLLIN, on_readable,
                                    watch);
                if (r < 0)
                        return error_set(ret_error, r, "cannot watch netlink: %s", strerror(-r));
        }
        return 0;
}

void watch_deinit(Watch *watch) {
        for (unsigned i = 0; i < MONITOR_SOURCES; i++)
                watch->sources[i] = sd_event_source_unref(watch->sources[i]);
        watch->monitor = monitor_free(watch->monitor);
}

void watch_drain(Watch *watch) {
        for (unsigned i = 0; i < MONITOR_SOURCES; i++)
                (void)monitor_dispatch(watch->monitor, i);
}

void watch_neighbours(Watch *watch, bool wanted) {
        if (wanted != watch->has_neighbours && monitor_watch_neighbours(watch->monitor, wanted) >= 0)
                watch->has_neighbours = wanted;
}

void watch_forget(Watch *watch) {
        watch->suspect = (MonitorEvent){};
}
