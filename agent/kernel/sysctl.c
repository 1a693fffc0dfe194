// Settings of the plane's own device below /proc/sys/net.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "kernel/sysctl.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/error.h"
#include "base/util.h"
#include "kernel/link.h"
#include "model/object.h"
#include "model/state.h"

typedef struct Setting {
        const char *name;
        int64_t value;
} Setting;

static const Setting ipv4_settings[] = {
        { "accept_local", 0 },
        { "accept_redirects", 0 },
        { "accept_source_route", 0 },
        { "arp_accept", 0 },
        { "arp_announce", 2 },
        { "arp_ignore", 2 },
        { "drop_gratuitous_arp", 1 },
        { "drop_unicast_in_l2_multicast", 1 },
        { "forwarding", 0 },
        { "promote_secondaries", 1 },
        { "proxy_arp", 0 },
        { "route_localnet", 0 },
        { "rp_filter", 1 }, // the kernel takes the larger of this and `all`
        { "secure_redirects", 0 },
        { "send_redirects", 0 },
        { "shared_media", 0 },
};

static const Setting ipv6_off_settings[] = {
        { "addr_gen_mode", 1 },
        { "disable_ipv6", 1 },
};

static const Setting ipv6_settings[] = {
        { "accept_ra", 0 },        { "accept_redirects", 0 }, { "addr_gen_mode", 1 },
        { "autoconf", 0 },         { "disable_ipv6", 0 },     { "drop_unsolicited_na", 1 },
        { "forwarding", 0 },       { "proxy_ndp", 0 },        { "router_solicitations", 0 },
};

static int settings_add(const char *link, const char *family, const Setting *settings, size_t n, State *state) {
        for (size_t i = 0; i < n; i++) {
                Object object = { .kind = OBJECT_SYSCTL, .as_sysctl.value = settings[i].value };
                strcpy_fixed(object.link, link);
                (void)snprintf(object.as_sysctl.item, sizeof(object.as_sysctl.item), "%s/conf/%s/%s", family, link,
                               settings[i].name);
                if (state_add(state, &object) < 0)
                        return -ENOMEM;
        }
        return 0;
}

int sysctl_derive(const char *link, bool has_ipv6, State *state) {
        int r = settings_add(link, "ipv4", ipv4_settings, ELEMENTSOF(ipv4_settings), state);
        if (r < 0)
                return r;
        return has_ipv6 ? settings_add(link, "ipv6", ipv6_settings, ELEMENTSOF(ipv6_settings), state)
                        : settings_add(link, "ipv6", ipv6_off_settings, ELEMENTSOF(ipv6_off_settings), state);
}

int sysctl_derive_ifb(const char *ifb, State *state) {
        return settings_add(ifb, "ipv6", ipv6_off_settings, ELEMENTSOF(ipv6_off_settings), state);
}

enum { SYSCTL_PATH_MAX = 96 };

static void path_format(const char *item, char ret[static SYSCTL_PATH_MAX]) {
        (void)snprintf(ret, SYSCTL_PATH_MAX, "/proc/sys/net/%s", item);
}

int sysctl_read(const char *item, int64_t *ret) {
        char path[SYSCTL_PATH_MAX], text[32];

        path_format(item, path);
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
                return errno == ENOENT ? 0 : -errno;
        ssize_t n = read(fd, text, sizeof(text) - 1);
        if (n < 0)
                return -errno;
        text[n] = '\0';
        *ret = strtoll(text, NULL, 10);
        return 1;
}

int sysctl_observe(const Inventory *inventory, const State *desired, State *state, Error *ret_error) {
        for (size_t i = 0; i < desired->n_objects; i++) {
                if (desired->objects[i].kind != OBJECT_SYSCTL)
                        continue;
                Object object = desired->objects[i];
                if (!inventory_find(inventory, object.link))
                        continue;
                int r = sysctl_read(object.as_sysctl.item, &object.as_sysctl.value);
                if (r < 0)
                        return error_set(ret_error, r, "cannot read net/%s: %s", object.as_sysctl.item, strerror(-r));
                if (state_add(state, &object) < 0)
                        return error_set(ret_error, -ENOMEM, "out of memory");
        }
        return 0;
}

int sysctl_write(const Object *desired, Error *ret_error) {
        char path[SYSCTL_PATH_MAX], text[32];

        path_format(desired->as_sysctl.item, path);
        int n = snprintf(text, sizeof(text), "%lld\n", (long long)desired->as_sysctl.value);
        _cleanup_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);
        if (fd < 0 && errno == ENOENT)
                return 0;
        if (fd < 0 || write(fd, text, (size_t)n) != n)
                return error_set(ret_error, -errno, "%m");
        return 0;
}
