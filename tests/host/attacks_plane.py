# The attacks that come by the plane's wire, from strangers and from peers
# SPDX-License-Identifier: GPL-2.0-or-later

import struct

from attack import *  # pylint: disable=wildcard-import,unused-wildcard-import

# --- 1 and 3: what the host says there for others --------------------------------------------------------------------


def other_addresses_on_the_plane(out):
    for way, of in FAMILIES:
        me, other = of(PEER), of(out.management)
        yield out.peer(f"{way} ping of the management address", ping(me, other, MARK), piece=1)
        yield out.peer(f"{way} connection to its migration port", tcp(me, other, PORT, SYN), piece=1)
        yield out.peer(f"{way} datagram to it", udp(me, other, CLOSED, MARK), piece=1)
    for who, name in ((PEER, "a peer"), (STRANGER, "a stranger")):
        frame = eth(BROADCAST, who.mac, ARP, arp(1, who.mac, who.ip, NOBODY, out.management.ip))
        yield out.attack(1, f"{name}: ARP for the management address", "plane", frame, "in-arp")
        frame = eth(BROADCAST, who.mac, ARP, arp(1, who.mac, who.ip, NOBODY, OUTSIDER.ip))
        yield out.attack(3, f"{name}: ARP for an outsider, by proxy", "plane", frame, "in-arp")
    group, group_mac = solicited_node(out.management.ip6)
    search = neighbour(135, PEER.ip6, group, out.management.ip6, PEER.mac)
    yield out.peer("neighbour solicitation for it", search, to=group_mac, piece=1, harmless=True)
    search = neighbour(135, PEER.ip6, out.host.ip6, out.management.ip6, PEER.mac)
    yield out.peer("unicast neighbour solicitation for it", search, piece=1, harmless=True)


def off_the_plane(out):
    for way, of in FAMILIES:
        me, to, own = of(PEER), of(OUTSIDER), of(out.host)
        yield out.peer(f"{way} ping to be forwarded to management", ping(me, to, MARK), piece=3)
        yield out.peer(f"{way} connection to be forwarded to management", tcp(me, to, PORT, SYN), piece=3)
        yield out.peer(f"{way} last hop to management", ping(me, to, MARK, hops=1), piece=3)
        handed_on = tcp(me, own, DNAT_TO_OUTSIDER, SYN)
        yield out.peer(f"{way} connection that a rule hands to management", handed_on, "in-port", piece=3)
        yield out.peer(f"{way} ping of a stranger by way of the host", ping(me, of(STRANGER), MARK), "in-address", piece=3)
        yield out.peer(f"{way} ping in the name of an outsider", ping(to, own, MARK), "in-peer", piece=6)
    echo = icmp_message(8, 0, 1, MARK)
    routed = ip(PEER.ip, out.host.ip, ICMP, echo, source_route(OUTSIDER.ip))
    yield out.peer("source-routed to management", routed, "in-options", piece=3)


# --- 6: who is no peer -----------------------------------------------------------------------------------------------


