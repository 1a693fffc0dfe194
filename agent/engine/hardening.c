// The sysctls of a plane's device.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "engine/hardening.h"

#include "base/util.h"
#include "model/object.h"
#include "model/state.h"

#define IPV4(topic, name, combination, own, least, most) \
        { HARDENING_##topic, HARDENING_ALWAYS, "ipv4", name, HARDENING_##combination, own, least, most }
#define IPV6(topic, name, combination, own) \
        { HARDENING_##topic, HARDENING_WITH_IPV6, "ipv6", name, HARDENING_##combination, own, own, own }
#define NO_IPV6(topic, name, own) \
        { HARDENING_##topic, HARDENING_WITHOUT_IPV6, "ipv6", name, HARDENING_OWN, own, own, own }

static const HardeningSetting settings[] = {
        IPV4(ARP, "arp_ignore", LARGER, 2, 1, 2), // 3 answers for more addresses again
        IPV4(ARP, "arp_announce", LARGER, 2, 2, 2),
        IPV4(ARP, "arp_accept", LARGER, 0, 0, 0),
        IPV4(ARP, "drop_gratuitous_arp", EITHER, 1, 1, 1),
        IPV4(ARP, "proxy_arp", EITHER, 0, 0, 0),
        IPV4(SOURCES, "rp_filter", LARGER, 1, 1, 1), // 2 is the laxer one
        IPV4(SOURCES, "accept_source_route", BOTH, 0, 0, 0),
        IPV4(SOURCES, "accept_local", EITHER, 0, 0, 0),
        IPV4(SOURCES, "route_localnet", EITHER, 0, 0, 0),
        IPV4(SOURCES, "drop_unicast_in_l2_multicast", EITHER, 1, 1, 1),
        // The kernel takes the two together by "and" on a device that forwards, which ours does not.
        IPV4(REDIRECTS, "accept_redirects", EITHER, 0, 0, 0),
        IPV4(REDIRECTS, "secure_redirects", EITHER, 0, 0, 0),
        IPV4(REDIRECTS, "send_redirects", EITHER, 0, 0, 0),
        IPV4(REDIRECTS, "shared_media", EITHER, 0, 0, 0),
        IPV4(FORWARDING, "forwarding", OWN, 0, 0, 0),
        IPV4(UNAUDITED, "promote_secondaries", EITHER, 1, 1, 1),

        IPV6(REDIRECTS, "accept_redirects", OWN, 0),
        // The device's own only says whether the device is a router's; whether packets are forwarded is asked of `all`.
        IPV6(FORWARDING, "forwarding", ALL, 0),
        IPV6(FORWARDING, "proxy_ndp", EITHER, 0),
        IPV6(IPV6, "disable_ipv6", OWN, 0),
        IPV6(IPV6, "accept_ra", OWN, 0),
        IPV6(IPV6, "autoconf", OWN, 0),
        IPV6(IPV6, "router_solicitations", OWN, 0),
        IPV6(IPV6, "drop_unsolicited_na", OWN, 1),
        IPV6(IPV6, "addr_gen_mode", OWN, 1),

        NO_IPV6(IPV6, "disable_ipv6", 1),
        NO_IPV6(UNAUDITED, "addr_gen_mode", 1),
};

const HardeningSetting *hardening_settings(size_t *ret_n) {
        *ret_n = ELEMENTSOF(settings);
        return settings;
}

bool hardening_applies(const HardeningSetting *setting, bool has_ipv6) {
        return setting->scope == HARDENING_ALWAYS || (setting->scope == HARDENING_WITH_IPV6) == has_ipv6;
}

int64_t hardening_combine(HardeningCombination combination, int64_t all, int64_t own) {
        switch (combination) {
        case HARDENING_OWN:
                return own;
        case HARDENING_EITHER:
                return all || own;
        case HARDENING_BOTH:
                return all && own;
        case HARDENING_LARGER:
                return all > own ? all : own;
        case HARDENING_ALL:
                return all;
        }
        return own;
}

static int setting_add(const HardeningSetting *setting, const char *link, bool hears_claims, State *state) {
        // Nobody solicits the answer to duplicate address detection.
        bool is_off = hears_claims && streq(setting->name, "drop_unsolicited_na");
        Object object = { .kind = OBJECT_SYSCTL, .as_sysctl.value = is_off ? 0 : setting->own };

        strcpy_fixed(object.link, link);
        int n = snprintf(object.as_sysctl.item, sizeof(object.as_sysctl.item), "%s/conf/%s/%s", setting->family, link,
                         setting->name);
        return n < (int)sizeof(object.as_sysctl.item) ? state_add(state, &object) : -ENAMETOOLONG;
}

int hardening_derive(const char *link, bool has_ipv6, bool hears_claims, State *state) {
        for (size_t i = 0; i < ELEMENTSOF(settings); i++)
                if (hardening_applies(&settings[i], has_ipv6)) {
                        int r = setting_add(&settings[i], link, hears_claims, state);
                        if (r < 0)
                                return r;
                }
        return 0;
}

int hardening_derive_ifb(const char *ifb, State *state) {
        for (size_t i = 0; i < ELEMENTSOF(settings); i++)
                if (settings[i].scope == HARDENING_WITHOUT_IPV6) {
                        int r = setting_add(&settings[i], ifb, false, state);
                        if (r < 0)
                                return r;
                }
        return 0;
}
