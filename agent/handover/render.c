// The texts of the files for networkd and NetworkManager.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "handover/render.h"

#include <linux/if_ether.h>
#include <stdarg.h>

#include "base/inet.h"
#include "base/names.h"
#include "base/text-file.h"
#include "base/util.h"
#include "config/plane-config.h"
#include "kernel/link.h"

#define WRITTEN "# Written by migplaned for the plane %s\n"

void handover_files_deinit(HandoverFiles *files) {
        for (size_t i = 0; i < files->n_files; i++) {
                free(files->files[i].path);
                free(files->files[i].text);
        }
        free(files->files);
        *files = (HandoverFiles){};
}

static int file_add(HandoverFiles *files, ManagedBy reader, char *path, char *text) {
        if (!path || !text || array_reserve(&files->files, &files->n_allocated, files->n_files + 1) < 0) {
                free(path);
                free(text);
                return -ENOMEM;
        }
        files->files[files->n_files++] = (HandoverFile){ .reader = reader, .path = path, .text = text };
        return 0;
}

static char *format(const char *format, ...) _printf_(1, 2);
static char *format(const char *format, ...) {
        va_list arguments;
        char *text = NULL;

        va_start(arguments, format);
        int r = vasprintf(&text, format, arguments);
        va_end(arguments);
        return r < 0 ? NULL : text;
}

// The devices that the daemon manages alone: the ifb, and the plane's own where ManagedBy=migplane.
static int leave_alone_render(const PlaneConfig *plane, HandoverFiles *files) {
        bool device = plane->managed_by == MANAGED_BY_MIGPLANE;
        char ifb[IFNAMSIZ];

        names_ifb(plane->interface, ifb);
        const char *first = device ? plane->interface : ifb;
        int r = file_add(files, MANAGED_BY_NETWORKD, format(NETWORKD_DIRECTORY "/" NETWORKD_PREFIX "%s.network", first),
                         format(WRITTEN "[Match]\nName=%s%s%s\n\n[Link]\nUnmanaged=yes\n", plane->name, first,
                                device ? " " : "", device ? ifb : ""));
        if (r < 0)
                return r;
        // The "=" compares the name literally, not as a pattern.
        return file_add(files, MANAGED_BY_NETWORKMANAGER, format(NM_DIRECTORY "/" NM_PREFIX "%s.conf", first),
                        format(WRITTEN "[keyfile]\nunmanaged-devices+=interface-name:=%s%s%s\n", plane->name, first,
                               device ? ";interface-name:=" : "", device ? ifb : ""));
}

static char *netdev_text(const PlaneConfig *plane) {
        bool service_tag = plane->vlan_protocol == ETH_P_8021AD;
        char mtu[32] = "";

        if (plane->mtu)
                (void)snprintf(mtu, sizeof(mtu), "MTUBytes=%u\n", plane->mtu);
        if (plane->kind == PLANE_KIND_VLAN)
                return format(WRITTEN "[NetDev]\nName=%s\nKind=vlan\n%s\n[VLAN]\nId=%u\n%s", plane->name,
                              plane->interface, mtu, plane->vlan_id, service_tag ? "Protocol=802.1ad\n" : "");
        return format(WRITTEN "[NetDev]\nName=%s\nKind=macvlan\n%s\n[MACVLAN]\nMode=private\n", plane->name,
                      plane->interface, mtu);
}

static int netdev_render(const PlaneConfig *plane, HandoverFiles *files) {
        int r = file_add(files, MANAGED_BY_NETWORKD,
                         format(NETWORKD_DIRECTORY "/" NETWORKD_PREFIX "%s.netdev", plane->interface),
                         netdev_text(plane));
        if (r < 0)
                return r;
        // Our tag, by which the device is removed with the plane: networkd makes devices but does not remove them.
        return file_add(files, MANAGED_BY_NETWORKD,
                        format(NETWORKD_DIRECTORY "/" NETWORKD_PREFIX "%s.link", plane->interface),
                        format(WRITTEN "[Match]\nOriginalName=%s\n\n[Link]\nAlias=" LINK_ALIAS_PREFIX "%s\n",
                               plane->name, plane->interface, plane->name));
}

static int network_text(const PlaneConfig *plane, char **ret) {
        _cleanup_free_ char *text = NULL;
        char prefix[PREFIX_TEXT_MAX], address[ADDRESS_TEXT_MAX];
        size_t size;
        FILE *file = text_file_open(&text, &size);
        if (!file)
                return -ENOMEM;

        (void)fprintf(file, WRITTEN "[Match]\nName=%s\n\n[Link]\nRequiredForOnline=%s\n", plane->name, plane->interface,
                      plane->required ? "yes" : "no");
        if (plane->mtu)
                (void)fprintf(file, "MTUBytes=%u\n", plane->mtu);
        // Disable every protocol that sends unasked; and keep the configuration when networkd stops or starts.
        (void)fputs(
                "\n[Network]\nDHCP=no\nLinkLocalAddressing=no\nIPv6AcceptRA=no\nLLMNR=no\nMulticastDNS=no\nLLDP=no\n"
                "EmitLLDP=no\nKeepConfiguration=yes\n",
                file);
        for (size_t i = 0; i < plane->n_addresses; i++)
                (void)fprintf(file, "\n[Address]\nAddress=%s\nDuplicateAddressDetection=none\n",
                              prefix_format(&plane->addresses[i].prefix, prefix));
        for (size_t i = 0; i < plane->n_routes; i++) {
                (void)fprintf(file, "\n[Route]\nDestination=%s\n",
                              prefix_format(&plane->routes[i].destination, prefix));
                if (plane->routes[i].gateway.family != AF_UNSPEC)
                        (void)fprintf(file, "Gateway=%s\n", address_format(&plane->routes[i].gateway, address));
        }
        if (fclose(file) != 0)
                return -ENOMEM;
        *ret = TAKE(text);
        return 0;
}

static int networkd_render(const PlaneConfig *plane, const char *parent_network, HandoverFiles *files) {
        char *text = NULL;

        int r = network_text(plane, &text);
        if (r < 0)
                return r;
        r = file_add(files, MANAGED_BY_NETWORKD,
                     format(NETWORKD_DIRECTORY "/" NETWORKD_PREFIX "%s.network", plane->interface), text);
        if (r < 0 || plane->kind == PLANE_KIND_DEVICE)
                return r;
        r = netdev_render(plane, files);
        if (r < 0 || !parent_network[0])
                return r;
        return file_add(files, MANAGED_BY_NETWORKD,
                        format(NETWORKD_DIRECTORY "/%s.d/" NETWORKD_PREFIX "%s.conf", parent_network, plane->interface),
                        format(WRITTEN "[Network]\n%s=%s\n", plane->name,
                               plane->kind == PLANE_KIND_VLAN ? "VLAN" : "MACVLAN", plane->interface));
}

int handover_render(const PlaneConfig *plane, const char *parent_network, HandoverFiles *files) {
        int r = leave_alone_render(plane, files);

        return r < 0 || plane->managed_by != MANAGED_BY_NETWORKD ? r : networkd_render(plane, parent_network, files);
}
