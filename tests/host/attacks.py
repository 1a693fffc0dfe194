# What is tried against a host by way of its two switch ports, and from inside; and what the host puts on the wires in answer
# SPDX-License-Identifier: GPL-2.0-or-later
#
#     attacks.py try OPTION...            each attack once: what came of it, as JSON
#     attacks.py judge WITHOUT WITH       a line for each attack: ok, not ok or skip, and two columns of text
#     attacks.py flood OPTION...          all that come from outside, round and round, until a file exists
#     attacks.py watch OPTION...          what the host puts on the plane's wire by itself, until then
#
# It runs beside the switch, and so sees every frame that the host emits. Three stations are made up here: a peer, a stranger on
# the plane's wire, and an outsider on the management network. They answer when the host looks for them, so that nothing that
# the host wants to send fails for the lack of a neighbour.
#
# A leak is any frame of the host on the plane's wire but what belongs to the exchange with the peer that shows that the host
# has come thus far, or looks for the real peer; and any on the management wire that names an address of the plane, or carries
# what the attack carried.

import argparse
import collections
import json
import os
import re
import socket
import struct
import subprocess
import sys
import time

from frames import *  # pylint: disable=wildcard-import,unused-wildcard-import

PLANE, MANAGEMENT = "plane", "mgmt"
PEER = Station("52:54:00:00:0b:0e", "198.51.100.14", "fd00:198::14")
STRANGER = Station("52:54:00:00:0b:42", "198.51.100.66", "fd00:198::66")
REAL_PEER = Station(None, "198.51.100.12", "fd00:198::12")
OUTSIDER = Station("52:54:00:00:0a:42", "192.0.2.66", "fd00:192::66")
BEYOND = "203.0.113.9"  # a network behind the peer
MARK, HELLO = b"what an attack carries", b"have you come thus far?"
PORT, CLOSED = 49200, 22

# clause: of design.md, section 7. send(lab); None: not to be tried here. reason: that the drop must be counted under.
# harmless: Linux does nothing about it by itself.
# unheard: perhaps the device does not even listen to it.
Attack = collections.namedtuple("Attack", "clause text send reason settle harmless unheard", defaults=(None, 0, False, False))


def names_plane(frame):
    return any(ip_bytes(address)[:n] in frame[14:] for address, n in ((PEER.ip, 3), (PEER.ip6, 8)))


