# TCP from one network namespace to another by a single thread: nanoseconds of processor time for 64 KiB, and for one frame
# SPDX-License-Identifier: GPL-2.0-or-later
#
#     transfer.py PID PID ADDRESS     from the first one's namespace to the address, in the second one's
#
# The minimum of many batches counts. Except for effects on the caches, it does not depend on the load of the machine.

import socket
import sys
import time

from frames import network_of  # of ../host

PORT, BATCHES = 49160, 300


def receive(from_, size):
    while size:
        size -= len(from_.recv(size))


def least(to, from_, size, repeats):
    data, best = bytes(size), None
    for _ in range(BATCHES):
        began = time.thread_time_ns()
        for _ in range(repeats):
            to.sendall(data)
            receive(from_, size)
        took = (time.thread_time_ns() - began) / repeats
        best = took if best is None else min(best, took)
    return best


def main():
    sender, receiver, address = sys.argv[1:]
    with network_of(receiver):
        server = socket.create_server((address, PORT))
    with network_of(sender):
        to = socket.create_connection((address, PORT), 30)
    from_, _ = server.accept()
    to.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    least(to, from_, 65536, 20)  # until the window is open
    print(least(to, from_, 65536, 20), least(to, from_, 1448, 50))


main()