def searches(out):
    me, host = (STRANGER.mac, STRANGER.ip), out.host
    yield out.stranger_arp("ARP", BROADCAST, 1, me, host.ip, "in-arp")
    yield out.stranger_arp("unicast ARP", host.mac, 1, me, host.ip, "in-arp")
    yield out.stranger_arp("ARP probe", BROADCAST, 1, (STRANGER.mac, "0.0.0.0"), host.ip, "in-arp")
    yield out.stranger_arp("ARP from another network", BROADCAST, 1, (STRANGER.mac, BEYOND), host.ip, "in-arp")
    frame = eth(ALL_HOSTS, PEER.mac, ARP, arp(1, PEER.mac, PEER.ip, NOBODY, host.ip))
    yield out.attack(6, "a peer: ARP to a group's MAC", "plane", frame, "in-mac")
    group, group_mac = solicited_node(host.ip6)
    search = neighbour(135, STRANGER.ip6, group, host.ip6, STRANGER.mac)
    yield out.stranger("neighbour solicitation", search, to=group_mac)
    yield out.stranger("unicast neighbour solicitation", neighbour(135, STRANGER.ip6, host.ip6, host.ip6, STRANGER.mac))
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
    yield out.stranger("connection from one", tcp(me, own, PORT, SYN, sender_port=PORT), "in-peer")
    yield out.stranger("connection not to be fragmented", unfragmentable, "in-peer")
    yield out.stranger("connection to another port", tcp(me, own, CLOSED, SYN), "in-peer")
    yield out.stranger("segment of no connection", tcp(me, own, PORT, ACK), "in-peer")
    yield out.stranger("datagram", udp(me, own, CLOSED, MARK), "in-peer")
    yield out.stranger("ICMP timestamp request", icmp(me, own, 13, 0, 1, MARK), "in-peer")
    yield out.stranger("unknown protocol", ip(me, own, EXPERIMENT, MARK), "in-peer")
    yield out.stranger("ping in fragments", fragments(ping(me, own, MARK * 2), 24), "in-peer")
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
    yield out.stranger("IPv6 connection to another port", tcp(me, own, CLOSED, SYN))
    yield out.stranger("IPv6 segment of no connection", tcp(me, own, PORT, ACK))
    yield out.stranger("IPv6 datagram", udp(me, own, CLOSED, MARK))
    yield out.stranger("IPv6 unknown protocol", ip(me, own, EXPERIMENT, MARK))
    yield out.stranger("IPv6 ping of all nodes' group", ping("fe80::66", "ff02::1", MARK), to=ALL_NODES)


def moved_by_strangers(out):
    mine = STRANGER.mac
    reason = "in-mac" if out.lab.options.pinned else "in-arp"
    yield out.stranger_arp("gratuitous ARP request about a peer", BROADCAST, 1, (mine, PEER.ip), PEER.ip, reason)
    yield out.stranger_arp("gratuitous ARP reply about a peer", BROADCAST, 2, (mine, PEER.ip), PEER.ip, reason)
    yield out.stranger_arp("ARP reply about itself", out.host.mac, 2, (mine, STRANGER.ip), out.host.ip, "in-arp")
    yield out.stranger_arp("ARP claiming our address", BROADCAST, 2, (mine, out.host.ip), out.host.ip, "in-conflict", harmless=True)
    advert = neighbour(136, STRANGER.ip6, "ff02::1", PEER.ip6, mine, 0x20)
    yield out.stranger("neighbour advertisement about a peer", advert, to=ALL_NODES)
    advert = neighbour(136, STRANGER.ip6, out.host.ip6, PEER.ip6, mine, 0x60)
    yield out.stranger("unicast neighbour advertisement about a peer", advert)


def gateways(out):
    """A router, which is no peer: whoever has its address gets ARP and the errors of ICMP"""
    me, own = GATEWAY.ip, out.host.ip
    for text, packet in (
        ("ping", ping(me, own, MARK)),
        ("connection to a migration port", tcp(me, own, PORT, SYN)),
        ("connection from one", tcp(me, own, CLOSED, SYN, sender_port=PORT)),
        ("segment of no connection", tcp(me, own, PORT, ACK)),
        ("datagram", udp(me, own, CLOSED, MARK)),
    ):
        yield out.on_the_plane(6, GATEWAY, text, packet, "in-peer")


