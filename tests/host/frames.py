# Ethernet frames byte by byte, sockets of other network namespaces, and switch ports to send on and to listen at
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Addresses are text. A frame is bytes, from the destination MAC on, without the checksum.

import collections
import contextlib
import ctypes
import os
import select
import socket
import struct
import time

ARP, IPV4, IPV6, LLDP, VLAN, SERVICE_VLAN = 0x0806, 0x0800, 0x86DD, 0x88CC, 0x8100, 0x88A8
ICMP, IGMP, TCP, UDP, ICMPV6, EXPERIMENT = 1, 2, 6, 17, 58, 253
FIN, SYN, RST, PSH, ACK, URG = 0x01, 0x02, 0x04, 0x08, 0x10, 0x20
BROADCAST = "ff:ff:ff:ff:ff:ff"
NOBODY = "00:00:00:00:00:00"

# A host on a wire.
Station = collections.namedtuple("Station", "mac ip ip6")

# --- Building ---------------------------------------------------------------------------------------------------------


def mac_bytes(text):
    return bytes.fromhex(text.replace(":", ""))


def ip_bytes(text):
    return socket.inet_pton(socket.AF_INET6 if ":" in text else socket.AF_INET, text)


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def eth(to, sender, ethertype, payload, *tags):
    """tags: (ethertype, VLAN), the outermost first"""
    frame = mac_bytes(to) + mac_bytes(sender)
    for tag in tags:
        frame += struct.pack("!HH", *tag)
    return (frame + struct.pack("!H", ethertype) + payload).ljust(60, b"\0")


def tagged(frame, vlan):
    return frame[:12] + struct.pack("!HH", VLAN, vlan) + frame[12:]


def arp(operation, sender_mac, sender, target_mac, target):
    ends = mac_bytes(sender_mac) + ip_bytes(sender) + mac_bytes(target_mac) + ip_bytes(target)
    return struct.pack("!HHBBH", 1, IPV4, 6, 4, operation) + ends


