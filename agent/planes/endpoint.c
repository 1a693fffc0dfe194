// How a plane's endpoint is written for those who start migrations.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "planes/endpoint.h"

#include "base/inet.h"
#include "base/util.h"
#include "config/plane-config.h"
#include "model/reason.h"
#include "planes/plane.h"

static const char *get_name(const Plane *plane, char *text _unused_) {
        return plane->config->name;
}

static const char *get_description(const Plane *plane, char *text _unused_) {
        return plane->config->description ?: "";
}

static const char *get_interface(const Plane *plane, char *text _unused_) {
        return plane->config->interface;
}

static const char *get_kind(const Plane *plane, char *text _unused_) {
        return plane_kind_to_string(plane->config->kind);
}

static const char *get_health(const Plane *plane, char *text _unused_) {
        return health_to_string(plane->health);
}

static const char *get_address(const Plane *plane, char *text) {
        return address_format(&plane->config->addresses[0].prefix.address, text);
}

static const char *get_cidr(const Plane *plane, char *text) {
        return prefix_format(&plane->config->addresses[0].prefix, text);
}

static bool is_ipv6(const Plane *plane) {
        return plane->config->addresses[0].prefix.address.family == AF_INET6;
}

static const char *get_family(const Plane *plane, char *text _unused_) {
        return is_ipv6(plane) ? "ipv6" : "ipv4";
}

// The port is left out: the destination's hypervisor chooses one.
static const char *uri_format(const Plane *plane, const char *scheme, char *text) {
        char address[ADDRESS_TEXT_MAX];

        (void)snprintf(text, ENDPOINT_TEXT_MAX, is_ipv6(plane) ? "%s[%s]" : "%s%s", scheme, get_address(plane, address));
        return text;
}

static const char *get_uri(const Plane *plane, char *text) {
        return uri_format(plane, "tcp://", text);
}

static const char *get_uri_legacy(const Plane *plane, char *text) {
        return uri_format(plane, "tcp:", text);
}

static const char *get_fallback(const Plane *plane, char *text _unused_) {
        return fallback_to_string(plane->config->fallback);
}

const char *endpoint_text(const Plane *plane, const char *property, char text[static ENDPOINT_TEXT_MAX]) {
        static const struct {
                const char *property;
                const char *(*get)(const Plane *plane, char *text);
        } texts[] = {
                { "Name", get_name },
                { "Description", get_description },
                { "Interface", get_interface },
                { "Kind", get_kind },
                { "Health", get_health },
                { "Address", get_address },
                { "Cidr", get_cidr },
                { "Family", get_family },
                { "MigrateUri", get_uri },
                { "MigrateUriLegacy", get_uri_legacy },
                { "ListenAddress", get_address },
                { "Fallback", get_fallback },
        };

        for (size_t i = 0; i < ELEMENTSOF(texts); i++)
                if (streq(texts[i].property, property))
                        return texts[i].get(plane, text);
        return "";
}
