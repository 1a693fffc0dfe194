// The files below /run by which networkd and NetworkManager are told which devices to leave alone, and which to make
// for a plane. SPDX-License-Identifier: GPL-2.0-or-later
//
// Both read them when they start, so the files of a boot are there in time. One that runs already is asked over the bus
// to read them (handover.c).
#pragma once

#include "base/error.h"
#include "base/util.h"
#include "config/plane-config.h"
#include "handover/render.h"

// A set of readers of files: networkd, NetworkManager, or both.
#define HANDOVER_READER(managed_by) (1U << (managed_by))

// Writes what is not there yet and removes what is there of ours beyond that. ret_changed: for whom something changed,
// as HANDOVER_READER bits, also when something else fails; the error is the last one.
int handover_sync(const HandoverFiles *wanted, unsigned *ret_changed, Error *ret_error);

// The name of the parent's .network file that a drop-in of an earlier daemon was written for; "" when there is none.
void handover_recall_parent(const char *interface, char *ret, size_t size);

// Whether it runs, or did since boot, as far as can be told without asking on the bus.
bool handover_reader_seen(ManagedBy reader);
