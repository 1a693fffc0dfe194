// Edits of a plane's files that would interrupt a running migration wait until it has ended.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "planes/pending-edit.h"

#include "base/inet.h"
#include "base/log.h"
#include "base/text.h"
#include "base/util.h"
#include "config/plane-config.h"
#include "engine/migrations.h"
#include "kernel/tcp.h"

static bool same_device(const PlaneConfig *a, const PlaneConfig *b, const char **ret_key) {
        const struct {
                bool same;
                const char *key;
        } keys[] = {
                { streq(a->interface, b->interface), "Name=" },
                { a->kind == b->kind, "Kind=" },
                { a->managed_by == b->managed_by, "ManagedBy=" },
                { a->has_mac == b->has_mac && memcmp(&a->mac, &b->mac, sizeof(a->mac)) == 0, "MACAddress=" },
        };

        for (size_t i = 0; i < ELEMENTSOF(keys); i++)
                if (!keys[i].same) {
                        *ret_key = keys[i].key;
                        return false;
                }
        return true;
}

// With the same prefix length: to the kernel another length is another address.
static bool keeps_address(const PlaneConfig *in_force, const PlaneConfig *wanted, const Address *local) {
        for (size_t i = 0; i < in_force->n_addresses; i++)
                for (size_t j = 0; j < wanted->n_addresses; j++)
                        if (address_compare(&in_force->addresses[i].prefix.address, local) == 0 &&
                            prefix_compare(&in_force->addresses[i].prefix, &wanted->addresses[j].prefix) == 0)
                                return true;
        return false;
}

// The connection's user is not known, so every user who may send now has to stay allowed.
static bool keeps_users(const PlaneConfig *in_force, const PlaneConfig *wanted) {
        for (size_t i = 0; i < in_force->n_users && wanted->n_users > 0; i++) {
                bool found = false;
                for (size_t j = 0; j < wanted->n_users; j++)
                        found |= in_force->users[i] == wanted->users[j];
                if (!found)
                        return false;
        }
        return in_force->n_users > 0 || wanted->n_users == 0;
}

static bool same_route(const PlaneRoute *a, const PlaneRoute *b) {
        return a == b || (a && b && prefix_compare(&a->destination, &b->destination) == 0 &&
                          address_compare(&a->gateway, &b->gateway) == 0);
}

// A MAC address that the file no longer gives is learnt from ARP or ND.
static bool keeps_mac(const PlanePeer *in_force, const PlanePeer *wanted) {
        return !wanted || (in_force && memcmp(&in_force->mac, &wanted->mac, sizeof(in_force->mac)) == 0);
}

const char *pending_edit_key(const TcpSocket *connection, const PlaneConfig *in_force, const PlaneConfig *wanted) {
        const Address *remote = &connection->remote;
        const char *key;

        if (!migrations_include(connection, in_force))
                return NULL;
        if (!same_device(in_force, wanted, &key))
                return key;
        if (!keeps_address(in_force, wanted, &connection->local))
                return "Address=";
        if (!plane_config_has_port(wanted, connection->local_port) &&
            !plane_config_has_port(wanted, connection->remote_port))
                return "Ports=";
        if (plane_config_is_peer(in_force, remote) && !plane_config_is_peer(wanted, remote))
                return "Peers=";
        if (!same_route(plane_config_find_route(in_force, remote), plane_config_find_route(wanted, remote)))
                return "[Route]";
        if (!keeps_mac(plane_config_find_peer(in_force, remote), plane_config_find_peer(wanted, remote)))
                return "[Peer] MACAddress=";
        return keeps_users(in_force, wanted) ? NULL : "Users=";
}

const char *pending_edit_find(const TcpSockets *connections, const PlaneConfig *in_force, const PlaneConfig *wanted) {
        const char *key = NULL;

        for (size_t i = 0; i < connections->n_sockets && !key; i++)
                if (wanted)
                        key = pending_edit_key(&connections->sockets[i], in_force, wanted);
                else if (migrations_include(&connections->sockets[i], in_force))
                        key = "";
        return key;
}

void pending_edit_begin(PendingEdit *pending, const PlaneConfig *in_force, PlaneConfig *wanted, const char *key,
                        unsigned n_migrations) {
        pending_edit_end(pending);
        pending->wanted = wanted;
        if (wanted)
                text_format(
                        pending->why, sizeof(pending->why),
                        "the new %s would interrupt %u running migration(s); the changed file takes effect when they "
                        "end (at once: migplanectl down %s, then up)",
                        key, n_migrations, in_force->name);
        else
                text_format(
                        pending->why, sizeof(pending->why),
                        "its file is gone, and %u migration(s) are running: the plane stays until they have ended (at "
                        "once: migplanectl down %s)",
                        n_migrations, in_force->name);
        log_notice("%s: %s", in_force->name, pending->why);
}

void pending_edit_end(PendingEdit *pending) {
        pending->wanted = plane_config_free(pending->wanted);
        pending->why[0] = '\0';
}
