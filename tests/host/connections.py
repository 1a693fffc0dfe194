# TCP connections that look like migrations: connections.py MODE ARGUMENTS...
# SPDX-License-Identifier: GPL-2.0-or-later
#
#     listen ADDRESS PORT...                takes connections and what they send; says `ready`
#     slow ADDRESS PORT                     takes a connection, and reads 100 kB a second of it; says `ready`
#     hold N ADDRESS PORT                   opens N connections; says `ready`; closes them when its input ends
#     turns N ADDRESS PORT                  opens and closes a connection N times; a line for each: when, in us
#     burst N ADDRESS PORT                  opens a connection and closes it at once, N times
#     send SECONDS BYTES ADDRESS PORT [N]   sends for so long, so many bytes a second (0: as many as pass), over N connections

import asyncio
import socket
import sys
import time


def say(*words):
    print(*words, flush=True)


def now():
    return int(time.time() * 1e6)


def connect(address, port):
    return socket.create_connection((address, int(port)), timeout=30)


async def sink(reader, writer):
    try:
        while await reader.read(1 << 20):
            pass
    except OSError:
        pass
    writer.close()


async def listen(address, *ports):
    servers = [await asyncio.start_server(sink, address, int(port), backlog=2048) for port in ports]
    say('ready')
    await asyncio.gather(*(server.serve_forever() for server in servers))


def slow(address, port):
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        server.bind((address, int(port)))
        server.listen()
        say('ready')
        connection = server.accept()[0]
        while connection.recv(10000):
            time.sleep(0.1)


def hold(n, address, port):
    connections = [connect(address, port) for _ in range(int(n))]
    say('ready')
    sys.stdin.read()
    for connection in connections:
        connection.close()


def turns(n, address, port):
    for _ in range(int(n)):
        began = now()
        connection = connect(address, port)
        time.sleep(0.5)
        ended = now()
        connection.close()
        say(began, ended)
        time.sleep(0.5)


def burst(n, address, port):
    for _ in range(int(n)):
        connect(address, port).close()


def send(seconds, rate, address, port, n='1'):
    connections = [connect(address, port) for _ in range(int(n))]
    end, piece, rate = time.monotonic() + float(seconds), bytes(65536), int(rate)
    sent, began = 0, time.monotonic()
    say('ready')
    while time.monotonic() < end:
        for connection in connections:
            connection.sendall(piece)
            sent += len(piece)
        if rate:
            time.sleep(max(0, sent / rate - (time.monotonic() - began)))
    say(sent)
    for connection in connections:
        connection.close()


mode, *arguments = sys.argv[1:]
if mode == 'listen':
    asyncio.run(listen(*arguments))
else:
    globals()[mode](*arguments)
