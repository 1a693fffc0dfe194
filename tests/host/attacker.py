# Tries the attacks against a host, and tells what the host puts on the wires in answer
# SPDX-License-Identifier: GPL-2.0-or-later
#
#     attacker.py try OPTION...           each attack once: what came of it, as JSON
#     attacker.py judge WITHOUT WITH      a line for each attack: ok, not ok or skip, and two columns of text
#     attacker.py count TITLE RESULT      how many got through, for each piece of the promise: a table's row; its head without a title
#     attacker.py flood OPTION...         all that come from outside, round and round, until a file exists
#     attacker.py watch OPTION...         what the host puts on the plane's wire by itself, until then
#
# It runs beside the switch, and so sees every frame that the host emits. Three stations are made up here: a peer, a
# stranger on the plane's wire, and an outsider on the management network. They answer when the host looks for them, so
# that nothing that the host wants to send fails for the lack of a neighbour.
#
# A leak is any frame of the host on the plane's wire but what belongs to the exchange with the peer that shows that the
# host has come thus far, or looks for the real peer; and any on the management wire that names an address of the plane,
# or carries what the attack carried.

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

import attacks
from attack import BEYOND, DNAT_TO_PEER, DNAT_TO_PLANE, GATEWAY, HELLO, MARK, OUTSIDER, PEER, REAL_PEER, ROUTED_PEER, STRANGER
from frames import *  # pylint: disable=wildcard-import,unused-wildcard-import

END = "-- end --"
# Ports of the management address behind which, by the host's own rules, the plane is
HANDED_ON = [struct.pack("!H", port) for port in (DNAT_TO_PEER, DNAT_TO_PLANE)]


