// What of the host concerns every plane.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "audit/host.h"

#include <linux/fib_rules.h>
#include <linux/packet_diag.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>

#include "base/error.h"
#include "base/util.h"
#include "engine/kernel.h"
#include "engine/usable.h"
#include "firewall/firewall.h"
#include "firewall/foreign-rules.h"
#include "kernel/link.h"
#include "kernel/tcp.h"
#include "netlink/attribute.h"
#include "netlink/request.h"
#include "planes/edited.h"
#include "tc/redirect.h"

// Every network namespace begins with rules of these three tables, and a VRF adds one without a table.
static int policy_rule_read(const struct nlmsghdr *header, void *userdata) {
        const struct fib_rule_hdr *rule = NLMSG_DATA(header);

        if (header->nlmsg_type != RTM_NEWRULE || header->nlmsg_len < NLMSG_LENGTH(sizeof(*rule)))
                return -EBADMSG;
        if (rule->table != RT_TABLE_LOCAL && rule->table != RT_TABLE_MAIN && rule->table != RT_TABLE_DEFAULT)
                ++*(size_t *)userdata;
        return 0;
}

static void count_restart(void *userdata) {
        *(size_t *)userdata = 0;
}

static void policy_rules_read(Netlink *netlink, AuditHost *host) {
        static const uint8_t families[] = { AF_INET, AF_INET6 };

        for (size_t i = 0; i < ELEMENTSOF(families); i++) {
                struct fib_rule_hdr header = { .family = families[i] };
                size_t n = 0;
                // Without IPv6, or without policy routing, there are none.
                if (netlink_query(netlink, netlink_message_new(RTM_GETRULE, NLM_F_DUMP, &header, sizeof(header)),
                                  policy_rule_read, count_restart, &n, NULL) >= 0)
                        host->n_policy_rules += n;
        }
}

static int sniffer_read(const struct nlmsghdr *header, void *userdata) {
        AuditHost *host = userdata;
        const struct nlattr *attributes[PACKET_DIAG_MAX + 1];
        const struct packet_diag_msg *socket = NLMSG_DATA(header);
        struct packet_diag_info info;
        uint32_t uid = 0;

        if (attribute_index_message(header, sizeof(*socket), attributes, PACKET_DIAG_MAX) < 0 ||
            attribute_u32(attributes[PACKET_DIAG_UID], &uid) < 0)
                return -EBADMSG;
        // A socket of protocol 0 receives nothing.
        if (socket->pdiag_num == 0 || attribute_struct(attributes[PACKET_DIAG_INFO], sizeof(info), &info) <= 0)
                return 0;
        if (array_reserve(&host->sniffers, &host->n_sniffers_allocated, host->n_sniffers + 1) < 0)
                return -ENOMEM;
        host->sniffers[host->n_sniffers++] = (HostSniffer){ .ifindex = (int)info.pdi_index, .uid = uid };
        return 0;
}

static void sniffers_restart(void *userdata) {
        ((AuditHost *)userdata)->n_sniffers = 0;
}

static int sniffers_read(AuditHost *host, Error *ret_error) {
        struct packet_diag_req request = { .sdiag_family = AF_PACKET, .pdiag_show = PACKET_SHOW_INFO };
        _cleanup_(netlink_freep) Netlink *netlink = NULL;

        int r = netlink_new(NETLINK_SOCK_DIAG, &netlink, ret_error);
        if (r < 0)
                return r;
        return netlink_query(netlink, netlink_message_new(SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, &request, sizeof(request)),
                             sniffer_read, sniffers_restart, host, ret_error);
}

void audit_host_read(const Kernel *kernel, const Inventory *inventory, AuditHost *ret) {
        usable_host_read(kernel, inventory, &ret->usable);
        (void)redirects_read(kernel->netlink, &ret->redirects, &ret->redirects_error);
        policy_rules_read(kernel->netlink, ret);
        (void)sniffers_read(ret, &ret->sniffers_error);
        (void)tcp_read_listening(&ret->listening, &ret->listening_error);
        (void)firewall_read_foreign_rules(kernel->firewall, &ret->rules, &ret->rules_error);
        (void)edited_read_files(&ret->files, NULL);
}

void audit_host_deinit(AuditHost *host) {
        usable_host_deinit(&host->usable);
        free(host->sniffers);
        redirects_deinit(&host->redirects);
        tcp_sockets_deinit(&host->listening);
        foreign_rules_deinit(&host->rules);
        config_free(host->files);
        *host = (AuditHost){};
}
