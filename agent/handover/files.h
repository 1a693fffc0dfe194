// What other network managers are told by files below /run: which devices to leave alone, and which to make for a plane.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// networkd and NetworkManager read them when they start, so that those of a boot are there in time; one that runs
// already is asked over the bus to read them (bus-handover.c).
#pragma once

#include "base/error.h"
#include "base/util.h"
#include "config/plane-config.h"

#define NETWORKD_DIRECTORY "/run/systemd/network"
#define NETWORKD_PREFIX "10-migplane-"
#define NM_DIRECTORY "/run/NetworkManager/conf.d"
#define NM_PREFIX "90-migplane-"

// Who reads a file is a ManagedBy, too: networkd or NetworkManager.
#define HANDOVER_READER(managed_by) (1U << (managed_by))

typedef struct HandoverFile {
        ManagedBy reader;
        char *path, *text;
} HandoverFile;

typedef struct HandoverFiles {
        HandoverFile *files;
        size_t n_files, n_allocated;
} HandoverFiles;

// Adds the files that a plane wants; pure. parent_network: the name of the .network file that networkd has for the parent, ""
// while it is not known: networkd makes a VLAN only where the parent's file says so, in a drop-in.
int handover_render(const PlaneConfig *plane, const char *parent_network, HandoverFiles *files);
void handover_files_deinit(HandoverFiles *files);
#define _cleanup_handover_files_ _cleanup_(handover_files_deinit)

// Writes what is not there yet and removes what is there of ours beyond that. ret_changed: for whom something changed, as
// HANDOVER_READER bits, also when something else fails; the error is the last one.
int handover_sync(const HandoverFiles *wanted, unsigned *ret_changed, Error *ret_error);

// The name of the parent's .network file that a drop-in of an earlier daemon was written for; "" when there is none.
void handover_recall_parent(const char *interface, char *ret, size_t size);

// Whether it runs, or did since boot, as far as can be told without asking on the bus.
bool handover_reader_seen(ManagedBy reader);
