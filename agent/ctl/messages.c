// migplanectl: what is said about the planes' files, as the daemon and check print it.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "base/log.h"
#include "base/parse.h"
#include "base/util.h"
#include "ctl/ctl.h"

// The plane of /etc/migplane/NAME.plane and of /etc/migplane/NAME.plane.d/FILE; "" for another path.
static char *path_to_plane(const char *path) {
        const char *end = strstr(path, ".plane.d/") ?: has_suffix(path, ".plane") ? path + strlen(path) - 6 : NULL;
        const char *start = end;

        while (start && start > path && start[-1] != '/')
                start--;
        return start ? strndup(start, (size_t)(end - start)) : strdup("");
}

static json_t *message_pack(const char *severity, const char *at, const char *text) {
        _cleanup_free_ char *path = strdup(at);
        char *colon = path ? strrchr(path, ':') : NULL;
        uint64_t line = 0;

        if (!path)
                return NULL;
        if (colon && parse_unsigned(colon + 1, 1, UINT32_MAX, &line) >= 0)
                *colon = '\0';
        _cleanup_free_ char *plane = path_to_plane(path);
        if (!plane)
                return NULL;
        return json_pack("{ss ss ss sI ss}", "Plane", plane, "Severity", severity, "Path", path, "Line",
                         (json_int_t)line, "Text", text);
}

json_t *ctl_message_parse(const char *message) {
        static const char *const severities[] = { "error", "warning" };
        size_t best = SIZE_MAX;
        const char *severity = "note", *text = message;

        for (size_t i = 0; i < ELEMENTSOF(severities); i++) {
                char mark[16];
                (void)snprintf(mark, sizeof(mark), ": %s: ", severities[i]);
                const char *found = strstr(message, mark);
                if (found && (size_t)(found - message) < best) {
                        best = (size_t)(found - message);
                        severity = severities[i];
                        text = found + strlen(mark);
                }
        }
        _cleanup_free_ char *at = strndup(message, best == SIZE_MAX ? 0 : best);
        return at ? message_pack(severity, at, text) : NULL;
}

static bool is_named(const char *plane, int n_names, char **names) {
        for (int i = 0; i < n_names; i++)
                if (streq(plane, names[i]))
                        return true;
        return n_names == 0;
}

int ctl_messages_read(sd_bus_message *reply, int n_names, char **names, json_t *messages) {
        const char *text;

        int r = sd_bus_message_enter_container(reply, SD_BUS_TYPE_ARRAY, "s");
        while (r >= 0 && (r = sd_bus_message_read(reply, "s", &text)) > 0) {
                json_t *message = ctl_message_parse(text);
                if (!message)
                        return -ENOMEM;
                if (!is_named(client_plane_string(message, "Plane"), n_names, names))
                        json_decref(message);
                else if (json_object_set_new(message, "Message", json_string(text)) < 0 ||
                         json_array_append_new(messages, message) < 0)
                        return -ENOMEM;
        }
        return r < 0 ? r : sd_bus_message_exit_container(reply);
}

bool ctl_messages_have_error(const json_t *messages, const char *plane) {
        size_t i;
        json_t *message;

        json_array_foreach(messages, i, message)
                if (streq(client_plane_string(message, "Severity"), "error") &&
                    (!plane || streq(client_plane_string(message, "Plane"), plane)))
                        return true;
        return false;
}

void ctl_messages_log(const json_t *messages) {
        size_t i;
        json_t *message;

        json_array_foreach(messages, i, message)
                log_warning("%s", client_plane_string(message, "Message"));
}
