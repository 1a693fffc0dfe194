// The audit: the sysctls of the plane's device as the kernel applies them, which can differ from their values.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// The kernel combines most IPv4 settings from the device's own value and that of `all`. `all` is not ours to change:
// the management interface has it as well. Where `all` overrides a setting of ours, the rules stop what that lets in:
// then the finding is a note, and without the rules a failure.

#include "audit/check.h"
#include "audit/checks.h"
#include "base/util.h"
#include "config/load.h"
#include "config/plane-config.h"
#include "engine/hardening.h"
#include "kernel/sysctl.h"

static int setting_read(const HardeningSetting *setting, const char *link, int64_t *ret) {
        char item[80];

        int n = snprintf(item, sizeof(item), "%s/conf/%s/%s", setting->family, link, setting->name);
        return n < (int)sizeof(item) ? sysctl_read(item, ret) : -ENAMETOOLONG;
}

static void setting_check(Check *check, const HardeningSetting *setting) {
        const char *link = check->link->name;
        int64_t own = 0, all = 0;

        int r = setting_read(setting, link, &own);
        if (r > 0)
                r = setting_read(setting, "all", &all);
        if (r < 0)
                check_say(check, VERDICT_WARNING, "cannot read %s/conf/%s/%s: %s", setting->family, link, setting->name,
                          strerror(-r));
        if (r <= 0)
                return;

        int64_t applied = hardening_combine(setting->combination, all, own);
        if (own != setting->own)
                check_say(check, VERDICT_FAILED,
                          "%s %s of %s is %lld and has to be %lld: sysctl net.%s.conf.%s.%s=%lld", setting->family,
                          setting->name, link, (long long)own, (long long)setting->own, setting->family, link,
                          setting->name, (long long)setting->own);
        else if (applied >= setting->least && applied <= setting->most)
                check_say(check, VERDICT_OK, "%s %lld", setting->name, (long long)applied);
        else if (check->rules_stand)
                check_say(check, VERDICT_OK, "%s %lld because of all; the rules stop what that lets in", setting->name,
                          (long long)applied);
        else
                check_say(check, VERDICT_FAILED,
                          "%s %s is %lld because of all, and the rules that would stop what that lets in are missing",
                          setting->family, setting->name, (long long)applied);
}

static void topic_check(Check *check, HardeningTopic topic) {
        bool has_ipv6 = plane_config_has_family(check->config, AF_INET6);
        size_t n;
        const HardeningSetting *settings = hardening_settings(&n);

        for (size_t i = 0; i < n; i++)
                if (settings[i].topic == topic && hardening_applies(&settings[i], has_ipv6))
                        setting_check(check, &settings[i]);
}

void check_arp(Check *check) {
        topic_check(check, HARDENING_ARP);
}

void check_sources(Check *check) {
        topic_check(check, HARDENING_SOURCES);
}

void check_icmp_redirects(Check *check) {
        topic_check(check, HARDENING_REDIRECTS);
}

void check_forwarding(Check *check) {
        int64_t forwards = 0;

        topic_check(check, HARDENING_FORWARDING);
        (void)sysctl_read("ipv4/conf/all/forwarding", &forwards);
        if (!check->rules_stand)
                check_say(check, VERDICT_FAILED, "the rules that stop forwarding are missing");
        else
                check_say(check, VERDICT_OK, "the host %s; the rules drop what would be forwarded to or from %s",
                          forwards ? "forwards IPv4" : "does not forward IPv4", check->link->name);
}

void check_ipv6(Check *check) {
        if (!config_kernel_has_ipv6()) {
                check_say(check, VERDICT_OK, "this kernel has no IPv6");
                return;
        }
        topic_check(check, HARDENING_IPV6);
}