def forgeries(out):
    """Which only a peer's MAC tells from what the peer says"""
    me, host, mine = PEER.ip, out.host, (STRANGER.mac, PEER.ip)
    yield out.stranger_arp("ARP with a peer's address", host.mac, 1, mine, host.ip, "in-mac")
    yield out.stranger_arp("ARP reply with a peer's address", host.mac, 2, mine, host.ip, "in-mac")
    yield out.stranger_arp("ARP with a peer's MAC inside", host.mac, 1, (PEER.mac, me), host.ip, "in-mac")
    frame = eth(host.mac, PEER.mac, ARP, arp(2, STRANGER.mac, me, host.mac, host.ip))
    yield out.attack(6, "a stranger: ARP reply with its MAC inside a peer's frame", "plane", frame, "in-mac")
    for way, of in FAMILIES:
        me, own = of(PEER), of(host)
        yield out.stranger(f"{way} ping with a peer's address", ping(me, own, MARK), "in-mac")
        yield out.stranger(f"{way} connection with a peer's address", tcp(me, own, PORT, SYN), "in-mac")
        yield out.stranger(f"{way} segment with a peer's address", tcp(me, own, PORT, ACK), "in-mac")
        # A reset that is right in everything else would end a migration.
        reset = tcp(me, own, PORT, RST, sender_port=40000)
        yield out.stranger(f"{way} reset with a peer's address", reset, "in-mac", harmless=True)
    mine, me = (STRANGER.mac, GATEWAY.ip), GATEWAY.ip
    yield out.stranger_arp("ARP with the gateway's address", host.mac, 1, mine, host.ip, "in-mac")
    yield out.stranger("ping with the gateway's address", ping(me, host.ip, MARK), "in-mac")
    yield out.stranger("connection with the gateway's address", tcp(me, host.ip, PORT, SYN), "in-mac")
    me = PEER.ip6
    group, group_mac = solicited_node(host.ip6)
    yield out.stranger("neighbour solicitation with a peer's address", neighbour(135, me, host.ip6, host.ip6, STRANGER.mac), "in-mac")
    search = neighbour(135, me, group, host.ip6, STRANGER.mac)
    yield out.stranger("neighbour solicitation of the group with a peer's address", search, "in-mac", to=group_mac)
    advert = neighbour(136, me, host.ip6, me, STRANGER.mac, 0x20)
    yield out.stranger("neighbour advertisement with a peer's address", advert, "in-mac")
    # Of no effect: a peer's neighbour entry is permanent where its MAC is known.
    advert = neighbour(136, UNPINNED.ip6, host.ip6, me, STRANGER.mac, 0x60)
    yield out.stranger("neighbour advertisement about a peer, in another's name", advert, "")


# --- 7: what a peer may not --------------------------------------------------------------------------------------------


def peers(out):
    me, own = PEER.ip, out.host.ip
    yield out.peer("ping to our address, but to every MAC", ping(me, own, MARK), "in-mac", to=BROADCAST)
    recorded = ip(me, own, ICMP, icmp_message(8, 0, 1, MARK), RECORD_ROUTE)
    yield out.peer("ping with a record of its route", recorded, "in-options")
    yield out.peer("ping in fragments", fragments(ping(me, own, MARK * 2), 24), "in-fragment")
    for kind, text in ((13, "timestamp"), (15, "information"), (17, "address mask"), (10, "router")):
        request = icmp(me, own, kind, 0, 1, MARK)
        yield out.peer(f"ICMP {text} request", request, "in-icmp", harmless=kind != 13)
    for kind, text in ((139, "node information query"), (133, "router solicitation"), (144, "home agent discovery")):
        yield out.peer(text, icmp(PEER.ip6, out.host.ip6, kind, 0, 1, MARK, hops=255), harmless=True)


# What scans for services by, from a port that the answers of a migration come from
SEGMENTS = (
    ("connection", SYN),
    ("segment with no flag", 0),
    ("segment with FIN", FIN),
    ("segment with FIN, PSH and URG", FIN | PSH | URG),
    ("segment with SYN and FIN", SYN | FIN),
    ("segment with ACK", ACK),
    ("segment with FIN and ACK", FIN | ACK),
    ("segment with SYN and ACK", SYN | ACK),
)


