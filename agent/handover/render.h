// The texts of the files for networkd and NetworkManager: pure.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/util.h"
#include "config/plane-config.h"

#define NETWORKD_DIRECTORY "/run/systemd/network"
#define NETWORKD_PREFIX "10-migplane-"
#define NM_DIRECTORY "/run/NetworkManager/conf.d"
#define NM_PREFIX "90-migplane-"

typedef struct HandoverFile {
        ManagedBy reader; // networkd or NetworkManager
        char *path, *text;
} HandoverFile;

typedef struct HandoverFiles {
        HandoverFile *files;
        size_t n_files, n_allocated;
} HandoverFiles;

// Adds the files that a plane wants. parent_network: the name of the .network file that networkd has for the parent, ""
// while it is not known: networkd makes a VLAN only where the parent's file, or a drop-in of it, names it. -ENOMEM.
int handover_render(const PlaneConfig *plane, const char *parent_network, HandoverFiles *files);
void handover_files_deinit(HandoverFiles *files);
#define _cleanup_handover_files_ _cleanup_(handover_files_deinit)
