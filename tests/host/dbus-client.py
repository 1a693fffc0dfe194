# A caller that means ill, and a polkitd that does what it is told, in raw D-Bus, as no library would send it
# SPDX-License-Identifier: GPL-2.0-or-later
#
#     dbus-client.py ask N WAITING       N calls of Reload; prints how all but WAITING of them were answered
#     dbus-client.py ask-and-end N       N calls of Reload, four at a time; prints how they were answered
#     dbus-client.py ask-and-go N        N calls of Reload, and is gone
#     dbus-client.py call reload [FLAGS] a call of Reload with these flags; prints "done", or the error's name and text
#     dbus-client.py call cap RATE       the same of SetBandwidth, out, until the next boot
#     dbus-client.py describe N          Describe over N connections, each time after the answer; "many" as below, and "refused"
#                                        when many were refused
#     dbus-client.py descriptors N       as ask, with 16 file descriptors each
#     dbus-client.py flood N             calls of all kinds over N connections; "many" when many have been answered
#     dbus-client.py large N WAITING     as ask, with 8 MiB in a field of the header that nobody knows
#     dbus-client.py log-level           a call that sets the log's level, without waiting for its answer, and "sent"
#     dbus-client.py matches N           N subscriptions; prints how many were taken
#     dbus-client.py name                has the daemon's name, and answers all calls; "ready"
#     dbus-client.py never-reads N       N calls whose answers are never read; "stalled" when others get none either
#     dbus-client.py read N              calls of all kinds that only read, over N connections; "many" when many have been answered
#     dbus-client.py odd                 what nobody should send; prints an answer a line
#     dbus-client.py plan N              Plan over N connections, each time after the answer; "many" as below
#     dbus-client.py plan-unanswered N   Plan over N connections without an answer; "many" when many have been sent
#     dbus-client.py polkit FILE         a polkitd that answers once there is FILE, as that says: "1 0" yes, "0 0" no,
#                                        "0 1" after a password; then it says "answered"
#
# All but ask-and-end, ask-and-go, call, log-level and odd end when they are killed.

import itertools
import os
import select
import socket
import struct
import sys
import time

from rawbus import CALL, DBUS, ERROR, NO_REPLY, RETURN, Bus, align, message, string, values_at

MANAGER = ("org.migplane1", "/org/migplane1", "org.migplane1.Manager")
PLANE = ("org.migplane1", "/org/migplane1/plane/blue", "org.migplane1.Plane")
INTROSPECTION = (*PLANE[:2], "org.freedesktop.DBus.Introspectable")
PEER = (*PLANE[:2], "org.freedesktop.DBus.Peer")
PROPERTIES = ("org.migplane1", "/org/migplane1/plane/blue", "org.freedesktop.DBus.Properties")


def wait():
    print("waiting", flush=True)
    while True:
        time.sleep(1000)


def name():
    bus = Bus()
    bus.ask(DBUS, "RequestName", "su", align(string(MANAGER[0]), 4) + struct.pack("<I", 0))
    print("ready", flush=True)
    while True:
        kind, serial, fields, _ = bus.receive()
        if kind == CALL:
            bus.serial += 1
            bus.socket.sendall(message(RETURN, bus.serial, [(5, "u", serial), (6, "s", fields[7])]))


def never_reads(n):
    deaf, other = Bus(), Bus()
    stalled = False
    for i in range(int(n)):
        deaf.send(INTROSPECTION, "Introspect")
        if not stalled and i % 50 == 0 and not other.ask(PEER, "Ping", timeout=2):
            stalled = True
            print("stalled", flush=True)
    wait()


# Sends N calls, not too many at once for the bus, and prints how they were answered; that many will wait.
def ask_all(bus, n, waiting, send, window=50):
    counts = {}
    for i in range(n + 1):
        answered = sum(counts.values())
        while answered < (n - waiting if i == n else i - waiting - window):
            kind, _, fields, _ = bus.receive(60) or sys.exit(f"no answer: {counts}")
            if kind in (RETURN, ERROR):
                name = fields.get(4, "done").rsplit(".", 1)[-1]
                counts[name] = counts.get(name, 0) + 1
                answered += 1
        if i < n:
            send()
    print(" ".join(f"{name} {counts[name]}" for name in sorted(counts)), flush=True)


def ask(n, waiting):
    bus = Bus()
    ask_all(bus, int(n), int(waiting), lambda: bus.send(MANAGER, "Reload"))
    wait()


def ask_and_end(n):
    bus = Bus()
    ask_all(bus, int(n), 0, lambda: bus.send(MANAGER, "Reload"), window=4)


def ask_and_go(n):
    bus = Bus()
    for _ in range(int(n)):
        bus.send(MANAGER, "Reload")
    # So that they have got as far as the daemon.
    bus.ask(MANAGER, "ListPlanes")


def call(what, argument="0"):
    bus = Bus()
    if what == "reload":
        serial = bus.send(MANAGER, "Reload", flags=int(argument))
    else:
        serial = bus.send(PLANE, "SetBandwidth", "ttb", struct.pack("<QQI", int(argument), 0, 1))
    while True:
        kind, _, fields, body = bus.receive() or sys.exit("no answer")
        if fields.get(5) == serial:
            print("done" if kind == RETURN else " ".join([fields[4], *values_at(fields.get(8, ""), body)[0]]))
            return


def descriptors(n):
    bus = Bus(descriptors=True)
    null = os.open("/dev/null", os.O_RDONLY)
    call = lambda: bus.pack(MANAGER, "Reload", more=[(9, "u", 16)])
    ask_all(bus, int(n), 0, lambda: socket.send_fds(bus.socket, [call()], [null] * 16))
    wait()