def ports(out):
    for way, of in FAMILIES:
        me, own = of(PEER), of(out.host)
        yield out.peer(f"{way} connection to another port", tcp(me, own, CLOSED, SYN), "in-port")
        yield out.peer(f"{way} segment of no connection to another port", tcp(me, own, CLOSED, ACK), "in-port")
        for text, flags in SEGMENTS:
            segment = tcp(me, own, CLOSED, flags, sender_port=PORT)
            yield out.peer(f"{way} {text} from a migration port to another", segment, "in-port")
        for text, flags in SEGMENTS[:5]:  # those that tell an open port from a closed one
            segment = tcp(me, own, SERVICE, flags, sender_port=PORT)
            yield out.peer(f"{way} {text} from a migration port to one above 1023", segment, "in-port")
        segment = tcp(me, own, PORT, SYN, sender_port=CLOSED)
        yield out.peer(f"{way} connection from a port that initiators never have", segment, "in-port")
        yield out.peer(f"{way} datagram to a migration port", udp(me, own, PORT, MARK), "in-other")
        yield out.peer(f"{way} datagram from one", udp(me, own, CLOSED, MARK, sender_port=PORT), "in-other")
        for text, protocol in PROTOCOLS:
            silent = way == "IPv6" or text in ("UDP-Lite", "IGMP", "PIM")
            yield out.peer(f"{way} {text}", ip(me, own, protocol, tcp(me, own, PORT, SYN)), "in-other", harmless=silent)


PROTOCOLS = (
    ("SCTP", 132),
    ("DCCP", 33),
    ("UDP-Lite", 136),
    ("GRE", 47),
    ("ESP", 50),
    ("AH", 51),
    ("IPIP", 4),
    ("6in4", 41),
    ("IGMP", IGMP),
    ("OSPF", 89),
    ("PIM", 103),
    ("VRRP", 112),
    ("L2TP", 115),
    ("an unknown protocol", EXPERIMENT),
)


def extension_headers(out):
    me, own = PEER.ip6, out.host.ip6
    padding = lambda kind: struct.pack("!8B", kind, 0, 1, 4, 0, 0, 0, 0)
    headers = (
        ("hop-by-hop options", 0, padding),
        ("destination options", 60, padding),
        ("a routing header that is done", 43, lambda kind: struct.pack("!BBBB4x", kind, 2, 0, 0) + ip_bytes(own)),
        ("a fragment header of a whole packet", 44, lambda kind: struct.pack("!BBHI", kind, 0, 0, 7)),
    )
    for text, number, header in headers:
        packet = ip(me, own, number, header(ICMPV6) + ping(me, own, MARK)[40:])
        yield out.peer(f"IPv6 ping behind {text}", packet, "in-other")
        packet = ip(me, own, number, header(TCP) + tcp(me, own, CLOSED, SYN)[40:])
        yield out.peer(f"IPv6 connection to another port behind {text}", packet, "in-other")
    unknown = ip(me, own, 60, struct.pack("!8B", TCP, 0, 0x9E, 4, 0, 0, 0, 0) + tcp(me, own, PORT, SYN)[40:])
    yield out.peer("IPv6 option that is to be complained about", unknown, "in-other")
    jumbo = struct.pack("!BBBBI", ICMPV6, 0, 0xC2, 4, 70000) + ping(me, own, MARK)[40:]
    jumbo = ip(me, own, 0, jumbo)
    yield out.peer("IPv6 jumbogram that is none", jumbo[:4] + b"\0\0" + jumbo[6:], harmless=True)


# --- 8: what only others say, and what nobody says ----------------------------------------------------------------------


