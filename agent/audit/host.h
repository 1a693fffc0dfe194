// What of the host concerns every plane, read once for an audit.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"
#include "base/util.h"
#include "config/config.h"
#include "engine/kernel.h"
#include "engine/usable.h"
#include "firewall/foreign-rules.h"
#include "kernel/link.h"
#include "kernel/tcp.h"
#include "tc/redirect.h"

// A packet socket: it reads what comes and goes, and writes what it likes.
typedef struct HostSniffer {
        int ifindex; // 0: every device
        uint32_t uid;
} HostSniffer;

// Where an error has a code, that could not be read.
typedef struct AuditHost {
        UsableHost usable;
        HostSniffer *sniffers;
        size_t n_sniffers, n_sniffers_allocated;
        Error sniffers_error;
        TcpSockets listening;
        Error listening_error;
        RedirectList redirects;
        Error redirects_error;
        ForeignRules rules;
        Error rules_error;
        Config *files;         // as they are now; NULL: they cannot be read
        size_t n_policy_rules; // beyond those that every kernel begins with
} AuditHost;

void audit_host_read(const Kernel *kernel, const Inventory *inventory, AuditHost *ret);
void audit_host_deinit(AuditHost *host);
#define _cleanup_audit_host_ _cleanup_(audit_host_deinit)
