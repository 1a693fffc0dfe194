// Reports of dropped frames: datagrams taken apart, and frames that an attacker wrote, cut off anywhere.
// SPDX-License-Identifier: GPL-2.0-or-later

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/if_ether.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_log.h>

#include "base/inet.h"
#include "base/names.h"
#include "base/util.h"
#include "firewall/nflog.h"

#define HEADER "\x52\x54\0\0\0\x0b\x52\x54\0\0\0\x66"
#define ARP "\0\1\x8\0\6\4\0\1\x52\x54\0\0\0\x66\xc0\0\2\x42\0\0\0\0\0\0\xc0\0\2\1"
#define IPV4(first, fragment, protocol) first "\0\0\x28\0\0" fragment "\x40" protocol "\0\0\xc0\0\2\x42\xc0\0\2\1"
#define IPV6(next) "\x60\0\0\0\0\0" next "\x40\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x66\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1"
#define TCP "\x9c\x40\xc0\0"

// --- what a frame says ---

typedef struct Frame {
        uint16_t type;
        const char *bytes;
        size_t size;
        const char *protocol, *source, *destination;
        int destination_port; // -1: none
} Frame;

#define BYTES(text) (text), sizeof(text) - 1

static const Frame frames[] = {
        { ETH_P_ARP, BYTES(ARP), "ARP request", "192.0.2.66", "192.0.2.1", -1 },
        { ETH_P_ARP, BYTES("\0\1\x8\0\6\6" ARP), "ARP", "", "", -1 },
        { ETH_P_IP, BYTES(IPV4("\x45", "\0\0", "\6") TCP), "TCP", "192.0.2.66", "192.0.2.1", 49152 },
        { ETH_P_IP, BYTES(IPV4("\x46", "\0\0", "\6") "\1\1\1\1" TCP), "TCP", "192.0.2.66", "192.0.2.1", 49152 },
        { ETH_P_IP, BYTES(IPV4("\x45", "\0\1", "\6") TCP), "TCP", "192.0.2.66", "192.0.2.1", -1 },
        { ETH_P_IP, BYTES(IPV4("\x45", "\x20\0", "\x11") TCP), "UDP", "192.0.2.66", "192.0.2.1", 49152 },
        { ETH_P_IP, BYTES(IPV4("\x44", "\0\0", "\6") TCP), "TCP", "192.0.2.66", "192.0.2.1", -1 },
        { ETH_P_IP, BYTES(IPV4("\x4f", "\0\0", "\6") TCP), "TCP", "192.0.2.66", "192.0.2.1", -1 },
        { ETH_P_IP, BYTES(IPV4("\x45", "\0\0", "\1") "\xd"), "ICMP 13", "192.0.2.66", "192.0.2.1", -1 },
        { ETH_P_IP, BYTES(IPV4("\x45", "\0\0", "\xfd") TCP), "IP protocol 253", "192.0.2.66", "192.0.2.1", -1 },
        { ETH_P_IPV6, BYTES(IPV6("\6") TCP), "TCP", "fd00::66", "fd00::1", 49152 },
        { ETH_P_IPV6,
          BYTES(IPV6("\0") "\6\1"
                           "\0\0\0\0\0\0\0\0\0\0\0\0\0\0" TCP),
          "TCP", "fd00::66", "fd00::1", 49152 },
        { ETH_P_IPV6, BYTES(IPV6("\x2c") "\x3a\0\0\1\0\0\0\7\x80"), "ICMPv6 128", "fd00::66", "fd00::1", -1 },
        { ETH_P_IPV6, BYTES(IPV6("\x2c") "\6\0\0\x8\0\0\0\7" TCP), "TCP", "fd00::66", "fd00::1", -1 },
        { ETH_P_IPV6, BYTES(IPV6("\x3c") "\6\xff\0\0\0\0\0\0" TCP), "TCP", "fd00::66", "fd00::1", -1 },
        { 0x88cc, BYTES("x"), "EtherType 0x88cc", "", "", -1 },
        { 0, NULL, 0, "unknown", "", "", -1 },
};

