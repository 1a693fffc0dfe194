// Our tables in the kernel, with a kernel and a libnftables that are told what to answer.
// SPDX-License-Identifier: GPL-2.0-or-later

#include <netlink/msg.h>
#include <nftables/libnftables.h>

#include "base/error.h"
#include "firewall/firewall.h"
#include "nft-messages.h"

// --- the kernel ---

typedef struct Kernel {
        bool is_dormant;
        const char *chain; // the only one, in the family inet; NULL: no table
        unsigned n_rules;
        unsigned n_counter_users; // of the counter mig0-in-mac
        uint32_t generation;
        uint16_t refused; // the message whose answer is an error; 0: none
        unsigned n_foreign_reads;
} Kernel;

static Kernel kernel;

static void put_table(Datagram *datagram) {
        mnl_attr_put_u32(nft_begin(datagram, NFT_MSG_NEWTABLE), NFTA_TABLE_FLAGS,
                         htonl(kernel.is_dormant ? NFT_TABLE_F_DORMANT : 0));
        message_end(datagram);
}

static void put_foreign_chain(Datagram *datagram) {
        struct nlmsghdr *header = message_begin(datagram, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWCHAIN, 0);

        (void)mnl_nlmsg_put_extra_header(header, sizeof(struct nfgenmsg));
        mnl_attr_put_strz(header, NFTA_CHAIN_TABLE, "theirs");
        mnl_attr_put_strz(header, NFTA_CHAIN_NAME, "input");
        struct nlattr *nest = mnl_attr_nest_start(header, NFTA_CHAIN_HOOK);
        mnl_attr_put_u32(header, NFTA_HOOK_HOOKNUM, htonl(NF_INET_LOCAL_IN));
        mnl_attr_nest_end(header, nest);
        message_end(datagram);
}

static void put_counter(Datagram *datagram, const char *name, uint64_t packets, unsigned n_users) {
        struct nlmsghdr *header = nft_begin(datagram, NFT_MSG_NEWOBJ);

        mnl_attr_put_strz(header, NFTA_OBJ_NAME, name);
        mnl_attr_put_u32(header, NFTA_OBJ_TYPE, htonl(NFT_OBJECT_COUNTER));
        mnl_attr_put_u32(header, NFTA_OBJ_USE, htonl(n_users));
        struct nlattr *nest = mnl_attr_nest_start(header, NFTA_OBJ_DATA);
        mnl_attr_put_u64(header, NFTA_COUNTER_PACKETS, htobe64(packets));
        mnl_attr_put_u64(header, NFTA_COUNTER_BYTES, htobe64(100 * packets));
        mnl_attr_nest_end(header, nest);
        message_end(datagram);
}

static void put_generation(Datagram *datagram) {
        struct nlmsghdr *header = message_begin(datagram, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWGEN, 0);

        (void)mnl_nlmsg_put_extra_header(header, sizeof(struct nfgenmsg));
        mnl_attr_put_u32(header, NFTA_GEN_ID, htonl(kernel.generation));
        message_end(datagram);
}

static void put_answer(Datagram *datagram, uint16_t message, uint8_t family) {
        bool is_inet = family == NFPROTO_INET && kernel.chain;

        switch (message) {
        case NFT_MSG_GETTABLE:
                if (is_inet)
                        put_table(datagram);
                else
                        put_code(datagram, NLMSG_ERROR, -ENOENT);
                return;
        case NFT_MSG_GETCHAIN:
                if (is_inet)
                        put_chain(datagram, kernel.chain, NULL);
                if (family == NFPROTO_UNSPEC) {
                        put_foreign_chain(datagram);
                        kernel.n_foreign_reads++;
                }
                break;
        case NFT_MSG_GETRULE:
                for (unsigned i = 0; i < kernel.n_rules && is_inet; i++)
                        put_rule(datagram, kernel.chain, 1 + i, "migplane 00000000000000a1");
                break;
        case NFT_MSG_GETOBJ:
                if (is_inet || family == NFPROTO_NETDEV)
                        put_counter(datagram, "mig0-in-mac", is_inet ? 14 : 3, kernel.n_counter_users);
                if (is_inet)
                        put_counter(datagram, "theirs", 1, 1);
                break;
        case NFT_MSG_GETGEN:
                put_generation(datagram);
                break;
        default:
                break;
        }
        put_code(datagram, NLMSG_DONE, 0);
}

