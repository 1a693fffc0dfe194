// A flood of frames from a device on the wire that is not a peer: flood LINK RATE TO-MAC TO-IPV4 TO-IPV6 [KIND...]
// SPDX-License-Identifier: GPL-2.0-or-later
//
// RATE is in frames per second. The kinds are syn, arp, nd, broadcast and fragment, by turns; without a name all of
// them. The kind segment is full-size frames of TCP, and is sent only by its name. The sender's MAC address is the
// link's. Its IP addresses are from the network of the target, another one in each frame. The flood runs until it is
// terminated, and then prints the number of frames that it has sent, and the time in milliseconds.

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>

#define ELEMENTSOF(array) (sizeof(array) / sizeof((array)[0]))

enum {
        FRAME_SIZE = 98,
        SEGMENT_SIZE = 1514, // of a full-size frame
        BATCH = 64,
        TICK_NSEC = 1000000,
};

typedef struct Target {
        uint8_t own_mac[6], mac[6], ipv4[4], ipv6[16];
} Target;

static const uint8_t everybody[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

static uint16_t sum(const uint8_t *data, size_t size, uint32_t start) {
        for (size_t i = 0; i + 1 < size; i += 2)
                start += (uint32_t)data[i] << 8 | data[i + 1];
        while (start >> 16)
                start = (start & 0xffff) + (start >> 16);
        return htons((uint16_t)~start);
}

static uint8_t *ethernet(uint8_t *frame, const uint8_t *to, const Target *target, uint16_t type) {
        memcpy(frame, to, 6);
        memcpy(frame + 6, target->own_mac, 6);
        frame[12] = (uint8_t)(type >> 8);
        frame[13] = (uint8_t)type;
        return frame + 14;
}

// An address of the target's network that changes with the number: 2 to 249.
static uint8_t other(const Target *target, uint32_t number) {
        uint8_t last = (uint8_t)(2 + number % 248);
        return last == target->ipv4[3] ? 250 : last;
}

static uint8_t *ipv4(uint8_t *packet, const Target *target, uint32_t number, uint8_t protocol, uint16_t fragment,
                     size_t frame_size) {
        const uint8_t header[] = { 0x45,
                                   0,
                                   (uint8_t)((frame_size - 14) >> 8),
                                   (uint8_t)(frame_size - 14),
                                   (uint8_t)(number >> 8),
                                   (uint8_t)number,
                                   (uint8_t)(fragment >> 8),
                                   (uint8_t)fragment,
                                   64,
                                   protocol,
                                   0,
                                   0 };

        memcpy(packet, header, sizeof(header));
        memcpy(packet + 12, target->ipv4, 3);
        packet[15] = other(target, number);
        memcpy(packet + 16, target->ipv4, 4);
        uint16_t check = sum(packet, 20, 0);
        memcpy(packet + 10, &check, sizeof(check));
        return packet + 20;
}

static void tcp(uint8_t *frame, const Target *target, uint32_t number, size_t frame_size, uint8_t flags) {
        uint8_t *ip = ethernet(frame, target->mac, target, ETHERTYPE_IP),
                *tcp = ipv4(ip, target, number, IPPROTO_TCP, 0, frame_size);
        uint16_t to = (uint16_t)(49152 + number % 64);
        size_t size = frame_size - 34;

        memset(tcp, 0, size);
        tcp[0] = (uint8_t)(0x80 + number / 256 % 64);
        tcp[1] = (uint8_t)number;
        tcp[2] = (uint8_t)(to >> 8);
        tcp[3] = (uint8_t)to;
        memcpy(tcp + 4, &number, 4);
        tcp[12] = 0x50;
        tcp[13] = flags;
        tcp[14] = 0xff;
        uint32_t pseudo = IPPROTO_TCP + (uint32_t)size;
        for (size_t i = 12; i < 20; i += 2)
                pseudo += (uint32_t)ip[i] << 8 | ip[i + 1];
        uint16_t check = sum(tcp, size, pseudo);
        memcpy(tcp + 16, &check, sizeof(check));
}

static void syn(uint8_t *frame, const Target *target, uint32_t number) {
        tcp(frame, target, number, FRAME_SIZE, 0x02);
}

static void segment(uint8_t *frame, const Target *target, uint32_t number) {
        tcp(frame, target, number, SEGMENT_SIZE, 0x10);
}

static void arp(uint8_t *frame, const Target *target, uint32_t number) {
        static const uint8_t request[] = { 0, 1, 8, 0, 6, 4, 0, 1 };
        uint8_t *packet = ethernet(frame, everybody, target, ETHERTYPE_ARP);

        memset(packet, 0, FRAME_SIZE - 14);
        memcpy(packet, request, sizeof(request));
        memcpy(packet + 8, target->own_mac, 6);
        memcpy(packet + 14, target->ipv4, 3);
        packet[17] = other(target, number);
        memcpy(packet + 24, target->ipv4, 4);
}

static void nd(uint8_t *frame, const Target *target, uint32_t number) {
        const uint8_t group[6] = { 0x33, 0x33, 0xff, target->ipv6[13], target->ipv6[14], target->ipv6[15] };
        uint8_t *packet = ethernet(frame, group, target, ETHERTYPE_IPV6), *icmp = packet + 40;
        size_t size = FRAME_SIZE - 54;

        memset(packet, 0, FRAME_SIZE - 14);
        packet[0] = 0x60;
        packet[5] = (uint8_t)size;
        packet[6] = IPPROTO_ICMPV6;
        packet[7] = 255;
        memcpy(packet + 8, target->ipv6, 14);
        packet[22] = (uint8_t)(number >> 8 | 0x80);
        packet[23] = (uint8_t)number;
        memcpy(packet + 24, (const uint8_t[]){ 0xff, 2, [11] = 1, [12] = 0xff }, 13);
        memcpy(packet + 37, target->ipv6 + 13, 3);
        icmp[0] = 135;
        memcpy(icmp + 8, target->ipv6, 16);
        uint32_t pseudo = IPPROTO_ICMPV6 + (uint32_t)size;
        for (size_t i = 8; i < 40; i += 2)
                pseudo += (uint32_t)packet[i] << 8 | packet[i + 1];
        uint16_t check = sum(icmp, size, pseudo);
        memcpy(icmp + 2, &check, sizeof(check));
}

static void broadcast(uint8_t *frame, const Target *target, uint32_t number) {
        uint8_t *packet = ethernet(frame, everybody, target, ETHERTYPE_IP);
        uint8_t *udp = ipv4(packet, target, number, IPPROTO_UDP, 0, FRAME_SIZE);

        memset(udp, 0, FRAME_SIZE - 34);
        udp[1] = udp[3] = 9;
        udp[5] = FRAME_SIZE - 34;
}

// The first ones of packets whose others never come.
static void fragment(uint8_t *frame, const Target *target, uint32_t number) {
        memset(ipv4(ethernet(frame, target->mac, target, ETHERTYPE_IP), target, number, IPPROTO_UDP, 0x2000,
                    FRAME_SIZE),
               0, FRAME_SIZE - 34);
}

static const struct Kind {
        const char *name;
        void (*make)(uint8_t *frame, const Target *target, uint32_t number);
        size_t size;
        bool by_name;
} kinds[] = {
        { "syn", syn, FRAME_SIZE },
        { "arp", arp, FRAME_SIZE },
        { "nd", nd, FRAME_SIZE },
        { "broadcast", broadcast, FRAME_SIZE },
        { "fragment", fragment, FRAME_SIZE },
        { "segment", segment, SEGMENT_SIZE, true },
};

static const struct Kind *chosen[ELEMENTSOF(kinds)];
static size_t n_chosen;
static volatile sig_atomic_t ended;

static void end(int signal) {
        (void)signal;
        ended = 1;
}

static int kinds_choose(char **names) {
        for (; *names; names++) {
                size_t before = n_chosen;
                for (size_t i = 0; i < ELEMENTSOF(kinds) && n_chosen < ELEMENTSOF(chosen); i++)
                        if (strcmp(kinds[i].name, *names) == 0)
                                chosen[n_chosen++] = &kinds[i];
                if (n_chosen == before)
                        return -EINVAL;
        }
        if (n_chosen > 0)
                return 0;
        for (size_t i = 0; i < ELEMENTSOF(kinds); i++)
                if (!kinds[i].by_name)
                        chosen[n_chosen++] = &kinds[i];
        return 0;
}

static int wire_open(const char *link, uint8_t ret_mac[6]) {
        struct sockaddr_ll address = { .sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex(link) };
        struct ifreq request = {};
        int fd = socket(AF_PACKET, SOCK_RAW, 0), on = 1;

        (void)snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", link);
        if (fd < 0 || ioctl(fd, SIOCGIFHWADDR, &request) < 0 ||
            bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
            setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof(on)) < 0)
                return -errno;
        memcpy(ret_mac, request.ifr_hwaddr.sa_data, 6);
        return fd;
}

