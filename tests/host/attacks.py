# The attacks, as a table: what is tried against a host by way of its two switch ports, and by programs of its own
# SPDX-License-Identifier: GPL-2.0-or-later

import collections
import socket
import struct

from frames import *  # pylint: disable=wildcard-import,unused-wildcard-import

PEER = Station("52:54:00:00:0b:0e", "198.51.100.14", "fd00:198::14")
REAL_PEER = Station(None, "198.51.100.12", "fd00:198::12")
STRANGER = Station("52:54:00:00:0b:42", "198.51.100.66", "fd00:198::66")
OUTSIDER = Station("52:54:00:00:0a:42", "192.0.2.66", "fd00:192::66")
BEYOND = "203.0.113.9"  # a network behind the peer
NETWORK = "198.51.100.255"  # everybody in the plane's
ALL_HOSTS, ALL_NODES = "01:00:5e:00:00:01", "33:33:00:00:00:01"
PORT, CLOSED = 49200, 22
MARK, HELLO = b"what an attack carries", b"have you come thus far?"
RECORD_ROUTE = struct.pack("!BBB5x", 7, 7, 4)
FAMILIES = (("IPv4", lambda station: station.ip), ("IPv6", lambda station: station.ip6))

# clause: of the isolation's six
# send(): None: it is not to be tried here
# reason: under which the drop is counted; None: any
# settle: seconds to wait for what comes late
# harmless: Linux does nothing about it by itself
# unheard: perhaps the device does not even listen to it
Attack = collections.namedtuple(
    "Attack", "clause text send reason settle harmless unheard", defaults=(None, 0, False, False)
)


def number_of(address):
    return struct.unpack("!I", ip_bytes(address))[0]


def source_route(last):
    return struct.pack("!BBBB", 1, 131, 7, 4) + ip_bytes(last) + b"\0"


# --- From outside -----------------------------------------------------------------------------------------------------


class Outside:
    """Makes attacks of frames: who sends them, and on which wire"""

    def __init__(self, lab):
        self.lab = lab
        self.host, self.management = lab.host, lab.management

    def attack(self, clause, text, wire, frame, reason=None, **more):
        lab = self.lab
        send = {"plane": lab.to_plane, "parent": lab.to_plane_untagged, "management": lab.to_management}[wire]
        if lab.options.ipv4_only and ethertype(frame) == IPV6:
            # Elsewhere it is none of the plane's business then. And a macvlan hears those groups only that it is in.
            send, reason = (send, "in-ethertype") if wire == "plane" else (None, None)
            more["unheard"] = bool(lab.parent and frame[0] & 1)
        if lab.parent and frame[0] & 1:
            more.setdefault("settle", 0.03)  # a macvlan hands on what is for a group later than the rest
        return Attack(clause, text, send and (lambda: send(frame)), reason, **more)

    def stranger(self, text, packet, reason=None, to=None, **more):
        frame = eth(to or self.host.mac, STRANGER.mac, version(packet), packet)
        return self.attack(5, f"a stranger: {text}", "plane", frame, reason, **more)

    def peer(self, text, packet, reason=None, to=None, clause=5, tags=(), **more):
        frame = eth(to or self.host.mac, PEER.mac, version(packet), packet, *tags)
        return self.attack(clause, f"a peer: {text}", "plane", frame, reason, **more)

    def outsider(self, clause, text, packet, reason=None, to=None, **more):
        frame = eth(to or self.management.mac, OUTSIDER.mac, version(packet), packet)
        return self.attack(clause, f"from management: {text}", "management", frame, reason, **more)

    def stranger_arp(self, text, to, operation, sender, target, reason, **more):
        """sender: MAC and address; target: address"""
        frame = eth(to, STRANGER.mac, ARP, arp(operation, *sender, self.host.mac if operation == 2 else NOBODY, target))
        return self.attack(5, f"a stranger: {text}", "plane", frame, reason, **more)