def large(n, waiting):
    bus = Bus()
    ask_all(bus, int(n), int(waiting), lambda: bus.send(MANAGER, "Reload", more=[(200, "s", "x" * (8 << 20))]))
    wait()


LEVEL = ((MANAGER[0], "/org/freedesktop/LogControl1", PROPERTIES[2]), "Set", "ssv",
         align(align(string("org.freedesktop.LogControl1"), 4) + string("LogLevel") + b"\1s\0", 4) + string("debug"))


def log_level():
    bus = Bus()
    bus.send(*LEVEL)
    # So that it has got as far as the daemon.
    print("sent" if bus.ask(DBUS, "GetId") == "done" else "", flush=True)


def get(name):
    return (PROPERTIES, "Get", "ss", align(string(PLANE[2]), 4) + string(name))


READS = [(MANAGER, "Describe"), (MANAGER, "Plan", "s", string("")), (MANAGER, "Plan", "s", string("blue")), (PLANE, "Verify"),
         get("ActiveMigrations"), get("BytesSent"), get("BytesReceived"), get("PacketsDropped"), get("RecentDrops")]


def read(n):
    call_for_ever(n, READS)


def flood(n):
    call_for_ever(n, [
        (MANAGER, "Reload"), (MANAGER, "Describe"), (MANAGER, "Plan", "s", string("")), (PLANE, "Down"), LEVEL,
        (PLANE, "Verify"), (PROPERTIES, "GetAll", "s", string(PLANE[2])), (INTROSPECTION, "Introspect"),
    ])


def describe(n):
    call_for_ever(n, READS[:1], window=1)


def plan(n):
    call_for_ever(n, READS[1:2], window=1)


def plan_unanswered(n):
    buses = [Bus() for _ in range(int(n))]
    for i in itertools.count():
        buses[i % len(buses)].send(*READS[1], flags=NO_REPLY)
        if i == 1000:
            print("many", flush=True)


def call_for_ever(n, calls, window=50):
    calls = itertools.cycle(calls)
    buses = {bus.socket: bus for bus in (Bus() for _ in range(int(n)))}
    for bus in buses.values():
        for _ in range(window):
            bus.send(*next(calls))
    answered = refused = 0
    while True:
        for ready in select.select(list(buses), [], [])[0]:
            bus = buses[ready]
            while got := bus.receive(0):
                answered += 1
                if answered == 1000:
                    print("many", flush=True)
                refused += got[2].get(4, "").endswith(".LimitsExceeded")
                if refused == 1000:
                    print("refused", flush=True)
                bus.send(*next(calls))


def odd():
    bus = Bus()
    plane = "org.migplane1.Plane"
    huge = string("x" * (8 << 20))
    attempts = [
        ("wrong arguments", MANAGER, "GetPlane", "u", struct.pack("<I", 1)),
        ("no arguments", MANAGER, "Plan", "", b""),
        ("too many", MANAGER, "Reload", "s", string("x")),
        ("wrong rates", PLANE, "SetBandwidth", "ss", align(string("1G"), 4) + string("2G")),
        ("no such method", MANAGER, "Format", "", b""),
        ("no such object", (PLANE[0], "/org/migplane1/plane/_zz", plane), "Down", "", b""),
        ("a name that is none", MANAGER, "GetPlane", "s", string("../../etc/passwd")),
        ("a name of 8 MiB", MANAGER, "GetPlane", "s", huge),
        ("a plan of 8 MiB", MANAGER, "Plan", "s", huge),
        ("a property of 8 MiB", PROPERTIES, "Get", "ss", align(string(plane), 4) + huge),
    ]
    for name, target, member, signature, body in attempts:
        serial = bus.send(target, member, signature, body)
        size = 0
        while True:
            kind, _, fields, answer = bus.receive(60)
            if fields.get(5) == serial:
                size = len(answer)
                break
        print(f"{name}: {fields.get(4, 'done').rsplit('.', 1)[-1]}{', at length' if size > 1024 else ''}")
    # These two the bus throws out.
    lie = struct.pack("<I", 1 << 30) + b"x\0"
    for name, body in (("a text that is no UTF-8", string(b"\xff\xfe")), ("a length that lies", lie)):
        bus = Bus()
        bus.send(MANAGER, "GetPlane", "s", body)
        try:
            while bus.receive(60):
                pass
            print(f"{name}: nothing")
        except (EOFError, ConnectionError):
            print(f"{name}: thrown out")


def matches(n):
    bus = Bus()
    taken = 0
    for i in range(int(n)):
        rule = f"type='signal',sender='org.migplane1',member='M{i}'"
        taken += bus.ask(DBUS, "AddMatch", "s", string(rule)) == "done"
    print("taken", taken)
    wait()


def polkit(path):
    bus = Bus()
    bus.ask(DBUS, "RequestName", "su", align(string("org.freedesktop.PolicyKit1"), 4) + struct.pack("<I", 0))
    print("ready", flush=True)
    questions = []
    while True:
        asked = bus.receive(0.1)
        if asked and asked[0] == CALL:
            questions.append((asked[1], asked[2][7]))
        if asked and asked[0] == RETURN:
            print("answered", flush=True)
        if not os.path.exists(path):
            continue
        if not questions:
            continue
        for serial, sender in questions:
            bus.serial += 1
            with open(path) as file:
                verdict = struct.pack("<IIII", *map(int, file.read().split()), 0, 0)
            fields = [(5, "u", serial), (6, "s", sender), (8, "g", "(bba{ss})")]
            bus.socket.sendall(message(RETURN, bus.serial, fields, verdict))
        # When the bus has got as far as this, the answers have gone where they go.
        bus.send(DBUS, "GetId")
        questions = []


if __name__ == "__main__":
    globals()[sys.argv[1].replace("-", "_")](*sys.argv[2:])
