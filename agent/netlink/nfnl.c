// The socket that reads nftables.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "netlink/nfnl.h"

#include <arpa/inet.h>
#include <endian.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "base/error.h"
#include "base/names.h"
#include "base/util.h"
#include "netlink/datagram.h"

enum {
        BUFFER_SIZE = 32768, // the kernel fills no more for one part of a dump
        INTERRUPTED_DUMPS_MAX = 8,
        ANSWER_SECONDS_MAX = 5, // the kernel answers at once or, in a bug, never
};

struct Nfnl {
        struct mnl_socket *socket; // NULL: an answer was given up, and what is left of it would be in the way of the next
        uint32_t sequence;
        char buffer[BUFFER_SIZE] __attribute__((aligned(8)));
};

static void socket_close(Nfnl *nfnl) {
        if (nfnl->socket)
                (void)mnl_socket_close(nfnl->socket);
        nfnl->socket = NULL;
}

static int socket_open(Nfnl *nfnl) {
        struct timeval patience = { .tv_sec = ANSWER_SECONDS_MAX };

        nfnl->socket = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);
        if (!nfnl->socket || mnl_socket_bind(nfnl->socket, 0, MNL_SOCKET_AUTOPID) < 0) {
                int r = -errno;
                socket_close(nfnl);
                return r;
        }
        (void)setsockopt(mnl_socket_get_fd(nfnl->socket), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
        return 0;
}

int nfnl_new(Nfnl **ret, Error *ret_error) {
        _cleanup_(nfnl_freep) Nfnl *nfnl = calloc(1, sizeof(*nfnl));
        if (!nfnl)
                return error_set(ret_error, -ENOMEM, "cannot open a netfilter socket: out of memory");
        int r = socket_open(nfnl);
        if (r < 0)
                return error_set(ret_error, r, "cannot open a netfilter socket: %s", strerror(-r));
        *ret = TAKE(nfnl);
        return 0;
}

Nfnl *nfnl_free(Nfnl *nfnl) {
        if (!nfnl)
                return NULL;
        socket_close(nfnl);
        free(nfnl);
        return NULL;
}

static int query_send(Nfnl *nfnl, const NfnlQuery *query) {
        char buffer[128] __attribute__((aligned(8))) = {};
        struct nlmsghdr *header = mnl_nlmsg_put_header(buffer);

        header->nlmsg_type = NFNL_SUBSYS_NFTABLES << 8 | query->message;
        header->nlmsg_flags = NLM_F_REQUEST | (query->is_dump ? NLM_F_DUMP : NLM_F_ACK);
        header->nlmsg_seq = ++nfnl->sequence;

        struct nfgenmsg *general = mnl_nlmsg_put_extra_header(header, sizeof(*general));
        general->nfgen_family = query->family;
        general->version = NFNETLINK_V0;

        // Attribute 1 is the table in all of these messages: NFTA_TABLE_NAME, NFTA_CHAIN_TABLE, NFTA_RULE_TABLE,
        // NFTA_OBJ_TABLE.
        if (!query->all_tables)
                mnl_attr_put_strz(header, NFTA_TABLE_NAME, NFT_TABLE);
        return mnl_socket_sendto(nfnl->socket, header, header->nlmsg_len) < 0 ? -errno : 0;
}

// What ends an answer: an error, which is 0 for an acknowledgement, or the end of a dump, which may tell an error too.
static int end_of_answer(const struct nlmsghdr *header) {
        int code = 0;

        if (header->nlmsg_len >= NLMSG_HDRLEN + sizeof(code))
                memcpy(&code, NLMSG_DATA(header), sizeof(code));
        else if (header->nlmsg_type == NLMSG_ERROR)
                return -EBADMSG;
        return code > 0 ? -EBADMSG : code;
}

// NFNL_MORE, or how the answer ended.
static int message_take(const struct nlmsghdr *header, const NfnlQuery *query, NfnlAnswer *answer) {
        if (header->nlmsg_seq != answer->sequence)
                return NFNL_MORE; // the rest of one that was given up
        if (header->nlmsg_flags & NLM_F_DUMP_INTR)
                answer->is_interrupted = true;
        if (header->nlmsg_type == NLMSG_ERROR || header->nlmsg_type == NLMSG_DONE) {
                int r = answer->result < 0 ? answer->result : end_of_answer(header);
                // Acknowledged, and what was asked for was lost on its way.
                if (r == 0 && !query->is_dump && answer->n_messages == 0)
                        r = -EIO;
                return r < 0 ? r : answer->is_interrupted ? NFNL_INTERRUPTED : NFNL_DONE;
        }
        answer->n_messages++;
        if (header->nlmsg_type >> 8 == NFNL_SUBSYS_NFTABLES && answer->result >= 0)
                answer->result = query->handler(header, query->userdata);
        return NFNL_MORE;
}

