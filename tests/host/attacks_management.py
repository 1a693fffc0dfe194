# The attacks that come by the management wire, from an outsider or in others' names
# SPDX-License-Identifier: GPL-2.0-or-later

import struct

from attack import *  # pylint: disable=wildcard-import,unused-wildcard-import

ELSEWHERE = "in-elsewhere"


def searches(out):
    me, own = OUTSIDER.ip, out.host.ip
    yield out.management_arp(1, "ARP for the plane's address", BROADCAST, me, own)
    yield out.management_arp(1, "unicast ARP for it", out.management.mac, me, own)
    yield out.management_arp(1, "ARP probe for it", BROADCAST, "0.0.0.0", own)
    yield out.management_arp(1, "ARP for it in a peer's name", BROADCAST, PEER.ip, own)
    yield out.management_arp(1, "ARP for the management address in a peer's name", BROADCAST, PEER.ip, out.management.ip)
    yield out.management_search(1, "for it", out.host.ip6, harmless=True)
    search = neighbour(135, OUTSIDER.ip6, out.management.ip6, out.host.ip6, OUTSIDER.mac)
    yield out.outsider(1, "unicast neighbour solicitation for it", search, ELSEWHERE, harmless=True)
    group, group_mac = solicited_node(out.host.ip6)
    search = neighbour(135, "::", group, out.host.ip6)
    yield out.outsider(1, "duplicate address detection of it", search, ELSEWHERE, to=group_mac, harmless=True)
    # The host of these tests is told to answer for others on all of its interfaces.
    yield out.management_arp(3, "ARP for a peer, by proxy", BROADCAST, me, PEER.ip)
    yield out.management_search(3, "for a peer, by proxy", PEER.ip6)
    yield out.management_arp(3, "ARP for a peer behind the plane's router, by proxy", BROADCAST, me, ROUTED_PEER)
    frame = eth(BROADCAST, OUTSIDER.mac, ARP, arp(2, OUTSIDER.mac, ROUTED_PEER, NOBODY, ROUTED_PEER))
    yield out.attack(3, "from management: gratuitous ARP about a peer behind the plane's router", "management", frame, ELSEWHERE)


def to_the_plane_address(out):
    for way, of in FAMILIES:
        me, own, peer = of(OUTSIDER), of(out.host), of(PEER)
        yield out.outsider(2, f"{way} ping of the plane's address", ping(me, own, MARK), ELSEWHERE)
        yield out.outsider(2, f"{way} connection to its migration port", tcp(me, own, PORT, SYN), ELSEWHERE)
        yield out.outsider(2, f"{way} connection to another port of it", tcp(me, own, CLOSED, SYN), ELSEWHERE)
        yield out.outsider(2, f"{way} segment of no connection to it", tcp(me, own, PORT, ACK), ELSEWHERE)
        yield out.outsider(2, f"{way} datagram to it", udp(me, own, CLOSED, MARK), ELSEWHERE)
        yield out.outsider(2, f"{way} ping of it in a peer's name", ping(peer, own, MARK), ELSEWHERE)
        yield out.outsider(2, f"{way} connection to it in a peer's name", tcp(peer, own, PORT, SYN), ELSEWHERE)
        forged = ping(own, own, MARK)
        yield out.outsider(2, f"{way} ping of it in its own name", forged, ELSEWHERE, harmless=True)
        yield out.outsider(2, f"{way} ping in a peer's name", ping(peer, of(out.management), MARK), ELSEWHERE)
        forged = tcp(of(STRANGER), of(out.management), CLOSED, SYN)
        yield out.outsider(2, f"{way} connection in the name of a stranger there", forged, ELSEWHERE)
        handed_on = tcp(me, of(out.management), DNAT_TO_PLANE, SYN)
        yield out.outsider(2, f"{way} connection that a rule hands to its migration port", handed_on, ELSEWHERE)
    me, own, echo = OUTSIDER.ip, out.management.ip, icmp_message(8, 0, 1, MARK)
    for text, kind in (("", 131), ("strictly ", 137)):
        routed = ip(me, own, ICMP, echo, source_route(out.host.ip, kind=kind))
        yield out.outsider(2, f"{text}source-routed to the plane's address", routed, ELSEWHERE)
    parts = fragments(ping(me, out.host.ip, MARK * 2), 24)
    yield out.outsider(2, "ping of it in fragments", parts, ELSEWHERE)
    yield out.outsider(2, "ping in the name of a host behind the plane", ping(BEYOND, own, MARK), "")
    me, own = OUTSIDER.ip6, out.management.ip6
    routed = ip(me, own, 43, segment_route(TCP, out.host.ip6) + tcp(me, out.host.ip6, PORT, SYN)[40:])
    yield out.outsider(2, "segment-routed to the plane's IPv6 address", routed, "", harmless=True)
    if out.lab.parent:
        yield from at_the_parent(out)


def at_the_parent(out):
    parent, own = out.lab.parent, out.host.ip
    frame = eth(BROADCAST, STRANGER.mac, ARP, arp(1, STRANGER.mac, STRANGER.ip, NOBODY, own))
    yield out.attack(1, "a stranger: ARP for it at the parent", "parent", frame, ELSEWHERE)
    piece = 9 if out.lab.options.vlan else 2
    for way, of in FAMILIES:
        for who, name in ((STRANGER, "a stranger"), (PEER, "a peer")):
            for text, packet in (
                ("ping", ping(of(who), of(out.host), MARK)),
                ("connection to its migration port", tcp(of(who), of(out.host), PORT, SYN)),
            ):
                frame = eth(parent, who.mac, version(packet), packet)
                text = f"{name}: {way} {text} at the parent, untagged"
                # The parent has no IPv6 here: it has to keep still when it comes up.
                silent = way == "IPv6"
                yield out.attack(piece, text, "parent", frame, "" if silent else ELSEWHERE, harmless=silent)


