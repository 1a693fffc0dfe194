# D-Bus as bytes, for callers and services that do what no library would
# SPDX-License-Identifier: GPL-2.0-or-later

import os
import select
import socket
import struct

SOCKET = "/run/dbus/system_bus_socket"
DBUS = ("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus")
CALL, RETURN, ERROR = 1, 2, 3
NO_REPLY, NO_AUTO_START, INTERACTIVE = 1, 2, 4  # flags of a call


def align(data, n):
    return data + bytes(-len(data) % n)


def string(text):
    text = text if isinstance(text, bytes) else text.encode()
    return struct.pack("<I", len(text)) + text + b"\0"


def message(kind, serial, fields, body=b"", flags=0):
    array = b""
    for code, signature, value in fields:
        array = align(array, 8) + bytes([code, 1]) + signature.encode() + b"\0"
        if signature == "u":
            array = align(array, 4) + struct.pack("<I", value)
        elif signature == "g":
            array += bytes([len(value)]) + value.encode() + b"\0"
        else:
            array = align(array, 4) + string(value)
    head = struct.pack("<cBBBIII", b"l", kind, flags, 1, len(body), serial, len(array))
    return align(head + array, 8) + body


class Bus:
    def __init__(self, descriptors=False):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(SOCKET)
        self.serial = 0
        self.input = b""
        self.socket.sendall(b"\0AUTH EXTERNAL " + str(os.geteuid()).encode().hex().encode() + b"\r\n")
        self.socket.recv(256)
        if descriptors:
            self.socket.sendall(b"NEGOTIATE_UNIX_FD\r\n")
            self.socket.recv(256)
        self.socket.sendall(b"BEGIN\r\n")
        self.ask(DBUS, "Hello")

    def pack(self, target, member, signature="", body=b"", flags=0, more=()):
        self.serial += 1
        fields = [(1, "o", target[1]), (2, "s", target[2]), (3, "s", member), (6, "s", target[0]), *more]
        if signature:
            fields.append((8, "g", signature))
        return message(CALL, self.serial, fields, body, flags)

    def send(self, *arguments, **options):
        self.socket.sendall(self.pack(*arguments, **options))
        return self.serial

    # The next message: kind, serial, {code: value of its header, 0: flags}, body; None when nothing comes.
    def receive(self, timeout=None):
        while True:
            if len(self.input) >= 16:
                kind, size, serial, fields = self.input[1], *struct.unpack_from("<III", self.input, 4)
                start = 16 + (fields + 7 & ~7)
                if len(self.input) >= start + size:
                    whole, self.input = self.input[: start + size], self.input[start + size :]
                    return kind, serial, {0: whole[2], **header(whole[16 : 16 + fields])}, whole[start:]
            if not select.select([self.socket], [], [], timeout)[0]:
                return None
            data = self.socket.recv(1 << 20)
            if not data:
                raise EOFError
            self.input += data

    # "done", an error's name, or None.
    def ask(self, *arguments, timeout=60):
        serial = self.send(*arguments)
        while answer := self.receive(timeout):
            kind, _, fields, _ = answer
            if fields.get(5) == serial:
                return fields.get(4, "done") if kind == ERROR else "done"
        return None


def header(data):
    fields, at = {}, 0
    while at + 4 <= len(data):
        at = at + 7 & ~7
        code, signature = data[at], chr(data[at + 2])
        at += 4
        if signature == "u":
            at = at + 3 & ~3
            fields[code] = struct.unpack_from("<I", data, at)[0]
            at += 4
        elif signature == "g":
            size = data[at]
            fields[code] = data[at + 1 : at + 1 + size].decode()
            at += size + 2
        else:
            at = at + 3 & ~3
            size = struct.unpack_from("<I", data, at)[0]
            fields[code] = data[at + 4 : at + 4 + size].decode()
            at += size + 5
    return fields


# --- Values

FIXED = {"y": "B", "b": "I", "n": "h", "q": "H", "i": "i", "u": "I", "x": "q", "t": "Q", "d": "d", "h": "I"}
ALIGNMENT = {"s": 4, "o": 4, "g": 1, "a": 4, "(": 8, "{": 8, "v": 1}


# The first complete type of a signature, and what follows it.
def first_type(signature):
    end, depth = 0, 0
    while True:
        depth += (signature[end] in "({") - (signature[end] in ")}")
        end += 1
        if depth == 0 and signature[end - 1] != "a":
            return signature[:end], signature[end:]


# The value of a type at an offset of a body, and the offset behind it. Dictionaries become dicts; arrays and structures
# become lists.
def value_at(kind, data, at):
    size = struct.calcsize(FIXED[kind]) if kind in FIXED else ALIGNMENT[kind[0]]
    at = at + size - 1 & ~(size - 1)
    if kind in FIXED:
        return struct.unpack_from("<" + FIXED[kind], data, at)[0], at + size
    if kind in "so":
        size = struct.unpack_from("<I", data, at)[0]
        return data[at + 4 : at + 4 + size].decode(), at + size + 5
    if kind in "gv":
        end = at + 1 + data[at]
        text = data[at + 1 : end].decode()
        return (text, end + 1) if kind == "g" else value_at(text, data, end + 1)
    if kind[0] in "({":
        return values_at(kind[1:-1], data, at)
    item = kind[1:]
    size = FIXED.get(item) and struct.calcsize(FIXED[item]) or ALIGNMENT[item[0]]
    end = (at + 4 + size - 1 & ~(size - 1)) + struct.unpack_from("<I", data, at)[0]
    at, items = at + 4 + size - 1 & ~(size - 1), []
    while at < end:
        one, at = value_at(item, data, at)
        items.append(one)
    return (dict(items) if item[0] == "{" else items), at


def values_at(signature, data, at=0):
    values = []
    while signature:
        kind, signature = first_type(signature)
        one, at = value_at(kind, data, at)
        values.append(one)
    return values, at