def onto_the_plane(out):
    for way, of in FAMILIES:
        me, peer, own = of(OUTSIDER), of(PEER), of(out.management)
        forged = tcp(of(STRANGER), own, CLOSED, SYN)
        yield out.outsider(1, f"{way} ping to be forwarded to a peer", ping(me, peer, MARK), "out-forward")
        yield out.outsider(1, f"{way} connection to a peer's migration port", tcp(me, peer, PORT, SYN), "out-forward")
        yield out.outsider(1, f"{way} ping in a peer's name", ping(peer, own, MARK), "in-elsewhere")
        yield out.outsider(1, f"{way} connection in the name of a stranger there", forged, "in-elsewhere")
    me, own = OUTSIDER.ip, out.management.ip
    routed = ip(me, own, ICMP, icmp_message(8, 0, 1, MARK), source_route(PEER.ip))
    yield out.outsider(1, "source-routed to a peer", routed, "out-forward")
    yield out.outsider(1, "directed broadcast to the plane's network", ping(me, NETWORK, MARK), "out-forward")
    yield out.outsider(1, "ping in the name of a host behind the plane", ping(BEYOND, own, MARK))


def off_the_plane(out):
    for way, of in FAMILIES:
        me, to, own = of(PEER), of(OUTSIDER), of(out.host)
        yield out.peer(f"{way} ping to be forwarded to management", ping(me, to, MARK), clause=2)
        yield out.peer(f"{way} connection to be forwarded to management", tcp(me, to, PORT, SYN), clause=2)
        yield out.peer(f"{way} ping in the name of an outsider", ping(to, own, MARK), "in-peer", clause=2)
    routed = ip(PEER.ip, out.host.ip, ICMP, icmp_message(8, 0, 1, MARK), source_route(OUTSIDER.ip))
    yield out.peer("source-routed to management", routed, "in-options", clause=2)


def plane_address_elsewhere(out):
    def arp_for_it(text, wire, to, sender):
        frame = eth(to, sender.mac, ARP, arp(1, sender.mac, sender.ip, NOBODY, out.host.ip))
        return out.attack(3, text, wire, frame, "in-elsewhere")

    yield arp_for_it("from management: ARP for the plane's address", "management", BROADCAST, OUTSIDER)
    yield arp_for_it("from management: unicast ARP for it", "management", out.management.mac, OUTSIDER)
    group, group_mac = solicited_node(out.host.ip6)
    search = neighbour(135, OUTSIDER.ip6, group, out.host.ip6, OUTSIDER.mac)
    yield out.outsider(3, "neighbour solicitation for it", search, to=group_mac, harmless=True)
    search = neighbour(135, OUTSIDER.ip6, out.management.ip6, out.host.ip6, OUTSIDER.mac)
    yield out.outsider(3, "unicast neighbour solicitation for it", search, harmless=True)
    for way, of in FAMILIES:
        me, own = of(OUTSIDER), of(out.host)
        yield out.outsider(3, f"{way} ping of the plane's address", ping(me, own, MARK), "in-elsewhere")
        yield out.outsider(3, f"{way} connection to its migration port", tcp(me, own, PORT, SYN), "in-elsewhere")
        yield out.outsider(3, f"{way} datagram to it", udp(me, own, CLOSED, MARK), "in-elsewhere")
    if out.lab.parent:
        yield arp_for_it("a stranger: ARP for it at the parent", "parent", out.lab.parent, STRANGER)
        for text, packet in (
            ("ping of it at the parent", ping(STRANGER.ip, out.host.ip, MARK)),
            ("connection to its migration port at the parent", tcp(STRANGER.ip, out.host.ip, PORT, SYN)),
        ):
            frame = eth(out.lab.parent, STRANGER.mac, IPV4, packet)
            yield out.attack(3, f"a stranger: {text}", "parent", frame, "in-elsewhere")