def routers(out):
    said = (
        ("a stranger: router advertisement", STRANGER.mac, ALL_NODES, "ff02::1"),
        ("a stranger: unicast router advertisement", STRANGER.mac, out.host.mac, out.host.ip6),
        ("a peer: router advertisement", PEER.mac, ALL_NODES, "ff02::1"),
        ("a peer: unicast router advertisement", PEER.mac, out.host.mac, out.host.ip6),
    )
    for number, (text, mac, to_mac, to) in enumerate(said):
        prefix = struct.pack("!BBBBII4x", 3, 4, 64, 0xC0, 3600, 3600) + ip_bytes(f"fd00:bad:{number}::")
        advert = icmp("fe80::66", to, 134, 0, 64 << 24 | 1800, bytes(8) + prefix, hops=255)
        yield out.attack(8, text, "plane", eth(to_mac, mac, IPV6, advert), settle=0.05)
    own, stranger = out.host, number_of(STRANGER.ip)
    redirect = icmp(PEER.ip, own.ip, 5, 1, stranger, quoted_echo(own.ip, BEYOND))
    yield out.peer("redirect of its route to a stranger", redirect, "in-icmp", piece=8)
    redirect = icmp(STRANGER.ip, own.ip, 5, 1, stranger, quoted_echo(own.ip, BEYOND))
    yield out.stranger("redirect of a route to itself", redirect, "in-peer", piece=8, harmless=True)
    option = struct.pack("!BB", 2, 1) + mac_bytes(STRANGER.mac)
    for name, who, source in (("from its address", PEER, PEER.ip6), ("link-local", PEER, "fe80::66")):
        body = ip_bytes("fe80::66") + ip_bytes(REAL_PEER.ip6) + option
        redirect = icmp(source, own.ip6, 137, 0, 0, body, hops=255)
        yield out.peer(f"IPv6 redirect, {name}", redirect, piece=8, harmless=True)
    routed = ip(PEER.ip, own.ip, ICMP, icmp_message(8, 0, 1, MARK), source_route(STRANGER.ip))
    yield out.peer("source-routed to a stranger", routed, "in-options", piece=8)
    for kind in (0, 2):
        header = struct.pack("!BBBB4x", ICMPV6, 2, kind, 1) + ip_bytes(REAL_PEER.ip6)
        packet = ip(PEER.ip6, own.ip6, 43, header + ping(PEER.ip6, REAL_PEER.ip6, MARK)[40:])
        yield out.peer(f"IPv6 routing header of type {kind}", packet, "in-other", piece=8)
    packet = ip(PEER.ip6, own.ip6, 43, segment_route(ICMPV6, REAL_PEER.ip6) + ping(PEER.ip6, REAL_PEER.ip6, MARK)[40:])
    yield out.peer("segment-routed to another peer", packet, "in-other", piece=8, harmless=True)


def path_mtu(out):
    """Of flows that are the host's, and not with the one who says it; and of none"""
    own, management = out.host, out.management
    for way, of in FAMILIES:
        foreign = (
            ("of management's", of(management), of(OUTSIDER)),
            ("of management's to a peer", of(management), of(PEER)),
            ("to another peer", of(own), of(REAL_PEER)),
            ("to itself", of(own), of(PEER)),
            ("of nobody's", of(STRANGER), of(PEER)),
        )
        for text, sender, to in foreign:
            packet = too_big(of(PEER), of(own), quoted_echo(sender, to))
            yield out.peer(f"{way} packet too big, {text}", packet, "in-icmp", piece=8, harmless=text == "of nobody's")
        packet = too_big(of(STRANGER), of(own), quoted_echo(of(own), of(PEER)))
        yield out.stranger(f"{way} packet too big to reach a peer", packet, piece=8)
    behind = ip(own.ip, BEYOND, ICMP, icmp_message(0, 0, 1, MARK), RECORD_ROUTE)
    yield out.peer("packet with options too big", too_big(PEER.ip, own.ip, behind), "in-icmp", piece=8)
    parts = fragments(too_big(PEER.ip, own.ip, quoted_echo(management.ip, OUTSIDER.ip)), 8)
    yield out.peer("packet of management's too big, in fragments", parts, "in-fragment", piece=8)
    unreachable = icmp(PEER.ip, own.ip, 3, 2, 0, quoted_echo(management.ip, OUTSIDER.ip))
    yield out.peer("protocol unreachable for management", unreachable, "in-icmp", piece=8, harmless=True)


