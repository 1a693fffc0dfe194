// Addresses of links.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "kernel/addr.h"

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <netlink/route/addr.h>

#include "base/error.h"
#include "base/inet.h"
#include "base/names.h"
#include "base/util.h"
#include "model/object.h"
#include "model/state.h"
#include "netlink/request.h"

// IFA_PROTO came with Linux 5.18; headers may be older.
enum { ATTRIBUTE_PROTO = 11 };

static void rtnl_addr_freep(struct rtnl_addr **address) {
        rtnl_addr_put(*address);
        *address = NULL;
}

void addr_list_deinit(AddrList *list) {
        free(list->entries);
        *list = (AddrList){};
}

static void addr_list_restart(void *userdata) {
        ((AddrList *)userdata)->n_entries = 0;
}

static int address_read(const struct nlmsghdr *header, void *userdata) {
        static const struct nla_policy policy[ATTRIBUTE_PROTO + 1] = {
                [IFA_FLAGS] = { .type = NLA_U32 },
                [ATTRIBUTE_PROTO] = { .type = NLA_U8 },
        };
        AddrList *list = userdata;
        struct nlattr *attributes[ATTRIBUTE_PROTO + 1];
        const struct ifaddrmsg *info = NLMSG_DATA(header);

        if (header->nlmsg_type != RTM_NEWADDR ||
            nlmsg_parse((struct nlmsghdr *)header, sizeof(*info), attributes, ATTRIBUTE_PROTO, policy) < 0)
                return -EBADMSG;
        // Kernels that do not check strictly send all links' addresses.
        struct nlattr *address = attributes[IFA_LOCAL] ?: attributes[IFA_ADDRESS];
        if ((list->ifindex != 0 && (int)info->ifa_index != list->ifindex) ||
            (info->ifa_family != AF_INET && info->ifa_family != AF_INET6) || !address ||
            (unsigned)nla_len(address) != address_bits(info->ifa_family) / 8)
                return 0;
        if (array_reserve(&list->entries, &list->n_allocated, list->n_entries + 1) < 0)
                return -ENOMEM;

        AddrEntry *entry = &list->entries[list->n_entries++];
        *entry = (AddrEntry){
                .ifindex = (int)info->ifa_index,
                .prefix = { .address.family = info->ifa_family, .length = info->ifa_prefixlen },
                .flags = attributes[IFA_FLAGS] ? nla_get_u32(attributes[IFA_FLAGS]) : info->ifa_flags,
                .is_ours = attributes[ATTRIBUTE_PROTO] && nla_get_u8(attributes[ATTRIBUTE_PROTO]) == OUR_PROTOCOL,
        };
        memcpy(entry->prefix.address.bytes, nla_data(address), (size_t)nla_len(address));
        return 0;
}

int addr_read(Netlink *netlink, int ifindex, AddrList *ret, Error *ret_error) {
        struct ifaddrmsg info = { .ifa_index = (uint32_t)ifindex };
        _cleanup_addr_list_ AddrList list = { .ifindex = ifindex };

        int r = netlink_query(netlink, netlink_message_new(RTM_GETADDR, NLM_F_DUMP, &info, sizeof(info)), address_read,
                              addr_list_restart, &list, ret_error);
        if (r < 0)
                return r;
        *ret = list;
        list = (AddrList){};
        return 0;
}

int addr_observe(Netlink *netlink, const char *link, int ifindex, bool link_is_ours, const State *desired, State *state,
                 Error *ret_error) {
        _cleanup_addr_list_ AddrList list = {};

        int r = addr_read(netlink, ifindex, &list, ret_error);
        if (r < 0) {
                error_prefix(ret_error, "cannot list the addresses of %s", link);
                return r;
        }
        for (size_t i = 0; i < list.n_entries; i++) {
                const AddrEntry *entry = &list.entries[i];
                Object object = {
                        .kind = OBJECT_ADDRESS,
                        .as_address = { .prefix = entry->prefix, .ours = entry->is_ours },
                };
                strcpy_fixed(object.link, link);

                if (!link_is_ours && !object.as_address.ours && !state_find(desired, &object))
                        continue;
                if (state_add(state, &object) < 0)
                        return error_set(ret_error, -ENOMEM, "out of memory");
        }
        return 0;
}

int addr_is_usable(Netlink *netlink, int ifindex, const Prefix *prefix, Error *ret_error) {
        _cleanup_addr_list_ AddrList list = {};

        int r = addr_read(netlink, ifindex, &list, ret_error);
        if (r < 0)
                return r;
        for (size_t i = 0; i < list.n_entries; i++)
                if (prefix_compare(&list.entries[i].prefix, prefix) == 0)
                        return !(list.entries[i].flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED));
        return 0;
}

static int address_send(Netlink *netlink, int ifindex, const Prefix *prefix, bool add, Error *ret_error) {
        unsigned bits = address_bits(prefix->address.family);
        _cleanup_(rtnl_addr_freep) struct rtnl_addr *request = rtnl_addr_alloc();
        struct nl_addr *local = nl_addr_build(prefix->address.family, prefix->address.bytes, bits / 8);
        if (!request || !local)
                return error_set(ret_error, -ENOMEM, "out of memory");

        nl_addr_set_prefixlen(local, prefix->length);
        rtnl_addr_set_ifindex(request, ifindex);
        int r = rtnl_addr_set_local(request, local);
        nl_addr_put(local);
        // Duplicate address detection would put frames on the wire that no peer asked for, and hold the address back.
        if (add && prefix->address.family == AF_INET6)
                rtnl_addr_set_flags(request, IFA_F_NODAD);

        struct nl_msg *message = NULL;
        if (r >= 0)
                r = add ? rtnl_addr_build_add_request(request, NLM_F_CREATE | NLM_F_REPLACE, &message)
                        : rtnl_addr_build_delete_request(request, 0, &message);
        if (r < 0)
                return error_set(ret_error, -EPROTO, "%s", nl_geterror(r));
        if (add)
                (void)nla_put_u8(message, ATTRIBUTE_PROTO, OUR_PROTOCOL);
        return netlink_request(netlink, message, ret_error);
}

int addr_add(Netlink *netlink, int ifindex, const Object *desired, Error *ret_error) {
        return address_send(netlink, ifindex, &desired->as_address.prefix, true, ret_error);
}

int addr_delete(Netlink *netlink, int ifindex, const Object *observed, Error *ret_error) {
        return address_send(netlink, ifindex, &observed->as_address.prefix, false, ret_error);
}
