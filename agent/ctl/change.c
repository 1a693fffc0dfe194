// migplanectl set-bandwidth, down, release, up, reload.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "base/log.h"
#include "base/names.h"
#include "base/util.h"
#include "client/client.h"
#include "config/drop-in.h"
#include "ctl/ctl.h"

static CtlExit plane_find(Ctl *ctl, const char *name, json_t **ret_planes, json_t **ret_plane) {
        CtlExit code = ctl_planes_read(ctl, ret_planes);
        return code == CTL_DONE ? ctl_plane_pick(*ret_planes, name, ret_plane) : code;
}

// How long a cap is valid, from where it is set.
static void rate_print(const json_t *plane, const char *direction, const char *property, const char *origin_property) {
        const char *origin = client_plane_string(plane, origin_property);
        const char *colon = strrchr(origin, ':');
        _cleanup_free_ char *path = strndup(origin, colon ? (size_t)(colon - origin) : strlen(origin));
        char rate[CTL_NUMBER_MAX];

        (void)printf("%s %s", direction, ctl_format_rate(client_plane_number(plane, property), rate));
        if (!path || !path[0])
                return;
        if (!drop_in_is_bandwidth(path))
                (void)printf(" (from %s)", origin);
        else
                (void)printf(strncmp(path, "/run/", strlen("/run/")) == 0 ? " until the next boot"
                                                                          : " also over boots");
}

// Prints the rates that the daemon reports after the change, not those that were requested.
static CtlExit bandwidth_confirm(Ctl *ctl, const char *name) {
        _cleanup_json_ json_t *planes = NULL;
        json_t *plane;

        CtlExit code = plane_find(ctl, name, &planes, &plane);
        if (code != CTL_DONE)
                return code;
        (void)printf("%s: ", name);
        rate_print(plane, "egress", "EgressBitsPerSecond", "EgressOrigin");
        (void)printf(", ");
        rate_print(plane, "ingress", "IngressBitsPerSecond", "IngressOrigin");
        (void)putchar('\n');
        return CTL_DONE;
}

static int caps_append(const Ctl *ctl, sd_bus_message *message) {
        int r = sd_bus_message_open_container(message, 'a', "{sv}");
        if (r >= 0 && ctl->egress.is_given)
                r = sd_bus_message_append(message, "{sv}", "EgressBitsPerSecond", "t", ctl->egress.bits_per_second);
        if (r >= 0 && ctl->ingress.is_given)
                r = sd_bus_message_append(message, "{sv}", "IngressBitsPerSecond", "t", ctl->ingress.bits_per_second);
        if (r >= 0 && ctl->reset)
                r = sd_bus_message_append(message, "{sv}", "Reset", "b", true);
        if (r >= 0 && ctl->runtime)
                r = sd_bus_message_append(message, "{sv}", "Runtime", "b", true);
        return r < 0 ? r : sd_bus_message_close_container(message);
}

static CtlExit caps_set(Ctl *ctl, const char *path) {
        const ClientCall call = {
                .path = path,
                .interface = BUS_INTERFACE_PLANE,
                .member = "SetCaps",
                .is_change = true,
        };
        _cleanup_message_ sd_bus_message *message = NULL;
        Error error;

        ClientResult result = client_message_new(&ctl->client, &call, &message, &error);
        if (result != CLIENT_DONE)
                return ctl_failure(result, &error);
        int r = caps_append(ctl, message);
        if (r < 0)
                return ctl_failure_errno("Cannot ask for the caps", r);
        result = client_message_send(&ctl->client, &call, message, NULL, &error);
        return result == CLIENT_DONE ? CTL_DONE : ctl_failure(result, &error);
}

