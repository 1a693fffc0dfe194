// systemd-networkd: asked to read the files that were written for it, and to configure the links that they are about.
// SPDX-License-Identifier: GPL-2.0-or-later

#include <jansson.h>
#include <net/if.h>

#include "base/util.h"
#include "config/plane-config.h"
#include "daemon/manager.h"
#include "handover/handover.h"
#include "model/reason.h"
#include "planes/plane.h"

#define NETWORKD_INTERFACE "org.freedesktop.network1.Manager"

int networkd_reload(BusHandover *handover, sd_bus_message **ret_call) {
        return bus_handover_call(handover, NETWORKD_BUS_NAME, NETWORKD_BUS_PATH, NETWORKD_INTERFACE, "Reload", ret_call);
}

static int on_done(sd_bus_message *answer, void *userdata, sd_bus_error *ret_error _unused_) {
        (void)bus_request_plane(userdata, answer); // what the kernel has then will be announced
        return 1;
}

// networkd makes a VLAN when it configures the parent, and sets addresses when it configures the VLAN. It takes them away for a
// moment then: not of a plane that can be used.
static int link_reconfigure(BusHandover *handover, const Plane *plane) {
        bool missing = plane->ifindex == 0 && plane->config->kind != PLANE_KIND_DEVICE;
        int index = (int)if_nametoindex(missing ? plane->config->parent : plane->config->interface);
        sd_bus_message *call = NULL;

        if (index == 0 || reasons_health(&plane->reasons) != HEALTH_FAILED)
                return 0; // waited for by itself
        int r = bus_handover_call(handover, NETWORKD_BUS_NAME, NETWORKD_BUS_PATH, NETWORKD_INTERFACE, "ReconfigureLink", &call);
        if (r >= 0)
                r = sd_bus_message_append(call, "i", index);
        if (r >= 0)
                r = bus_request(handover, plane->config->name, "", call, on_done);
        sd_bus_message_unref(call);
        return r;
}

// The .network file that networkd has for a link, without its folder, "" when there is none; and another link that has the
// same one, "" when none has.
static int network_file_read(sd_bus_message *answer, const char *link, char ret_file[static 256], char ret_sharer[static IFNAMSIZ]) {
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
                if (file && !streq(name, link) && streq(json_string_value(json_object_get(interface, "NetworkFile")) ?: "", file))
                        (void)snprintf(ret_sharer, IFNAMSIZ, "%s", name);
        }
        if (file)
                (void)snprintf(ret_file, 256, "%s", (strrchr(file, '/') ?: "/") + 1);
        json_decref(all);
        return 0;
}

static int on_described(sd_bus_message *answer, void *userdata, sd_bus_error *ret_error _unused_) {
        const BusRequest *request = userdata;
        Plane *plane = bus_request_plane(request, answer);
        char file[sizeof(plane->parent_network)], sharer[IFNAMSIZ];

        if (!plane || network_file_read(answer, plane->config->parent, file, sharer) < 0)
                return 1;
        if (!file[0])
                bus_request_refuse(request, "networkd does not manage the parent %s: give it a .network file, or the plane "
                                            "ManagedBy=migplane", plane->config->parent);
        else if (sharer[0]) // and would get the VLAN instead
                bus_request_refuse(request, "networkd's %s is also for %s: give the parent %s a .network file of its own", file,
                                   sharer, plane->config->parent);
        else if (streq(file, plane->parent_network))
                (void)link_reconfigure(request->handover, plane);
        else {
                strcpy_fixed(plane->parent_network, file);
                manager_hand_over(bus_handover_manager(request->handover));
                bus_handover_update(request->handover); // has it read, and that makes the device
        }
        return 1;
}

int networkd_request(BusHandover *handover, const Plane *plane) {
        sd_bus_message *call = NULL;

        if (plane->config->kind == PLANE_KIND_DEVICE)
                return link_reconfigure(handover, plane);
        int r = bus_handover_call(handover, NETWORKD_BUS_NAME, NETWORKD_BUS_PATH, NETWORKD_INTERFACE, "Describe", &call);
        if (r >= 0)
                r = bus_request(handover, plane->config->name, "", call, on_described);
        sd_bus_message_unref(call);
        return r;
}