def forwarded(out):
    for way, of in FAMILIES:
        me, peer, own = of(OUTSIDER), of(PEER), of(out.management)
        yield out.outsider(3, f"{way} ping to be forwarded to a peer", ping(me, peer, MARK), ELSEWHERE)
        yield out.outsider(3, f"{way} connection to a peer's migration port", tcp(me, peer, PORT, SYN), ELSEWHERE)
        yield out.outsider(3, f"{way} datagram to a peer", udp(me, peer, PORT, MARK), ELSEWHERE)
        yield out.outsider(3, f"{way} last hop to a peer", ping(me, peer, MARK, hops=1), ELSEWHERE)
        handed_on = tcp(me, own, DNAT_TO_PEER, SYN)
        yield out.outsider(3, f"{way} connection that a rule hands to a peer", handed_on, "out-forward")
        yield out.attack(3, f"from management: {way} connection to a peer, which answers", "management", flow(out, me, peer))
    me, own, echo = OUTSIDER.ip, out.management.ip, icmp_message(8, 0, 1, MARK)
    yield out.outsider(3, "ping to be forwarded behind the plane", ping(me, BEYOND, MARK), "out-forward")
    yield out.outsider(3, "source-routed to a peer", ip(me, own, ICMP, echo, source_route(PEER.ip)), "out-forward")
    yield out.outsider(3, "directed broadcast to the plane's network", ping(me, NETWORK, MARK), ELSEWHERE)
    packet = ping(me, PEER.ip, MARK.ljust(1472, b"-"), fragment=0x4000)
    yield out.outsider(3, "too long for the plane, and not to be fragmented", packet, ELSEWHERE)
    me, own = OUTSIDER.ip6, out.management.ip6
    routed = ip(me, own, 43, segment_route(ICMPV6, PEER.ip6) + ping(me, PEER.ip6, MARK)[40:])
    yield out.outsider(3, "segment-routed to a peer", routed, "", harmless=True)


def flow(out, me, peer):
    """A connection of which the host sees both ways, so that it may take it for established and hand it past its rules"""
    to_host = lambda packet: ("management", eth(out.management.mac, OUTSIDER.mac, version(packet), packet))
    from_peer = lambda packet: ("plane", eth(out.host.mac, PEER.mac, version(packet), packet))
    opened = tcp(me, peer, PORT, SYN, seq=100)
    answer = tcp(peer, me, 40000, SYN | ACK, sender_port=PORT, seq=200, ack=101)
    rest = [tcp(me, peer, PORT, ACK, seq=101, ack=201)] * 3
    return [to_host(opened), from_peer(answer), *map(to_host, rest), from_peer(tcp(peer, me, 40000, ACK, sender_port=PORT))]


def moved_from_management(out):
    """What the host would believe about its way to the plane"""
    own, plane = out.management, out.host
    for way, of in FAMILIES:
        quoted = quoted_echo(of(plane), of(PEER))
        yield out.outsider(8, f"{way} packet too big to reach a peer", too_big(of(OUTSIDER), of(own), quoted), ELSEWHERE)
        quoted = quoted_echo(of(own), of(PEER))
        text = f"{way} packet of management's too big to reach a peer"
        yield out.outsider(8, text, too_big(of(OUTSIDER), of(own), quoted), ELSEWHERE)
        text = f"{way} packet too big to reach a peer, in a peer's name"
        yield out.outsider(8, text, too_big(of(PEER), of(own), quoted_echo(of(plane), of(PEER))), ELSEWHERE)
    quoted = quoted_echo(plane.ip, PEER.ip)
    parts = fragments(too_big(OUTSIDER.ip, own.ip, quoted), 8)
    yield out.outsider(8, "the same in fragments", parts, ELSEWHERE)
    whole = too_big(OUTSIDER.ip6, own.ip6, quoted_echo(plane.ip6, PEER.ip6))[40:]
    head = lambda word: struct.pack("!BBHI", ICMPV6, 0, word, 8)
    parts = [ip(OUTSIDER.ip6, own.ip6, 44, head(word) + part) for word, part in ((1, whole[:8]), (8, whole[8:]))]
    yield out.outsider(8, "IPv6 packet too big to reach a peer, in fragments", parts, ELSEWHERE)
    text = "packet of management's too big to reach a peer behind the plane's router"
    yield out.outsider(8, text, too_big(OUTSIDER.ip, own.ip, quoted_echo(own.ip, ROUTED_PEER)), ELSEWHERE)
    redirect = icmp(OUTSIDER.ip, own.ip, 5, 1, number_of(OUTSIDER.ip), quoted_echo(plane.ip, PEER.ip))
    yield out.outsider(3, "redirect of its route to a peer", redirect, ELSEWHERE, harmless=True)
    redirect = icmp(PEER.ip, own.ip, 5, 1, number_of(OUTSIDER.ip), quoted_echo(own.ip, BEYOND))
    yield out.outsider(3, "redirect in a peer's name of its route behind the plane", redirect, ELSEWHERE, harmless=True)
    frame = eth(BROADCAST, OUTSIDER.mac, ARP, arp(2, OUTSIDER.mac, PEER.ip, NOBODY, PEER.ip))
    yield out.attack(3, "from management: gratuitous ARP about a peer", "management", frame, ELSEWHERE)


def groups(_):
    return [searches, to_the_plane_address, forwarded, moved_from_management]
