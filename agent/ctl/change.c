// migplanectl set-bandwidth, down, up, reload.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "base/log.h"
#include "base/names.h"
#include "base/util.h"
#include "client/client.h"
#include "ctl/ctl.h"

static CtlExit plane_find(Ctl *ctl, const char *name, json_t **ret_planes, json_t **ret_plane) {
        CtlExit code = ctl_planes_read(ctl, ret_planes);
        return code == CTL_DONE ? ctl_plane_pick(*ret_planes, name, ret_plane) : code;
}

// Prints the rates that the daemon reports after the change, not those that were requested.
static CtlExit bandwidth_confirm(Ctl *ctl, const char *name) {
        _cleanup_json_ json_t *planes = NULL;
        char egress[CTL_NUMBER_MAX], ingress[CTL_NUMBER_MAX];
        json_t *plane;

        CtlExit code = plane_find(ctl, name, &planes, &plane);
        if (code != CTL_DONE)
                return code;
        (void)printf("%s: egress %s, ingress %s, %s\n", name,
                     ctl_format_rate(client_plane_number(plane, "EgressBitsPerSecond"), egress),
                     ctl_format_rate(client_plane_number(plane, "IngressBitsPerSecond"), ingress),
                     ctl->runtime ? "until the next boot" : "kept across reboots");
        return CTL_DONE;
}

CtlExit ctl_verb_set_bandwidth(Ctl *ctl, _unused_ int n_arguments, char **arguments) {
        _cleanup_json_ json_t *planes = NULL;
        json_t *plane;

        if (ctl->egress == 0 && ctl->ingress == 0) {
                log_error("Nothing to set: give --egress RATE, --ingress RATE, or both");
                return CTL_USAGE;
        }
        CtlExit code = plane_find(ctl, arguments[0], &planes, &plane);
        if (code != CTL_DONE)
                return code;
        const ClientCall call = {
                .path = client_plane_string(plane, "ObjectPath"),
                .interface = BUS_INTERFACE_PLANE,
                .member = "SetBandwidth",
                .is_change = true,
        };
        code = ctl_call(ctl, &call, NULL, "ttb", ctl->egress, ctl->ingress, (int)ctl->runtime);
        return code == CTL_DONE ? bandwidth_confirm(ctl, arguments[0]) : code;
}

static CtlExit plane_call(Ctl *ctl, const char *name, const char *method) {
        _cleanup_json_ json_t *planes = NULL;
        json_t *plane;

        CtlExit code = plane_find(ctl, name, &planes, &plane);
        if (code != CTL_DONE)
                return code;
        const ClientCall call = {
                .path = client_plane_string(plane, "ObjectPath"),
                .interface = BUS_INTERFACE_PLANE,
                .member = method,
                .is_change = true,
        };
        return ctl_call(ctl, &call, NULL, NULL);
}

CtlExit ctl_verb_down(Ctl *ctl, _unused_ int n_arguments, char **arguments) {
        return plane_call(ctl, arguments[0], "Down");
}

CtlExit ctl_verb_up(Ctl *ctl, _unused_ int n_arguments, char **arguments) {
        return plane_call(ctl, arguments[0], "Up");
}

CtlExit ctl_verb_reload(Ctl *ctl, _unused_ int n_arguments, _unused_ char **arguments) {
        static const ClientCall call = {
                .path = BUS_PATH,
                .interface = BUS_INTERFACE_MANAGER,
                .member = "Reload",
                .is_change = true,
        };
        _cleanup_message_ sd_bus_message *reply = NULL;
        const char *line;

        CtlExit code = ctl_call(ctl, &call, &reply, NULL);
        if (code != CTL_DONE)
                return code;
        int r = sd_bus_message_enter_container(reply, SD_BUS_TYPE_ARRAY, "s");
        if (r < 0)
                return ctl_failure_errno("Reload", r);
        while ((r = sd_bus_message_read(reply, "s", &line)) > 0) {
                log_warning("%s", line);
                if (strstr(line, ": error: "))
                        code = CTL_FAILED;
        }
        return r < 0 ? ctl_failure_errno("Reload", r) : code;
}
