// migplanectl address, uri: where an initiator finds this host on its migration plane.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "base/inet.h"
#include "base/log.h"
#include "base/util.h"
#include "client/client.h"
#include "ctl/ctl.h"

// Adds [ADDRESS, PLANE] for each address of a plane within the network.
static int addresses_collect(const json_t *plane, const Prefix *network, json_t *found) {
        size_t i;
        json_t *cidr;

        json_array_foreach(json_object_get(plane, "Addresses"), i, cidr) {
                char address[ADDRESS_TEXT_MAX];
                const char *text = json_string_value(cidr);
                Prefix prefix;

                if (!text || prefix_parse(text, &prefix) < 0 || !prefix_contains(network, &prefix.address))
                        continue;
                (void)address_format(&prefix.address, address);
                if (json_array_append_new(found, json_pack("[ss]", address, client_plane_string(plane, "Name"))) < 0)
                        return -ENOMEM;
        }
        return 0;
}

// Prints one address or none: of two, the initiator cannot know which its peer can reach.
static CtlExit address_print_only(const json_t *found, const Prefix *network) {
        char text[PREFIX_TEXT_MAX];
        size_t n = json_array_size(found), i;
        json_t *entry;

        (void)prefix_format(network, text);
        if (n == 0) {
                log_error("No address of a plane is in %s; migplanectl list shows the addresses", text);
                return CTL_NOT_FOUND;
        }
        if (n == 1)
                return puts(json_string_value(json_array_get(json_array_get(found, 0), 0))) < 0 ? CTL_FAILED : CTL_DONE;

        log_error("More than one address of a plane is in %s:", text);
        json_array_foreach(found, i, entry)
                log_error("  %s on plane %s", json_string_value(json_array_get(entry, 0)),
                          json_string_value(json_array_get(entry, 1)));
        return CTL_FAILED;
}

// No silent fallback: `uri=$(migplanectl uri)` gets the plane's URI, or an empty string and a failure, and never the
// address of another network. The same for an address.
static CtlExit plane_check(const Ctl *ctl, const json_t *plane) {
        const char *name = client_plane_string(plane, "Name"), *health = ctl_health_word(plane);

        if (client_plane_is_usable(plane) || ctl->force)
                return CTL_DONE;
        log_error("Plane %s is %s and cannot be used: %s", name, health, client_plane_reason(plane));
        return CTL_FAILED;
}

// The plane that has the only address found.
static const json_t *plane_of(const json_t *planes, const json_t *found) {
        return client_planes_find(planes, json_string_value(json_array_get(json_array_get(found, 0), 1)));
}

static CtlExit address_print_in_network(const Ctl *ctl, const json_t *planes, const json_t *only,
                                        const Prefix *network) {
        _cleanup_json_ json_t *found = json_array();
        size_t i;
        json_t *plane;
        int r = found ? 0 : -ENOMEM;

        json_array_foreach(planes, i, plane)
                if (r == 0 && (!only || plane == only))
                        r = addresses_collect(plane, network, found);
        if (r < 0)
                return ctl_failure_errno("Cannot look for an address", r);
        CtlExit code = json_array_size(found) == 1 ? plane_check(ctl, plane_of(planes, found)) : CTL_DONE;
        return code == CTL_DONE ? address_print_only(found, network) : code;
}

CtlExit ctl_verb_address(Ctl *ctl, int n_arguments, char **arguments) {
        _cleanup_json_ json_t *planes = NULL;
        json_t *plane = NULL;

        CtlExit code = ctl_planes_read(ctl, &planes);
        if (code == CTL_DONE && (n_arguments > 0 || !ctl->has_network))
                code = ctl_plane_pick(planes, n_arguments > 0 ? arguments[0] : NULL, &plane);
        if (code != CTL_DONE)
                return code;
        if (ctl->has_network)
                return address_print_in_network(ctl, planes, plane, &ctl->network);
        code = plane_check(ctl, plane);
        if (code != CTL_DONE)
                return code;
        return puts(client_plane_string(plane, "Address")) < 0 ? CTL_FAILED : CTL_DONE;
}

static CtlExit uri_print_json(const Ctl *ctl, const json_t *plane, const char *uri) {
        _cleanup_json_ json_t *answer = json_pack("{ss ss ss}", "Plane", client_plane_string(plane, "Name"),
                                                  "MigrateUri", uri, "Health", client_plane_string(plane, "Health"));

        return ctl_json_print(ctl, answer);
}

CtlExit ctl_verb_uri(Ctl *ctl, int n_arguments, char **arguments) {
        _cleanup_json_ json_t *planes = NULL;
        json_t *plane;

        CtlExit code = ctl_planes_read(ctl, &planes);
        if (code == CTL_DONE)
                code = ctl_plane_pick(planes, n_arguments > 0 ? arguments[0] : NULL, &plane);
        if (code == CTL_DONE)
                code = plane_check(ctl, plane);
        if (code != CTL_DONE)
                return code;

        const char *name = client_plane_string(plane, "Name"), *health = ctl_health_word(plane);
        const char *uri = client_plane_string(plane, "MigrateUri");
        if (!uri[0]) {
                log_error("Plane %s is %s and has no URI: %s", name, health, client_plane_reason(plane));
                return CTL_FAILED;
        }
        if (!streq(health, "healthy"))
                log_warning("Plane %s is %s: %s", name, health, client_plane_reason(plane));
        if (ctl->json != CTL_JSON_OFF)
                return uri_print_json(ctl, plane, uri);
        return puts(uri) < 0 ? CTL_FAILED : CTL_DONE;
}