class Lab:
    def __init__(self, options):
        self.options = options
        self.plane_port, self.management_port = f"plane-{options.host}", f"mgmt-{options.host}"
        self.ports = Ports([self.plane_port, self.management_port])
        self.host = Station(options.mac, f"198.51.100.{options.number}", f"fd00:198::{options.number}")
        self.parent = options.parent_mac
        self.management = Station(options.management_mac, f"192.0.2.{options.number}", f"fd00:192::{options.number}")
        self.leaks = []
        self.hellos = 0
        with network_of(options.pid):
            self.raw = packet_socket()
            self.bypass = packet_socket()
            self.bypass.setsockopt(SOL_PACKET, PACKET_QDISC_BYPASS, 1)

    # --- Sending ---

    def to_plane(self, frame):
        return self.ports.send(self.plane_port, tagged(frame, self.options.vlan) if self.options.vlan else frame)

    def to_plane_untagged(self, frame):
        return self.ports.send(self.plane_port, frame)

    def to_management(self, frame):
        return self.ports.send(self.management_port, frame)

    def from_host(self, frame, link=None, protocol=None, bypass=False):
        (self.bypass if bypass else self.raw).sendto(frame, (link or self.options.link, protocol or ethertype(frame)))

    def host_socket(self, family, kind, protocol=0, link=None, source=None):
        with network_of(self.options.pid):
            made = socket.socket(family, kind, protocol)
        made.setblocking(False)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if link:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, link.encode())
        if source:
            made.bind((source, 0))
        return made

    # --- Listening ---

    def answer_search(self, port, frame):
        """What a station says when it is looked for; None: it is not."""
        stations = (PEER, STRANGER) if port == self.plane_port else (OUTSIDER,)
        for who in stations:
            if ethertype(frame) == ARP:
                operation, mac, sender, target = arp_read(frame)
                if operation == 1 and target == who.ip:
                    return eth(mac, who.mac, ARP, arp(2, who.mac, who.ip, mac, sender))
            elif ethertype(frame) == IPV6 and frame[20] == ICMPV6 and frame[54] == 135 and frame[62:78] == ip_bytes(who.ip6):
                host = socket.inet_ntop(socket.AF_INET6, frame[22:38])
                advert = neighbour(136, who.ip6, host, who.ip6, who.mac, 0x60)
                return eth(mac_text(frame[6:12]), who.mac, IPV6, advert)
        return None

    def is_expected(self, frame):
        """Of a frame on the plane's wire: whether the host may well send it to a peer."""
        to, sender = mac_text(frame[:6]), mac_text(frame[6:12])
        if sender != self.host.mac or MARK in frame:
            return False
        for mac, ipv4, ipv6 in (PEER, Station(self.options.peer_mac, REAL_PEER.ip, REAL_PEER.ip6)):
            if ethertype(frame) == ARP and arp_read(frame) == (1, self.host.mac, self.host.ip, ipv4):
                return to in (mac, BROADCAST)
            if ethertype(frame) == IPV6 and frame[20] == ICMPV6 and frame[54] == 135 and frame[62:78] == ip_bytes(ipv6):
                return to in (mac, solicited_node(ipv6)[1])
        return to == PEER.mac and HELLO in frame

    def is_harmless(self, frame):
        """Of a frame on the management wire: that the host knows no way to the plane, in its own name, is no secret."""
        own_ipv4, own_ipv6 = frame[26:30] == ip_bytes(self.management.ip), frame[22:38] == ip_bytes(self.management.ip6)
        return (own_ipv4 and frame[23] == ICMP and frame[34:36] == b"\3\0") or (own_ipv6 and frame[54:56] == b"\1\0")

    def hear(self, seconds=0):
        """Whether somebody was looked for, and the hellos that came back"""
        searched, answered = False, set()
        for port, frame in self.ports.hear(seconds):
            on_plane = port == self.plane_port
            if on_plane and self.options.vlan:
                if frame[12:16] != struct.pack("!HH", VLAN, self.options.vlan):
                    self.leaks.append((port, frame))
                    continue
                frame = frame[:12] + frame[16:]
            found = self.answer_search(port, frame)
            if found:
                searched = True
                (self.to_plane if on_plane else self.to_management)(found)
            if HELLO in frame:
                answered.add((port, frame[frame.index(HELLO) :][: len(HELLO) + 4]))
            if on_plane:
                is_leak = not self.is_expected(frame)
            else:
                is_leak = (names_plane(frame) or MARK in frame) and not self.is_harmless(frame)
            if is_leak:
                self.leaks.append((port, frame))
        return searched, answered

    def hello(self, patience=3):
        """Returns when the host has dealt with all that it was sent, on either wire."""
        self.hellos += 1
        greeting = HELLO + struct.pack("!I", self.hellos)
        self.to_plane(eth(self.host.mac, PEER.mac, IPV4, ping(PEER.ip, self.host.ip, greeting)))
        self.to_management(eth(self.management.mac, OUTSIDER.mac, IPV4, ping(OUTSIDER.ip, self.management.ip, greeting)))
        missing = {(self.plane_port, greeting), (self.management_port, greeting)}
        again, deadline = False, time.monotonic() + patience
        while missing:
            searched, answered = self.hear(0.002)
            again |= searched
            missing -= answered
            if time.monotonic() > deadline:
                sys.exit(f"no answer to a ping on {', '.join(port for port, _ in missing)}")
        return again

    def settle(self, seconds=0):
        if seconds:
            deadline = time.monotonic() + seconds
            while time.monotonic() < deadline:
                self.hear(0.05)
        for _ in range(4):  # what waited for a neighbour comes after that is found
            if not self.hello():
                return

    # --- The host's state ---

    def run(self, command):
        command = ["nsenter", f"--target={self.options.pid}", "--net", "sh", "-c", command]
        return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False).stdout

    def state(self):
        text = self.run("ip -o addr; ip route show table all; ip -6 route show table all; ip route show cache; ip -6 route show cache; ip neigh")
        text = re.sub(r"(valid_lft|preferred_lft|expires|age|hoplimit) \S+|\\|\b(REACHABLE|STALE|DELAY|PROBE|router)\b", "", text)
        noise = re.compile(rf"FAILED|INCOMPLETE|^({OUTSIDER.ip}|{OUTSIDER.ip6}) ")
        return {re.sub(r"\s+", " ", line) for line in text.splitlines() if not noise.search(line)}

    def forget(self):
        """Of a host without migplane: what earlier attacks have left in it"""
        links = f"dev {self.options.link}", "dev mgmt0"
        self.run("; ".join(f"ip neigh flush {link}; ip -6 neigh flush {link}" for link in links) + "; ip route flush cache;"
                 f"ip -6 route flush cache; for a in {PEER.ip} {PEER.ip6}; do ip neigh replace $a lladdr {PEER.mac} {links[0]} nud reachable; done")
        self.settle()

    def counters(self):
        listed = json.loads(self.run("nft -j list counters") or '{"nftables":[]}')["nftables"]
        counted = collections.Counter()
        for entry in listed:
            if entry.get("counter", {}).get("table") == "migplane":
                counted[entry["counter"]["name"]] += entry["counter"]["packets"]
        return counted


# --- The attacks --------------------------------------------------------------------------------------------------------------


