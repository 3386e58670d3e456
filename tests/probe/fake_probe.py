"""A stand-in for a firmware with a probe: ID2P/1 in Python, on a line that loses, adds and delays bytes as told.

Written from docs/probe-protocol.md alone, so that it is a second reading of it beside the harness's own.
"""

import random
import re
import threading
import time
from collections import Counter
from dataclasses import dataclass, field

from harness.errors import BenchError
from harness.transport.base import Capability, StreamRead, StreamWrite, Transport

SAFE = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789~+/=_.:-")
EMPTY = (0, 0, b"")


def crc(data):
    register = 0xFFFF
    for byte in data:
        register ^= byte << 8
        for _ in range(8):
            register = ((register << 1) ^ 0x1021 if register & 0x8000 else register << 1) & 0xFFFF
    return register


def payload(data):
    return b"t:" + data if SAFE.issuperset(data) else b"x:" + data.hex().upper().encode()


@dataclass
class Arguments:
    """What a call was given; None for a NULL pointer."""

    pointers: dict
    capacity: int | None
    numbers: dict

    def __getattr__(self, name):
        return self.pointers.get(name) if name in "abc" else self.numbers.get(name, 0)


@dataclass
class FakeProbe:
    """One firmware. A function takes `Arguments` and returns rc, the length it left, and the bytes it wrote."""

    functions: dict = field(default_factory=dict)
    boot: int = 0x3F1C
    groups: int = 1
    slots: tuple = (1040, 513, 144)
    result: int = 1040
    line: int = 79
    version: int = 1
    name: str = "-"
    same_boot: bool = False
    keeps_answer: bool = True

    def __post_init__(self):
        self.calls = Counter()
        self.starts = 0
        self.out = bytearray()
        self.hello = None
        self._forget()

    def _forget(self):
        self.filled = {"a": b"", "b": b"", "c": b""}
        self.answer = b""
        self.last = None
        self.last_replies = []
        self.final = None
        self.buffer = bytearray()

    # ---- what comes and goes
    def start(self):
        self.starts += 1
        if not self.same_boot:
            self.boot = (self.boot * 31 + 7) & 0xFFFF
        self._forget()
        self.out += b"\r\nid2 probe: this firmware carries out test commands, do not ship it\r\n"
        self._say(0, "HI", self._hello())

    def feed(self, data):
        for byte in data:
            if byte in b"\r\n":
                line, self.buffer = bytes(self.buffer), bytearray()
                self._carry_out(line)
            elif len(self.buffer) < 400:
                self.buffer.append(byte)

    def _say(self, seq, kind, words=""):
        text = f"+ID2P {seq:02X} {self.boot:04X} {kind}{' ' if words else ''}{words}".encode()
        reply = b"\r\n" + text + b" %%%04X\r\n" % crc(text)
        self.last_replies.append(reply)
        self.out += reply

    def _hello(self):
        if self.hello is not None:
            return self.hello
        slots = ",".join(map(str, self.slots))
        return f"p={self.version} l={self.line} in={slots} o={self.result} g={self.groups:08X} n={self.name}"

    # ---- requests
    def _carry_out(self, line):
        if not line.startswith(b"id2p"):
            return
        if len(line) > self.line:
            seq = re.match(rb"id2p ([0-9A-F]{2}) ", line)
            self._say(int(seq[1], 16) if seq else 0, "NK", "6")
            return
        found = re.fullmatch(rb"(id2p ([0-9A-F]{2}) (.*)) %([0-9A-F]{4})", line)
        if found is None or int(found[4], 16) != crc(found[1]):
            seq = re.match(rb"id2p ([0-9A-F]{2}) ", line)
            self._say(int(seq[1], 16) if seq else 0, "NK", "1")
            return
        seq = int(found[2], 16)
        if self.last is not None and self.last[0] == seq:
            if self.last[1] == found[4]:
                for reply in self.last_replies:
                    self.out += reply
            else:
                self.out += self._nk7(seq)
            return
        self.last, self.last_replies = (seq, found[4]), []
        verb, *words = found[3].decode().split(" ")
        handler = getattr(self, f"_do_{verb}", None)
        if handler is None:
            self._say(seq, "NK", "2")
            return
        try:
            handler(seq, *words)
        except (ValueError, TypeError, IndexError):
            self._say(seq, "NK", "3")

    def _nk7(self, seq):
        text = f"+ID2P {seq:02X} {self.boot:04X} NK 7".encode()
        return b"\r\n" + text + b" %%%04X\r\n" % crc(text)

    def _do_hi(self, seq):
        self._say(seq, "HI", self._hello())

    def _do_put(self, seq, slot, offset, text):
        offset = int(offset)
        if slot not in self.filled or offset > len(self.filled[slot]):
            return self._say(seq, "NK", "4")
        form, value = text[:2], text[2:]
        data = value.encode() if form == "t:" else bytes.fromhex(value)
        if form not in {"t:", "x:"}:
            raise ValueError(text)
        held = self.filled[slot][:offset] + data
        if len(held) > self.slots["abc".index(slot)]:
            return self._say(seq, "NK", "4")
        self.filled[slot] = held
        return self._say(seq, "OK", f"0 {len(held)} {crc(held):04X}")

    def _do_run(self, seq, name, words=""):
        if name != "fns" and name not in self.functions:
            return self._say(seq, "NK", "5")
        pointers, numbers, capacity = {}, {}, None
        for word in filter(None, words.split(",")):
            key, _, value = word.partition("=")
            if key in self.filled:
                if not value.startswith("-"):
                    if int(value) > len(self.filled[key]):
                        return self._say(seq, "NK", "4")
                    pointers[key] = self.filled[key][: int(value)]
            elif key == "o":
                capacity = None if value.startswith("-") else int(value)
            elif key in "kmnp":
                numbers[key] = int(value)
            elif key != "l":
                raise ValueError(word)
        self._say(seq, "AK")
        self.calls[name, words] += 1
        if name == "fns":
            rc, length, data = 0, None, ".".join(["fns", *self.functions]).encode()
        else:
            rc, length, data = self.functions[name](Arguments(pointers, capacity, numbers))
        length = len(data) if length is None else length
        kept = b"" if rc < 0 else data[: self.result if capacity is None else capacity]
        self.answer = kept
        first = b" " + payload(kept[:40]) if kept else b""
        said = f"{rc} {length} {crc(kept):04X}{first.decode()}"
        final = (seq, "OK" if rc >= 0 else "ER", said)
        self.final = final if self.keeps_answer else None
        return self._say(*final)

    def _do_get(self, seq, offset, count):
        offset, count = int(offset), min(int(count), 128)
        if offset > len(self.answer):
            return self._say(seq, "NK", "4")
        piece = self.answer[offset : offset + count]
        return self._say(seq, "D", f"{offset} {payload(piece).decode()}")

    def _do_rep(self, seq):
        if self.final is None:
            return self._say(seq, "NK", "8")
        return self._say(*self.final)

    def _do_clr(self, seq):
        self.filled = {"a": b"", "b": b"", "c": b""}
        self.answer, self.final = b"", None
        self._say(seq, "OK", "0 0 FFFF")


