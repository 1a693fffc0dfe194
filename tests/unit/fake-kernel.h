// The kernel's side of netlink for unit tests: answers come from a script, and requests are recorded.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// The linker calls the __wrap_ functions instead of the request engine (--wrap, see meson.build).
#pragma once

#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>

#include "base/error.h"
#include "base/util.h"
#include "netlink/attribute.h"
#include "netlink/request.h"

enum {
        ANSWERS_MAX = 16,
        REQUESTS_MAX = 16,
        LO = 1, // the links that exist
        ENO1 = 2,
        MIG0 = 7,
        IFB_MIG0 = 9,
};

static const struct {
        int index;
        const char *name;
} fake_links[] = { { LO, "lo" }, { ENO1, "eno1" }, { MIG0, "mig0" }, { IFB_MIG0, "ifb-mig0" } };

// The answer to one query.
typedef struct Answer {
        char bytes[4096] __attribute__((aligned(8)));
        size_t size;
        size_t interrupted_at; // the messages up to here are of a reading that was interrupted; 0: it was not
        int error;             // instead of an answer
} Answer;

typedef struct Request {
        char bytes[1024] __attribute__((aligned(8)));
        bool is_query;
} Request;

static struct {
        Answer answers[ANSWERS_MAX];
        size_t n_answers, n_queries;
        int results[REQUESTS_MAX]; // of the changes, in order
        size_t n_changes;
        Request requests[REQUESTS_MAX];
        size_t n_requests;
        struct nlmsghdr *last;
} fake;

static inline int fake_reset(void **state _unused_) {
        memset(&fake, 0, sizeof(fake));
        return 0;
}

// --- the script ---

static inline void answer_begin(void) {
        assert_true(fake.n_answers < ANSWERS_MAX);
        fake.n_answers++;
}

static inline Answer *answer_current(void) {
        if (fake.n_answers == 0)
                answer_begin();
        return &fake.answers[fake.n_answers - 1];
}

// Adds a message to the answer; put attributes with libmnl, then message_end.
static inline struct nlmsghdr *message_begin(uint16_t type, const void *header, size_t size) {
        Answer *answer = answer_current();

        fake.last = mnl_nlmsg_put_header(answer->bytes + answer->size);
        fake.last->nlmsg_type = type;
        fake.last->nlmsg_flags = NLM_F_MULTI;
        memcpy(mnl_nlmsg_put_extra_header(fake.last, size), header, size);
        return fake.last;
}

static inline void message_end(void) {
        answer_current()->size += NLMSG_ALIGN(fake.last->nlmsg_len);
}

// All messages so far are of a reading that was interrupted.
static inline void answer_interrupt(void) {
        answer_current()->interrupted_at = answer_current()->size;
}

static inline void answer_error(int code) {
        answer_begin();
        answer_current()->error = code;
}

// --- what was requested ---

static inline const struct nlmsghdr *request_at(size_t i) {
        assert_true(i < fake.n_requests);
        return (const struct nlmsghdr *)fake.requests[i].bytes;
}

static inline const void *request_header(size_t i) {
        return NLMSG_DATA(request_at(i));
}

// The attribute of a request; NULL when it has none of that type.
static inline const struct nlattr *request_attribute(size_t i, size_t header_size, uint16_t type) {
        static const struct nlattr *attributes[256];

        assert_int_equal(attribute_index_message(request_at(i), header_size, attributes, ELEMENTSOF(attributes) - 1),
                         0);
        return attributes[type];
}

static inline uint32_t request_u32(size_t i, size_t header_size, uint16_t type) {
        uint32_t value = 0;

        assert_int_equal(attribute_u32(request_attribute(i, header_size, type), &value), 1);
        return value;
}

// --- instead of the request engine ---

static inline void request_record(struct nl_msg *message, bool is_query) {
        const struct nlmsghdr *header = nlmsg_hdr(message);

        assert_true(fake.n_requests < REQUESTS_MAX && header->nlmsg_len <= sizeof(fake.requests[0].bytes));
        memcpy(fake.requests[fake.n_requests].bytes, header, header->nlmsg_len);
        fake.requests[fake.n_requests++].is_query = is_query;
        nlmsg_free(message);
}

// Memory of just that size, so that a sanitizer sees what is read past the end.
static inline int datagram_parse(const char *bytes, size_t size, NetlinkAnswer *answer, Error *ret_error) {
        _cleanup_free_ char *copy = malloc(size ?: 1);

        assert_non_null(copy);
        memcpy(copy, bytes, size);
        int r = netlink_parse(copy, size, answer, ret_error);
        return r < 0 ? r : answer->result;
}

int __wrap_netlink_query(Netlink *netlink, struct nl_msg *message, NetlinkHandler handler,
                         void (*restart)(void *userdata), void *userdata, Error *ret_error);
int __wrap_netlink_query(Netlink *netlink _unused_, struct nl_msg *message, NetlinkHandler handler,
                         void (*restart)(void *userdata), void *userdata, Error *ret_error) {
        NetlinkAnswer reading = { .handler = handler, .userdata = userdata };
        size_t i = fake.n_queries++;

        request_record(message, true);
        if (i >= fake.n_answers)
                return 0;
        const Answer *answer = &fake.answers[i];
        if (answer->error < 0)
                return error_set(ret_error, answer->error, "%s", strerror(-answer->error));
        if (answer->interrupted_at > 0) {
                assert_int_equal(datagram_parse(answer->bytes, answer->interrupted_at, &reading, ret_error), 0);
                if (restart)
                        restart(userdata);
        }
        return datagram_parse(answer->bytes + answer->interrupted_at, answer->size - answer->interrupted_at, &reading,
                              ret_error);
}

int __wrap_netlink_request(Netlink *netlink, struct nl_msg *message, Error *ret_error);
int __wrap_netlink_request(Netlink *netlink _unused_, struct nl_msg *message, Error *ret_error) {
        int r = fake.results[fake.n_changes++];

        request_record(message, false);
        return r < 0 ? error_set(ret_error, r, "%s", strerror(-r)) : 0;
}

int __wrap_netlink_link_index(Netlink *netlink, const char *name, int *ret_index, Error *ret_error);
int __wrap_netlink_link_index(Netlink *netlink _unused_, const char *name, int *ret_index, Error *ret_error) {
        for (size_t i = 0; i < ELEMENTSOF(fake_links); i++)
                if (streq(name, fake_links[i].name)) {
                        *ret_index = fake_links[i].index;
                        return 0;
                }
        return error_set(ret_error, -ENODEV, "cannot look up the link %s: %s", name, strerror(ENODEV));
}

int __wrap_netlink_link_name(Netlink *netlink, int index, char ret[static 16], Error *ret_error);
int __wrap_netlink_link_name(Netlink *netlink _unused_, int index, char ret[static 16], Error *ret_error) {
        for (size_t i = 0; i < ELEMENTSOF(fake_links); i++)
                if (index == fake_links[i].index) {
                        strcpy(ret, fake_links[i].name);
                        return 0;
                }
        return error_set(ret_error, -ENODEV, "cannot look up link number %d: %s", index, strerror(ENODEV));
}