def other_addresses_on_the_plane(out):
    for way, of in FAMILIES:
        me, other = of(PEER), of(out.management)
        yield out.peer(f"{way} ping of the management address", ping(me, other, MARK), clause=3)
        yield out.peer(f"{way} connection to its migration port", tcp(me, other, PORT, SYN), clause=3)
    frame = eth(BROADCAST, PEER.mac, ARP, arp(1, PEER.mac, PEER.ip, NOBODY, out.management.ip))
    yield out.attack(3, "a peer: ARP for the management address", "plane", frame, "in-arp")
    group, group_mac = solicited_node(out.management.ip6)
    search = neighbour(135, PEER.ip6, group, out.management.ip6, PEER.mac)
    yield out.peer("neighbour solicitation for it", search, to=group_mac, clause=3, harmless=True)
    yield out.peer("ping of 127.0.0.1", ping(PEER.ip, "127.0.0.1", MARK), "in-address", clause=3)


def searches(out):
    me, host = (STRANGER.mac, STRANGER.ip), out.host
    yield out.stranger_arp("ARP", BROADCAST, 1, me, host.ip, "in-arp")
    yield out.stranger_arp("unicast ARP", host.mac, 1, me, host.ip, "in-arp")
    yield out.stranger_arp("ARP probe", BROADCAST, 1, (STRANGER.mac, "0.0.0.0"), host.ip, "in-arp")
    frame = eth(ALL_HOSTS, PEER.mac, ARP, arp(1, PEER.mac, PEER.ip, NOBODY, host.ip))
    yield out.attack(5, "a peer: ARP to a group's MAC", "plane", frame, "in-mac")
    group, group_mac = solicited_node(host.ip6)
    search = neighbour(135, STRANGER.ip6, group, host.ip6, STRANGER.mac)
    yield out.stranger("neighbour solicitation", search, to=group_mac)
    yield out.stranger("duplicate address detection", neighbour(135, "::", group, host.ip6), to=group_mac)
    # With the router alert without which nobody listens, and 1 ms for the answer
    alert = struct.pack("!8B", ICMPV6, 0, 5, 2, 0, 0, 1, 0)
    query = icmp("fe80::66", "ff02::1", 130, 0, 1 << 16, bytes(16))[40:]
    query = ip("fe80::66", "ff02::1", 0, alert + query, hops=1)
    yield out.stranger("query for multicast listeners", query, to=ALL_NODES, settle=0.05)


def strangers(out):
    me, own = STRANGER.ip, out.host.ip
    unfragmentable = tcp(me, own, PORT, SYN, sender_port=40001, fragment=0x4000)
    yield out.stranger("ping", ping(me, own, MARK), "in-peer")
    yield out.stranger("connection to a migration port", tcp(me, own, PORT, SYN), "in-peer")
    yield out.stranger("connection not to be fragmented", unfragmentable, "in-peer")
    yield out.stranger("connection to another port", tcp(me, own, CLOSED, SYN), "in-peer")
    yield out.stranger("segment of no connection", tcp(me, own, PORT, ACK), "in-peer")
    yield out.stranger("datagram", udp(me, own, CLOSED, MARK), "in-peer")
    yield out.stranger("ICMP timestamp request", icmp(me, own, 13, 0, 1, MARK), "in-peer")
    yield out.stranger("unknown protocol", ip(me, own, EXPERIMENT, MARK), "in-peer")
    yield out.stranger("last hop", ping(me, "203.0.113.77", MARK, hops=1))
    yield out.stranger("ping of everybody", ping(me, "255.255.255.255", MARK), "in-mac", to=BROADCAST)
    yield out.stranger("ping of everybody on the plane", ping(me, NETWORK, MARK), "in-mac", to=BROADCAST)
    yield out.stranger("ping of all hosts' group", ping(me, "224.0.0.1", MARK), "in-mac", to=ALL_HOSTS)
    if out.lab.options.guest_mac:
        to = out.lab.options.guest_mac
        yield out.stranger("ping to the MAC of a guest on the plane's device", ping(me, own, MARK), "in-mac", to=to)
    me, own = STRANGER.ip6, out.host.ip6
    yield out.stranger("IPv6 ping", ping(me, own, MARK))
    yield out.stranger("IPv6 connection to a migration port", tcp(me, own, PORT, SYN))
    yield out.stranger("IPv6 datagram", udp(me, own, CLOSED, MARK))
    yield out.stranger("IPv6 ping of all nodes' group", ping("fe80::66", "ff02::1", MARK), to=ALL_NODES)


