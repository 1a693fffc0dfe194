// Edits that would cut a running migration wait until it has ended.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/util.h"
#include "config/config.h"
#include "config/plane-config.h"
#include "daemon/manager.h"
#include "engine/migrations.h"

// The key by which an edit of a plane's files would cut a connection that it has; NULL: the connection goes on. What makes the
// device another one below the same name (Parent=, VLANId=, VLANProtocol=) is derive's to hold back, which knows the device.
const char *waiting_key(const TcpSocket *flow, const PlaneConfig *in_force, const PlaneConfig *wanted);

// Of configurations that were just read, takes those out that would cut migrations: their planes keep what they have, as those
// with a broken file do. -ENOMEM.
int waiting_keep(Manager *manager, Config *config);

// Whether a plane waits whose migrations have ended, so that the files are to be read again.
bool waiting_is_over(const Manager *manager);