CtlExit ctl_verb_set_bandwidth(Ctl *ctl, _unused_ int n_arguments, char **arguments) {
        _cleanup_json_ json_t *planes = NULL;
        json_t *plane;

        if (!ctl->egress.is_given && !ctl->ingress.is_given && !ctl->reset) {
                log_error("Nothing to set: give --egress RATE, --ingress RATE, both, or --reset");
                return CTL_USAGE;
        }
        CtlExit code = plane_find(ctl, arguments[0], &planes, &plane);
        if (code == CTL_DONE)
                code = caps_set(ctl, client_plane_string(plane, "ObjectPath"));
        return code == CTL_DONE ? bandwidth_confirm(ctl, arguments[0]) : code;
}

static CtlExit plane_ask(Ctl *ctl, const json_t *plane, const char *method) {
        const ClientCall call = {
                .path = client_plane_string(plane, "ObjectPath"),
                .interface = BUS_INTERFACE_PLANE,
                .member = method,
                .is_change = true,
        };

        return ctl_call(ctl, &call, NULL, NULL);
}

static CtlExit plane_call(Ctl *ctl, const char *name, const char *method) {
        _cleanup_json_ json_t *planes = NULL;
        json_t *plane;

        CtlExit code = plane_find(ctl, name, &planes, &plane);
        return code == CTL_DONE ? plane_ask(ctl, plane, method) : code;
}

CtlExit ctl_verb_down(Ctl *ctl, _unused_ int n_arguments, char **arguments) {
        return plane_call(ctl, arguments[0], "Down");
}

// One that fails does not keep the others.
static CtlExit planes_release(Ctl *ctl) {
        _cleanup_json_ json_t *planes = NULL;
        json_t *plane;
        size_t i;

        CtlExit code = ctl_planes_read(ctl, &planes);
        json_array_foreach(planes, i, plane) {
                CtlExit one = plane_ask(ctl, plane, "Release");
                if (one != CTL_DONE)
                        code = one;
        }
        return code;
}

CtlExit ctl_verb_release(Ctl *ctl, int n_arguments, char **arguments) {
        if ((n_arguments > 0) == ctl->all) {
                log_error("Give a plane, or --all for all of them");
                return CTL_USAGE;
        }
        return ctl->all ? planes_release(ctl) : plane_call(ctl, arguments[0], "Release");
}

CtlExit ctl_verb_up(Ctl *ctl, _unused_ int n_arguments, char **arguments) {
        return plane_call(ctl, arguments[0], "Up");
}

// A plane that is named is there afterwards, or its file has an error, which was printed.
static CtlExit planes_confirm(Ctl *ctl, int n_names, char **names, const json_t *messages) {
        _cleanup_json_ json_t *planes = NULL;

        if (n_names == 0)
                return CTL_DONE;
        CtlExit code = ctl_planes_read(ctl, &planes);
        for (int i = 0; i < n_names && code == CTL_DONE; i++) {
                json_t *plane;
                if (!ctl_messages_have_error(messages, names[i]))
                        code = ctl_plane_pick(planes, names[i], &plane);
        }
        return code;
}

CtlExit ctl_verb_reload(Ctl *ctl, int n_arguments, char **arguments) {
        static const ClientCall call = {
                .path = BUS_PATH,
                .interface = BUS_INTERFACE_MANAGER,
                .member = "Reload",
                .is_change = true,
        };
        _cleanup_message_ sd_bus_message *reply = NULL;
        _cleanup_json_ json_t *messages = json_array();

        CtlExit code = ctl_call(ctl, &call, &reply, NULL);
        if (code != CTL_DONE)
                return code;
        int r = ctl_messages_read(reply, n_arguments, arguments, messages);
        if (r < 0)
                return ctl_failure_errno("Reload", r);
        if (ctl->json == CTL_JSON_OFF)
                ctl_messages_log(messages);
        else
                code = ctl_json_print(ctl, messages);
        if (code == CTL_DONE)
                code = planes_confirm(ctl, n_arguments, arguments, messages);
        return code == CTL_DONE && ctl_messages_have_error(messages, NULL) ? CTL_FAILED : code;
}