def overlapping(out):
    """Fragments that say the same bytes twice, or other bytes than the one before"""
    me, own = PEER.ip, out.host.ip
    header = struct.pack("!HHIIBBHHH", 40000, PORT, 1000, 0, 0x50, SYN, 65535, 0, 0)
    segment = with_checksum(me, own, TCP, header + bytes(12), 16)
    parts = [ip(me, own, TCP, segment[:24], fragment=0x2000), ip(me, own, TCP, segment[8:], fragment=1)]
    yield out.peer("fragments that overlap", parts, "in-fragment", piece=8, harmless=True)
    closed = struct.pack("!HHIIBBHHH", 40000, CLOSED, 1000, 0, 0x50, SYN, 65535, 0, 0)
    over = with_checksum(me, own, TCP, closed + bytes(12), 16)
    parts = [ip(me, own, TCP, segment[:24], fragment=0x2000), ip(me, own, TCP, over[:24], fragment=0x2000)]
    parts.append(ip(me, own, TCP, over[24:], fragment=3))
    yield out.peer("fragments of which one writes another port over the first one's", parts, "in-fragment", piece=8, harmless=True)
    tiny = [ip(me, own, TCP, segment[:8], fragment=0x2000), ip(me, own, TCP, segment[8:], fragment=1)]
    yield out.peer("a tiny first fragment", tiny, "in-fragment", piece=8)
    yield out.peer("fragments that overlap a tiny one", [tiny[0], tiny[0], tiny[1]], "in-fragment", piece=8)
    large = ip(me, own, ICMP, MARK[:8], fragment=0x1FFF)
    yield out.peer("a fragment beyond 65535", large, "in-fragment", piece=8, harmless=True)
    for name, who in (("of a stranger's", STRANGER), ("of a peer's", PEER)):
        head = lambda word: struct.pack("!BBHI", ICMPV6, 0, word, 7)
        whole = ping(who.ip6, out.host.ip6, MARK * 2)[40:]
        parts = [(1, whole[:24]), (24, whole[24:])]
        packets = [ip(who.ip6, out.host.ip6, 44, head(word) + part) for word, part in parts]
        yield out.on_the_plane(8, who, f"IPv6 fragments {name}", packets)
        packets = [ip(who.ip6, out.host.ip6, 44, head(word) + part) for word, part in ((1, whole[:24]), (16, whole[16:]))]
        yield out.on_the_plane(8, who, f"IPv6 fragments {name} that overlap", packets, harmless=True)
        alone = ip(who.ip6, out.host.ip6, 44, head(1) + whole[:20])  # not a multiple of 8: to be complained about
        yield out.on_the_plane(8, who, f"IPv6 fragment {name} of a wrong length", alone)


def martians(out):
    own = out.host.ip
    for address in ("127.0.0.1", "0.0.0.0", "255.255.255.255", "224.0.0.1", "240.0.0.1", own, out.management.ip):
        text = {own: "our address", out.management.ip: "the management address"}.get(address, address)
        yield out.stranger(f"ping in the name of {text}", ping(address, own, MARK), "in-peer", piece=8, harmless=True)
    for address in ("127.0.0.1", "0.0.0.0"):
        yield out.peer(f"ping of {address}", ping(PEER.ip, address, MARK), "in-address", piece=8, harmless=address == "0.0.0.0")
    own = out.host.ip6
    for address in ("::1", "::", "ff02::1", "::ffff:198.51.100.14", own, "fe80::66"):
        text = "our IPv6 address" if address == own else address
        yield out.stranger(f"ping in the name of {text}", ping(address, own, MARK), piece=8, harmless=address != "fe80::66")
    yield out.peer("ping of ::1", ping(PEER.ip6, "::1", MARK), "in-address", piece=8, harmless=True)


