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
#include "config/plane-config.h"
#include "engine/hardening.h"
#include "kernel/sysctl.h"

static int setting_read(const HardeningSetting *setting, const char *link, int64_t *ret) {
        char item[80];

        (void)snprintf(item, sizeof(item), "%s/conf/%s/%s", setting->family, link, setting->name);
        return sysctl_read(item, ret);
}

static void setting_verify(Verify *verify, const HardeningSetting *setting) {
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

        int64_t applied = hardening_combine(setting->combination, all, own);
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

static void topic_verify(Verify *verify, HardeningTopic topic) {
        bool has_ipv6 = plane_config_has_family(verify->config, AF_INET6);
        size_t n;
        const HardeningSetting *settings = hardening_settings(&n);

        for (size_t i = 0; i < n; i++)
                if (settings[i].topic == topic && hardening_applies(&settings[i], has_ipv6))
                        setting_verify(verify, &settings[i]);
}

void verify_arp(Verify *verify) {
        topic_verify(verify, HARDENING_ARP);
}

void verify_sources(Verify *verify) {
        topic_verify(verify, HARDENING_SOURCES);
}

void verify_icmp_redirects(Verify *verify) {
        topic_verify(verify, HARDENING_REDIRECTS);
}

void verify_forwarding(Verify *verify) {
        int64_t forwards = 0;

        topic_verify(verify, HARDENING_FORWARDING);
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
        topic_verify(verify, HARDENING_IPV6);
}