// Returns how many were sent.
static int batch_send(int fd, const Target *target, uint64_t number, unsigned n) {
        static uint8_t frames[BATCH][SEGMENT_SIZE];
        struct iovec parts[BATCH];
        struct mmsghdr messages[BATCH] = {};

        for (unsigned i = 0; i < n; i++) {
                const struct Kind *kind = chosen[(number + i) % n_chosen];

                kind->make(frames[i], target, (uint32_t)((number + i) / n_chosen));
                parts[i] = (struct iovec){ frames[i], kind->size };
                messages[i].msg_hdr = (struct msghdr){ .msg_iov = &parts[i], .msg_iovlen = 1 };
        }
        int r = sendmmsg(fd, messages, n, 0);
        return r < 0 && (errno == ENOBUFS || errno == EINTR) ? 0 : r;
}

static uint64_t now_nsec(void) {
        struct timespec now;

        (void)clock_gettime(CLOCK_MONOTONIC, &now);
        return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

int main(int argc, char **argv) {
        Target target = {};

        if (argc < 6 ||
            sscanf(argv[3], "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &target.mac[0], &target.mac[1], &target.mac[2],
                   &target.mac[3], &target.mac[4], &target.mac[5]) != 6 ||
            inet_pton(AF_INET, argv[4], target.ipv4) != 1 || inet_pton(AF_INET6, argv[5], target.ipv6) != 1 ||
            kinds_choose(argv + 6) < 0) {
                fputs("usage: flood LINK RATE TO-MAC TO-IPV4 TO-IPV6 [syn|arp|nd|broadcast|fragment|segment]...\n",
                      stderr);
                return 2;
        }
        uint64_t rate = strtoull(argv[2], NULL, 10), sent = 0, began = now_nsec();
        int fd = wire_open(argv[1], target.own_mac), r = 0;
        if (fd < 0) {
                fprintf(stderr, "%s: %s\n", argv[1], strerror(-fd));
                return 1;
        }
        (void)signal(SIGTERM, end);
        while (!ended && r >= 0) {
                uint64_t due = (now_nsec() - began) * rate / 1000000000;
                while (sent < due && !ended && r >= 0) {
                        r = batch_send(fd, &target, sent, due - sent < BATCH ? (unsigned)(due - sent) : BATCH);
                        sent += r > 0 ? (uint64_t)r : 0;
                }
                (void)nanosleep(&(struct timespec){ .tv_nsec = TICK_NSEC }, NULL);
        }
        printf("%llu %llu\n", (unsigned long long)sent, (unsigned long long)((now_nsec() - began) / 1000000));
        return r < 0;
}