def from_outside(lab):
    """Attacks that are frames"""
    host, management = lab.host, lab.management
    loose_source_route = lambda last: struct.pack("!BBBB", 1, 131, 7, 4) + ip_bytes(last)

    def attack(clause, text, wire, frame, reason=None, **more):
        send = {PLANE: lab.to_plane, MANAGEMENT: lab.to_management, None: lab.to_plane_untagged}[wire]
        if lab.options.ipv4_only and ethertype(frame) == IPV6:
            # Elsewhere it is none of the plane's business then. And a macvlan hears the groups only that it is in.
            send, reason = (send, "in-ethertype") if wire == PLANE else (None, None)
            more["unheard"] = bool(lab.parent and frame[0] & 1)
        if lab.parent and frame[0] & 1:
            more.setdefault("settle", 0.03)  # a macvlan hands on what is for a group later than the rest
        return Attack(clause, text, send and (lambda _: send(frame)), reason, **more)

    def stranger(text, packet, **more):
        kind = IPV6 if packet[0] >> 4 == 6 else IPV4
        return attack(5, f"a stranger: {text}", PLANE, eth(more.pop("to", host.mac), STRANGER.mac, kind, packet), **more)

    def peer(text, packet, clause=5, **more):
        kind = IPV6 if packet[0] >> 4 == 6 else IPV4
        tags = more.pop("tags", ())
        return attack(clause, f"a peer: {text}", PLANE, eth(more.pop("to", host.mac), PEER.mac, kind, packet, *tags), **more)

    def outsider(clause, text, packet, **more):
        kind = IPV6 if packet[0] >> 4 == 6 else IPV4
        return attack(clause, f"from management: {text}", MANAGEMENT, eth(management.mac, OUTSIDER.mac, kind, packet), **more)

    # 1. From management onto the plane
    for to, way in ((PEER.ip, "IPv4"), (PEER.ip6, "IPv6")):
        me = OUTSIDER.ip6 if ":" in to else OUTSIDER.ip
        stranger_ip = STRANGER.ip6 if ":" in to else STRANGER.ip
        own = management.ip6 if ":" in to else management.ip
        yield outsider(1, f"{way} ping to be forwarded to a peer", ping(me, to, MARK), reason="out-forward")
        yield outsider(1, f"{way} connection to be forwarded to a peer's migration port", tcp(me, to, PORT, SYN), reason="out-forward")
        yield outsider(1, f"{way} ping in a peer's name, to be answered on the plane", ping(to, own, MARK), reason="in-elsewhere")
        yield outsider(1, f"{way} connection in a stranger's name", tcp(stranger_ip, own, CLOSED, SYN), reason="in-elsewhere")
    yield outsider(1, "source-routed to a peer", ip(OUTSIDER.ip, management.ip, ICMP, icmp_message(8, 0, 1, MARK),
                   loose_source_route(PEER.ip) + b"\0"), reason="out-forward")  # fmt: skip
    yield outsider(1, "directed broadcast to the plane's network", ping(OUTSIDER.ip, "198.51.100.255", MARK), reason="out-forward")
    yield outsider(1, "ping in the name of a host behind the plane's route", ping(BEYOND, management.ip, MARK), reason="out-address")

    # 2. From the plane onto management
    for to, me in ((OUTSIDER.ip, PEER.ip), (OUTSIDER.ip6, PEER.ip6)):
        way = "IPv6" if ":" in to else "IPv4"
        own = host.ip6 if ":" in to else host.ip
        yield peer(f"{way} ping to be forwarded to management", ping(me, to, MARK), clause=2)
        yield peer(f"{way} connection to be forwarded to management's port {PORT}", tcp(me, to, PORT, SYN), clause=2)
        yield peer(f"{way} ping in an outsider's name, to be answered on management", ping(to, own, MARK), clause=2, reason="in-peer")
    yield peer("source-routed to management", ip(PEER.ip, host.ip, ICMP, icmp_message(8, 0, 1, MARK),
               loose_source_route(OUTSIDER.ip) + b"\0"), clause=2, reason="in-options")  # fmt: skip

    # 3. The plane's address elsewhere, and other addresses on the plane
    search = arp(1, OUTSIDER.mac, OUTSIDER.ip, NOBODY, host.ip)
    yield attack(3, "from management: ARP for the plane's address", MANAGEMENT, eth(BROADCAST, OUTSIDER.mac, ARP, search), "in-elsewhere")
    yield attack(3, "from management: unicast ARP for it", MANAGEMENT, eth(management.mac, OUTSIDER.mac, ARP, search), "in-elsewhere")
    group, group_mac = solicited_node(host.ip6)
    yield attack(3, "from management: neighbour solicitation for it", MANAGEMENT,
                 eth(group_mac, OUTSIDER.mac, IPV6, neighbour(135, OUTSIDER.ip6, group, host.ip6, OUTSIDER.mac)), harmless=True)  # fmt: skip
    yield attack(3, "from management: unicast neighbour solicitation for it", MANAGEMENT,
                 eth(management.mac, OUTSIDER.mac, IPV6, neighbour(135, OUTSIDER.ip6, management.ip6, host.ip6, OUTSIDER.mac)), harmless=True)  # fmt: skip
    for own, me in ((host.ip, OUTSIDER.ip), (host.ip6, OUTSIDER.ip6)):
        way = "IPv6" if ":" in own else "IPv4"
        yield outsider(3, f"{way} ping of the plane's address", ping(me, own, MARK), reason="in-elsewhere")
        yield outsider(3, f"{way} connection to its migration port", tcp(me, own, PORT, SYN), reason="in-elsewhere")
        yield outsider(3, f"{way} datagram to it", udp(me, own, CLOSED, MARK), reason="in-elsewhere")
    for other, me in ((management.ip, PEER.ip), (management.ip6, PEER.ip6)):
        way = "IPv6" if ":" in other else "IPv4"
        yield peer(f"{way} ping of the management address, on the plane", ping(me, other, MARK), clause=3)
        yield peer(f"{way} connection to its migration port", tcp(me, other, PORT, SYN), clause=3)
    yield attack(3, "a peer: ARP for the management address, on the plane", PLANE,
                 eth(BROADCAST, PEER.mac, ARP, arp(1, PEER.mac, PEER.ip, NOBODY, management.ip)), "in-arp")  # fmt: skip
    group, group_mac = solicited_node(management.ip6)
    yield attack(3, "a peer: neighbour solicitation for the management address", PLANE,
                 eth(group_mac, PEER.mac, IPV6, neighbour(135, PEER.ip6, group, management.ip6, PEER.mac)), harmless=True)  # fmt: skip
    yield peer("ping of 127.0.0.1", ping(PEER.ip, "127.0.0.1", MARK), clause=3, reason="in-address")
    if lab.parent:
        for text, kind, packet in (
            ("ping of the plane's address at the parent", IPV4, ping(STRANGER.ip, host.ip, MARK)),
            ("connection to its migration port at the parent", IPV4, tcp(STRANGER.ip, host.ip, PORT, SYN)),
            ("ARP for it at the parent", ARP, arp(1, STRANGER.mac, STRANGER.ip, NOBODY, host.ip)),
        ):
            yield attack(3, f"a stranger: {text}", None, eth(lab.parent, STRANGER.mac, kind, packet), "in-elsewhere")

    # 5. On the plane's wire
    for text, to, sender in (("ARP", BROADCAST, STRANGER.ip), ("unicast ARP", host.mac, STRANGER.ip), ("ARP probe", BROADCAST, "0.0.0.0")):
        frame = eth(to, STRANGER.mac, ARP, arp(1, STRANGER.mac, sender, NOBODY, host.ip))
        yield attack(5, f"a stranger: {text}", PLANE, frame, "in-arp")
    yield attack(5, "a stranger: ARP in a peer's name, but not to us", PLANE,
                 eth("01:00:5e:00:00:01", PEER.mac, ARP, arp(1, PEER.mac, PEER.ip, NOBODY, host.ip)), "in-mac")  # fmt: skip
    group, group_mac = solicited_node(host.ip6)
    yield attack(5, "a stranger: neighbour solicitation", PLANE,
                 eth(group_mac, STRANGER.mac, IPV6, neighbour(135, STRANGER.ip6, group, host.ip6, STRANGER.mac)))  # fmt: skip
    yield attack(5, "a stranger: duplicate address detection", PLANE,
                 eth(group_mac, STRANGER.mac, IPV6, neighbour(135, "::", group, host.ip6)))  # fmt: skip
    yield stranger("ping", ping(STRANGER.ip, host.ip, MARK), reason="in-peer")
    yield stranger("connection to a migration port", tcp(STRANGER.ip, host.ip, PORT, SYN), reason="in-peer")
    yield stranger("connection to another port", tcp(STRANGER.ip, host.ip, CLOSED, SYN), reason="in-peer")
    yield stranger("segment of no connection", tcp(STRANGER.ip, host.ip, PORT, ACK), reason="in-peer")
    yield stranger("segment in fragments' clothes", tcp(STRANGER.ip, host.ip, PORT, SYN, fragment=0x4000), reason="in-peer")
    yield stranger("datagram", udp(STRANGER.ip, host.ip, CLOSED, MARK), reason="in-peer")
    yield stranger("ICMP timestamp request", icmp(STRANGER.ip, host.ip, 13, 0, 1, MARK), reason="in-peer")
    yield stranger("unknown protocol", ip(STRANGER.ip, host.ip, EXPERIMENT, MARK), reason="in-peer")
    yield stranger("last hop", ping(STRANGER.ip, "203.0.113.77", MARK, hops=1))
    yield stranger("ping of everybody", ping(STRANGER.ip, "255.255.255.255", MARK), to=BROADCAST, reason="in-mac")
    yield stranger("ping of everybody on the plane", ping(STRANGER.ip, "198.51.100.255", MARK), to=BROADCAST, reason="in-mac")
    yield stranger("ping of all hosts' group", ping(STRANGER.ip, "224.0.0.1", MARK), to="01:00:5e:00:00:01", reason="in-mac")
    yield stranger("IPv6 ping", ping(STRANGER.ip6, host.ip6, MARK))
    yield stranger("IPv6 connection to a migration port", tcp(STRANGER.ip6, host.ip6, PORT, SYN))
    yield stranger("IPv6 datagram", udp(STRANGER.ip6, host.ip6, CLOSED, MARK))
    yield stranger("IPv6 ping of all nodes' group", ping("fe80::66", "ff02::1", MARK), to="33:33:00:00:00:01")
    router_alert = struct.pack("!8B", ICMPV6, 0, 5, 2, 0, 0, 1, 0)
    query = ip("fe80::66", "ff02::1", 0, router_alert + icmp("fe80::66", "ff02::1", 130, 0, 1 << 16, bytes(16))[40:], hops=1)
    yield stranger("query for multicast listeners", query, to="33:33:00:00:00:01", settle=0.05)
    yield peer("ping to our address, but to every MAC", ping(PEER.ip, host.ip, MARK), to=BROADCAST, reason="in-mac")
    yield peer("connection to another port", tcp(PEER.ip, host.ip, CLOSED, SYN), reason="in-port")
    yield peer("connection to another port, from a migration port", tcp(PEER.ip, host.ip, CLOSED, SYN, sender_port=PORT), reason="in-port")
    yield peer("IPv6 connection to another port, from a migration port", tcp(PEER.ip6, host.ip6, CLOSED, SYN, sender_port=PORT))
    yield peer("datagram to a migration port", udp(PEER.ip, host.ip, PORT, MARK), reason="in-other")
    yield peer("ICMP timestamp request", icmp(PEER.ip, host.ip, 13, 0, 1, MARK), reason="in-icmp")
    yield peer("unknown protocol", ip(PEER.ip, host.ip, EXPERIMENT, MARK), reason="in-other")
    yield peer("ping with a record of its route", ip(PEER.ip, host.ip, ICMP, icmp_message(8, 0, 1, MARK),
               struct.pack("!BBB5x", 7, 7, 4)), reason="in-options")  # fmt: skip
    message = icmp_message(8, 0, 1, (MARK * 2)[:40])
    parts = [ip(PEER.ip, host.ip, ICMP, part, fragment=word) for word, part in ((0x2000, message[:24]), (3, message[24:]))]
    yield Attack(5, "a peer: ping in fragments", lambda _: [lab.to_plane(eth(host.mac, PEER.mac, IPV4, p)) for p in parts], "in-fragment")
    fragment_header = struct.pack("!BBHI", ICMPV6, 0, 0, 7)
    yield peer("IPv6 ping as a fragment of one", ip(PEER.ip6, host.ip6, 44, fragment_header + ping(PEER.ip6, host.ip6, MARK)[40:]))
    yield peer("IPv6 ping behind destination options", ip(PEER.ip6, host.ip6, 60,
               struct.pack("!BB6B", ICMPV6, 0, 1, 4, 0, 0, 0, 0) + ping(PEER.ip6, host.ip6, MARK)[40:]))  # fmt: skip
    yield peer("ping with a service tag", ping(PEER.ip, host.ip, MARK), tags=((SERVICE_VLAN, 0),), reason="in-ethertype")
    yield peer("ping with a priority tag within a priority tag", ping(PEER.ip, host.ip, MARK), tags=((VLAN, 0), (VLAN, 0)))
    if lab.options.guest_mac:
        yield stranger("ping to the MAC of a guest on the plane's device", ping(STRANGER.ip, host.ip, MARK), to=lab.options.guest_mac,
                       reason="in-mac")  # fmt: skip

    # 5, of the host's state
    for operation, text in ((1, "request"), (2, "reply")):
        yield attack(5, f"a stranger: gratuitous ARP {text} about a peer", PLANE,
                     eth(BROADCAST, STRANGER.mac, ARP, arp(operation, STRANGER.mac, PEER.ip, BROADCAST, PEER.ip)), "in-arp"
                     if not lab.options.pinned else "in-mac")  # fmt: skip
    yield attack(5, "a stranger: ARP reply about itself", PLANE,
                 eth(host.mac, STRANGER.mac, ARP, arp(2, STRANGER.mac, STRANGER.ip, host.mac, host.ip)), "in-arp")  # fmt: skip
    yield attack(5, "a stranger: neighbour advertisement about a peer", PLANE,
                 eth("33:33:00:00:00:01", STRANGER.mac, IPV6, neighbour(136, STRANGER.ip6, "ff02::1", PEER.ip6, STRANGER.mac, 0x20)))  # fmt: skip
    # As if the answer to a ping, which the kernel sends by itself, had met an obstacle
    answer = lambda to: icmp(host.ip, to, 0, 0, 1, MARK)
    yield stranger("fragmentation needed on the way to a peer", icmp(STRANGER.ip, host.ip, 3, 4, 600, answer(PEER.ip)), reason="in-peer")
    yield stranger("IPv6 packet too big on the way to a peer", icmp(STRANGER.ip6, host.ip6, 2, 0, 1280, ping(host.ip6, PEER.ip6, MARK)))
    yield peer("redirect of its route to a stranger", icmp(PEER.ip, host.ip, 5, 1, struct.unpack("!I", ip_bytes(STRANGER.ip))[0],
               answer(BEYOND)), reason="in-icmp")  # fmt: skip
    if lab.options.pinned:
        me = PEER.ip
        forged = lambda kind, packet: eth(host.mac, STRANGER.mac, kind, packet)
        yield attack(5, "a stranger with a peer's address: ARP", PLANE, forged(ARP, arp(1, STRANGER.mac, me, NOBODY, host.ip)), "in-mac")
        yield attack(5, "a stranger with a peer's address: ARP reply", PLANE, forged(ARP, arp(2, STRANGER.mac, me, host.mac, host.ip)), "in-mac")
        yield attack(5, "a stranger with a peer's address: ARP that names the peer's MAC", PLANE,
                     forged(ARP, arp(1, PEER.mac, me, NOBODY, host.ip)), "in-mac")  # fmt: skip
        yield attack(5, "a stranger with a peer's address: ping", PLANE, forged(IPV4, ping(me, host.ip, MARK)), "in-mac")
        yield attack(5, "a stranger with a peer's address: connection", PLANE, forged(IPV4, tcp(me, host.ip, PORT, SYN)), "in-mac")
        me = PEER.ip6
        yield attack(5, "a stranger with a peer's address: neighbour solicitation", PLANE,
                     forged(IPV6, neighbour(135, me, host.ip6, host.ip6, STRANGER.mac)))  # fmt: skip
        yield attack(5, "a stranger with a peer's address: neighbour advertisement", PLANE,
                     forged(IPV6, neighbour(136, me, host.ip6, me, STRANGER.mac, 0x20)))  # fmt: skip
        yield attack(5, "a stranger with a peer's address: IPv6 ping", PLANE, forged(IPV6, ping(me, host.ip6, MARK)))
    prefix = struct.pack("!BBBBII4x", 3, 4, 64, 0xC0, 3600, 3600) + ip_bytes("fd00:bad::")
    advert = icmp("fe80::66", "ff02::1", 134, 0, 64 << 24 | 1800, bytes(8) + prefix, hops=255)
    yield stranger("router advertisement", advert, to="33:33:00:00:00:01", settle=0.05)


