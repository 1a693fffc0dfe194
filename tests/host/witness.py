# Watches a migration from outside, all the time: what is above the cap on its wire, and who answers the engine
# SPDX-License-Identifier: GPL-2.0-or-later
#
#     witness.py --engine PID --engine-mac MAC --engine-address ADDRESS --target MAC=ADDRESS... \
#                --sender PORT --receiver PID
#
# Reads commands from standard input, and answers each with a line:
#
#     wire BITS     the cap of what the sender's port sees, from now on; 0: not looked at
#     arrived BITS  the same of what the receiver's IP gets
#     mark          since the last mark: frames sent by the engine, answers, and the most bytes beyond either cap
#
# "Beyond the cap" has no window that one could choose wrongly: for each cap there is a bucket that what passes fills and
# the cap's rate drains. Its highest level is the most that passed, within any time whatever, beyond what the cap had let
# through in that time. A shaper's burst is in there, and is the caller's to allow for. Headers of segments that GSO joins
# are not counted, so that the level is too low rather than too high.

import argparse
import os
import random
import select
import sys
import time

from frames import *  # pylint: disable=wildcard-import,unused-wildcard-import

TICK = 0.002  # seconds between two looks
BLUR = 0.0005  # a look that took longer than that says nothing about when


class Meter:
    """Bytes beyond a cap"""

    def __init__(self, read):
        self.read = read
        self.rate = 0  # bytes per second
        self.last, self.then = None, 0.0
        self.level = self.highest = 0.0

    def look(self):
        began = time.monotonic()
        value = self.read()
        now = time.monotonic()
        if now - began > BLUR:
            return
        if value is None or self.last is None or value < self.last:  # a port that is made again counts from 0
            self.level = 0.0
        elif self.rate:
            self.level = max(0.0, self.level + value - self.last - self.rate * (now - self.then))
            self.highest = max(self.highest, self.level)
        self.last, self.then = value, now

    def set_rate(self, bits):
        self.look()
        self.rate = bits / 8
        if not bits:
            self.level = 0.0

    def mark(self):
        highest, self.highest = self.highest, 0.0
        self.level = 0.0  # of each time by itself
        return int(highest)


def port_bytes(port):
    """What a port of the switch has received from its host"""
    file = os.open("/proc/net/dev", os.O_RDONLY)

    def read():
        for line in os.pread(file, 65536, 0).decode().splitlines():
            name, _, counters = line.partition(":")
            if name.strip() == port:
                return int(counters.split()[0])
        return None

    return read


def ip_bytes_in(pid):
    file = os.open(f"/proc/{pid}/net/netstat", os.O_RDONLY)

    def read():
        lines = [line.split() for line in os.pread(file, 65536, 0).decode().splitlines() if line.startswith("IpExt:")]
        return int(lines[1][lines[0].index("InOctets")])

    return read


class Engine:
    """It asks for the plane's addresses by all that it has, and hears who answers."""

    def __init__(self, options):
        self.mac, self.address = options.engine_mac, options.engine_address
        self.targets = [target.split("=") for target in options.target]
        with network_of(options.engine):
            self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        self.socket.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
        self.socket.bind(("eno2", ETH_P_ALL))
        self.socket.setblocking(False)
        self.sent = self.answers = 0
        self.told = 0

    def send(self):
        for mac, address in self.targets:
            port = random.choice((49152, 49153, 49215, 22, 16509))
            frames = [eth(to, self.mac, ARP, arp(1, self.mac, self.address, NOBODY, address)) for to in (BROADCAST, mac)]
            frames += [
                eth(mac, self.mac, IPV4, packet)
                for packet in (
                    tcp(self.address, address, port, SYN, sender_port=random.randrange(32768, 60000)),
                    ping(self.address, address, b"engine"),
                )
            ]
            for frame in frames:
                try:
                    self.sent += self.socket.send(frame) > 0
                except OSError:
                    pass

    def hear(self):
        while True:
            try:
                frame = self.socket.recv(65536)
            except BlockingIOError:
                return
            if receiver_of(frame) == self.mac or is_arp_search(frame, self.address):
                self.answers += 1
                if self.told < 20:
                    print(describe(frame), file=sys.stderr, flush=True)
                    self.told += 1

    def mark(self):
        sent, answers = self.sent, self.answers
        self.sent = self.answers = self.told = 0
        return sent, answers


def obey(line, engine, meters):
    command, *words = line.split()
    if command == "mark":
        # What is under way is still counted.
        time.sleep(0.01)
        engine.hear()
        print(*engine.mark(), *(meter.mark() for meter in meters.values()), flush=True)
    else:
        meters[command].set_rate(int(words[0]))
        print(command, flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--engine", required=True, type=int)
    parser.add_argument("--engine-mac", required=True)
    parser.add_argument("--engine-address", required=True)
    parser.add_argument("--target", required=True, action="append")
    parser.add_argument("--sender", required=True)
    parser.add_argument("--receiver", required=True, type=int)
    options = parser.parse_args()

    engine = Engine(options)
    meters = {"wire": Meter(port_bytes(options.sender)), "arrived": Meter(ip_bytes_in(options.receiver))}
    while True:
        for meter in meters.values():
            meter.look()
        engine.send()
        engine.hear()
        if select.select([sys.stdin], [], [], TICK)[0]:
            line = sys.stdin.readline()
            if not line:
                return
            obey(line, engine, meters)


main()
