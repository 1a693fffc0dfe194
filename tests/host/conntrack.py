# The kernel's table of connections, of this network namespace: conntrack.py flush [TIMES] | fill
# SPDX-License-Identifier: GPL-2.0-or-later
#
# fill: with connections that are in use, until there is no room for another.

import errno
import socket
import struct
import sys

NETLINK_NETFILTER = 12
NEW, DELETE = 0x100, 0x102  # of NFNL_SUBSYS_CTNETLINK
REQUEST, ACK, CREATE, EXCL = 1, 4, 0x400, 0x200
TUPLE_ORIG, TUPLE_REPLY, STATUS, TIMEOUT = 1, 2, 3, 7
TUPLE_IP, TUPLE_PROTO = 1, 2
SEEN_REPLY, ASSURED, CONFIRMED = 2, 4, 8
NESTED = 0x8000
UDP = 17
BATCH = 100


def attribute(kind, value):
    return struct.pack("=HH", len(value) + 4, kind) + value + bytes(-len(value) % 4)


def nest(kind, *parts):
    return attribute(kind | NESTED, b"".join(parts))


def message(kind, flags, payload=b""):
    return struct.pack("=IHHII", 20 + len(payload), kind, REQUEST | flags, 1, 0) + struct.pack("=BBH", 2, 0, 0) + payload


def tuple_of(kind, source, destination, source_port, destination_port):
    return nest(
        kind,
        nest(TUPLE_IP, attribute(1, source), attribute(2, destination)),
        nest(
            TUPLE_PROTO,
            attribute(1, bytes([UDP])),
            attribute(2, struct.pack("!H", source_port)),
            attribute(3, struct.pack("!H", destination_port)),
        ),
    )


def connection(there, port):
    here = bytes([10, 0, 0, 1])
    return message(
        NEW,
        CREATE | EXCL,
        tuple_of(TUPLE_ORIG, here, there, 7, port)
        + tuple_of(TUPLE_REPLY, there, here, port, 7)
        + attribute(STATUS, struct.pack("!I", SEEN_REPLY | ASSURED | CONFIRMED))
        + attribute(TIMEOUT, struct.pack("!I", 600)),
    )


# All of BATCH connections to one address, which stands in them as MARK until it is known.
MARK = b"MARK"


def result(netlink):
    return -struct.unpack_from("=i", netlink.recv(65536), 16)[0]


def main():
    netlink = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER)
    if sys.argv[1] == "flush":
        for _ in range(int(sys.argv[2]) if len(sys.argv) > 2 else 1):
            netlink.send(message(DELETE, ACK))
            if error := result(netlink):
                sys.exit(errno.errorcode[error])
        return
    batches = [b"".join(connection(MARK, first + i) for i in range(BATCH)) for first in range(1, 60000, BATCH)]
    number = 0
    while True:
        address = struct.pack("!BBH", 10, 1, number // len(batches))
        netlink.setblocking(True)
        # Only what is refused is answered.
        netlink.send(batches[number % len(batches)].replace(MARK, address))
        number += 1
        netlink.setblocking(False)
        try:
            error = result(netlink)
        except BlockingIOError:
            continue
        print(f"{number * BATCH} connections, and then {errno.errorcode[error]}")
        sys.exit(error != errno.ENOMEM)


main()
