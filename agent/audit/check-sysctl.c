// The audit: the settings of the plane's device as the kernel applies them, which is not always as they read.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// Most of IPv4's are made of the device's own value and that of `all`, each in its way. `all` is not ours to change: it
// is the management interface's as well. Where it takes a setting of ours away, the rules have to stop what that would
// let in, and they do, for as long as they stand; what is told then is a note.

#include "audit/audit.h"
#include "audit/check.h"
#include "base/util.h"
#include "config/load.h"
#include "kernel/sysctl.h"

typedef struct Setting {
        const char *check; // the check that tells of it
        const char *family, *name;
        SysctlCombination combination;
        int64_t own;         // what the plane's device has
        int64_t least, most; // of what the kernel applies
} Setting;

#define ARP "arp"
#define SOURCES "sources"
#define REDIRECTS "icmp-redirects"
#define FORWARDING "forwarding"

static const Setting settings[] = {
        { ARP, "ipv4", "arp_ignore", SYSCTL_LARGER, 2, 1, 2 }, // 3 answers for more again
        { ARP, "ipv4", "arp_announce", SYSCTL_LARGER, 2, 2, 2 },
        { ARP, "ipv4", "arp_accept", SYSCTL_LARGER, 0, 0, 0 },
        { ARP, "ipv4", "drop_gratuitous_arp", SYSCTL_EITHER, 1, 1, 1 },
        { ARP, "ipv4", "proxy_arp", SYSCTL_EITHER, 0, 0, 0 },
        { SOURCES, "ipv4", "rp_filter", SYSCTL_LARGER, 1, 1, 1 }, // 2 is the laxer one
        { SOURCES, "ipv4", "accept_source_route", SYSCTL_BOTH, 0, 0, 0 },
        { SOURCES, "ipv4", "accept_local", SYSCTL_EITHER, 0, 0, 0 },
        { SOURCES, "ipv4", "route_localnet", SYSCTL_EITHER, 0, 0, 0 },
        { SOURCES, "ipv4", "drop_unicast_in_l2_multicast", SYSCTL_EITHER, 1, 1, 1 },
        // While the device does not forward, one is enough.
        { REDIRECTS, "ipv4", "accept_redirects", SYSCTL_EITHER, 0, 0, 0 },
        { REDIRECTS, "ipv4", "secure_redirects", SYSCTL_EITHER, 0, 0, 0 },
        { REDIRECTS, "ipv4", "send_redirects", SYSCTL_EITHER, 0, 0, 0 },
        { REDIRECTS, "ipv4", "shared_media", SYSCTL_EITHER, 0, 0, 0 },
        { FORWARDING, "ipv4", "forwarding", SYSCTL_OWN, 0, 0, 0 },
};

// Those of a plane that uses IPv6.
static const Setting settings_ipv6[] = {
        { REDIRECTS, "ipv6", "accept_redirects", SYSCTL_OWN, 0, 0, 0 },
        // The device's own only says whether it is a router's; whether packets are forwarded is asked of `all`.
        { FORWARDING, "ipv6", "forwarding", SYSCTL_ALL, 0, 0, 0 },
        { FORWARDING, "ipv6", "proxy_ndp", SYSCTL_EITHER, 0, 0, 0 },
        { "ipv6", "ipv6", "disable_ipv6", SYSCTL_OWN, 0, 0, 0 },
        { "ipv6", "ipv6", "accept_ra", SYSCTL_OWN, 0, 0, 0 },
        { "ipv6", "ipv6", "autoconf", SYSCTL_OWN, 0, 0, 0 },
        { "ipv6", "ipv6", "router_solicitations", SYSCTL_OWN, 0, 0, 0 },
        { "ipv6", "ipv6", "drop_unsolicited_na", SYSCTL_OWN, 1, 1, 1 },
        { "ipv6", "ipv6", "addr_gen_mode", SYSCTL_OWN, 1, 1, 1 },
};

