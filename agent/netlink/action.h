// Actions of traffic control: the links that they send packets to.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <linux/tc_act/tc_mirred.h>

#include "base/util.h"
#include "netlink/tc-message.h"

#define ACTION_MIRRED "mirred"

// The nest of a filter's actions, one attribute each; NULL when it has none or its kind can have none.
const struct nlattr *action_nest(const TcMessage *filter);
// The parameters of a mirred action; false for every other action, and for one that is malformed.
bool action_mirred(const struct nlattr *action, struct tc_mirred *ret);
// The index of the link that an action redirects or mirrors packets to; 0: none.
int action_target(const struct nlattr *action);