static const char *text_of(const Address *address, char ret[static ADDRESS_TEXT_MAX]) {
        ret[0] = '\0';
        return address->family == AF_UNSPEC ? ret : address_format(address, ret);
}

static void test_what_a_frame_says(void **state _unused_) {
        for (size_t i = 0; i < ELEMENTSOF(frames); i++) {
                const Frame *frame = &frames[i];
                char protocol[PACKET_PROTOCOL_TEXT_MAX], address[ADDRESS_TEXT_MAX];
                Packet packet = { .type = frame->type };

                packet_parse_network((const uint8_t *)frame->bytes, frame->size, &packet);
                assert_string_equal(packet_format_protocol(&packet, protocol), frame->protocol);
                assert_string_equal(text_of(&packet.source, address), frame->source);
                assert_string_equal(text_of(&packet.destination, address), frame->destination);
                assert_int_equal(packet.has_ports ? packet.destination_port : -1, frame->destination_port);
        }
}

// In a piece of memory of just that size, so that a sanitizer sees a step too far. What is told is never wrong, only
// less.
static void test_a_frame_cut_off_anywhere(void **state _unused_) {
        for (size_t i = 0; i < ELEMENTSOF(frames); i++)
                for (size_t size = 0; size < frames[i].size; size++) {
                        const Frame *frame = &frames[i];
                        _cleanup_free_ char *bytes = malloc(size ?: 1);
                        char address[ADDRESS_TEXT_MAX];
                        Packet packet = { .type = frame->type };

                        memcpy(bytes, frame->bytes, size);
                        packet_parse_network((const uint8_t *)bytes, size, &packet);
                        if (text_of(&packet.source, address)[0])
                                assert_string_equal(address, frame->source);
                        if (packet.has_ports)
                                assert_int_equal(packet.destination_port, frame->destination_port);
                }
}

static void test_a_whole_frame_has_its_type_and_macs(void **state _unused_) {
        static const char frame[] = HEADER "\x08\0" IPV4("\x45", "\0\0", "\6") TCP;
        char mac[MAC_TEXT_MAX];

        for (size_t size = 0; size < sizeof(frame); size++) {
                Packet packet = {};
                packet_parse_frame((const uint8_t *)frame, size, &packet);
                assert_int_equal(packet.has_macs, size >= 12);
                assert_int_equal(packet.type, size >= 14 ? ETH_P_IP : 0);
                assert_int_equal(packet.has_ports, size >= 38);
                if (packet.has_macs)
                        assert_string_equal(mac_format(&packet.source_mac, mac), "52:54:00:00:00:66");
        }
}

// --- reports ---

typedef struct Message {
        uint8_t family, hook;
        uint16_t group;
        const char *prefix;
        const char *header; // of 14 bytes; NULL: none
        const char *payload;
        size_t payload_size;
} Message;

static const Message ingress = { NFPROTO_NETDEV, NF_NETDEV_INGRESS, OUR_LOG_GROUP,
                                 "mig0-in-peer", HEADER "\x08\0",   BYTES(IPV4("\x45", "\0\0", "\6") TCP) };

static size_t put_message(const Message *message, char *ret) {
        struct nlmsghdr *header = mnl_nlmsg_put_header(ret);
        struct nfulnl_msg_packet_hdr head = { .hw_protocol = htons(ETH_P_IP), .hook = message->hook };

        header->nlmsg_type = NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_PACKET;
        struct nfgenmsg *general = mnl_nlmsg_put_extra_header(header, sizeof(*general));
        general->nfgen_family = message->family;
        general->res_id = htons(message->group);
        mnl_attr_put(header, NFULA_PACKET_HDR, sizeof(head), &head);
        mnl_attr_put_strz(header, NFULA_PREFIX, message->prefix);
        mnl_attr_put_u32(header, NFULA_IFINDEX_INDEV, htonl(7));
        mnl_attr_put_u32(header, NFULA_IFINDEX_OUTDEV, htonl(9));
        mnl_attr_put_u32(header, NFULA_UID, htonl(1000));
        if (message->header)
                mnl_attr_put(header, NFULA_HWHEADER, 14, message->header);
        mnl_attr_put(header, NFULA_PAYLOAD, message->payload_size, message->payload);
        return header->nlmsg_len;
}