int __wrap_netlink_query(Netlink *netlink, struct nl_msg *message, NetlinkHandler handler,
                         void (*restart)(void *userdata), void *userdata, Error *ret_error);

// The linker calls it instead of netlink_query (--wrap); likewise the functions below.
int __wrap_netlink_query(Netlink *netlink _unused_, struct nl_msg *message, NetlinkHandler handler,
                         void (*restart)(void *userdata) _unused_, void *userdata, Error *ret_error) {
        const struct nfgenmsg *general = nlmsg_data(nlmsg_hdr(message));
        uint16_t type = nlmsg_hdr(message)->nlmsg_type & 0xff;
        NetlinkAnswer answer = { .sequence = 7, .handler = handler, .userdata = userdata };
        Datagram datagram = {};

        put_answer(&datagram, type, general->nfgen_family);
        nlmsg_free(message);
        if (type == kernel.refused)
                return error_set(ret_error, -EPERM, "Operation not permitted");
        int r = netlink_parse(datagram.bytes, datagram.size, &answer, ret_error);
        return r < 0 ? r : answer.result;
}

// --- libnftables ---

typedef struct Library {
        const char *error; // of every run; NULL: it succeeds
        bool is_dry;
        unsigned n_runs, n_freed;
        char last_text[4096];
} Library;

static Library library;

int __wrap_nft_run_cmd_from_filename(struct nft_ctx *context, const char *path);
const char *__wrap_nft_ctx_get_error_buffer(struct nft_ctx *context);
void __wrap_nft_ctx_set_dry_run(struct nft_ctx *context, bool dry);
void __wrap_nft_ctx_free(struct nft_ctx *context);
void __real_nft_ctx_free(struct nft_ctx *context);

int __wrap_nft_run_cmd_from_filename(struct nft_ctx *context _unused_, const char *path) {
        FILE *file = fopen(path, "re");

        library.n_runs++;
        assert_non_null(file);
        memset(library.last_text, 0, sizeof(library.last_text));
        assert_true(fread(library.last_text, 1, sizeof(library.last_text) - 1, file) > 0);
        fclose(file);
        return library.error ? -1 : 0;
}

const char *__wrap_nft_ctx_get_error_buffer(struct nft_ctx *context _unused_) {
        return library.error;
}

void __wrap_nft_ctx_set_dry_run(struct nft_ctx *context _unused_, bool dry) {
        library.is_dry = dry;
}

void __wrap_nft_ctx_free(struct nft_ctx *context) {
        library.n_freed++;
        __real_nft_ctx_free(context);
}

// --- tests ---

static int set_up(void **state) {
        Error error = {};
        Firewall *firewall;

        kernel = (Kernel){ .chain = "mig0-in", .n_rules = 2, .n_counter_users = 1, .generation = 1 };
        library = (Library){};
        if (firewall_new(&firewall, &error) < 0)
                fail_msg("%s", error.text);
        *state = firewall;
        return 0;
}

static int tear_down(void **state) {
        firewall_free(*state);
        return 0;
}

static const Object chain = {
        .kind = OBJECT_RULESET,
        .as_ruleset = { .family = RULESET_INET, .chain = "mig0-in", .text = (char *)"drop\n" },
};
static const Object *const chains[] = { &chain };

static int apply_chain(Firewall *firewall, Error *ret_error) {
        return firewall_apply(firewall, chains, ELEMENTSOF(chains), NULL, 0, ret_error);
}

#define AT "/proc/self/fd/5:3:1-30: Error: "
#define REFUSED "Could not process rule: "
#define COMMAND "add rule inet migplane mig0-in drop"

