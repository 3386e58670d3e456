"""A running firmware on a pseudo-terminal, and the lines of its probe."""

import binascii
import os
import pty
import re
import select
import socket
import subprocess
import threading
import time
import tty

import pytest

from harness.id2.keys import Key, KeyType
from harness.simulator.chip.config import ChipConfig
from harness.simulator.chip.hexline import HexLineChip
from harness.simulator.chip.kinds import make_chip

WITH_PROBE = ("-DID2_PROBE_ENABLE", '-DID2_PROBE_CONFIG_FILE="id2_probe_all.h"')
REPLY = re.compile(r"\r\n(\+ID2P ([0-9A-F]{2}) ([0-9A-F]{4}) (\w+)([^\r\n%]*)) %([0-9A-F]{4})\r\n")
WAIT_S = 60.0


def crc(text):
    return f"{binascii.crc_hqx(text.encode(), 0xFFFF):04X}"


class Board:
    """A running firmware."""

    def __init__(self, program, *arguments, **environment):
        self._master, console = pty.openpty()
        tty.setraw(console)
        self.process = subprocess.Popen(
            [program, *arguments], stdin=console, stdout=console, env={**os.environ, **environment}
        )
        os.close(console)
        self.heard = ""
        self._read = 0
        self._seq = 0
        self.last_length = 0

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        if self._master >= 0:
            os.close(self._master)
        self._master = -1

    def _hear(self, limit):
        if select.select([self._master], [], [], limit)[0]:
            self.heard += os.read(self._master, 65536).decode("latin-1")

    def reply(self, seq, *kinds):
        """Wait for a reply to a request and return its words."""
        end = time.monotonic() + WAIT_S
        while time.monotonic() < end:
            for found in REPLY.finditer(self.heard, self._read):
                text, got, _, kind, words, check = found.groups()
                assert crc(text) == check
                if got == seq and kind in kinds:
                    self._read = found.end()
                    return [kind, *words.split()]
            self._hear(0.1)
        pytest.fail(f"no {kinds} for {seq}: {self.heard[-500:]!r}")

    def hello(self):
        """Wait for the hello of a start."""
        return self.reply("00", "HI")

    def send(self, text):
        self._seq = self._seq % 255 + 1
        line = f"id2p {self._seq:02X} {text}"
        os.write(self._master, f"{line} %{crc(line)}\n".encode())
        return f"{self._seq:02X}"

    def run(self, text):
        """Call a function; return its result and the bytes that it gave."""
        kind, *words = self.reply(self.send(f"run {text}"), "OK", "ER", "NK")
        assert kind != "NK", words
        payload = words[3] if len(words) > 3 and words[3][1] == ":" else "x:"
        data = bytes.fromhex(payload[2:]) if payload[0] == "x" else payload[2:].encode()
        self.last_length = int(words[1])
        return int(words[0]), data

    def put(self, slot, data):
        """Fill a slot."""
        for at in range(0, max(len(data), 1), 24):
            assert (
                self.reply(self.send(f"put {slot} {at} x:{data[at : at + 24].hex().upper()}"), "OK", "NK")[0]
                == "OK"
            )


class SocketChip:
    """A simulated chip behind a Unix socket, hex lines each way."""

    def __init__(self, path, key_hex="2122232425262728292A2B2C2D2E2F30", id_text="379551166B860D8DC4235AC7"):
        key = Key.parse(KeyType.AES_128, key_hex)
        self._chip = HexLineChip(make_chip(ChipConfig("ica", id_text, key)).session())
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(str(path))
        self._listening.listen()
        self.path = str(path)
        self.instead = []
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self):
        while True:
            try:
                line, _ = self._listening.accept()
            except OSError:
                return
            with line:
                while data := line.recv(1024):
                    for output in self._chip.receive(data):
                        line.sendall(self.instead.pop(0) if self.instead else output.data)

    def close(self):
        """Take it away; a board that is connected must be closed before."""
        self._listening.shutdown(socket.SHUT_RDWR)
        self._thread.join(timeout=5)
        self._listening.close()