def peers(out):
    me, own, echo = PEER.ip, out.host.ip, icmp_message(8, 0, 1, MARK)
    recorded = ip(me, own, ICMP, echo, RECORD_ROUTE)
    yield out.peer("ping to our address, but to every MAC", ping(me, own, MARK), "in-mac", to=BROADCAST)
    yield out.peer("connection to another port", tcp(me, own, CLOSED, SYN), "in-port")
    yield out.peer("the same from a migration port", tcp(me, own, CLOSED, SYN, sender_port=PORT), "in-port")
    yield out.peer("datagram to a migration port", udp(me, own, PORT, MARK), "in-other")
    yield out.peer("ICMP timestamp request", icmp(me, own, 13, 0, 1, MARK), "in-icmp")
    yield out.peer("unknown protocol", ip(me, own, EXPERIMENT, MARK), "in-other")
    yield out.peer("ping with a record of its route", recorded, "in-options")
    reason = "in-tags" if out.lab.options.vlan else "in-ethertype"  # at the parent then
    yield out.peer("ping with a service tag", ping(me, own, MARK), reason, tags=((SERVICE_VLAN, 0),))
    yield out.peer("ping with two priority tags", ping(me, own, MARK), tags=((VLAN, 0), (VLAN, 0)))
    long = icmp_message(8, 0, 1, (MARK * 2)[:40])
    parts = ip(me, own, ICMP, long[:24], fragment=0x2000), ip(me, own, ICMP, long[24:], fragment=3)
    send = lambda: [out.lab.to_plane(eth(out.host.mac, PEER.mac, IPV4, part)) for part in parts]
    yield Attack(5, "a peer: ping in fragments", send, "in-fragment")
    me, own = PEER.ip6, out.host.ip6
    fragment, options = struct.pack("!BBHI", ICMPV6, 0, 0, 7), struct.pack("!8B", ICMPV6, 0, 1, 4, 0, 0, 0, 0)
    yield out.peer("IPv6 connection from a migration port to another", tcp(me, own, CLOSED, SYN, sender_port=PORT))
    yield out.peer("IPv6 ping as a fragment of one", ip(me, own, 44, fragment + ping(me, own, MARK)[40:]))
    yield out.peer("IPv6 ping behind destination options", ip(me, own, 60, options + ping(me, own, MARK)[40:]))


def changes(out):
    me, own, mine = STRANGER.ip, out.host.ip, STRANGER.mac
    reason = "in-mac" if out.lab.options.pinned else "in-arp"
    yield out.stranger_arp("gratuitous ARP request about a peer", BROADCAST, 1, (mine, PEER.ip), PEER.ip, reason)
    yield out.stranger_arp("gratuitous ARP reply about a peer", BROADCAST, 2, (mine, PEER.ip), PEER.ip, reason)
    yield out.stranger_arp("ARP reply about itself", out.host.mac, 2, (mine, me), own, "in-arp")
    advert = neighbour(136, STRANGER.ip6, "ff02::1", PEER.ip6, mine, 0x20)
    yield out.stranger("neighbour advertisement about a peer", advert, to=ALL_NODES)
    # As if the answer to a ping, which the kernel sends by itself, had met an obstacle
    answer = lambda to: icmp(own, to, 0, 0, 1, MARK)
    too_big = icmp(STRANGER.ip6, out.host.ip6, 2, 0, 1280, ping(out.host.ip6, PEER.ip6, MARK))
    redirect = icmp(PEER.ip, own, 5, 1, number_of(me), answer(BEYOND))
    yield out.stranger("fragmentation needed to reach a peer", icmp(me, own, 3, 4, 600, answer(PEER.ip)), "in-peer")
    yield out.stranger("IPv6 packet too big to reach a peer", too_big)
    yield out.peer("redirect of its route to a stranger", redirect, "in-icmp")
    prefix = struct.pack("!BBBBII4x", 3, 4, 64, 0xC0, 3600, 3600) + ip_bytes("fd00:bad::")
    advert = icmp("fe80::66", "ff02::1", 134, 0, 64 << 24 | 1800, bytes(8) + prefix, hops=255)
    yield out.stranger("router advertisement", advert, to=ALL_NODES, settle=0.05)