class Lab:
    """One host, its two switch ports, and what was heard there"""

    def __init__(self, options):
        number = options.number
        self.options = options
        self.plane_port, self.management_port = f"plane-{options.host}", f"mgmt-{options.host}"
        self.ports = Ports([self.plane_port, self.management_port])
        self.host = Station(options.mac, f"198.51.100.{number}", f"fd00:198::{number}")
        self.management = Station(options.management_mac, f"192.0.2.{number}", f"fd00:192::{number}")
        self.parent = options.parent_mac
        self.leaks = []
        self.hellos = 0
        inside = ["nsenter", f"--target={options.pid}", "--net", "sh"]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        self.shell = subprocess.Popen(inside, text=True, **pipes)  # pylint: disable=consider-using-with
        with network_of(options.pid):
            self.raw = packet_socket()
            self.past_qdiscs = packet_socket()
            self.past_qdiscs.setsockopt(SOL_PACKET, PACKET_QDISC_BYPASS, 1)

    # --- Sending ---

    def to_plane(self, frame):
        return self.to_plane_untagged(tagged(frame, self.options.vlan) if self.options.vlan else frame)

    def to_plane_untagged(self, frame):
        return self.ports.send(self.plane_port, frame)

    def to_management(self, frame):
        return self.ports.send(self.management_port, frame)

    def from_peer(self, packet):
        return self.to_plane(eth(self.host.mac, PEER.mac, version(packet), packet))

    def from_host(self, frame, link=None, protocol=None, bypass=False):
        to = (link or self.options.link, protocol or ethertype(frame))
        (self.past_qdiscs if bypass else self.raw).sendto(frame, to)

    def host_socket(self, family, kind, link=None, source=None):
        with network_of(self.options.pid):
            made = socket.socket(family, kind)
        made.setblocking(False)
        if link:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, link.encode())
        if source:
            made.bind((source, 0))
        return made

    # --- Listening ---

    def answer_search(self, frame, stations):
        """What a station says when it is looked for; None: none is"""
        for who in stations:
            if is_arp_search(frame, who.ip):
                _, mac, asking, _ = arp_read(frame)
                return eth(mac, who.mac, ARP, arp(2, who.mac, who.ip, mac, asking))
            if is_neighbour_search(frame, who.ip6):
                asking = socket.inet_ntop(socket.AF_INET6, frame[22:38])
                return eth(sender_of(frame), who.mac, IPV6, neighbour(136, who.ip6, asking, who.ip6, who.mac, 0x60))
        return None

    def is_leak_on_plane(self, frame):
        if sender_of(frame) != self.host.mac or MARK in frame:
            return True
        for mac, ipv4, ipv6 in (PEER, GATEWAY, REAL_PEER._replace(mac=self.options.peer_mac)):
            if is_arp_search(frame, ipv4):
                _, mac_inside, asking, _ = arp_read(frame)
                return (mac_inside, asking) != self.host[:2] or receiver_of(frame) not in (mac, BROADCAST)
            if is_neighbour_search(frame, ipv6):
                return receiver_of(frame) not in (mac, solicited_node(ipv6)[1])
        return receiver_of(frame) != PEER.mac or HELLO not in frame

    def is_leak_on_management(self, frame):
        # That the host knows no way to the plane while that is away, it may well say in its own name.
        if frame[26:30] == ip_bytes(self.management.ip) and frame[23] == ICMP and frame[34:36] == b"\3\0":
            return False
        # Or that it takes no such routing headers.
        if frame[22:38] == ip_bytes(self.management.ip6) and frame[54:56] in (b"\1\0", b"\4\0"):
            return False
        if ethertype(frame) == ARP and ip_bytes(ROUTED_PEER) in frame[14:]:
            return True
        at = 54 if ethertype(frame) == IPV6 else 34
        if frame[at : at + 2] in HANDED_ON and frame[at + 13] & SYN:
            return True
        return MARK in frame or ip_bytes(PEER.ip)[:3] in frame[14:] or ip_bytes(PEER.ip6)[:8] in frame[14:]

    def hear_one(self, port, frame):
        """Whether somebody was looked for"""
        if port == self.management_port:
            if self.is_leak_on_management(frame):
                self.leaks.append((port, frame))
            found = self.answer_search(frame, [OUTSIDER])
            return bool(found and self.to_management(found))
        if self.options.vlan:
            if frame[12:16] != struct.pack("!HH", VLAN, self.options.vlan):
                self.leaks.append((port, frame))
                return False
            frame = frame[:12] + frame[16:]
        if self.is_leak_on_plane(frame):
            self.leaks.append((port, frame))
        found = self.answer_search(frame, [PEER, STRANGER, GATEWAY])
        return bool(found and self.to_plane(found))

    def hear(self, seconds=0):
        """Whether somebody was looked for, and the hellos that came back"""
        searched, answered = False, set()
        for port, frame in self.ports.hear(seconds):
            searched |= self.hear_one(port, frame)
            if HELLO in frame:
                answered.add((port, frame[frame.index(HELLO) :][: len(HELLO) + 4]))
        return searched, answered

    def hello(self, patience=10):
        """Returns when the host has dealt with all that it was sent, on either wire: whether somebody was looked for"""
        self.hellos += 1
        hello = HELLO + struct.pack("!I", self.hellos)
        self.from_peer(ping(PEER.ip, self.host.ip, hello))
        to_management = ping(OUTSIDER.ip, self.management.ip, hello)
        self.to_management(eth(self.management.mac, OUTSIDER.mac, IPV4, to_management))
        missing = {(self.plane_port, hello), (self.management_port, hello)}
        any_searched, deadline = False, time.monotonic() + patience
        while missing:
            searched, answered = self.hear(0.002)
            any_searched |= searched
            missing -= answered
            if time.monotonic() > deadline:
                sys.exit(f"no answer to a ping on {', '.join(port for port, _ in missing)}")
        return any_searched

    def settle(self, seconds=0):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.hear(0.02)
        for _ in range(4):  # what waited for a neighbour comes after that is found
            if not self.hello():
                return

    # --- The host's state ---

    def run(self, *commands):
        """By a shell that stays: starting one is most of what a short command costs"""
        self.shell.stdin.write("\n".join([*commands, f"echo {END}"]) + "\n")
        self.shell.stdin.flush()
        return "".join(iter(self.shell.stdout.readline, f"{END}\n"))

    def state(self):
        """Lines that only a change of addresses, routes and neighbours changes"""
        shown = "address\\nroute show table all\\nroute show cache\\nneighbour\\n"
        # What the kernel believes of a way is in its cache only once that has been asked for.
        asked = {4: f"route get {REAL_PEER.ip}\\nroute get {BEYOND}\\nroute get {ROUTED_PEER}\\n", 6: f"route get {REAL_PEER.ip6}\\n"}
        batches = (f"printf '{asked[family]}{shown}' | ip -{family} -oneline -force -batch -" for family in asked)
        text = self.run(*batches)
        text = re.sub(r"(valid_lft|preferred_lft|expires|age|hoplimit) \S+", "", text)
        text = re.sub(r"\\|\b(REACHABLE|STALE|DELAY|PROBE|router)\b", "", text)
        # What the hosts' kernels know of each other by themselves comes and goes.
        others = "fe80::5054:ff:fe00:a.. dev mgmt0 lladdr 52:54:00:00:0a:"
        noise = re.compile(rf"FAILED|INCOMPLETE|^({OUTSIDER.ip}|{OUTSIDER.ip6}) .*lladdr|^{others}")
        return {re.sub(r"\s+", " ", line) for line in text.splitlines() if not noise.search(line)}

    def forget(self):
        """Of a host without migplane: what earlier attacks have left in it"""
        link, families = self.options.link, (4, 6)
        flush = [f"ip -{family} neighbour flush dev {device}" for family in families for device in (link, "mgmt0")]
        flush += [f"ip -{family} route flush cache" for family in families]
        known = [f"ip neighbour replace {ip} lladdr {PEER.mac} dev {link} nud reachable" for ip in PEER[1:]]
        self.run(*flush, *known)
        self.settle()

    def counters(self):
        listed = json.loads(self.run("nft --json list counters") or '{"nftables":[]}')["nftables"]
        counters = [entry["counter"] for entry in listed if "counter" in entry]
        counted = collections.Counter()
        for counter in counters:
            if counter["table"] == "migplane":
                counted[counter["name"]] += counter["packets"]
        return counted


