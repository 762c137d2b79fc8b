# SPDX-License-Identifier: Apache-2.0
"""Looks into recorded streams just far enough to tell that they hold what they were recorded for."""
import collections

FLAGS = {0x02: "zero", 0x08: "page", 0x10: "eos", 0x40: "xbzrle", 0x100: "compressed", 0x200: "multifd flush"}
PACKET = 320


def int_at(stream, at, size):
    return int.from_bytes(stream[at : at + size], "big")


def ram_start(stream):
    """Where the RAM section's first word stands."""
    at = stream.find(b"\3ram\0\0\0\0\0\0\0\4")
    if at < 0:
        raise RuntimeError("no RAM section")
    return at + 12


def ram_bytes(stream, page_size):
    """The sum of the used lengths of all RAM blocks."""
    return int_at(stream, ram_start(stream), 8) & ~(page_size - 1)


def ram_records(stream, page_size, cut=False):
    """Counts the RAM records of the main channel, from the end of a plain block list to the first other section.

    cut: the stream may end anywhere
    """
    found = collections.Counter()
    try:
        _ram_records(stream, page_size, found)
    except IndexError:
        if not cut:
            raise RuntimeError("the stream is cut") from None
    return found


def _ram_records(stream, page_size, found):
    at = ram_start(stream) + 8
    rest = ram_bytes(stream, page_size)
    while rest > 0:
        at += 1 + stream[at] + 8
        rest -= int_at(stream, at - 8, 8)
    while True:
        stream[at + 7]
        word = int_at(stream, at, 8)
        at += 8
        flags = word & (page_size - 1)
        kind = FLAGS.get(flags & ~0x20)
        if kind is None:
            raise RuntimeError(f"flags {flags:#x} at {at - 8:#x}")
        found[kind] += 1
        if kind in ("zero", "page", "xbzrle", "compressed") and not flags & 0x20:
            at += 1 + stream[at]
        if kind == "zero":
            at += 1
        elif kind == "page":
            at += page_size
        elif kind == "xbzrle":
            at += 3 + int_at(stream, at + 1, 2)
        elif kind == "compressed":
            at += 4 + int_at(stream, at, 4)
        elif kind == "eos":
            if stream[at] == 0x7E:
                at += 5
            while stream[at] == 0x08:
                command, length = int_at(stream, at + 1, 2), int_at(stream, at + 3, 2)
                found[f"command {command}"] += 1
                at += 5 + length + (int_at(stream, at + 5, 4) if command == 7 else 0)
            if stream[at] not in (2, 3):
                return
            at += 5


def packets(channel, page_size):
    """Counts the packets of one multifd channel and the pages in them."""
    found = collections.Counter()
    at = 64
    while at < len(channel):
        found["packets"] += 1
        found["sync"] += int_at(channel, at + 8, 4) & 1
        found["normal"] += int_at(channel, at + 16, 4)
        found["zero"] += int_at(channel, at + 32, 4)
        # Without normal pages nothing follows, whatever the size says: 7.2 leaves the size of the packet before.
        payload = int_at(channel, at + 20, 4) if int_at(channel, at + 16, 4) else 0
        at += PACKET + 8 * (512 * 1024 // page_size) + payload
    if at != len(channel):
        raise RuntimeError("a packet is cut")
    return found


def messages(back):
    """Counts the messages of a return path by type."""
    found = collections.Counter()
    at = 0
    while at < len(back):
        kind = int_at(back, at, 2)
        found[kind] += 1
        at += 4 + int_at(back, at + 2, 2)
        if kind == 5:  # the bitmap follows the message
            at += 8 + int_at(back, at, 8) + 8
    if at != len(back):
        raise RuntimeError("a message is cut")
    return found