def from_inside(lab):
    """Attacks by programs of the host, as root"""
    host, management, options = lab.host, lab.management, lab.options

    def raw(text, to, sender, kind, packet, *tags, reason=None, **more):
        frame = eth(to, sender, kind, packet, *tags)
        return Attack(4, f"the host itself: {text}", lambda _: lab.from_host(frame, **more), reason)

    def call(text, action, clause=4, reason=None, settle=0):
        return Attack(clause, f"the host itself: {text}", action, reason, settle)

    def datagram(source, to, port, link=options.link, broadcast=False):
        def send(_):
            with lab.host_socket(socket.AF_INET6 if ":" in to else socket.AF_INET, socket.SOCK_DGRAM, 0, link, source) as made:
                made.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, broadcast)
                made.sendto(MARK, (to, port))

        return send

    def connection(to, port):
        def send(_):
            with lab.host_socket(socket.AF_INET, socket.SOCK_STREAM, 0, None, host.ip) as made:
                made.connect_ex((to, port))

        return send

    def membership(_):
        with lab.host_socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
            made.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton("239.1.2.3") + socket.inet_aton(host.ip))
            lab.settle(0.3)

    ours = ping(host.ip, PEER.ip, MARK)
    yield raw("a frame with another MAC", PEER.mac, STRANGER.mac, IPV4, ours, reason="out-mac")
    yield raw("a frame with another MAC past the qdiscs", PEER.mac, STRANGER.mac, IPV4, ours, bypass=True, reason="out-mac")
    yield raw("ping of a stranger past the qdiscs", STRANGER.mac, host.mac, IPV4, ping(host.ip, STRANGER.ip, MARK), bypass=True, reason="out-peer")
    yield raw("ping of a stranger", STRANGER.mac, host.mac, IPV4, ping(host.ip, STRANGER.ip, MARK), reason="out-peer")
    yield raw("ping in the management address's name", PEER.mac, host.mac, IPV4, ping(management.ip, PEER.ip, MARK), reason="out-address")
    yield raw("IP to a group's MAC", "01:00:5e:00:00:01", host.mac, IPV4, ours, reason="out-mac")
    yield raw("a segment from and to other ports", PEER.mac, host.mac, IPV4, tcp(host.ip, PEER.ip, CLOSED, SYN), reason="out-port")
    yield raw("IP with options", PEER.mac, host.mac, IPV4,
              ip(host.ip, PEER.ip, ICMP, icmp_message(8, 0, 1, MARK), struct.pack("!BBB5x", 7, 7, 4)), reason="out-options")  # fmt: skip
    yield raw("a fragment", PEER.mac, host.mac, IPV4, ip(host.ip, PEER.ip, ICMP, MARK, fragment=0x2000), reason="out-fragment")
    yield raw("ARP in the management address's name", BROADCAST, host.mac, ARP, arp(1, host.mac, management.ip, NOBODY, PEER.ip), reason="out-arp")
    yield raw("ARP with another MAC inside", BROADCAST, host.mac, ARP, arp(1, STRANGER.mac, host.ip, NOBODY, PEER.ip), reason="out-arp")
    yield raw("ARP for a stranger", BROADCAST, host.mac, ARP, arp(1, host.mac, host.ip, NOBODY, STRANGER.ip), reason="out-arp")
    yield raw("gratuitous ARP", BROADCAST, host.mac, ARP, arp(1, host.mac, host.ip, NOBODY, host.ip), reason="out-arp")
    yield raw("LLDP", "01:80:c2:00:00:0e", host.mac, LLDP, MARK, reason="out-ethertype")
    yield raw("spanning tree", "01:80:c2:00:00:00", host.mac, 38, b"\x42\x42\x03" + MARK, protocol=4, reason="out-ethertype")
    yield raw("IPv6 in IPv4's clothes", PEER.mac, host.mac, IPV6, ping(host.ip6, PEER.ip6, MARK), protocol=IPV4, reason="out-ethertype")
    yield raw("a tagged frame", PEER.mac, host.mac, IPV4, ours, (VLAN, 0), reason="out-ethertype")
    yield raw("router solicitation", "33:33:00:00:00:02", host.mac, IPV6, icmp("fe80::1", "ff02::2", 133, 0, 0, b"", hops=255))
    yield raw("listener report", "33:33:00:00:00:16", host.mac, IPV6, icmp("fe80::1", "ff02::16", 143, 0, 0, b"", hops=1))
    if options.guest_mac:
        yield raw("a guest on the plane's device", PEER.mac, options.guest_mac, IPV4, ping(PEER.ip, "192.0.2.99", MARK), link="guest0",
                  reason="out-mac")  # fmt: skip
    yield call("datagram to a peer", datagram(None, PEER.ip, 514), reason="out-other")
    yield call("datagram to a stranger", datagram(None, STRANGER.ip, 514), reason="out-peer")
    yield call("datagram to a peer from the management address", datagram(management.ip, PEER.ip, 514), reason="out-address")
    yield call("datagram to everybody", datagram(None, "255.255.255.255", 514, broadcast=True), reason="out-peer")
    yield call("datagram to everybody on the plane", datagram(None, "198.51.100.255", 514, broadcast=True), reason="out-peer")
    yield call("mDNS", datagram(None, "224.0.0.251", 5353), reason="out-peer")
    yield call("IPv6 mDNS", datagram(None, "ff02::fb", 5353))
    yield call("connection to a peer's other port", connection(PEER.ip, CLOSED), reason="out-port")
    yield call("connection to a stranger's migration port", connection(STRANGER.ip, PORT), reason="out-peer")
    yield call("joining a group", membership, settle=0.3)
    yield call("datagram from the plane's address on management", datagram(host.ip, OUTSIDER.ip, 514, "mgmt0"), clause=2, reason="out-elsewhere")
    yield call("IPv6 datagram from the plane's address on management", datagram(host.ip6, OUTSIDER.ip6, 514, "mgmt0"), clause=2)
    yield call("search for a peer on management", datagram(None, PEER.ip, 514, "mgmt0"), clause=2)


