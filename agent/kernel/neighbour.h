// Permanent neighbour entries of known peers.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"
#include "base/inet.h"
#include "base/util.h"
#include "model/object.h"
#include "model/state.h"
#include "netlink/request.h"

// Adds the permanent entries of a link that have our NDA_PROTOCOL or that desired names.
int neighbour_observe(Netlink *netlink, const char *link, int ifindex, const State *desired, State *state,
                      Error *ret_error);

int neighbour_add(Netlink *netlink, int ifindex, const Object *desired, Error *ret_error);
int neighbour_delete(Netlink *netlink, int ifindex, const Object *observed, Error *ret_error);

// Sets the entry of a neighbour to failed, so that the kernel broadcasts a request when it next sends to the neighbour.
// A neighbour without an entry is no error. A permanent entry is left as it is, unless is_ours.
int neighbour_forget(Netlink *netlink, int ifindex, const Address *address, bool is_ours, Error *ret_error);