def forgeries(out):
    """Which only a peer's MAC tells from what the peer says"""
    me, host, mine = PEER.ip, out.host, (STRANGER.mac, PEER.ip)
    yield out.stranger_arp("ARP with a peer's address", host.mac, 1, mine, host.ip, "in-mac")
    yield out.stranger_arp("ARP reply with a peer's address", host.mac, 2, mine, host.ip, "in-mac")
    yield out.stranger_arp("ARP with a peer's MAC inside", host.mac, 1, (PEER.mac, me), host.ip, "in-mac")
    yield out.stranger("ping with a peer's address", ping(me, host.ip, MARK), "in-mac")
    yield out.stranger("connection with a peer's address", tcp(me, host.ip, PORT, SYN), "in-mac")
    me = PEER.ip6
    search = neighbour(135, me, host.ip6, host.ip6, STRANGER.mac)
    yield out.stranger("neighbour solicitation with a peer's address", search)
    advert = neighbour(136, me, host.ip6, me, STRANGER.mac, 0x20)
    yield out.stranger("neighbour advertisement with a peer's address", advert)
    yield out.stranger("IPv6 ping with a peer's address", ping(me, host.ip6, MARK))


def from_outside(lab):
    out = Outside(lab)
    groups = [onto_the_plane, off_the_plane, plane_address_elsewhere, other_addresses_on_the_plane]
    groups += [searches, strangers, peers] + [forgeries] * lab.options.pinned + [changes]
    return [attack for group in groups for attack in group(out) if attack.send]


# --- By programs of the host, as root ---------------------------------------------------------------------------------


def frames_of_the_host(lab):
    host, other, to = lab.host, lab.management.ip, PEER.mac

    def raw(text, receiver, sender, kind, packet, reason=None, tags=(), **more):
        frame = eth(receiver, sender, kind, packet, *tags)
        return Attack(4, f"the host: {text}", lambda: lab.from_host(frame, **more), reason)

    def raw_arp(text, sender_mac, sender, target):
        return raw(text, BROADCAST, host.mac, ARP, arp(1, sender_mac, sender, NOBODY, target), "out-arp")

    ours, strange = ping(host.ip, PEER.ip, MARK), ping(host.ip, STRANGER.ip, MARK)
    optional = ip(host.ip, PEER.ip, ICMP, icmp_message(8, 0, 1, MARK), RECORD_ROUTE)
    fragment = ip(host.ip, PEER.ip, ICMP, MARK, fragment=0x2000)
    yield raw("a frame with another MAC", to, STRANGER.mac, IPV4, ours, "out-mac")
    yield raw("ping of a stranger", STRANGER.mac, host.mac, IPV4, strange, "out-peer")
    yield raw("ping in the management address's name", to, host.mac, IPV4, ping(other, PEER.ip, MARK), "out-address")
    yield raw("IP to a group's MAC", ALL_HOSTS, host.mac, IPV4, ours, "out-mac")
    yield raw("a segment of other ports", to, host.mac, IPV4, tcp(host.ip, PEER.ip, CLOSED, SYN), "out-port")
    timestamp = icmp(host.ip, PEER.ip, 13, 0, 1, MARK)
    yield raw("ICMP timestamp request", to, host.mac, IPV4, timestamp, "out-icmp")
    yield raw("IP with options", to, host.mac, IPV4, optional, "out-options")
    yield raw("a fragment", to, host.mac, IPV4, fragment, "out-fragment")
    yield raw("LLDP", "01:80:c2:00:00:0e", host.mac, LLDP, MARK, "out-ethertype")
    yield raw("spanning tree", "01:80:c2:00:00:00", host.mac, 38, b"BB\3" + MARK, "out-ethertype", protocol=4)
    yield raw("IPv6 as if it were IPv4", to, host.mac, IPV6, ping(host.ip6, PEER.ip6, MARK), protocol=IPV4)
    yield raw("a tagged frame", to, host.mac, IPV4, ours, "out-ethertype", tags=((VLAN, 0),))
    search = icmp("fe80::1", "ff02::2", 133, 0, 0, b"", hops=255)
    yield raw("router solicitation", "33:33:00:00:00:02", host.mac, IPV6, search)
    report = icmp("fe80::1", "ff02::16", 143, 0, 0, b"", hops=1)
    yield raw("listener report", "33:33:00:00:00:16", host.mac, IPV6, report)
    yield raw_arp("ARP in the management address's name", host.mac, other, PEER.ip)
    yield raw_arp("ARP with another MAC inside", STRANGER.mac, host.ip, PEER.ip)
    yield raw_arp("ARP for a stranger", host.mac, host.ip, STRANGER.ip)
    yield raw_arp("gratuitous ARP", host.mac, host.ip, host.ip)
    # The kernel does not know then where the frame begins.
    yield raw("another MAC past the qdiscs", to, STRANGER.mac, IPV4, ours, protocol=IPV4, bypass=True)
    yield raw("another type past the qdiscs", to, host.mac, LLDP, ours, protocol=IPV4, bypass=True)
    yield raw("ping of a stranger past the qdiscs", STRANGER.mac, host.mac, IPV4, strange, bypass=True)
    if lab.options.guest_mac:
        guests = ping(PEER.ip, "192.0.2.99", MARK)
        yield raw("a guest on its device", to, lab.options.guest_mac, IPV4, guests, "out-mac", link="guest0")