# --- Running ------------------------------------------------------------------------------------------------------------------


def try_one(lab, attack, before):
    lab.leaks.clear()
    refused = ""
    try:
        attack.send(lab)
    except OSError as error:
        refused = error.strerror
    lab.settle(attack.settle)
    leaks, after = list(lab.leaks), lab.state()
    changes = [f"{sign}{line}" for sign, some in (("+", after - before), ("-", before - after)) for line in sorted(some)]
    return leaks, changes, refused, after


def try_all(lab):
    lab.to_plane(eth(lab.host.mac, PEER.mac, IPV6, ping(PEER.ip6, lab.host.ip6, HELLO)))
    lab.settle()
    result, counted = {}, lab.counters()
    before = lab.state()
    for attack in filter(lambda attack: attack.send, [*from_inside(lab), *from_outside(lab)]):
        if lab.options.forget:
            lab.forget()
            before = lab.state()
        leaks, changes, refused, before = try_one(lab, attack, before)
        now = lab.counters()
        key = f"{attack.clause}. {attack.text}"
        result[key] = {
            "leaks": [f"{port}: {describe(frame)}" for port, frame in leaks],
            "changes": changes,
            "drops": sorted(name for name in now if now[name] > counted[name]),
            "refused": refused or ("not heard" if attack.unheard else ""),
            "reason": attack.reason,
            "harmless": attack.harmless,
        }
        counted = now
    return result


