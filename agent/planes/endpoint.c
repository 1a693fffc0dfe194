// How a plane's endpoint is written for those who start migrations.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "planes/endpoint.h"

#include "base/inet.h"
#include "base/util.h"
#include "config/plane-config.h"

const char *endpoint_address(const PlaneConfig *plane, char text[static ENDPOINT_TEXT_MAX]) {
        return plane->is_unread ? "" : address_format(&plane->addresses[0].prefix.address, text);
}

const char *endpoint_cidr(const PlaneConfig *plane, char text[static ENDPOINT_TEXT_MAX]) {
        return plane->is_unread ? "" : prefix_format(&plane->addresses[0].prefix, text);
}

static bool is_ipv6(const PlaneConfig *plane) {
        return plane->addresses[0].prefix.address.family == AF_INET6;
}

const char *endpoint_family(const PlaneConfig *plane) {
        return plane->is_unread ? "" : is_ipv6(plane) ? "ipv6" : "ipv4";
}

// The port is left out: the destination's hypervisor chooses one.
static const char *uri_format(const PlaneConfig *plane, const char *scheme, char text[static ENDPOINT_TEXT_MAX]) {
        char address[ENDPOINT_TEXT_MAX];

        if (plane->is_unread)
                return "";
        (void)endpoint_address(plane, address);
        (void)snprintf(text, ENDPOINT_TEXT_MAX, is_ipv6(plane) ? "%s[%.60s]" : "%s%.60s", scheme, address);
        return text;
}

const char *endpoint_uri(const PlaneConfig *plane, char text[static ENDPOINT_TEXT_MAX]) {
        return uri_format(plane, "tcp://", text);
}

const char *endpoint_uri_legacy(const PlaneConfig *plane, char text[static ENDPOINT_TEXT_MAX]) {
        return uri_format(plane, "tcp:", text);
}

uint64_t endpoint_suggested_mebibytes(const PlaneConfig *plane) {
        return (plane->per_migration ?: plane->egress) / 8 / (1024 * 1024);
}
