# The attacks by programs of the host, as root: what must not get onto the plane's wire, nor from the plane onto management's
# SPDX-License-Identifier: GPL-2.0-or-later

import socket
import struct

from attack import *  # pylint: disable=wildcard-import,unused-wildcard-import

# --- By packet sockets ---------------------------------------------------------------------------------------------------


def dhcp_discover(mac):
    body = struct.pack("!BBBBI20x", 1, 1, 6, 0, 7) + mac_bytes(mac).ljust(16, b"\0") + bytes(192) + b"\x63\x82\x53\x63\x35\1\1\xff"
    return udp("0.0.0.0", "255.255.255.255", 67, body, sender_port=68)


def announcements(lab):
    """What network programs say by themselves: text, receiver's MAC, ethertype, what is in it, and why it is dropped"""
    host, other = lab.host, lab.management.ip
    group = lambda address: "01:00:5e:" + (bytes([ip_bytes(address)[1] & 0x7F]) + ip_bytes(address)[2:]).hex(":")
    group6 = lambda address: "33:33:" + ip_bytes(address)[12:].hex(":")
    report = struct.pack("!BBHI", 0x16, 0, 0, 0) + ip_bytes("239.1.2.3")
    hello = struct.pack("!BBHI", 143, 0, 0, 1)
    yield "gratuitous ARP", BROADCAST, ARP, arp(1, host.mac, host.ip, NOBODY, host.ip), "out-arp"
    yield "gratuitous ARP reply", BROADCAST, ARP, arp(2, host.mac, host.ip, host.mac, host.ip), "out-arp"
    yield "ARP in the management address's name", BROADCAST, ARP, arp(1, host.mac, other, NOBODY, PEER.ip), "out-arp"
    yield "IGMP", group("224.0.0.22"), IPV4, ip(host.ip, "224.0.0.22", IGMP, report, b"\x94\4\0\0", hops=1), "out-mac"
    yield "mDNS", group("224.0.0.251"), IPV4, udp(host.ip, "224.0.0.251", 5353, MARK), "out-mac"
    yield "LLMNR", group("224.0.0.252"), IPV4, udp(host.ip, "224.0.0.252", 5355, MARK), "out-mac"
    yield "SSDP", group("239.255.255.250"), IPV4, udp(host.ip, "239.255.255.250", 1900, MARK), "out-mac"
    yield "DHCP", BROADCAST, IPV4, dhcp_discover(host.mac), "out-mac"
    yield "NetBIOS", BROADCAST, IPV4, udp(host.ip, NETWORK, 137, MARK), "out-mac"
    yield "MLD", group6("ff02::16"), IPV6, icmp("fe80::1", "ff02::16", 143, 0, 1, hello, hops=1), None
    yield "router solicitation", group6("ff02::2"), IPV6, icmp("fe80::1", "ff02::2", 133, 0, 0, b"", hops=255), None
    unasked = neighbour(136, host.ip6, "ff02::1", host.ip6, host.mac, 0x20)
    yield "unsolicited neighbour advertisement", ALL_NODES, IPV6, unasked, None
    # Of the plane's own address it may leave.
    group, group_mac = solicited_node(STRANGER.ip6)
    yield "duplicate address detection of another address", group_mac, IPV6, neighbour(135, "::", group, STRANGER.ip6), None
    yield "IPv6 mDNS", group6("ff02::fb"), IPV6, udp(host.ip6, "ff02::fb", 5353, MARK), None
    yield "IPv6 LLMNR", group6("ff02::1:3"), IPV6, udp(host.ip6, "ff02::1:3", 5355, MARK), None
    yield "DHCPv6", group6("ff02::1:2"), IPV6, udp("fe80::1", "ff02::1:2", 547, MARK, sender_port=546), None
    yield "LLDP", "01:80:c2:00:00:0e", LLDP, MARK, "out-ethertype"
    yield "CDP", "01:00:0c:cc:cc:cc", 38, b"\xaa\xaa\3\0\0\x0c\x20\0" + MARK, "out-ethertype"
    yield "spanning tree", "01:80:c2:00:00:00", 38, b"BB\3" + MARK, "out-ethertype"
    yield "LACP", "01:80:c2:00:00:02", 0x8809, MARK, "out-ethertype"
    yield "PTP", "01:1b:19:00:00:00", 0x88F7, MARK, "out-ethertype"
    yield "EAPOL", "01:80:c2:00:00:03", 0x888E, MARK, "out-ethertype"
    yield "MACsec", PEER.mac, 0x88E5, MARK, "out-ethertype"
    yield "PPPoE", BROADCAST, 0x8863, MARK, "out-ethertype"
    yield "RARP, as QEMU says it after a migration", BROADCAST, 0x8035, arp(3, host.mac, "0.0.0.0", host.mac, "0.0.0.0"), "out-ethertype"