def judge(key, found, without):
    """Prints a line of result, and what is wrong with it"""
    bite = [f"{len(without['leaks'])} frames"] * bool(without["leaks"]) + ["a changed state"] * bool(without["changes"])
    faults = found["leaks"] + found["changes"]
    # A host that has no IPv6 on the plane cannot even try some of them.
    fate = f"dropped as {', '.join(found['drops'])}" if found["drops"] else f"refused: {found['refused']}"
    if not any(name.endswith(found["reason"] or "") for name in found["drops"]) and not (found["refused"] and not found["drops"]):
        faults.append(f"{fate}, and not as {found['reason'] or 'anything'}")
    if faults:
        print(f"not ok\t{key}\t{'; '.join(faults)}")
    elif bite or found["harmless"]:
        print(f"ok\t{key}: {' and '.join(bite) or 'nothing'} without, nothing with, {fate}\t")
    else:
        print(f"skip\t{key}\tthis kernel does nothing about it without migplane either")


def command_try(lab):
    json.dump(try_all(lab), sys.stdout, indent=1)


def command_judge(files):
    without, found = (json.load(open(file, encoding="utf-8")) for file in files)
    for key in found:
        judge(key, found[key], without.get(key, {"leaks": [], "changes": []}))


def command_flood(lab):
    """Prints a line as soon as it begins; at the end frames sent, frames leaked, and the milliseconds between the first and the
    last leak; and what leaked."""
    attacks = [attack for attack in from_outside(lab) if attack.send]
    sent, leaked, first, last, kinds = 0, 0, None, None, collections.Counter()
    lab.settle()  # what waited for a neighbour was let in before
    print("begins", flush=True)
    while not os.path.exists(lab.options.until):
        for attack in attacks:
            attack.send(lab)
        sent += len(attacks)
        lab.leaks.clear()
        lab.hear(0.002)
        if lab.leaks:
            leaked += len(lab.leaks)
            last = time.monotonic()
            first = first or last
            kinds.update(f"{port}: {describe(frame)}" for port, frame in lab.leaks)
    print(sent, leaked, int((last - first) * 1000) if leaked else 0)
    for text, number in kinds.most_common(20):
        print(f"{number} x {text}")