class ProbeLine(Transport):
    """The console of a firmware with a probe, in memory.

    Args:
        probe: The firmware.
        lost: Share of the bytes that get lost, both ways.
        flipped: Share of the bytes in which a bit flips, both ways.
        logs: Share of the replies that a log line comes into the middle of.
        echo: Whether the board echoes what it is sent.
        delay: Seconds until an answer comes.
        seed: Of what goes wrong.
    """

    def __init__(self, probe, *, lost=0.0, flipped=0.0, logs=0.0, echo=False, delay=0.0, seed=1):
        super().__init__("console")
        self.probe = probe
        self.lost, self.flipped, self.logs, self.echo, self.delay = lost, flipped, logs, echo, delay
        self.random = random.Random(seed)
        self.written = bytearray()
        self.on_write = None
        self._ready = threading.Condition()
        self._coming = []
        self._open = False

    capabilities = frozenset({Capability.STREAM})
    identity = "a stand-in"

    def open(self):
        self._open = True

    def close(self):
        with self._ready:
            self._open = False
            self._ready.notify_all()

    def print(self, data, delay=0.0):
        """Let the board print something."""
        with self._ready:
            self._coming.append((time.monotonic() + delay, self._spoilt(data)))
            self._ready.notify_all()

    def flush(self):
        """Let out what the probe has said."""
        said, self.probe.out = bytes(self.probe.out), bytearray()
        for whole in re.findall(rb"\r\n[^\r\n]*\r\n", said):
            reply = whole
            if self.random.random() < self.logs:
                at = self.random.randrange(len(reply))
                reply = (
                    reply[:at]
                    + b"\r\n[inf] wifi(77): rssi -61 %\r\n"[self.random.randrange(3) :]
                    + reply[at:]
                )
            self.print(reply, self.delay)

    def restart(self):
        """Start the board anew."""
        self.probe.start()
        self.flush()

    def do(self, operation):
        if not self._open:
            raise BenchError("console: not open")
        if isinstance(operation, StreamWrite):
            self.written += operation.data
            if self.echo:
                self.print(operation.data)
            if self.on_write is not None and self.on_write(operation.data):
                return b""
            self.probe.feed(self._spoilt(operation.data))
            self.flush()
            return b""
        assert isinstance(operation, StreamRead)
        deadline = time.monotonic() + operation.timeout
        with self._ready:
            while True:
                now = time.monotonic()
                if self._coming and self._coming[0][0] <= now:
                    return self._coming.pop(0)[1][: operation.limit]
                if not self._open:
                    raise BenchError("console: closed")
                if now >= deadline:
                    return b""
                due = self._coming[0][0] if self._coming else deadline
                self._ready.wait(min(due, deadline) - now)

    def _spoilt(self, data):
        if not self.lost and not self.flipped:
            return data
        spoilt = bytearray()
        for byte in data:
            drawn = self.random.random()
            if drawn < self.lost:
                continue
            spoilt.append(byte ^ 1 << self.random.randrange(8) if drawn < self.lost + self.flipped else byte)
        return bytes(spoilt)