def frames_of_the_host(lab):
    host, other, to = lab.host, lab.management.ip, PEER.mac

    def raw(text, receiver, sender, kind, packet, reason=None, tags=(), **more):
        frame = eth(receiver, sender, kind, packet, *tags)
        return Attack(4, f"the host: {text}", lambda: lab.from_host(frame, **more), reason)

    for text, receiver, kind, packet, reason in announcements(lab):
        protocol = 4 if kind == 38 else kind  # a length
        yield raw(f"{text}, by a packet socket", receiver, host.mac, kind, packet, reason, protocol=protocol)
        # The kernel does not know then where the frame begins.
        yield raw(f"{text}, past the qdiscs", receiver, host.mac, kind, packet, protocol=protocol, bypass=True)
    ours, strange = ping(host.ip, PEER.ip, MARK), ping(host.ip, STRANGER.ip, MARK)
    optional = ip(host.ip, PEER.ip, ICMP, icmp_message(8, 0, 1, MARK), RECORD_ROUTE)
    fragment = ip(host.ip, PEER.ip, ICMP, MARK, fragment=0x2000)
    segment = tcp(host.ip, PEER.ip, CLOSED, SYN)
    others = (
        ("a frame with another MAC", to, STRANGER.mac, IPV4, ours, "out-mac"),
        ("ping of a stranger", STRANGER.mac, host.mac, IPV4, strange, "out-peer"),
        ("ping in the management address's name", to, host.mac, IPV4, ping(other, PEER.ip, MARK), "out-address"),
        ("IP to a group's MAC", ALL_HOSTS, host.mac, IPV4, ours, "out-mac"),
        ("a segment of other ports", to, host.mac, IPV4, segment, "out-port"),
        ("a datagram", to, host.mac, IPV4, udp(host.ip, PEER.ip, PORT, MARK), "out-other"),
        ("GRE", to, host.mac, IPV4, ip(host.ip, PEER.ip, 47, MARK), "out-other"),
        ("ICMP timestamp request", to, host.mac, IPV4, icmp(host.ip, PEER.ip, 13, 0, 1, MARK), "out-icmp"),
        ("IP with options", to, host.mac, IPV4, optional, "out-options"),
        ("a fragment", to, host.mac, IPV4, fragment, "out-fragment"),
        ("IPv6 ping of a stranger", STRANGER.mac, host.mac, IPV6, ping(host.ip6, STRANGER.ip6, MARK), None),
        ("IPv6 in the management address's name", to, host.mac, IPV6, ping(lab.management.ip6, PEER.ip6, MARK), None),
        ("a segment of other IPv6 ports", to, host.mac, IPV6, tcp(host.ip6, PEER.ip6, CLOSED, SYN), None),
        ("ARP with another MAC inside", BROADCAST, host.mac, ARP, arp(1, STRANGER.mac, host.ip, NOBODY, PEER.ip), "out-arp"),
        ("ARP for a stranger", BROADCAST, host.mac, ARP, arp(1, host.mac, host.ip, NOBODY, STRANGER.ip), "out-arp"),
    )
    for text, receiver, sender, kind, packet, reason in others:
        yield raw(text, receiver, sender, kind, packet, reason)
        yield raw(f"{text}, past the qdiscs", receiver, sender, kind, packet, bypass=True)
    yield raw("IPv6 as if it were IPv4", to, host.mac, IPV6, ping(host.ip6, PEER.ip6, MARK), protocol=IPV4)
    yield raw("another type as if it were IPv4, past the qdiscs", to, host.mac, LLDP, ours, protocol=IPV4, bypass=True)
    yield raw("a tagged frame", to, host.mac, IPV4, ours, "out-ethertype", tags=((VLAN, 0),))
    yield raw("a tagged frame, past the qdiscs", to, host.mac, IPV4, ours, tags=((VLAN, 0),), bypass=True)
    yield raw("a frame with a service tag", to, host.mac, IPV4, ours, "out-ethertype", tags=((SERVICE_VLAN, 100),))
    if lab.options.guest_mac:
        guests = ping(PEER.ip, "192.0.2.99", MARK)
        yield raw("a guest on its device", to, lab.options.guest_mac, IPV4, guests, "out-mac", link="guest0")
        yield raw("a guest on its device that is silent about it", to, host.mac, IPV4, guests, "out-address", link="guest0")


