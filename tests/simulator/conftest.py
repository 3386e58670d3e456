"""Builders that the simulator's tests share."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.id2.keys import Key, KeyType
from harness.settings.simulated_device import AnswerStyle
from harness.simulator.chip.config import ChipConfig
from harness.simulator.chip.kinds import make_chip
from harness.simulator.chip.model import ChipModel
from harness.simulator.chip.randomness import SeededRandom
from harness.simulator.faults.catalogue import find

if TYPE_CHECKING:
    from tests.simulator.link_server import Bench, LinkServer

TESTS = Path(__file__).parent.parent
VECTORS = TESTS / "vectors"
SAMPLES = TESTS / "samples"

KEYS = {
    KeyType.DES3_112: "0102030405060708090A0B0C0D0E0F10",
    KeyType.DES3_168: "1112131415161718191A1B1C1D1E1F202122232425262728",
    KeyType.AES_128: "2122232425262728292A2B2C2D2E2F30",
    KeyType.AES_192: "3132333435363738393A3B3C3D3E3F404142434445464748",
    KeyType.AES_256: "4142434445464748494A4B4C4D4E4F505152535455565758595A5B5C5D5E5F60",
    KeyType.SM1_128: "00112233445566778899AABBCCDDEEFF",
    KeyType.SM4_128: "E89731A5A5D7F12E316EBD7BB9110F56",
    KeyType.ECC_K256: "D8FED1F6BC4C01B36C750AB8445EB0B7DA4208C14A86B241FF11C5C62FECD178",
    KeyType.SM2_256: "3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8",
}
ID = "2122232425262728292A2B2C"

MakeChip = Callable[..., ChipModel]


def key_of(key_type: KeyType) -> Key:
    if key_type in (KeyType.RSA_1024, KeyType.RSA_2048):
        return rsa_key(key_type)
    return Key.parse(key_type, KEYS[key_type])


_RSA: dict[KeyType, Key] = {}


def rsa_key(key_type: KeyType) -> Key:
    """Make one RSA key a run; making one takes a while."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    if key_type not in _RSA:
        private = rsa.generate_private_key(65537, 8 * key_type.key_size)
        pem = private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        _RSA[key_type] = Key.parse(key_type, pem.decode())
    return _RSA[key_type]


@pytest.fixture
def chip_of() -> MakeChip:
    """Return a function that makes a chip model."""

    def make(
        key_type: KeyType = KeyType.AES_128,
        *,
        command_set: str = "ica",
        fault: str | None = None,
        answers: str = "direct",
        seed: int = 1,
        **more: object,
    ) -> ChipModel:
        return make_chip(
            ChipConfig(
                command_set,
                ID,
                key_of(key_type),
                answers=AnswerStyle(answers),
                random=SeededRandom(seed),
                fault=find(fault) if fault else None,
                **more,
            )
        )

    return make


@pytest.fixture
def vector() -> Callable[[str], dict]:
    """Return a function that reads one file of vectors."""
    return lambda name: json.loads((VECTORS / f"{name}.json").read_text())


@pytest.fixture
def sample() -> Callable[[str], str]:
    """Return a function that reads one captured console."""
    return lambda name: (SAMPLES / name).read_bytes().decode()


@pytest.fixture
def key_for() -> Callable[[KeyType], Key]:
    """Return a function that gives the test key of a type."""
    return key_of


@pytest.fixture
def server() -> "Iterator[LinkServer]":
    """An access point for boards with a link."""
    from tests.simulator.link_server import LinkServer

    end = LinkServer()
    yield end
    end.close()


@pytest.fixture
def bench(server: "LinkServer") -> "Iterator[Callable[..., Bench]]":
    """Return a function that makes a board for the access point; all are switched off in the end."""
    from tests.simulator.link_server import Bench

    made: list[Bench] = []

    def make(fault: str | None = None, **more: object) -> Bench:
        made.append(Bench(server, fault, **more))
        return made[-1]

    yield make
    for one in made:
        one.stop()