def sockets_of_the_host(lab):
    host, other = lab.host, lab.management.ip

    def call(text, action, reason=None, clause=4, settle=0):
        return Attack(clause, f"the host: {text}", action, reason, settle)

    def datagram(to, source=None, port=514, link=lab.options.link):
        def send():
            family = socket.AF_INET6 if ":" in to else socket.AF_INET
            with lab.host_socket(family, socket.SOCK_DGRAM, link, source) as made:
                made.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, True)
                made.sendto(MARK, (to, port))

        return send

    def connection(to, port):
        def send():
            with lab.host_socket(socket.AF_INET, socket.SOCK_STREAM, None, host.ip) as made:
                made.connect_ex((to, port))

        return send

    def membership():
        with lab.host_socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
            group = socket.inet_aton("239.1.2.3") + socket.inet_aton(host.ip)
            made.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, group)
            lab.settle(0.3)

    elsewhere, elsewhere6 = (datagram(of(OUTSIDER), of(host), link="mgmt0") for _, of in FAMILIES)
    yield call("datagram to a peer", datagram(PEER.ip), "out-other")
    yield call("datagram to a stranger", datagram(STRANGER.ip), "out-peer")
    yield call("datagram from the management address", datagram(PEER.ip, other), "out-address")
    yield call("datagram to everybody", datagram("255.255.255.255"), "out-peer")
    yield call("datagram to everybody on the plane", datagram(NETWORK), "out-peer")
    yield call("mDNS", datagram("224.0.0.251", port=5353), "out-peer")
    yield call("IPv6 mDNS", datagram("ff02::fb", port=5353))
    yield call("connection to a peer's other port", connection(PEER.ip, CLOSED), "out-port")
    yield call("connection to a stranger's migration port", connection(STRANGER.ip, PORT), "out-peer")
    yield call("joining a group", membership, settle=0.3)
    yield call("datagram from the plane's address on management", elsewhere, "out-elsewhere", clause=2)
    yield call("IPv6 datagram from the plane's address on management", elsewhere6, clause=2)
    yield call("search for a peer on management", datagram(PEER.ip, link="mgmt0"), clause=2)


def from_inside(lab):
    return [*frames_of_the_host(lab), *sockets_of_the_host(lab)]
