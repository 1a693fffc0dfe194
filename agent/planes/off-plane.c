// Migrations that run on an interface that is no plane's.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "planes/off-plane.h"

#include "base/inet.h"
#include "base/text.h"
#include "base/util.h"
#include "config/plane-config.h"
#include "kernel/addr.h"
#include "planes/journal.h"
#include "planes/plane-set.h"
#include "planes/plane.h"

// journalctl MESSAGE_ID=...
#define MESSAGE_ID_OFF_PLANE "3c5b9f2bcb1048f0a1948ab1ab562802"

enum { FIRST_CHOSEN_PORT = 32768 }; // that the kernel gives to an initiator, by default

static bool is_migration_port(const PlaneSet *planes, uint16_t port) {
        for (size_t i = 0; i < planes->n_planes; i++) {
                const PortRange *ports = plane_config_migration_ports(planes->planes[i]->config);
                if (port >= ports->first && port <= ports->last)
                        return true;
        }
        return false;
}

static bool is_loopback(const Address *address) {
        static const uint8_t loopback6[16] = { [15] = 1 };

        return address->family == AF_INET ? address->bytes[0] == 127 : memcmp(address->bytes, loopback6, 16) == 0;
}

static bool is_outgoing(const PlaneSet *planes, const TcpSocket *connection) {
        bool remote = is_migration_port(planes, connection->remote_port);

        return remote &&
               (!is_migration_port(planes, connection->local_port) || connection->remote_port < connection->local_port);
}

bool off_plane_may_be(const PlaneSet *planes, const TcpSocket *connection) {
        uint16_t local = connection->local_port, remote = connection->remote_port;

        return connection->cgroup && !is_loopback(&connection->remote) && local >= FIRST_CHOSEN_PORT &&
               remote >= FIRST_CHOSEN_PORT && (is_migration_port(planes, local) || is_migration_port(planes, remote));
}

static bool is_same(const OffPlane *a, const OffPlane *b) {
        return a->is_outgoing == b->is_outgoing && a->port == b->port && streq(a->guest, b->guest) &&
               address_compare(&a->peer, &b->peer) == 0 && address_compare(&a->local, &b->local) == 0;
}

const OffPlane *off_plane_find(const OffPlanes *others, const OffPlane *entry) {
        for (size_t i = 0; i < others->n_entries; i++)
                if (is_same(&others->entries[i], entry))
                        return &others->entries[i];
        return NULL;
}

void off_plane_add(OffPlanes *found, const PlaneSet *planes, const TcpSocket *connection, const char *guest) {
        OffPlane entry = {
                .is_outgoing = is_outgoing(planes, connection),
                .local = connection->local,
                .peer = connection->remote,
        };

        entry.port = entry.is_outgoing ? connection->remote_port : connection->local_port;
        strcpy_fixed(entry.guest, guest);
        if (found->n_entries == OFF_PLANE_MAX || off_plane_find(found, &entry) ||
            array_reserve(&found->entries, &found->n_allocated, found->n_entries + 1) < 0)
                return;
        found->entries[found->n_entries++] = entry;
}

static void interface_find(OffPlane *entry, Netlink *netlink) {
        _cleanup_addr_list_ AddrList list = {};

        if (!netlink || addr_read(netlink, 0, &list, NULL) < 0)
                return;
        for (size_t i = 0; i < list.n_entries; i++)
                if (address_compare(&list.entries[i].prefix.address, &entry->local) == 0 &&
                    !if_indextoname((unsigned)list.entries[i].ifindex, entry->interface))
                        entry->interface[0] = '\0';
        (void)text_make_printable(entry->interface);
}

void off_plane_tell(OffPlane *entry, Netlink *netlink) {
        char line[JOURNAL_LINE_MAX], peer[ADDRESS_TEXT_MAX];
        JournalFields fields = {};

        interface_find(entry, netlink);
        (void)address_format(&entry->peer, peer);
        journal_field_add(&fields, "MIGPLANE_DIRECTION", entry->is_outgoing ? "outgoing" : "incoming");
        journal_field_add(&fields, "MIGPLANE_PEER", peer);
        journal_field_add_number(&fields, "MIGPLANE_PORT", entry->port);
        journal_field_add(&fields, "MIGPLANE_GUEST", entry->guest);
        journal_field_add(&fields, "MIGPLANE_INTERFACE", entry->interface);
        text_format(line, sizeof(line), "off the planes: %s migration of %s %s %s, port %u, on %s",
                    entry->is_outgoing ? "outgoing" : "incoming", entry->guest[0] ? entry->guest : "libvirt",
                    entry->is_outgoing ? "to" : "from", peer, entry->port,
                    entry->interface[0] ? entry->interface : "an unknown interface");
        journal_send(&fields, MESSAGE_ID_OFF_PLANE, line);
}

void off_planes_deinit(OffPlanes *found) {
        free(found->entries);
        *found = (OffPlanes){};
}
