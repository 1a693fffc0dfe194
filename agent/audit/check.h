// What the checks of the audit share.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "audit/audit.h"
#include "base/error.h"
#include "base/inet.h"
#include "base/util.h"
#include "config/plane-config.h"
#include "daemon/manager.h"
#include "engine/migrations.h"
#include "engine/snapshot.h"
#include "firewall/foreign-rules.h"
#include "kernel/link.h"
#include "model/reason.h"
#include "planes/plane.h"
#include "tc/redirect.h"

enum {
        VERIFY_TEXT_MAX = 1024,
};

typedef struct HostAddress {
        int ifindex;
        Prefix prefix;
        uint32_t flags; // IFA_F_*
} HostAddress;

// A packet socket: it reads what comes and goes, and writes what it likes.
typedef struct HostSniffer {
        int ifindex; // 0: every device
        uint32_t uid;
} HostSniffer;

// What of the host concerns every plane, read once. Where an error has a text, that could not be read.
typedef struct VerifyHost {
        HostAddress *addresses;
        size_t n_addresses, n_addresses_allocated;
        Error addresses_error;
        HostSniffer *sniffers;
        size_t n_sniffers, n_sniffers_allocated;
        Error sniffers_error;
        TcpSockets listening;
        Error listening_error;
        RedirectList redirects;
        Error redirects_error;
        ForeignRules rules;
        Error rules_error;
        size_t n_policy_rules; // beyond those that every kernel begins with
} VerifyHost;

void verify_host_read(Manager *manager, VerifyHost *ret);
void verify_host_deinit(VerifyHost *host);

// The audit of one plane, and in it the check that is being made.
typedef struct Verify {
        Manager *manager;
        const VerifyHost *host;
        const Look *look; // of this moment
        const Plane *plane;
        const PlaneConfig *config;
        const Reasons *reasons;          // what the look found
        const Link *link, *parent, *ifb; // NULL: not there
        char ifb_name[IFNAMSIZ];
        bool rules_stand; // every chain that the plane needs is there as it was loaded

        Verdict verdict;
        char text[VERIFY_TEXT_MAX]; // the gravest first
} Verify;

// Adds a sentence. What is well is only told while all is.
void verify_say(Verify *verify, Verdict verdict, const char *format, ...) _printf_(3, 4);
// For what could not be read: as grave as what might have been there.
void verify_say_unseen(Verify *verify, Verdict gravest, const Error *error);
// "mgmt0", or "link 7"
const char *verify_link_name(const Verify *verify, int ifindex, char ret[static IFNAMSIZ + 8]);

// verify-objects.c
void verify_configuration(Verify *verify);
void verify_device(Verify *verify);
void verify_rules(Verify *verify);
void verify_guard(Verify *verify);
void verify_caps(Verify *verify);
void verify_ingress(Verify *verify);

// verify-bypass.c
void verify_xdp(Verify *verify);
void verify_tcx(Verify *verify);
void verify_tc_filters(Verify *verify);
void verify_tc_redirects(Verify *verify);
void verify_stacked(Verify *verify);
void verify_guest_ports(Verify *verify);

// verify-sysctl.c
void verify_arp(Verify *verify);
void verify_sources(Verify *verify);
void verify_icmp_redirects(Verify *verify);
void verify_forwarding(Verify *verify);
void verify_ipv6(Verify *verify);

// verify-network.c
void verify_addresses(Verify *verify);
void verify_elsewhere(Verify *verify);
void verify_neighbours(Verify *verify);
void verify_routes(Verify *verify);
void verify_listeners(Verify *verify);
void verify_sniffers(Verify *verify);
void verify_other_rules(Verify *verify);