# --- By other sockets ----------------------------------------------------------------------------------------------------


def sockets_of_the_host(lab):
    host, other = lab.host, lab.management

    def call(text, action, reason=None, **more):
        return Attack(4, f"the host: {text}", action, reason, **more)

    def datagram(to, source=None, port=514, link=lab.options.link):
        def send():
            family = socket.AF_INET6 if ":" in to else socket.AF_INET
            with lab.host_socket(family, socket.SOCK_DGRAM, link, source) as made:
                made.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, True)
                made.sendto(MARK, (to, port))

        return send

    def connection(to, port, source=host.ip):
        def send():
            with lab.host_socket(socket.AF_INET6 if ":" in to else socket.AF_INET, socket.SOCK_STREAM, None, source) as made:
                made.connect_ex((to, port))

        return send

    def membership():
        with lab.host_socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
            group = socket.inet_aton("239.1.2.3") + socket.inet_aton(host.ip)
            made.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, group)
            lab.settle(0.3)

    for way, of in FAMILIES:
        me, peer, stranger = of(host), of(PEER), of(STRANGER)
        yield call(f"{way} datagram to a peer", datagram(peer), "out-other" if way == "IPv4" else None)
        yield call(f"{way} datagram to a stranger", datagram(stranger), "out-peer" if way == "IPv4" else None)
        yield call(f"{way} datagram from the management address", datagram(peer, of(other)), "out-address" if way == "IPv4" else None)
        yield call(f"{way} connection to a peer's other port", connection(peer, CLOSED, me), "out-port" if way == "IPv4" else None)
        yield call(f"{way} connection to a stranger's migration port", connection(stranger, PORT, me), "out-peer" if way == "IPv4" else None)
    yield call("datagram to everybody", datagram("255.255.255.255"), "out-peer")
    yield call("datagram to everybody on the plane", datagram(NETWORK), "out-peer")
    for text, to, port in (("mDNS", "224.0.0.251", 5353), ("LLMNR", "224.0.0.252", 5355), ("SSDP", "239.255.255.250", 1900)):
        yield call(text, datagram(to, port=port), "out-peer")
        yield call(f"{text} from the plane's address on management", datagram(to, host.ip, port, "mgmt0"), "out-elsewhere")
    yield call("DHCP", datagram("255.255.255.255", port=67), "out-peer")
    for text, to, port in (("mDNS", "ff02::fb", 5353), ("LLMNR", "ff02::1:3", 5355), ("DHCPv6", "ff02::1:2", 547)):
        yield call(f"IPv6 {text}", datagram(to, port=port))
        yield call(f"IPv6 {text} from the plane's address on management", datagram(to, host.ip6, port, "mgmt0"))
    yield call("joining a group", membership, settle=0.3)
    for way, of in FAMILIES:
        text = f"{way} datagram from the plane's address on management"
        yield call(text, datagram(of(OUTSIDER), of(host), link="mgmt0"), "out-elsewhere" if way == "IPv4" else None)
        search = datagram(of(PEER), link="mgmt0")
        yield call(f"{way} search for a peer on management", search, "out-elsewhere" if way == "IPv4" else None, harmless=way == "IPv6")
