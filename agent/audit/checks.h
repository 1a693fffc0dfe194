// The checks of the audit, see the table in audit.c.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "audit/check.h"

// check-objects.c
void check_configuration(Check *check);
void check_device(Check *check);
void check_rules(Check *check);
void check_guard(Check *check);
void check_caps(Check *check);
void check_ingress(Check *check);

// check-bypass.c
void check_xdp(Check *check);
void check_tcx(Check *check);
void check_tc_filters(Check *check);
void check_tc_redirects(Check *check);
void check_stacked(Check *check);
void check_guest_ports(Check *check);

// check-sysctl.c
void check_arp(Check *check);
void check_sources(Check *check);
void check_icmp_redirects(Check *check);
void check_forwarding(Check *check);
void check_ipv6(Check *check);

// check-network.c
void check_addresses(Check *check);
void check_elsewhere(Check *check);
void check_neighbours(Check *check);
void check_routes(Check *check);
void check_listeners(Check *check);
void check_sniffers(Check *check);
void check_other_rules(Check *check);
