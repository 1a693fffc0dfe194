# What an attack is, who makes them, and how frames become one
# SPDX-License-Identifier: GPL-2.0-or-later

import collections
import itertools
import struct

from frames import *  # pylint: disable=wildcard-import,unused-wildcard-import

PEER = Station("52:54:00:00:0b:0e", "198.51.100.14", "fd00:198::14")
REAL_PEER = Station(None, "198.51.100.12", "fd00:198::12")
STRANGER = Station("52:54:00:00:0b:42", "198.51.100.66", "fd00:198::66")
OUTSIDER = Station("52:54:00:00:0a:42", "192.0.2.66", "fd00:192::66")
UNPINNED = Station("52:54:00:00:0b:42", "198.51.100.13", "fd00:198::13")  # the stranger, in the name of a peer of no known MAC
GATEWAY = Station("52:54:00:00:0b:0f", "198.51.100.15", "fd00:198::15")  # a router within Peers=
BEYOND = "203.0.113.9"  # a network behind it
ROUTED_PEER = "203.0.113.10"  # a peer in it
NETWORK = "198.51.100.255"  # everybody in the plane's
ALL_HOSTS, ALL_NODES = "01:00:5e:00:00:01", "33:33:00:00:00:01"
PORT, CLOSED, SERVICE = 49200, 22, 16509
# What a gullible host's own rules hand on: from management to the peer's migration port, and to its own; from the plane to an outsider
DNAT_TO_PEER, DNAT_TO_PLANE, DNAT_TO_OUTSIDER = 8049, 8050, 8051
MARK, HELLO = b"what an attack carries", b"have you come thus far?"
RECORD_ROUTE = struct.pack("!BBB5x", 7, 7, 4)
FAMILIES = (("IPv4", lambda station: station.ip), ("IPv6", lambda station: station.ip6))

# piece: of the promise, see attacks.py
# send(): None: it is not to be tried here
# reason: under which the drop is counted; None: any; "": perhaps none, since the kernel is first to refuse it
# settle: seconds to wait for what comes late
# harmless: Linux does nothing about it by itself
# unheard: perhaps the device does not even listen to it
Attack = collections.namedtuple(
    "Attack", "piece text send reason settle harmless unheard", defaults=(None, 0, False, False)
)


def number_of(address):
    return struct.unpack("!I", ip_bytes(address))[0]


def source_route(*hops, kind=131):
    """kind: 131 loose, 137 strict"""
    route = struct.pack("!BBB", kind, 3 + 4 * len(hops), 4) + b"".join(map(ip_bytes, hops))
    return route.ljust(-(-len(route) // 4) * 4, b"\0")


class Outside:
    """Makes attacks of frames: who sends them, and on which wire"""

    def __init__(self, lab):
        self.lab = lab
        self.host, self.management = lab.host, lab.management

    def attack(self, piece, text, wire, frame, reason=None, **more):
        """frame: one, or a list of some; of those that come by another wire, pairs of wire and frame"""
        lab = self.lab
        ways = {"plane": lab.to_plane, "parent": lab.to_plane_untagged, "management": lab.to_management}
        frames = [part if isinstance(part, tuple) else (wire, part) for part in (frame if isinstance(frame, list) else [frame])]
        first = frames[0][1]
        send = lambda: [ways[by](part) for by, part in frames]
        if lab.options.ipv4_only and ethertype(first) == IPV6:
            # Elsewhere it is none of the plane's business then. And a macvlan hears those groups only that it is in.
            send, reason = (send, "in-ethertype") if wire == "plane" else (None, None)
            more["unheard"] = bool(lab.parent and first[0] & 1)
        if lab.options.untracked and "a rule hands" in text:
            send = None  # there is no such rule then
        if lab.parent and first[0] & 1:
            more.setdefault("settle", 0.03)  # a macvlan hands on what is for a group later than the rest
        return Attack(piece, text, send, reason, **more)

    def on_the_plane(self, piece, who, text, packet, reason=None, to=None, tags=(), **more):
        name = {STRANGER.mac: "a stranger", GATEWAY.mac: "the gateway"}.get(who.mac, "a peer")
        packets = packet if isinstance(packet, list) else [packet]
        frames = [eth(to or self.host.mac, who.mac, version(part), part, *tags) for part in packets]
        return self.attack(piece, f"{name}: {text}", "plane", frames, reason, **more)

    def stranger(self, text, packet, reason=None, piece=6, **more):
        return self.on_the_plane(piece, STRANGER, text, packet, reason, **more)

    def peer(self, text, packet, reason=None, piece=7, **more):
        return self.on_the_plane(piece, PEER, text, packet, reason, **more)

    def outsider(self, piece, text, packet, reason=None, to=None, **more):
        packets = packet if isinstance(packet, list) else [packet]
        frames = [eth(to or self.management.mac, OUTSIDER.mac, version(part), part) for part in packets]
        return self.attack(piece, f"from management: {text}", "management", frames, reason, **more)

    def stranger_arp(self, text, to, operation, sender, target, reason, **more):
        """sender: MAC and address; target: address"""
        frame = eth(to, STRANGER.mac, ARP, arp(operation, *sender, self.host.mac if operation == 2 else NOBODY, target))
        return self.attack(6, f"a stranger: {text}", "plane", frame, reason, **more)

    def management_arp(self, piece, text, to, sender, target, reason="in-elsewhere", **more):
        frame = eth(to, OUTSIDER.mac, ARP, arp(1, OUTSIDER.mac, sender, NOBODY, target))
        return self.attack(piece, f"from management: {text}", "management", frame, reason, **more)

    def management_search(self, piece, text, target, **more):
        """A neighbour solicitation, to its group"""
        group, group_mac = solicited_node(target)
        search = neighbour(135, OUTSIDER.ip6, group, target, OUTSIDER.mac)
        return self.outsider(piece, f"neighbour solicitation {text}", search, "in-elsewhere", to=group_mac, **more)


def quoted_echo(sender, to):
    """An echo reply, as an error quotes it: the kernel sends those by itself, so no socket is asked whether it is true"""
    return icmp(sender, to, 129 if ":" in to else 0, 0, 1, MARK)


# Each is less than the one before, or the host would know it already. Not below what it takes.
MTUS = {4: itertools.count(1200, -10), 6: itertools.count(1399, -2)}


def too_big(sender, to, quoted):
    """Fragmentation needed, or packet too big"""
    if ":" in to:
        return icmp(sender, to, 2, 0, next(MTUS[6]), quoted)
    return icmp(sender, to, 3, 4, next(MTUS[4]), quoted)
