// The real daemon's time to repair, compared with a listener that only receives the notifications.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// The daemon starts anew for each round, because it would otherwise pause its repairs after so many of them.

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <nftables/libnftables.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

#include "base/error.h"
#include "base/file.h"
#include "base/names.h"
#include "base/util.h"
#include "netlink/attribute.h"

enum {
        PATIENCE_MSEC = 3000,
        QUIET_MSEC = 30, // after a repair, until the daemon is surely idle again
};
#define NOTIFY_NAME "migplane-bench" // in the abstract namespace, which is the network namespace's

typedef struct Repair {
        int rtnetlink, nftables; // what the listener listens on
        Netlink *requests;
        int ifindex;
        pid_t daemon;
} Repair;

// --- the damage ---

static int damage_rulesets(Repair *repair _unused_, Error *ret_error _unused_) {
        struct nft_ctx *nft = nft_ctx_new(NFT_CTX_DEFAULT);
        int r = nft && nft_run_cmd_from_buffer(nft, "flush ruleset") == 0 ? 0 : -EIO;

        if (nft)
                nft_ctx_free(nft);
        return r;
}

static int qdisc_delete(Repair *repair, uint32_t parent, Error *ret_error) {
        struct tcmsg header = { .tcm_ifindex = repair->ifindex, .tcm_parent = parent };
        return netlink_request(repair->requests, netlink_message_new(RTM_DELQDISC, 0, &header, sizeof(header)),
                               ret_error);
}

static int damage_root(Repair *repair, Error *ret_error) {
        return qdisc_delete(repair, TC_H_ROOT, ret_error);
}

static int damage_clsact(Repair *repair, Error *ret_error) {
        return qdisc_delete(repair, TC_H_CLSACT, ret_error);
}

static int damage_address(Repair *repair, Error *ret_error) {
        struct ifaddrmsg header = {
                .ifa_family = AF_INET,
                .ifa_prefixlen = 24,
                .ifa_index = (unsigned)repair->ifindex,
        };
        struct in_addr address = { inet_addr("172.150.1.5") };
        struct nl_msg *message = netlink_message_new(RTM_DELADDR, 0, &header, sizeof(header));
        if (message)
                (void)nla_put(message, IFA_LOCAL, sizeof(address), &address);
        return netlink_request(repair->requests, message, ret_error);
}

static int damage_up(Repair *repair, Error *ret_error) {
        struct ifinfomsg header = { .ifi_index = repair->ifindex, .ifi_change = IFF_UP };
        return netlink_request(repair->requests, netlink_message_new(RTM_NEWLINK, 0, &header, sizeof(header)),
                               ret_error);
}

// --- what a message tells: the damage is seen, or it is put right by the last request that this takes ---

typedef enum Sight {
        SIGHT_NONE,
        SIGHT_DAMAGE,
        SIGHT_REPAIR,
        SIGHT_NEVER, // to wait for when it is silence that is wanted
} Sight;

static Sight see_ruleset(const Repair *repair, const struct nlmsghdr *message) {
        if (message->nlmsg_type >> 8 != NFNL_SUBSYS_NFTABLES || (message->nlmsg_type & 0xff) != NFT_MSG_NEWGEN)
                return SIGHT_NONE;
        const struct nlattr *attributes[NFTA_GEN_PROC_PID + 1];
        uint32_t pid;

        if (attribute_index_message(message, sizeof(struct nfgenmsg), attributes, NFTA_GEN_PROC_PID) >= 0 &&
            attribute_be32(attributes[NFTA_GEN_PROC_PID], &pid) > 0 && pid == (uint32_t)repair->daemon)
                return SIGHT_REPAIR;
        return SIGHT_DAMAGE;
}

static Sight see_qdisc(const Repair *repair, const struct nlmsghdr *message) {
        const struct tcmsg *tc = NLMSG_DATA(message);

        if ((message->nlmsg_type != RTM_NEWQDISC && message->nlmsg_type != RTM_DELQDISC) ||
            tc->tcm_ifindex != repair->ifindex)
                return SIGHT_NONE;
        if (message->nlmsg_type == RTM_DELQDISC)
                return SIGHT_DAMAGE;
        return tc->tcm_handle == OUR_LEAF_HANDLE ? SIGHT_REPAIR : SIGHT_NONE;
}

static Sight see_clsact(const Repair *repair, const struct nlmsghdr *message) {
        const struct tcmsg *tc = NLMSG_DATA(message);

        if (message->nlmsg_type == RTM_NEWTFILTER && tc->tcm_ifindex == repair->ifindex)
                return SIGHT_REPAIR;
        return message->nlmsg_type == RTM_DELQDISC && tc->tcm_ifindex == repair->ifindex ? SIGHT_DAMAGE : SIGHT_NONE;
}