typedef struct Seen {
        unsigned n;
        LogReport last;
} Seen;

static void on_report(const LogReport *report, void *userdata) {
        Seen *seen = userdata;

        seen->n++;
        seen->last = *report;
}

static Seen parse(const Message *message) {
        char datagram[1024] __attribute__((aligned(8))) = {};
        Seen seen = {};

        assert_int_equal(nflog_parse(datagram, put_message(message, datagram), OUR_LOG_GROUP, on_report, &seen), 0);
        return seen;
}

static void test_a_report_of_what_comes_in(void **state _unused_) {
        const Seen seen = parse(&ingress);
        char mac[MAC_TEXT_MAX];

        assert_int_equal(seen.n, 1);
        assert_string_equal(seen.last.link, "mig0");
        assert_string_equal(seen.last.reason, "in-peer");
        assert_false(seen.last.is_outgoing);
        assert_int_equal(seen.last.ifindex, 7);
        assert_false(seen.last.has_user);
        assert_string_equal(mac_format(&seen.last.packet.source_mac, mac), "52:54:00:00:00:66");
        assert_int_equal(seen.last.packet.destination_port, 49152);
}

static void test_a_report_of_what_goes_out(void **state _unused_) {
        Message egress = ingress;

        egress.hook = NF_NETDEV_EGRESS;
        egress.prefix = "mig0-out-address";
        egress.header = NULL;
        egress.payload = HEADER "\x08\0" IPV4("\x45", "\0\0", "\6") TCP;
        egress.payload_size += 14;
        const Seen seen = parse(&egress);
        assert_int_equal(seen.n, 1);
        assert_string_equal(seen.last.reason, "out-address");
        assert_int_equal(seen.last.ifindex, 9);
        assert_true(seen.last.has_user);
        assert_int_equal(seen.last.user, 1000);
        assert_true(seen.last.packet.has_macs);
        assert_int_equal(seen.last.packet.destination_port, 49152);
}

static void test_what_is_no_report_of_ours(void **state _unused_) {
        static const char *const prefixes[] = {
                "", "IN=eth0 DROP", "mig0-in-", "mig0-in-peer ", "mig0-in-pe\ner", "mig0-in-\xff", "mig0-through-peer"
        };
        Message message = ingress;

        for (size_t i = 0; i < ELEMENTSOF(prefixes); i++) {
                message.prefix = prefixes[i];
                assert_int_equal(parse(&message).n, 0);
        }
        message = ingress;
        message.group = 0;
        assert_int_equal(parse(&message).n, 0);
}

static void test_a_datagram_cut_off_anywhere(void **state _unused_) {
        char whole[1024] __attribute__((aligned(8))) = {};
        size_t size = put_message(&ingress, whole);

        for (size_t i = 0; i < size; i++) {
                _cleanup_free_ char *cut = malloc(i ?: 1);
                Seen seen = {};

                memcpy(cut, whole, i);
                (void)nflog_parse(cut, i, OUR_LOG_GROUP, on_report, &seen);
                assert_int_equal(seen.n, 0);
                // The same with a length that tells so.
                if (i < NLMSG_HDRLEN)
                        continue;
                ((struct nlmsghdr *)cut)->nlmsg_len = (uint32_t)i;
                assert_int_equal(nflog_parse(cut, i, OUR_LOG_GROUP, on_report, &seen),
                                 i % NLMSG_ALIGNTO == 0 ? 0 : -EBADMSG);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_what_a_frame_says),
                cmocka_unit_test(test_a_frame_cut_off_anywhere),
                cmocka_unit_test(test_a_whole_frame_has_its_type_and_macs),
                cmocka_unit_test(test_a_report_of_what_comes_in),
                cmocka_unit_test(test_a_report_of_what_goes_out),
                cmocka_unit_test(test_what_is_no_report_of_ours),
                cmocka_unit_test(test_a_datagram_cut_off_anywhere),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
