// The rules of one plane's allow list: which frames pass, and under which reason the rest is counted and dropped.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "firewall/allow-list.h"
#include "firewall/chain.h"

// One rule a line. The last rule drops the rest.
void allow_rules_print_netdev(const AllowList *list, Way way, FILE *file); // without a MAC address nothing passes
void allow_rules_print_inet(const AllowList *list, Way way, FILE *file);
void allow_rules_print_arp(const AllowList *list, Way way, FILE *file);