static void test_a_refused_transaction_is_told_with_its_command(void **state) {
        static const struct {
                const char *error;
                int code;
                const char *text;
        } cases[] = {
                { AT REFUSED "No such file or directory\n" COMMAND "\n^^^^\n", -ENOENT,
                  "nftables: " REFUSED "No such file or directory: \"" COMMAND "\"" },
                { AT REFUSED "Operation not permitted\n" COMMAND "\n", -EPERM,
                  "nftables: " REFUSED "Operation not permitted: \"" COMMAND "\"" },
                // Of several errors, the first.
                { AT REFUSED "Device or resource busy\n" COMMAND "\n" AT REFUSED "Operation not permitted\nadd table\n",
                  -EBUSY, "nftables: " REFUSED "Device or resource busy: \"" COMMAND "\"" },
                { AT REFUSED
                  "Operation not supported\nadd chain netdev migplane out { type filter hook egress device }\n",
                  -EOPNOTSUPP,
                  "nftables: " REFUSED
                  "Operation not supported: \"add chain netdev migplane out { type filter hook egress "
                  "device }\"; egress chains need Linux 5.16" },
                { AT REFUSED "Operation not supported\n" COMMAND "\n", -EOPNOTSUPP,
                  "nftables: " REFUSED "Operation not supported: \"" COMMAND "\"" },
                { AT "syntax error, unexpected end\nadd rule\n", -EIO,
                  "nftables: syntax error, unexpected end: \"add rule\"" },
                { "netlink: Error: cache initialization failed: No buffer space available", -ENOBUFS,
                  "nftables: cache initialization failed: No buffer space available: \"\"" },
                { "", -EIO, "nftables: : \"\"" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Error error = {};

                library.error = cases[i].error;
                assert_int_equal(apply_chain(*state, &error), cases[i].code);
                assert_string_equal(error.text, cases[i].text);
        }
        // Nothing follows a transaction that failed.
        assert_int_equal(library.n_runs, ELEMENTSOF(cases));
}

static void test_nothing_is_changed_when_the_tables_cannot_be_read(void **state) {
        static const uint16_t messages[] = { NFT_MSG_GETTABLE, NFT_MSG_GETCHAIN };

        for (size_t i = 0; i < ELEMENTSOF(messages); i++) {
                Error error = {};

                kernel.refused = messages[i];
                assert_int_equal(apply_chain(*state, &error), -EPERM);
                assert_string_equal(error.text, "cannot read nftables: Operation not permitted");
        }
        assert_int_equal(library.n_runs, 0);
}

static void test_counters_that_no_rule_refers_to_are_deleted(void **state) {
        assert_int_equal(apply_chain(*state, NULL), 0);
        assert_int_equal(library.n_runs, 1);
        assert_non_null(strstr(library.last_text, "add rule inet migplane mig0-in drop\n"));

        kernel.n_counter_users = 0;
        assert_int_equal(apply_chain(*state, NULL), 0);
        assert_int_equal(library.n_runs, 3);
        assert_string_equal(library.last_text,
                            "delete counter netdev migplane mig0-in-mac\n"
                            "delete counter inet migplane mig0-in-mac\n");
}

static void test_counters_that_cannot_be_read_are_no_failure_of_a_change(void **state) {
        kernel.refused = NFT_MSG_GETOBJ;
        assert_int_equal(apply_chain(*state, NULL), 0);
        assert_int_equal(library.n_runs, 1);
}

static void test_a_check_is_undone(void **state) {
        Error error = {};

        kernel.n_counter_users = 0;
        assert_int_equal(firewall_check(*state, chains, ELEMENTSOF(chains), NULL), 0);
        assert_true(library.is_dry);
        assert_int_equal(library.n_runs, 1);
        library.error = AT REFUSED "No such file or directory\n" COMMAND "\n";
        assert_int_equal(firewall_check(*state, chains, ELEMENTSOF(chains), &error), -ENOENT);
        assert_string_equal(error.text, "nftables: " REFUSED "No such file or directory: \"" COMMAND "\"");
        library.error = NULL;
        assert_int_equal(apply_chain(*state, NULL), 0);
        assert_false(library.is_dry);
}

static void test_nothing_to_do_runs_nothing(void **state) {
        assert_int_equal(firewall_apply(*state, NULL, 0, NULL, 0, NULL), 0);
        assert_int_equal(library.n_runs, 0);
}

// To free it right after a change would take as long as the kernel needs to finish the change.
static void test_the_library_is_kept_until_a_change_has_been_verified(void **state) {
        for (unsigned i = 0; i < 3; i++) {
                _cleanup_state_ State observed = {};

                if (i == 0)
                        assert_int_equal(apply_chain(*state, NULL), 0);
                assert_int_equal(firewall_observe(*state, &observed, NULL), 0);
                assert_int_equal(library.n_freed, i == 0 ? 0 : 1);
        }
}

static void test_a_chain_is_observed_as_its_rules_tell(void **state) {
        for (unsigned i = 0; i < 2; i++) {
                _cleanup_state_ State observed = {};

                kernel.is_dormant = i == 1;
                assert_int_equal(firewall_observe(*state, &observed, NULL), 0);
                assert_int_equal(observed.n_objects, 1);
                assert_string_equal(observed.objects[0].link, "mig0");
                assert_int_equal(observed.objects[0].as_ruleset.n_rules, 2);
                // A dormant table does not guard.
                assert_int_equal(observed.objects[0].as_ruleset.hash, kernel.is_dormant ? 0 : 0xa1);
        }
}

static void test_an_observation_that_fails_says_why(void **state) {
        static const uint16_t messages[] = { NFT_MSG_GETTABLE, NFT_MSG_GETCHAIN, NFT_MSG_GETRULE };

        for (size_t i = 0; i < ELEMENTSOF(messages); i++) {
                _cleanup_state_ State observed = {};
                Error error = {};

                kernel.refused = messages[i];
                assert_int_equal(firewall_observe(*state, &observed, &error), -EPERM);
                assert_string_equal(error.text, "cannot read nftables: Operation not permitted");
        }
}

static void observe_foreign(Firewall *firewall, unsigned n_reads, size_t n_chains) {
        _cleanup_state_ State observed = {};

        assert_int_equal(firewall_observe(firewall, &observed, NULL), 0);
        assert_int_equal(kernel.n_foreign_reads, n_reads);
        assert_int_equal(firewall_foreign_rules(firewall)->n_chains, n_chains);
}

static void test_foreign_rules_are_read_again_after_a_change_only(void **state) {
        observe_foreign(*state, 1, 1);
        observe_foreign(*state, 1, 1);
        kernel.generation++;
        observe_foreign(*state, 2, 1);
        observe_foreign(*state, 2, 1);
        // What cannot be read stays as it was, and is read next time.
        kernel.generation++;
        kernel.refused = NFT_MSG_GETFLOWTABLE;
        observe_foreign(*state, 3, 1);
        kernel.refused = 0;
        observe_foreign(*state, 4, 1);
        observe_foreign(*state, 4, 1);
        // Without a generation nothing tells that there was no change.
        kernel.refused = NFT_MSG_GETGEN;
        observe_foreign(*state, 5, 1);
        observe_foreign(*state, 6, 1);
}

static void test_counters_of_all_families_are_added_up(void **state) {
        _cleanup_free_ FirewallCounter *counters = NULL;
        size_t n;

        assert_int_equal(firewall_read_counters(*state, FIREWALL_ALL, &counters, &n, NULL), 0);
        assert_int_equal(n, 1);
        assert_string_equal(counters[0].name, "mig0-in-mac");
        assert_string_equal(counters[0].link, "mig0");
        assert_string_equal(counters[0].reason, "mac");
        assert_false(counters[0].is_outgoing);
        assert_int_equal(counters[0].packets, 17);
        assert_int_equal(counters[0].bytes, 1700);

        Error error = {};
        kernel.refused = NFT_MSG_GETOBJ;
        assert_int_equal(firewall_read_counters(*state, FIREWALL_ALL, &counters, &n, &error), -EPERM);
        assert_string_equal(error.text, "cannot read nftables: Operation not permitted");
}

#define firewall_test(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void) {
        const struct CMUnitTest tests[] = {
                firewall_test(test_a_refused_transaction_is_told_with_its_command),
                firewall_test(test_nothing_is_changed_when_the_tables_cannot_be_read),
                firewall_test(test_counters_that_no_rule_refers_to_are_deleted),
                firewall_test(test_counters_that_cannot_be_read_are_no_failure_of_a_change),
                firewall_test(test_a_check_is_undone),
                firewall_test(test_nothing_to_do_runs_nothing),
                firewall_test(test_the_library_is_kept_until_a_change_has_been_verified),
                firewall_test(test_a_chain_is_observed_as_its_rules_tell),
                firewall_test(test_an_observation_that_fails_says_why),
                firewall_test(test_foreign_rules_are_read_again_after_a_change_only),
                firewall_test(test_counters_of_all_families_are_added_up),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
