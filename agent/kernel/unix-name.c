// Abstract names of UNIX sockets.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "kernel/unix-name.h"

#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "base/error.h"
#include "base/util.h"
#include "netlink/attribute.h"
#include "netlink/request.h"

// linux/unix_diag.h has these since Linux 5.3.
enum {
        SHOW_UID = 0x40,
        ATTRIBUTE_UID = 7,
        ATTRIBUTE_MAX = 7,
};

typedef struct Search {
        const char *name;
        bool is_found;
        uint32_t user;
} Search;

static int socket_read(const struct nlmsghdr *header, void *userdata) {
        Search *search = userdata;
        const struct unix_diag_msg *socket = NLMSG_DATA(header);
        const struct nlattr *attributes[ATTRIBUTE_MAX + 1];
        size_t size;
        uint32_t user;

        if (attribute_index_message(header, sizeof(struct unix_diag_msg), attributes, ATTRIBUTE_MAX) < 0)
                return -EBADMSG;
        // Sockets of another type have names of their own.
        if (socket->udiag_type != SOCK_STREAM)
                return 0;
        const char *path = attribute_payload(attributes[UNIX_DIAG_NAME], &size);
        // An abstract name comes after a NUL and has none at its end.
        if (!path || size != 1 + strlen(search->name) || path[0] != '\0' ||
            memcmp(path + 1, search->name, size - 1) != 0 || attribute_u32(attributes[ATTRIBUTE_UID], &user) <= 0)
                return 0;
        search->is_found = true;
        search->user = user;
        return 0;
}

static void search_restart(void *userdata) {
        ((Search *)userdata)->is_found = false;
}

int unix_name_owner(const char *name, uid_t *ret, Error *ret_error) {
        // A connection that waits to be accepted has the name as well, and counts as root's.
        struct unix_diag_req request = {
                .sdiag_family = AF_UNIX,
                .udiag_states = 1U << TCP_LISTEN | 1U << TCP_CLOSE,
                .udiag_show = UDIAG_SHOW_NAME | SHOW_UID,
        };
        _cleanup_(netlink_freep) Netlink *netlink = NULL;
        Search search = { .name = name };

        int r = netlink_new(NETLINK_SOCK_DIAG, &netlink, ret_error);
        if (r < 0)
                return r;
        r = netlink_query(netlink, netlink_message_new(SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, &request, sizeof(request)),
                          socket_read, search_restart, &search, ret_error);
        if (r < 0)
                return r;
        if (!search.is_found)
                return error_set(ret_error, -ENOENT, "no socket is bound to @%s", name);
        *ret = search.user;
        return 0;
}