ETHERTYPES = (
    ("802.1ad", 0x88A8),
    ("PPPoE discovery", 0x8863),
    ("PPPoE session", 0x8864),
    ("MPLS", 0x8847),
    ("EAPOL", 0x888E),
    ("LLDP", LLDP),
    ("PTP", 0x88F7),
    ("MACsec", 0x88E5),
    ("RARP", 0x8035),
    ("IPX", 0x8137),
    ("BATMAN", 0x4305),
    ("FCoE", 0x8906),
    ("AoE", 0x88A2),
    ("LACP", 0x8809),
    ("a loopback frame", 0x9000),
)


def ethertypes(out):
    host = out.host
    for text, kind in ETHERTYPES:
        inside = {0x88A8: struct.pack("!HH", 0, IPV4), 0x8864: b"\x11\0\0\1\0\x30\0\x21", 0x8847: b"\0\1\1\x40"}.get(kind, b"")
        frame = eth(host.mac, PEER.mac, kind, inside + ping(PEER.ip, host.ip, MARK))
        reason = "in-tags" if out.lab.options.vlan and kind == 0x88A8 else "in-ethertype"  # at the parent then
        harmless = kind != 0x88A8
        yield out.attack(8, f"a peer: {text}", "plane", frame, reason, harmless=harmless)
    groups = (("LLDP", LLDP, "01:80:c2:00:00:0e"), ("LACP", 0x8809, "01:80:c2:00:00:02"), ("EAPOL", 0x888E, "01:80:c2:00:00:03"))
    for text, kind, to in groups:
        frame = eth(to, STRANGER.mac, kind, MARK)
        yield out.attack(8, f"a stranger: {text} to its group", "plane", frame, "", harmless=True, unheard=True)
    frame = eth("01:80:c2:00:00:00", STRANGER.mac, 38, b"BB\3" + bytes(35))
    yield out.attack(8, "a stranger: spanning tree", "plane", frame, "", harmless=True, unheard=True)


def garbage(out):
    me, host = PEER, out.host
    good = ping(me.ip, host.ip, MARK)
    changed = lambda at, byte: good[:at] + bytes([byte]) + good[at + 1 :]
    packets = (
        ("a header of 16 bytes", changed(0, 0x44)),
        ("version 5", changed(0, 0x55)),
        ("a header longer than the frame", changed(0, 0x4F)),
        ("a length beyond the frame", good[:2] + b"\xff\xff" + good[4:]),
        ("a length below the header", good[:2] + b"\0\x0a" + good[4:]),
        ("a wrong checksum", changed(10, good[10] ^ 1)),
        ("the reserved flag", ip(me.ip, host.ip, ICMP, icmp_message(8, 0, 1, MARK), fragment=0x8000)),
        ("a TCP header cut short", ip(me.ip, host.ip, TCP, tcp(me.ip, host.ip, PORT, SYN)[20:30])),
        ("TCP of a wrong data offset", tcp(me.ip, host.ip, PORT, SYN)[:32] + b"\x10" + tcp(me.ip, host.ip, PORT, SYN)[33:]),
        ("no ICMP header", ip(me.ip, host.ip, ICMP, b"")),
    )
    for text, packet in packets:
        frame = eth(host.mac, me.mac, IPV4, packet)
        reason, harmless = ("in-fragment", False) if text == "the reserved flag" else ("", True)
        yield out.attack(8, f"a peer: {text}", "plane", frame, reason, harmless=harmless)
    for text, frame in (
        ("IPv4 of one byte", eth(host.mac, me.mac, IPV4, b"\x45")),
        ("IPv6 of one byte", eth(host.mac, me.mac, IPV6, b"\x60")),
        ("ARP of one byte", eth(host.mac, me.mac, ARP, b"\0")),
        ("ARP for another kind of address", eth(host.mac, me.mac, ARP, b"\0\6\x86\xdd\6\x10\0\1" + bytes(44))),
        ("ARP of lengths that lie", eth(host.mac, me.mac, ARP, arp(1, me.mac, me.ip, NOBODY, host.ip)[:4] + b"\x08\4" + bytes(30))),
    ):
        yield out.attack(8, f"a peer: {text}", "plane", frame[:60], "", harmless=True)
    yield out.peer("a frame of 9000 bytes", ping(me.ip, host.ip, MARK.ljust(8972, b"-")), "", piece=8, harmless=True, unheard=True)
    for text, kind, packet in (("IPv6 in an IPv4 frame", IPV4, ping(me.ip6, host.ip6, MARK)), ("IPv4 in an IPv6 frame", IPV6, good)):
        yield out.attack(8, f"a peer: {text}", "plane", eth(host.mac, me.mac, kind, packet), harmless=True)