# --- Each attack once -------------------------------------------------------------------------------------------------


def counted_drops(lab, before, reason, patience=5):
    """The counters, and which of them have risen. Waits for the counter of the reason, if there is one: the kernel delivers a
    group's frame to a macvlan from a work queue, which may run late."""
    deadline = time.monotonic() + patience
    while True:
        counted = lab.counters()
        drops = sorted(name for name in counted if counted[name] > before[name])
        if not reason or not before or any(drop.endswith(reason) for drop in drops) or time.monotonic() > deadline:
            return counted, drops
        lab.settle(0.02)


def try_one(lab, attack, before, counted):
    """What came of it, and the state of the host after it, and its counters"""
    lab.leaks.clear()
    refused = "not heard" if attack.unheard else ""
    try:
        attack.send()
    except OSError as error:
        refused = error.strerror
    lab.settle(attack.settle)
    counted, drops = counted_drops(lab, counted, attack.reason if not refused else "")
    after = lab.state()
    # The kernel forgets neighbours that it has learnt by itself, and looks for them again. What matters is what it
    # believes of them.
    believed = {line.partition(" lladdr ")[0] for line in after}
    after |= {
        line
        for line in before - after
        if " lladdr " in line and "PERMANENT" not in line and line.partition(" lladdr ")[0] not in believed
    }
    changes = [f"+ {line}" for line in sorted(after - before)] + [f"- {line}" for line in sorted(before - after)]
    return {
        "leaks": [f"{port}: {describe(frame)}" for port, frame in lab.leaks],
        "changes": changes,
        "refused": refused,
        "reason": attack.reason,
        "harmless": attack.harmless,
        "drops": drops,
    }, after, counted


def command_try(lab):
    lab.from_peer(ping(PEER.ip6, lab.host.ip6, HELLO))
    lab.settle()
    results, counted, state = {}, lab.counters(), lab.state()
    tried = attacks.from_inside(lab) + attacks.from_outside(lab)
    twice = [text for text, number in collections.Counter(attack.text for attack in tried).items() if number > 1]
    assert not twice, twice
    for attack in tried:
        if lab.options.forget:
            lab.forget()
            state = lab.state()
        result, state, counted = try_one(lab, attack, state, counted)
        results[f"{attack.piece}. {attack.text}"] = result
    json.dump(results, sys.stdout, indent=1)


