"""What the carrier tests share: chips that replay a trace, chips that compute, and carriers on them."""

import json
from pathlib import Path

import pytest

from harness.carrier.se import SeCarrier
from harness.chip.apdu import Command, Response
from harness.chip.channel import ApduChannel
from harness.chip.ica.chip import IcaChip
from harness.chip.session import ChipSession
from harness.id2 import asymmetric, ciphers
from harness.id2.keys import Key, KeyType

VECTORS = Path(__file__).parents[1] / "vectors"


class Channel(ApduChannel):
    @property
    def name(self):
        return "test"

    def open(self):
        pass

    def close(self):
        pass


class Replay(Channel):
    """Insists on each command of a trace, byte for byte and in order."""

    def __init__(self, log):
        self.log = list(log)

    def transmit(self, command):
        assert self.log, f"one command too many: {command.hex().upper()}"
        expected, answer = self.log.pop(0)
        assert command.hex().upper() == expected
        return bytes.fromhex(answer)


class TinyChip(Channel):
    """The least of an ICA chip: SELECT, GetID, and crypto with one key; enough to give real answers."""

    def __init__(self, key, id_text):
        self.key = key
        self.id_text = id_text
        self.status = None  # set: every command is refused so
        self.commands = []
        self.pending = b""

    def transmit(self, raw):
        command = Command.parse(raw)
        self.commands.append(command)
        if self.status is not None:
            return self.status.to_bytes(2)
        return Response(self.answer(command), 0x9000).to_bytes()

    def answer(self, command):
        if command.ins == 0xA4:
            return b""
        if command.ins == 0xF8:
            return b"\x81\x80\x0c" + bytes.fromhex(self.id_text)
        first = command.p1 == 0
        data = command.data[5:] if first else command.data
        if first:
            self.mode, self.algorithm = command.data[0], command.data[1]
            self.total, self.pending = int.from_bytes(command.data[3:5]), b""
        if command.ins == 0xF6:
            run = ciphers.ecb_encrypt if self.mode == 0x51 else ciphers.ecb_decrypt
            return run(self.key, data)
        assert command.ins == 0xF4
        self.pending += data
        if len(self.pending) < self.total:
            return b""
        out = asymmetric.sign(self.key, self.pending) if self.mode == 0x53 else self.decrypted(self.pending)
        return len(out).to_bytes(2) + out if len(out) <= 254 else out

    def decrypted(self, data):
        from cryptography.hazmat.primitives.asymmetric import padding

        from harness.id2 import sm2

        if self.algorithm == 0x05:
            return sm2.decrypt(int.from_bytes(self.key.reveal()), data)
        return asymmetric.rsa_private_key(self.key).decrypt(data, padding.PKCS1v15())


def repeat(pattern):
    """Make a random source that repeats one byte."""
    return lambda size: bytes((pattern,)) * size


@pytest.fixture
def vector():
    return lambda name: json.loads((VECTORS / f"{name}.json").read_text())


@pytest.fixture
def carrier_on():
    """Make a carrier on a channel, with the forced random of the vectors."""

    def make(channel, key_type, *, chip=IcaChip, random=repeat(0xAB), **options):  # noqa: B008
        return SeCarrier(chip(ChipSession(channel)), KeyType(key_type), random=random, **options)

    return make


@pytest.fixture
def computing(carrier_on):
    """Make an initialised carrier on a chip that computes with a key."""

    def make(key_type, key_text, id_text="2122232425262728292A2B2C", **options):
        key = Key.parse(KeyType(key_type), key_text)
        carrier = carrier_on(TinyChip(key, id_text), key_type, **options)
        carrier.init()
        return carrier

    return make


@pytest.fixture
def replay():
    """Make a channel that insists on a trace."""
    return Replay