def command_watch(lab):
    print("begins", flush=True)
    while not os.path.exists(lab.options.until):
        for port, frame in lab.ports.hear(0.05):
            if port == lab.plane_port:
                print(describe(frame), flush=True)


def main():
    if sys.argv[1:2] == ["judge"]:
        command_judge(sys.argv[2:])
        return
    commands = {"try": command_try, "flood": command_flood, "watch": command_watch}
    parser = argparse.ArgumentParser()
    parser.add_argument("command", choices=commands)
    parser.add_argument("--host", required=True, help="name, as in the switch's ports plane-NAME and mgmt-NAME")
    parser.add_argument("--number", required=True, help="the last part of all of its addresses")
    parser.add_argument("--pid", required=True, type=int, help="of a process in it")
    parser.add_argument("--link", required=True, help="the plane's device in it")
    parser.add_argument("--mac", required=True, help="of that device")
    parser.add_argument("--management-mac", required=True)
    parser.add_argument("--parent-mac", help="of the device below, where there is one")
    parser.add_argument("--peer-mac", help="of the real peer")
    parser.add_argument("--guest-mac", help="of guest0, on top of the plane's device")
    parser.add_argument("--vlan", type=int)
    parser.add_argument("--pinned", action="store_true", help="the peer's MAC is configured")
    parser.add_argument("--ipv4-only", action="store_true", help="the plane has no IPv6")
    parser.add_argument("--forget", action="store_true", help="have the host forget one attack before the next")
    parser.add_argument("--until", help="file that ends it")
    parser.add_argument("--processor", type=int, default=0)
    options = parser.parse_args()
    # What one processor has sent, the other end gets in that order.
    processors = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {processors[options.processor % len(processors)]})
    commands[options.command](Lab(options))


main()