def judge(name, found, without):
    """Prints a line of result, and what is wrong with it"""
    bite = [f"{len(without['leaks'])} frames"] * bool(without["leaks"])
    bite += ["a changed state"] * bool(without["changes"])
    faults = found["leaks"] + found["changes"]
    drops, reason = found["drops"], found["reason"] or ""
    may_pass = found["reason"] == ""
    # A host that has no IPv6 on the plane cannot even try some of them.
    fate = f"dropped as {', '.join(drops)}" if drops else found["refused"] or "not counted"
    if not may_pass and not any(drop.endswith(reason) for drop in drops) and (drops or not found["refused"]):
        faults.append(f"{fate}, where {reason or 'any reason'} was expected")
    if faults:
        print(f"not ok\t{name}\t{'; '.join(faults)}")
    elif bite or found["harmless"]:
        print(f"ok\t{name}: {' and '.join(bite) or 'nothing'} without, nothing with, {fate}\t")
    else:
        print(f"skip\t{name}\tthis kernel does nothing about it without migplane either")


def command_judge(files):
    results = []
    for path in files:
        with open(path, encoding="utf-8") as file:
            results.append(json.load(file))
    without, found = results
    for name in found:
        judge(name, found[name], without.get(name, {"leaks": [], "changes": []}))


REFUSAL = re.compile(r"protocol 1 03(09|0a|0d)|next 58 0101")  # a firewall's answer: prohibited


def command_count(title, path):
    with open(path, encoding="utf-8") as file:
        results = json.load(file)
    tried, through = collections.Counter(), collections.Counter()
    for name, found in results.items():
        refused = found["leaks"] and not found["changes"] and all(map(REFUSAL.search, found["leaks"]))
        for piece in (name.split(".")[0], "all"):
            tried[piece] += 1
            through[piece] += bool(found["leaks"] or found["changes"])
        through["refused"] += bool(refused)
    if title:
        cells = [title, *(through[piece] for piece in sorted(tried)), through["refused"]]
    else:
        cells = ["", *(f"{piece} ({tried[piece]})" for piece in sorted(tried)), "of these refused by ICMP"]
    print(f"| {' | '.join(map(str, cells))} |", flush=True)


# --- Until a file exists ----------------------------------------------------------------------------------------------


def command_flood(lab):
    """Prints a line as soon as it begins; at the end frames sent, frames leaked, the milliseconds between the first and
    the last leak, and what leaked"""
    tried = attacks.from_outside(lab)
    rounds, times, kinds = 0, [], collections.Counter()
    # What still waits for a neighbour was let in before.
    lab.from_peer(neighbour(135, PEER.ip6, lab.host.ip6, lab.host.ip6, PEER.mac))
    lab.settle()
    print("begins", flush=True)
    while not os.path.exists(lab.options.until):
        for attack in tried:
            attack.send()
        rounds += 1
        lab.leaks.clear()
        lab.hear(0.002)
        if lab.leaks:
            times.append(time.monotonic())
            kinds.update(f"{port}: {describe(frame)}" for port, frame in lab.leaks)
    milliseconds = int((times[-1] - times[0]) * 1000) if times else 0
    print(rounds * len(tried), sum(kinds.values()), milliseconds)
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
    if sys.argv[1:2] == ["count"]:
        command_count(*sys.argv[2:])
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
    parser.add_argument("--untracked", action="store_true", help="no rule of the host's needs connection tracking")
    parser.add_argument("--piece", type=int, help="the attacks of one piece of the promise alone")
    parser.add_argument("--forget", action="store_true", help="have the host forget one attack before the next")
    parser.add_argument("--until", help="file that ends it")
    parser.add_argument("--processor", type=int, default=0)
    options = parser.parse_args()
    # What one processor has sent, the other end gets in that order.
    processors = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {processors[options.processor % len(processors)]})
    commands[options.command](Lab(options))


main()
