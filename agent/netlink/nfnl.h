// The socket that reads nftables: dumps and gets of our tables, with every answer checked before libmnl sees it.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <libmnl/libmnl.h>

#include "base/error.h"
#include "base/util.h"

typedef struct Nfnl Nfnl;

int nfnl_new(Nfnl **ret, Error *ret_error);
Nfnl *nfnl_free(Nfnl *nfnl);
static inline void nfnl_freep(Nfnl **nfnl) {
        *nfnl = nfnl_free(*nfnl);
}

// One message of an answer. Returning a negative errno ends the query with it.
typedef int (*NfnlHandler)(const struct nlmsghdr *header, void *userdata);

typedef struct NfnlQuery {
        uint8_t message; // NFT_MSG_GETRULE ...
        bool is_dump;
        uint8_t family;  // NFPROTO_*
        bool all_tables; // and not about ours alone
        NfnlHandler handler;
        void (*restart)(void *userdata); // the dump was interrupted, and starts again: forget what came
        void *userdata;
} NfnlQuery;

// Asks about the table NFT_TABLE, or all. A table that does not exist is an empty answer.
int nfnl_query(Nfnl *nfnl, const NfnlQuery *query, Error *ret_error);

// An answer on its way.
typedef struct NfnlAnswer {
        uint32_t sequence; // of the request
        bool is_interrupted;
        unsigned n_messages; // that were neither an acknowledgement nor an end
        int result; // what the handler returned when it failed; the rest of the answer is then only waited for
} NfnlAnswer;

enum {
        NFNL_MORE = 0,
        NFNL_DONE = 1,
        NFNL_INTERRUPTED = 2, // done, and to be asked again
};

// Takes one datagram apart. Returns one of the above, the errno that the kernel or the handler gave, or -EBADMSG.
int nfnl_parse(const void *datagram, size_t size, const NfnlQuery *query, NfnlAnswer *answer);

// The attributes of a message of nftables, or nested in one, by type; NULL where there is none. max is the last type.
int nfnl_message_attributes(const struct nlmsghdr *header, const struct nlattr **ret, uint16_t max);
int nfnl_nested_attributes(const struct nlattr *nest, const struct nlattr **ret, uint16_t max);

// The value of an attribute that may be absent (NULL): false if it is, or is not of that form.
bool nfnl_attribute_u32(const struct nlattr *attribute, uint32_t *ret);
bool nfnl_attribute_u64(const struct nlattr *attribute, uint64_t *ret);
bool nfnl_attribute_string(const struct nlattr *attribute, const char **ret);