// Those of one that does not.
static const Setting settings_no_ipv6[] = {
        { "ipv6", "ipv6", "disable_ipv6", SYSCTL_OWN, 1, 1, 1 },
};

int64_t sysctl_combine(SysctlCombination combination, int64_t all, int64_t own) {
        switch (combination) {
        case SYSCTL_OWN:
                return own;
        case SYSCTL_EITHER:
                return all || own;
        case SYSCTL_BOTH:
                return all && own;
        case SYSCTL_LARGER:
                return all > own ? all : own;
        case SYSCTL_ALL:
                return all;
        }
        return own;
}

static int setting_read(const Setting *setting, const char *link, int64_t *ret) {
        char item[80];

        (void)snprintf(item, sizeof(item), "%s/conf/%s/%s", setting->family, link, setting->name);
        return sysctl_read(item, ret);
}

static void setting_verify(Verify *verify, const Setting *setting) {
        const char *link = verify->link->name;
        int64_t own = 0, all = 0;

        int r = setting_read(setting, link, &own);
        if (r > 0)
                r = setting_read(setting, "all", &all);
        if (r < 0)
                verify_say(verify, VERDICT_WARNING, "cannot read %s/conf/%s/%s: %s", setting->family, link, setting->name,
                           strerror(-r));
        if (r <= 0)
                return;

        int64_t applied = sysctl_combine(setting->combination, all, own);
        if (own != setting->own)
                verify_say(verify, VERDICT_FAILED, "%s %s of %s is %lld and has to be %lld: sysctl net.%s.conf.%s.%s=%lld",
                           setting->family, setting->name, link, (long long)own, (long long)setting->own, setting->family,
                           link, setting->name, (long long)setting->own);
        else if (applied >= setting->least && applied <= setting->most)
                verify_say(verify, VERDICT_OK, "%s %lld", setting->name, (long long)applied);
        else if (verify->rules_stand)
                verify_say(verify, VERDICT_OK, "%s %lld by all, which the rules stop", setting->name, (long long)applied);
        else
                verify_say(verify, VERDICT_FAILED,
                           "%s %s is %lld by all, and the rules that would stop what it lets in do not stand",
                           setting->family, setting->name, (long long)applied);
}

static void settings_verify(Verify *verify, const char *check, const Setting *table, size_t n) {
        for (size_t i = 0; i < n; i++)
                if (streq(table[i].check, check))
                        setting_verify(verify, &table[i]);
}

static bool has_ipv6(const Verify *verify) {
        for (size_t i = 0; i < verify->config->n_addresses; i++)
                if (verify->config->addresses[i].prefix.address.family == AF_INET6)
                        return true;
        return false;
}

static void check_verify(Verify *verify, const char *check) {
        settings_verify(verify, check, settings, ELEMENTSOF(settings));
        if (has_ipv6(verify))
                settings_verify(verify, check, settings_ipv6, ELEMENTSOF(settings_ipv6));
        else
                settings_verify(verify, check, settings_no_ipv6, ELEMENTSOF(settings_no_ipv6));
}

void verify_arp(Verify *verify) {
        check_verify(verify, ARP);
}

void verify_sources(Verify *verify) {
        check_verify(verify, SOURCES);
}

void verify_icmp_redirects(Verify *verify) {
        check_verify(verify, REDIRECTS);
}

void verify_forwarding(Verify *verify) {
        int64_t forwards = 0;

        check_verify(verify, FORWARDING);
        (void)sysctl_read("ipv4/conf/all/forwarding", &forwards);
        if (!verify->rules_stand)
                verify_say(verify, VERDICT_FAILED, "the rules that stop what would be forwarded do not stand");
        else
                verify_say(verify, VERDICT_OK, "the host %s; the rules drop what would be forwarded to or from %s",
                           forwards ? "forwards IPv4" : "does not forward IPv4", verify->link->name);
}

void verify_ipv6(Verify *verify) {
        if (!config_kernel_has_ipv6()) {
                verify_say(verify, VERDICT_OK, "this kernel has no IPv6");
                return;
        }
        check_verify(verify, "ipv6");
}
