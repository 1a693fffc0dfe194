// A plane as the manager knows it: its configuration and what the last look at the kernel came to.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/util.h"
#include "config/plane-config.h"
#include "model/reason.h"

typedef struct Manager Manager;

typedef struct Plane {
        Manager *manager;
        PlaneConfig *config; // owned
        bool taken_down;     // by request, until asked up again or the daemon's next start
        char broken[256];    // the newest file's first error, while an older configuration is kept; "": none

        char waits[256];     // why the newest files wait for migrations to end; "": they do not
        PlaneConfig *wanted; // what they say; owned; NULL: nothing waits, or there is no file any more

        // What the last look came to; plane_set_state is the only writer.
        Health health;
        Reasons reasons;
        int ifindex;   // 0: no device
        int ifb_index; // 0: no ifb
        int parent_index, bridge_index; // what it stands on, and the bridge on its wire; 0: none
        uint32_t mtu;  // bytes; 0: no device

        char outer[IFNAMSIZ]; // guarded as well as the parent: see derive_outer; "": none
        bool made_link;      // the device of that index bears, or bore, our tag
        // ManagedBy=networkd or NetworkManager: what the other manager was asked, and what came of it.
        char parent_network[256]; // the name of networkd's .network file for the parent; "": not known
        char handover_error[192]; // "": none
        uint64_t handed_generation, next_request_usec;
        unsigned requests; // since it was last as it should be
        bool has_profile;  // NetworkManager was given one

        bool is_unanswered;  // a migration of its; see probe.h

        bool verified;       // once everything stood as desired: what differs after that is drift
        uint64_t generation; // counts changes of the configuration in force
        uint64_t repairs;    // operations that put drift right
        char repaired[256];  // the last of them

        // Somebody keeps undoing our work: see reconcile.c.
        unsigned recent_repairs;
        uint64_t recent_since_usec, backoff_usec, backoff_until_usec;
        char contender[128];

        struct Offender *offenders; // NULL, or OFFENDERS_MAX; the latest first
        size_t n_offenders;
} Plane;

Plane *plane_new(Manager *manager, PlaneConfig *config);
Plane *plane_free(Plane *plane);

// Stores, logs and announces. Takes the reasons over.
void plane_set_state(Plane *plane, int ifindex, uint32_t mtu, Reasons *reasons);
// Announces rates that have come into force.
void plane_announce_rates(Plane *plane);
// The same for another configuration; takes it over.
void plane_set_config(Plane *plane, PlaneConfig *config);

// MiB/s that an initiator should ask for (libvirt's unit), rounded down: PerMigration, else Egress; 0: nothing to suggest.
uint64_t plane_suggested_mebibytes(const Plane *plane);
