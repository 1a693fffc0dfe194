// systemd-networkd: asked to read the files that were written for it, and to configure the links that they are about.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "handover/networkd.h"

#include <jansson.h>
#include <net/if.h>

#include "base/util.h"
#include "config/plane-config.h"
#include "handover/requests.h"
#include "model/reason.h"
#include "planes/plane.h"

#define PATH "/org/freedesktop/network1"
#define INTERFACE "org.freedesktop.network1.Manager"

static int new_call(const Requests *requests, const char *member, sd_bus_message **ret) {
        return requests_new_call(requests, NETWORKD_BUS_NAME, PATH, INTERFACE, member, ret);
}

int networkd_new_reload(const Requests *requests, sd_bus_message **ret_call) {
        return new_call(requests, "Reload", ret_call);
}

static int on_done(sd_bus_message *answer, void *userdata, sd_bus_error *ret_error _unused_) {
        (void)request_check(userdata, answer); // the kernel announces what comes of it
        return 1;
}

// networkd makes a VLAN when it configures the parent, and sets addresses when it configures the VLAN. It takes them
// away for a moment then, so this is not asked of a plane that can be used.
static int link_reconfigure(Requests *requests, const Plane *plane) {
        bool missing = plane->status.ifindex == 0 && plane->config->kind != PLANE_KIND_DEVICE;
        int index = (int)if_nametoindex(missing ? plane->config->parent : plane->config->interface);
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL;

        if (index == 0 || plane->status.health != HEALTH_FAILED)
                return 0; // the kernel announces it when it comes
        int r = new_call(requests, "ReconfigureLink", &call);
        if (r < 0)
                return r;
        r = sd_bus_message_append(call, "i", index);
        return r < 0 ? r : requests_send(requests, plane->config->name, "", call, on_done);
}

// The .network file that networkd has for a link, without its folder, "" when there is none; and another link that has
// the same one, "" when none has.
static int network_file_read(sd_bus_message *answer, const char *link, char ret_file[static 256],
                             char ret_sharer[static IFNAMSIZ]) {
        const char *text, *file = NULL;
        size_t i;
        json_t *interface;

        int r = sd_bus_message_read(answer, "s", &text);
        if (r < 0)
                return r;
        ret_file[0] = ret_sharer[0] = '\0';
        json_t *all = json_loads(text, 0, NULL), *interfaces = json_object_get(all, "Interfaces");
        json_array_foreach(interfaces, i, interface) {
                if (streq(json_string_value(json_object_get(interface, "Name")) ?: "", link))
                        file = json_string_value(json_object_get(interface, "NetworkFile"));
        }
        json_array_foreach(interfaces, i, interface) {
                const char *name = json_string_value(json_object_get(interface, "Name")) ?: "";
                if (file && !streq(name, link) &&
                    streq(json_string_value(json_object_get(interface, "NetworkFile")) ?: "", file))
                        (void)snprintf(ret_sharer, IFNAMSIZ, "%s", name);
        }
        if (file)
                (void)snprintf(ret_file, 256, "%s", (strrchr(file, '/') ?: "/") + 1);
        json_decref(all);
        return 0;
}

static int on_described(sd_bus_message *answer, void *userdata, sd_bus_error *ret_error _unused_) {
        const Request *request = userdata;
        Requests *requests = request->requests;
        Plane *plane = request_check(request, answer);
        char file[sizeof(plane->handover.parent_network)], sharer[IFNAMSIZ];

        if (!plane || network_file_read(answer, plane->config->parent, file, sharer) < 0)
                return 1;
        if (!file[0])
                request_refuse(request,
                               "networkd does not manage the parent %s: give it a .network file, or the plane "
                               "ManagedBy=migplane",
                               plane->config->parent);
        else if (sharer[0]) // and would get the VLAN instead
                request_refuse(request, "networkd's %s is also for %s: give the parent %s a .network file of its own",
                               file, sharer, plane->config->parent);
        else if (streq(file, plane->handover.parent_network))
                (void)link_reconfigure(requests, plane);
        else {
                strcpy_fixed(plane->handover.parent_network, file);
                requests->on_parent_known(requests->userdata); // networkd reads the file then, and makes the device
        }
        return 1;
}

int networkd_request(Requests *requests, const Plane *plane) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL;

        if (plane->config->kind == PLANE_KIND_DEVICE)
                return link_reconfigure(requests, plane);
        int r = new_call(requests, "Describe", &call);
        return r < 0 ? r : requests_send(requests, plane->config->name, "", call, on_described);
}
