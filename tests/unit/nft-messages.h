// Messages of nftables, as the kernel writes them.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <endian.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include "base/util.h"
#include "netlink/request.h"

// One datagram being written.
typedef struct Datagram {
        char bytes[4096] __attribute__((aligned(8)));
        size_t size;
        struct nlmsghdr *last;
} Datagram;

static inline struct nlmsghdr *message_begin(Datagram *datagram, uint16_t type, uint16_t flags) {
        datagram->last = mnl_nlmsg_put_header(datagram->bytes + datagram->size);
        datagram->last->nlmsg_type = type;
        datagram->last->nlmsg_flags = flags;
        datagram->last->nlmsg_seq = 7;
        return datagram->last;
}

static inline void message_end(Datagram *datagram) {
        datagram->size += NLMSG_ALIGN(datagram->last->nlmsg_len);
}

static inline struct nlmsghdr *nft_begin(Datagram *datagram, uint16_t message) {
        struct nlmsghdr *header = message_begin(datagram, NFNL_SUBSYS_NFTABLES << 8 | message, 0);

        (void)mnl_nlmsg_put_extra_header(header, sizeof(struct nfgenmsg));
        mnl_attr_put_strz(header, 1, "migplane");
        return header;
}

static inline void put_code(Datagram *datagram, uint16_t type, int code) {
        struct nlmsghdr *header = message_begin(datagram, type, 0);
        // An error is followed by the header of the request.
        size_t size = type == NLMSG_ERROR ? sizeof(struct nlmsgerr) : sizeof(code);

        memcpy(mnl_nlmsg_put_extra_header(header, size), &code, sizeof(code));
        message_end(datagram);
}

typedef struct Hook {
        uint32_t number;
        int32_t priority;
        uint32_t policy;
        const char *device;
} Hook;

static inline void put_chain(Datagram *datagram, const char *name, const Hook *hook) {
        struct nlmsghdr *header = nft_begin(datagram, NFT_MSG_NEWCHAIN);

        mnl_attr_put_strz(header, NFTA_CHAIN_NAME, name);
        if (hook) {
                struct nlattr *nest = mnl_attr_nest_start(header, NFTA_CHAIN_HOOK);
                mnl_attr_put_u32(header, NFTA_HOOK_HOOKNUM, htonl(hook->number));
                mnl_attr_put_u32(header, NFTA_HOOK_PRIORITY, htonl((uint32_t)hook->priority));
                if (hook->device)
                        mnl_attr_put_strz(header, NFTA_HOOK_DEV, hook->device);
                mnl_attr_nest_end(header, nest);
                mnl_attr_put_u32(header, NFTA_CHAIN_POLICY, htonl(hook->policy));
                mnl_attr_put_strz(header, NFTA_CHAIN_TYPE, "filter");
        }
        message_end(datagram);
}

static inline void put_rule(Datagram *datagram, const char *chain, uint32_t handle, const char *comment) {
        struct nlmsghdr *header = nft_begin(datagram, NFT_MSG_NEWRULE);
        uint8_t userdata[2 + 128] = { 0, (uint8_t)(strlen(comment) + 1) };

        mnl_attr_put_strz(header, NFTA_RULE_CHAIN, chain);
        mnl_attr_put_u64(header, NFTA_RULE_HANDLE, htobe64(handle));
        memcpy(userdata + 2, comment, strlen(comment) + 1);
        mnl_attr_put(header, NFTA_RULE_USERDATA, 2 + strlen(comment) + 1, userdata);
        message_end(datagram);
}

static inline int count(const struct nlmsghdr *header _unused_, void *userdata) {
        (*(unsigned *)userdata)++;
        return 0;
}

enum { MORE, DONE, INTERRUPTED };

// MORE, or how the answer ended.
static inline int parse(const Datagram *datagram, NetlinkHandler handler, void *userdata) {
        NetlinkAnswer answer = { .sequence = 7, .handler = handler, .userdata = userdata };

        int r = netlink_parse(datagram->bytes, datagram->size, &answer, NULL);
        if (r <= 0)
                return r;
        return answer.result < 0 ? answer.result : answer.is_interrupted ? INTERRUPTED : DONE;
}