static Sight see_address(const Repair *repair, const struct nlmsghdr *message) {
        const struct ifaddrmsg *address = NLMSG_DATA(message);

        if ((message->nlmsg_type != RTM_NEWADDR && message->nlmsg_type != RTM_DELADDR) ||
            (int)address->ifa_index != repair->ifindex)
                return SIGHT_NONE;
        return message->nlmsg_type == RTM_NEWADDR ? SIGHT_REPAIR : SIGHT_DAMAGE;
}

static Sight see_up(const Repair *repair, const struct nlmsghdr *message) {
        const struct ifinfomsg *link = NLMSG_DATA(message);

        if (message->nlmsg_type != RTM_NEWLINK || link->ifi_index != repair->ifindex)
                return SIGHT_NONE;
        return link->ifi_flags & IFF_UP ? SIGHT_REPAIR : SIGHT_DAMAGE;
}

static const struct {
        const char *name;
        int (*damage)(Repair *repair, Error *ret_error);
        Sight (*see)(const Repair *repair, const struct nlmsghdr *message);
} damages[] = {
        { "nft flush ruleset", damage_rulesets, see_ruleset },
        { "tc qdisc del root", damage_root, see_qdisc },
        { "tc qdisc del clsact", damage_clsact, see_clsact },
        { "ip address del", damage_address, see_address },
        { "ip link set down", damage_up, see_up },
};

// --- the listener ---

static int listen_to(int protocol, const unsigned *groups, size_t n_groups) {
        struct sockaddr_nl address = { .nl_family = AF_NETLINK };
        int size = 1 << 20, fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);

        if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
                return -errno;
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
        for (size_t i = 0; i < n_groups; i++)
                if (setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &groups[i], sizeof(groups[i])) < 0)
                        return -errno;
        return fd;
}

static Sight datagram_see(const Repair *repair, size_t damage, const char *buffer, ssize_t size) {
        for (const struct nlmsghdr *message = (const struct nlmsghdr *)buffer; NLMSG_OK(message, size);
             message = NLMSG_NEXT(message, size)) {
                Sight sight = damages[damage].see(repair, message);
                if (sight != SIGHT_NONE)
                        return sight;
        }
        return SIGHT_NONE;
}

// Waits until the listener sees something of the damage; SIGHT_NONE when it is quiet for so long.
static Sight listener_wait(const Repair *repair, size_t damage, Sight wanted, int msec) {
        static char buffer[65536] __attribute__((aligned(8)));
        struct pollfd fds[] = { { repair->rtnetlink, POLLIN, 0 }, { repair->nftables, POLLIN, 0 } };

        while (poll(fds, ELEMENTSOF(fds), msec) > 0)
                for (size_t i = 0; i < ELEMENTSOF(fds); i++) {
                        ssize_t n = recv(fds[i].fd, buffer, sizeof(buffer), 0);
                        if (n > 0 && datagram_see(repair, damage, buffer, n) == wanted)
                                return wanted;
                }
        return SIGHT_NONE;
}

// --- the daemon ---

static int ready_wait(int fd) {
        struct pollfd poll_fd = { fd, POLLIN, 0 };
        char text[512];

        while (poll(&poll_fd, 1, PATIENCE_MSEC) > 0) {
                ssize_t n = recv(fd, text, sizeof(text) - 1, 0);
                if (n < 0)
                        return -errno;
                text[n] = '\0';
                if (strstr(text, "READY=1"))
                        return 0;
        }
        return -ETIMEDOUT;
}

static int daemon_start(Repair *repair) {
        struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "\0" NOTIFY_NAME };
        socklen_t size = offsetof(struct sockaddr_un, sun_path) + sizeof("\0" NOTIFY_NAME) - 1;
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

        if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) < 0)
                return -errno;
        repair->daemon = fork();
        if (repair->daemon < 0)
                return -errno;
        if (repair->daemon == 0) {
                (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
                (void)setenv("NOTIFY_SOCKET", "@" NOTIFY_NAME, true);
                int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
                (void)dup2(null, STDERR_FILENO);
                (void)execlp("migplaned", "migplaned", NULL);
                _exit(127);
        }
        return ready_wait(fd);
}

