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
#include "netlink/attribute.h"
#include "netlink/request.h"

// IFA_PROTO came with Linux 5.18. Headers may be older.
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

// The other end of a point-to-point address. One that lies within the prefix changes nothing: the network is the same.
static Address peer_read(const struct nlattr *const *attributes, int family, const Prefix *prefix) {
        Address peer;

        if (!attributes[IFA_LOCAL] || !attribute_address(attributes[IFA_ADDRESS], family, &peer) ||
            prefix_contains(prefix, &peer))
                return (Address){};
        return peer;
}

static int address_read(const struct nlmsghdr *header, void *userdata) {
        AddrList *list = userdata;
        const struct nlattr *attributes[ATTRIBUTE_PROTO + 1];
        const struct ifaddrmsg *info = NLMSG_DATA(header);
        uint32_t metric = 0;
        uint8_t protocol = 0;

        if (header->nlmsg_type != RTM_NEWADDR ||
            attribute_index_message(header, sizeof(*info), attributes, ATTRIBUTE_PROTO) < 0)
                return -EBADMSG;
        AddrEntry entry = {
                .ifindex = (int)info->ifa_index,
                .prefix.length = info->ifa_prefixlen,
                .flags = info->ifa_flags, // the first eight of them
        };
        if (attribute_u32(attributes[IFA_FLAGS], &entry.flags) < 0 ||
            attribute_u32(attributes[IFA_RT_PRIORITY], &metric) < 0 ||
            attribute_u8(attributes[ATTRIBUTE_PROTO], &protocol) < 0)
                return -EBADMSG;
        entry.is_ours = protocol == OUR_PROTOCOL || metric == OUR_ADDRESS_METRIC;
        // A kernel without strict checks sends the addresses of all links.
        if ((list->ifindex != 0 && entry.ifindex != list->ifindex) ||
            (info->ifa_family != AF_INET && info->ifa_family != AF_INET6) ||
            !attribute_address(attributes[IFA_LOCAL] ?: attributes[IFA_ADDRESS], info->ifa_family,
                               &entry.prefix.address))
                return 0;
        entry.peer = peer_read(attributes, info->ifa_family, &entry.prefix);

        if (array_reserve(&list->entries, &list->n_allocated, list->n_entries + 1) < 0)
                return -ENOMEM;
        list->entries[list->n_entries++] = entry;
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
                        .as_address = { .prefix = entry->prefix, .peer = entry->peer, .ours = entry->is_ours },
                };
                strcpy_fixed(object.link, link);

                if (!link_is_ours && !object.as_address.ours && !state_find(desired, &object))
                        continue;
                if (state_add(state, &object) < 0)
                        return error_set(ret_error, -ENOMEM, "out of memory");
        }
        return 0;
}

bool addr_entry_is(const AddrEntry *entry, const Prefix *prefix) {
        return entry->peer.family == AF_UNSPEC && prefix_compare(&entry->prefix, prefix) == 0;
}

const char *addr_entry_format(const AddrEntry *entry, char ret[static ADDRESS_OBJECT_TEXT_MAX]) {
        return address_object_format(&(AddressObject){ .prefix = entry->prefix, .peer = entry->peer }, ret);
}

static struct rtnl_addr *request_new(int ifindex, const AddressObject *address) {
        const Prefix *prefix = &address->prefix;
        bool has_peer = address->peer.family == AF_INET; // IPv6 is found without, and libnl takes none
        _cleanup_(rtnl_addr_freep) struct rtnl_addr *request = rtnl_addr_alloc();
        // libnl takes the length from the peer.
        _cleanup_nl_addr_ struct nl_addr *local = netlink_address_new(&prefix->address, has_peer ? 0 : prefix->length);
        if (!request || !local)
                return NULL;

        rtnl_addr_set_ifindex(request, ifindex);
        if (rtnl_addr_set_local(request, local) < 0)
                return NULL;
        if (has_peer) {
                _cleanup_nl_addr_ struct nl_addr *peer = netlink_address_new(&address->peer, prefix->length);
                if (!peer || rtnl_addr_set_peer(request, peer) < 0)
                        return NULL;
        }
        return TAKE(request);
}

static int addr_send(Netlink *netlink, int ifindex, const Prefix *prefix, bool by_metric, Error *ret_error) {
        _cleanup_(rtnl_addr_freep) struct rtnl_addr *request =
                request_new(ifindex, &(AddressObject){ .prefix = *prefix });
        struct nl_msg *message = NULL;
        if (!request)
                return error_set(ret_error, -ENOMEM, "out of memory");

        // Duplicate address detection would send frames before any peer does, and delay the address.
        if (prefix->address.family == AF_INET6)
                rtnl_addr_set_flags(request, IFA_F_NODAD);
        int r = rtnl_addr_build_add_request(request, NLM_F_CREATE | NLM_F_REPLACE, &message);
        if (r < 0)
                return error_set(ret_error, -EPROTO, "%s", nl_geterror(r));
        // Without the mark it would be another program's.
        if ((by_metric ? nla_put_u32(message, IFA_RT_PRIORITY, OUR_ADDRESS_METRIC)
                       : nla_put_u8(message, ATTRIBUTE_PROTO, OUR_PROTOCOL)) < 0) {
                nlmsg_free(message);
                return error_set(ret_error, -ENOMEM, "out of memory");
        }
        return netlink_request(netlink, message, ret_error);
}

static bool lacks_mark(Netlink *netlink, int ifindex, const Prefix *prefix) {
        _cleanup_addr_list_ AddrList list = {};

        if (addr_read(netlink, ifindex, &list, NULL) < 0)
                return false;
        for (size_t i = 0; i < list.n_entries; i++)
                if (addr_entry_is(&list.entries[i], prefix))
                        return !list.entries[i].is_ours;
        return false;
}

// A kernel before 5.18 ignores IFA_PROTO. The metric is that of the route to the address's network. It is the second
// choice, because the route of another link to the same network would be preferred.
int addr_add(Netlink *netlink, int ifindex, const Object *desired, Error *ret_error) {
        const Prefix *prefix = &desired->as_address.prefix;

        int r = addr_send(netlink, ifindex, prefix, false, ret_error);
        if (r < 0 || !lacks_mark(netlink, ifindex, prefix))
                return r;
        return addr_send(netlink, ifindex, prefix, true, ret_error);
}

int addr_delete(Netlink *netlink, int ifindex, const Object *observed, Error *ret_error) {
        _cleanup_(rtnl_addr_freep) struct rtnl_addr *request = request_new(ifindex, &observed->as_address);
        struct nl_msg *message = NULL;
        if (!request)
                return error_set(ret_error, -ENOMEM, "out of memory");

        int r = rtnl_addr_build_delete_request(request, 0, &message);
        if (r < 0)
                return error_set(ret_error, -EPROTO, "%s", nl_geterror(r));
        return netlink_request(netlink, message, ret_error);
}