int nfnl_parse(const void *datagram, size_t size, const NfnlQuery *query, NfnlAnswer *answer) {
        const struct nlmsghdr *header;
        int r;

        while ((r = datagram_next(&datagram, &size, &header)) > 0) {
                r = message_take(header, query, answer);
                if (r != NFNL_MORE)
                        return r;
        }
        return r < 0 ? r : NFNL_MORE;
}

static int query_once(Nfnl *nfnl, const NfnlQuery *query) {
        int r = nfnl->socket ? 0 : socket_open(nfnl);
        if (r >= 0)
                r = query_send(nfnl, query);
        NfnlAnswer answer = { .sequence = nfnl->sequence };

        while (r == NFNL_MORE) {
                ssize_t n = datagram_receive(mnl_socket_get_fd(nfnl->socket), nfnl->buffer, sizeof(nfnl->buffer));
                if (n > (ssize_t)sizeof(nfnl->buffer))
                        n = -EMSGSIZE;
                if (n < 0) {
                        socket_close(nfnl);
                        return n == -EAGAIN ? -ETIMEDOUT : (int)n;
                }
                r = nfnl_parse(nfnl->buffer, (size_t)n, query, &answer);
        }
        if (r == -EBADMSG)
                socket_close(nfnl); // perhaps not all of it was taken in
        return r;
}

int nfnl_query(Nfnl *nfnl, const NfnlQuery *query, Error *ret_error) {
        int r = NFNL_INTERRUPTED;

        // A dump can also be refused as interrupted, with EINTR, where the table went away under it.
        for (unsigned i = 0; i < INTERRUPTED_DUMPS_MAX && (r == NFNL_INTERRUPTED || r == -EINTR); i++) {
                if (i > 0 && query->restart)
                        query->restart(query->userdata);
                r = query_once(nfnl, query);
        }
        if (r == NFNL_DONE || r == -ENOENT)
                return 0;
        if (r == NFNL_INTERRUPTED)
                r = -EAGAIN;
        return error_set(ret_error, r, "cannot read nftables: %s", strerror(-r));
}

typedef struct AttributeTable {
        const struct nlattr **attributes;
        uint16_t max;
} AttributeTable;

static int attribute_store(const struct nlattr *attribute, void *userdata) {
        const AttributeTable *table = userdata;
        uint16_t type = mnl_attr_get_type(attribute);

        if (type <= table->max)
                table->attributes[type] = attribute;
        return MNL_CB_OK;
}

static int attributes_index(const void *payload, size_t size, const struct nlattr **ret, uint16_t max) {
        AttributeTable table = { .attributes = ret, .max = max };

        memset(ret, 0, (max + 1U) * sizeof(*ret));
        return mnl_attr_parse_payload(payload, size, attribute_store, &table) < 0 ? -EBADMSG : 0;
}

int nfnl_message_attributes(const struct nlmsghdr *header, const struct nlattr **ret, uint16_t max) {
        size_t skip = NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(struct nfgenmsg));

        if (header->nlmsg_len < skip)
                return -EBADMSG;
        return attributes_index((const char *)header + skip, header->nlmsg_len - skip, ret, max);
}

int nfnl_nested_attributes(const struct nlattr *nest, const struct nlattr **ret, uint16_t max) {
        if (!nest)
                return -ENOENT;
        return attributes_index(mnl_attr_get_payload(nest), mnl_attr_get_payload_len(nest), ret, max);
}

bool nfnl_attribute_u32(const struct nlattr *attribute, uint32_t *ret) {
        if (!attribute || mnl_attr_get_payload_len(attribute) != sizeof(uint32_t))
                return false;
        *ret = ntohl(mnl_attr_get_u32(attribute));
        return true;
}

bool nfnl_attribute_u64(const struct nlattr *attribute, uint64_t *ret) {
        if (!attribute || mnl_attr_get_payload_len(attribute) != sizeof(uint64_t))
                return false;
        *ret = be64toh(mnl_attr_get_u64(attribute));
        return true;
}

bool nfnl_attribute_string(const struct nlattr *attribute, const char **ret) {
        if (!attribute || mnl_attr_validate(attribute, MNL_TYPE_NUL_STRING) < 0)
                return false;
        *ret = mnl_attr_get_str(attribute);
        return true;
}