def ip(sender, to, protocol, payload, options=b"", fragment=0, hops=None):
    """IPv4 or IPv6, as the addresses are. fragment: the word of flags and offset; options: of IPv4"""
    addresses = ip_bytes(sender) + ip_bytes(to)
    if ":" in sender:
        return struct.pack("!IHBB", 6 << 28, len(payload), protocol, hops or 64) + addresses + payload
    size = 20 + len(options)
    head = struct.pack("!BBHHH", 0x40 + size // 4, 0, size + len(payload), 7, fragment)
    head += struct.pack("!BBH", hops or 64, protocol, 0) + addresses + options
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + payload


def with_checksum(sender, to, protocol, segment, at):
    pseudo = ip_bytes(sender) + ip_bytes(to) + struct.pack("!IHBB", len(segment), 0, 0, protocol)
    return segment[:at] + struct.pack("!H", checksum(pseudo + segment)) + segment[at + 2 :]


def icmp_message(kind, code, rest, payload):
    head = struct.pack("!BBHI", kind, code, 0, rest)
    return struct.pack("!BBHI", kind, code, checksum(head + payload), rest) + payload


def icmp(sender, to, kind, code, rest, payload, **more):
    """ICMP, or ICMPv6, as the addresses are"""
    if ":" not in sender:
        return ip(sender, to, ICMP, icmp_message(kind, code, rest, payload), **more)
    body = struct.pack("!BBHI", kind, code, 0, rest) + payload
    return ip(sender, to, ICMPV6, with_checksum(sender, to, ICMPV6, body, 2), **more)


def ping(sender, to, payload, **more):
    return icmp(sender, to, 128 if ":" in sender else 8, 0, 1, payload, **more)


def udp(sender, to, port, payload, sender_port=40000):
    segment = struct.pack("!HHHH", sender_port, port, 8 + len(payload), 0) + payload
    return ip(sender, to, UDP, with_checksum(sender, to, UDP, segment, 6))


def tcp(sender, to, port, flags, sender_port=40000, seq=1000, ack=0, **more):
    segment = struct.pack("!HHIIBBHHH", sender_port, port, seq, ack, 0x50, flags, 65535, 0, 0)
    return ip(sender, to, TCP, with_checksum(sender, to, TCP, segment, 16), **more)


def fragments(packet, size):
    """An IPv4 packet in two: the first carries so many bytes"""
    parts = ((0x2000, packet[20 : 20 + size]), (size // 8, packet[20 + size :]))
    sender, to = (socket.inet_ntoa(packet[at : at + 4]) for at in (12, 16))
    return [ip(sender, to, packet[9], part, fragment=word) for word, part in parts]


def segment_route(after, last):
    """An IPv6 routing header that has one way to go, to the last"""
    return struct.pack("!BBBBBBH", after, 2, 4, 1, 0, 0, 0) + ip_bytes(last)


def solicited_node(address):
    """The group that a neighbour solicitation goes to, and its MAC"""
    last = ip_bytes(address)[-3:]
    return socket.inet_ntop(socket.AF_INET6, ip_bytes("ff02::1:ff00:0")[:13] + last), "33:33:ff:" + last.hex(":")


def neighbour(kind, sender, to, target, mac=None, flags=0):
    """A solicitation (135) or an advertisement (136)"""
    option = struct.pack("!BB", 1 if kind == 135 else 2, 1) + mac_bytes(mac) if mac else b""
    return icmp(sender, to, kind, 0, flags << 24, ip_bytes(target) + option, hops=255)


# --- Reading ----------------------------------------------------------------------------------------------------------


def mac_text(data):
    return data.hex(":")


def ethertype(frame):
    return struct.unpack_from("!H", frame, 12)[0]


def receiver_of(frame):
    return mac_text(frame[:6])


def sender_of(frame):
    return mac_text(frame[6:12])


def version(packet):
    return IPV6 if packet[0] >> 4 == 6 else IPV4


def arp_read(frame):
    """operation, sender's MAC and address, target's address"""
    sender, target = socket.inet_ntoa(frame[28:32]), socket.inet_ntoa(frame[38:42])
    return struct.unpack_from("!H", frame, 20)[0], mac_text(frame[22:28]), sender, target


def is_arp_search(frame, address):
    if ethertype(frame) != ARP:
        return False
    operation, _, _, target = arp_read(frame)
    return operation == 1 and target == address


def is_neighbour_search(frame, address):
    is_search = ethertype(frame) == IPV6 and frame[20] == ICMPV6 and frame[54] == 135
    return is_search and frame[62:78] == ip_bytes(address)


def describe(frame):
    kind, text = ethertype(frame), ""
    if kind == ARP:
        text = "ARP %s from %s %s for %s" % arp_read(frame)
    elif kind == IPV4:
        text = f"IPv4 {socket.inet_ntoa(frame[26:30])} > {socket.inet_ntoa(frame[30:34])} protocol {frame[23]}"
        text += " " + frame[34:42].hex()
    elif kind == IPV6:
        ends = (socket.inet_ntop(socket.AF_INET6, frame[at : at + 16]) for at in (22, 38))
        text = f"IPv6 {' > '.join(ends)} next {frame[20]} {frame[54:58].hex()}"
    else:
        text = f"{kind:#06x} {frame[14:30].hex()}"
    return f"{mac_text(frame[6:12])} > {mac_text(frame[:6])} {text}"


# --- Sockets ----------------------------------------------------------------------------------------------------------

libc = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET, ETH_P_ALL = 0x40000000, 3
SOL_PACKET, PACKET_AUXDATA, PACKET_QDISC_BYPASS, PACKET_IGNORE_OUTGOING = 263, 8, 20, 23
STATUS_VLAN_VALID = 1 << 4


def enter(fd):
    if libc.setns(fd, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "cannot enter a network namespace")


@contextlib.contextmanager
def network_of(pid):
    """Sockets that are made inside are that process's network's, and stay so."""
    with open("/proc/self/ns/net") as home, open(f"/proc/{pid}/ns/net") as other:
        enter(other.fileno())
        try:
            yield
        finally:
            enter(home.fileno())


def packet_socket():
    return socket.socket(socket.AF_PACKET, socket.SOCK_RAW)


class Ports:
    """Ports of a switch: what is sent on one goes to the host at its other end; what is heard comes from there. They
    may come and go."""

    def __init__(self, names):
        self.names = names
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        self.socket.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
        self.socket.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
        self.socket.setsockopt(socket.SOL_SOCKET, 33, 32 << 20)  # SO_RCVBUFFORCE
        self.socket.setblocking(False)

    def send(self, port, frame):
        """False while there is no such port, or it is down."""
        try:
            return self.socket.sendto(frame, (port, ethertype(frame))) > 0
        except OSError:
            return False

    def hear(self, seconds):
        """port and frame of all that is there, or that comes within that time"""
        deadline = time.monotonic() + seconds
        while True:
            try:
                frame, extra, _, sender = self.socket.recvmsg(65536, 64)
            except BlockingIOError:
                if not select.select([self.socket], [], [], max(0, deadline - time.monotonic()))[0]:
                    return
                continue
            if sender[0] in self.names:
                yield sender[0], self.untaken(frame, extra)

    @staticmethod
    def untaken(frame, extra):
        """The kernel has taken the tag off, and tells it beside the frame."""
        for _, kind, data in extra:
            status, _, _, _, _, tag, tpid = struct.unpack_from("=IIIHHHH", data)
            if kind == PACKET_AUXDATA and status & STATUS_VLAN_VALID:
                return frame[:12] + struct.pack("!HH", tpid or VLAN, tag) + frame[12:]
        return frame