// A /run of our own, without a bus: the daemon waits for one, and does the rest.
static int files_make(void) {
        static const char path[] = "/run/migplane/bench.plane";
        _cleanup_free_ char *text = NULL;
        Error error = {};

        if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
            mount("bench", "/run", "tmpfs", 0, NULL) < 0 || mkdir("/run/migplane", 0755) < 0)
                return -errno;
        // Whatever planes this machine has of its own.
        (void)mount("bench", "/etc/migplane", "tmpfs", 0, NULL);
        (void)mount("bench", "/usr/lib/migplane", "tmpfs", 0, NULL);
        int r = lab_plane_text(0, &text);
        return r < 0 ? r : file_write_atomic(path, text, 0644, &error);
}

static int repair_start(Repair *repair) {
        static const unsigned rtnetlink_groups[] = { RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_TC };
        static const unsigned nftables_groups[] = { NFNLGRP_NFTABLES };
        Error error = {};

        int r = files_make();
        if (r >= 0)
                r = netlink_new(NETLINK_ROUTE, &repair->requests, &error);
        if (r >= 0)
                r = daemon_start(repair);
        if (r >= 0)
                r = netlink_link_index(repair->requests, "mig0", &repair->ifindex, &error);
        if (r >= 0)
                r = repair->rtnetlink = listen_to(NETLINK_ROUTE, rtnetlink_groups, ELEMENTSOF(rtnetlink_groups));
        if (r >= 0)
                r = repair->nftables = listen_to(NETLINK_NETFILTER, nftables_groups, ELEMENTSOF(nftables_groups));
        return r;
}

// Some damage keeps its author waiting long after it is done, so that is not who looks at the clock.
typedef struct Author {
        Repair *repair;
        size_t damage;
        double start;
        int result;
        Error error;
} Author;

static void *author_run(void *userdata) {
        Author *author = userdata;

        author->start = now_usec();
        author->result = damages[author->damage].damage(author->repair, &author->error);
        return NULL;
}

// Two results: how long until the listener has seen the damage, and until it is repaired.
static int damage_run(Repair *repair, size_t damage, double results[static 2]) {
        Author author = { .repair = repair, .damage = damage };
        pthread_t thread;

        int r = -pthread_create(&thread, NULL, author_run, &author);
        if (r < 0)
                return r;
        Sight seen = listener_wait(repair, damage, SIGHT_DAMAGE, PATIENCE_MSEC);
        double seen_at = now_usec();
        Sight repaired = listener_wait(repair, damage, SIGHT_REPAIR, PATIENCE_MSEC);
        double repaired_at = now_usec();
        (void)pthread_join(thread, NULL);
        if (author.result < 0 || seen == SIGHT_NONE || repaired == SIGHT_NONE) {
                (void)fprintf(stderr, "%s: %s\n", damages[damage].name,
                              author.result < 0 ? author.error.text
                              : seen            ? "not repaired"
                                                : "not seen");
                return author.result < 0 ? author.result : -ETIMEDOUT;
        }
        results[0] = seen_at - author.start;
        results[1] = repaired_at - author.start;
        return 0;
}

// One of each damage.
static int run(double *results, void *userdata _unused_) {
        Repair repair = { .rtnetlink = -1, .nftables = -1 };

        int r = repair_start(&repair);
        for (size_t i = 0; i < ELEMENTSOF(damages) && r >= 0; i++) {
                (void)listener_wait(&repair, i, SIGHT_NEVER, QUIET_MSEC);
                r = damage_run(&repair, i, results + 2 * i);
        }
        if (repair.daemon > 0) {
                (void)kill(repair.daemon, SIGTERM);
                (void)waitpid(repair.daemon, NULL, 0);
        }
        netlink_free(repair.requests);
        return r;
}

int bench_repair(unsigned rounds) {
        static double results[LAB_RESULTS_MAX];
        Sample seen[ELEMENTSOF(damages)], repaired[ELEMENTSOF(damages)];
        int r = 0;

        for (size_t i = 0; i < ELEMENTSOF(damages); i++) {
                sample_init(&seen[i], "us", "%s: seen", damages[i].name);
                sample_init(&repaired[i], "us", "%s: repaired", damages[i].name);
        }
        for (unsigned round = 0; round < rounds && r >= 0; round++) {
                r = lab_run(run, NULL, results);
                for (size_t i = 0; i < ELEMENTSOF(damages) && r >= 0; i++) {
                        r = sample_add(&seen[i], results[2 * i]);
                        if (r >= 0)
                                r = sample_add(&repaired[i], results[2 * i + 1]);
                }
        }
        if (r < 0)
                return r;
        sample_print_header();
        for (size_t i = 0; i < ELEMENTSOF(damages); i++) {
                sample_print(&seen[i]);
                sample_print(&repaired[i]);
        }
        return 0;
}