# --- 9: tags -------------------------------------------------------------------------------------------------------------


def tags(out):
    vlan, host, packet = out.lab.options.vlan, out.host, ping(PEER.ip, out.host.ip, MARK)

    def tagged_as(text, numbers, reason, wire="parent", to=None, **more):
        kinds = [(number if isinstance(number, tuple) else (VLAN, number)) for number in numbers]
        frame = eth(to or host.mac, PEER.mac, IPV4, packet, *kinds)
        return out.attack(9, f"a peer: ping {text}", wire, frame, reason, **more)

    if not vlan:
        yield tagged_as("with a service tag", [(SERVICE_VLAN, 0)], "in-ethertype")
        yield tagged_as("with another service tag", [(SERVICE_VLAN, 100)], "in-ethertype", harmless=True)
        yield tagged_as("with two priority tags", [0, 0], "in-ethertype")
        yield tagged_as("with a tag", [100], "in-ethertype", harmless=True)
        yield tagged_as("with a tag around a priority tag", [100, 0], "in-ethertype", harmless=True)
        yield tagged_as("with a priority tag around a tag", [0, 100], "in-ethertype", harmless=True)
        return
    yield tagged_as("with priority 0 around the plane's tag", [0, vlan], "in-tags")
    yield tagged_as("with the plane's tag around priority 0", [vlan, 0], "in-tags")
    yield tagged_as("with the plane's tag twice", [vlan, vlan], "in-tags", harmless=True)
    yield tagged_as("with a service tag around the plane's", [(SERVICE_VLAN, 0), vlan], "in-tags")
    yield tagged_as("with the plane's tag around a service tag", [vlan, (SERVICE_VLAN, 0)], "in-tags")
    yield tagged_as("with the plane's number in a service tag", [(SERVICE_VLAN, vlan)], "", harmless=True)
    yield tagged_as("with another tag", [vlan + 1], "", harmless=True)
    yield tagged_as("with a priority tag alone", [0], "in-elsewhere")
    # The management NIC of these hosts has a VLAN of the same number, and no address on it.
    management = out.management
    asked = arp(1, OUTSIDER.mac, OUTSIDER.ip, NOBODY, host.ip)
    frame = eth(BROADCAST, OUTSIDER.mac, ARP, asked, (VLAN, vlan))
    yield out.attack(9, "from management: ARP with the plane's tag", "management", frame, "in-elsewhere")
    for way, of in FAMILIES:
        for text, inside in (("ping", ping(of(OUTSIDER), of(host), MARK)), ("connection", tcp(of(PEER), of(host), PORT, SYN))):
            frame = eth(management.mac, OUTSIDER.mac, version(inside), inside, (VLAN, vlan))
            text = f"from management: {way} {text} with the plane's tag"
            yield out.attack(9, text, "management", frame, "in-elsewhere", harmless=way == "IPv6")


def groups(lab):
    made = [other_addresses_on_the_plane, off_the_plane, searches, strangers, gateways]
    made += [forgeries] * lab.options.pinned + [moved_by_strangers, peers, ports, extension_headers]
    return made + [routers, path_mtu, overlapping, martians, ethertypes, garbage, tags]
