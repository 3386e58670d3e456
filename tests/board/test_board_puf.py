"""Boards with a PUF: what a plan may say, and where the public key comes from."""

from pathlib import Path

import pytest

from harness.board.models import Plan
from harness.board.opening.resolve import Resolver
from harness.board.plan import matrix
from harness.board.reading.file import parse
from harness.errors import UsageError
from harness.id2 import published
from harness.id2.keys import KeyType

PUF = published.KEYS[KeyType.ECC_K256]
BOARD = """
version: 1
name: puf
plan: {{pattern: own-platform, carrier: puf, platform: third-party-os, key_type: {key_type}}}
transports:
  console: {{kind: serial, port: /dev/ttyUSB0}}
console: {{transport: console}}
device: {{id: {id2}, key: {{public: "{public}"}}}}
service: {{endpoint: mock, product: {{name: puf_product}}}}
"""


def text(key_type="ecc-k256", public=None, id2=PUF.id2):
    return BOARD.format(key_type=key_type, public=public or PUF.key.public.hex(), id2=id2)


def plan(**changes):
    words = {
        "pattern": "own-platform",
        "carrier": "puf",
        "platform": "third-party-os",
        "key_type": "ecc-k256",
    }
    return Plan(**words | changes)


def test_the_public_key_is_read_from_the_board_file_and_is_no_secret():
    board = parse(text(), Path("puf.yaml"))
    resolver, hidden = Resolver(board), []
    key = resolver.device_key()
    assert key is not None
    assert (key.secret, key.public) == (None, PUF.key.public)
    resolver.tell(hidden.append)
    assert hidden == []


def test_a_public_key_of_another_curve_is_refused_by_its_field():
    board = parse(text(key_type="ecc-k192"), Path("puf.yaml"))
    with pytest.raises(
        UsageError, match=r"device\.key\.public: public key of type ecc-k192 is 04 and 96 hex"
    ):
        Resolver(board).device_key()
    board = parse(text(public="04" + "11" * 64), Path("puf.yaml"))
    with pytest.raises(UsageError, match=r"device\.key\.public: secp256k1 point is not on the curve"):
        Resolver(board).device_key()


@pytest.mark.parametrize("key_type", sorted(set(KeyType) - matrix.ECC))
def test_a_puf_has_an_ecc_key(key_type):
    (problem,) = matrix.contradictions(plan(key_type=key_type))
    assert "a PUF signs with an ECC key" in problem.text
    assert key_type in problem.text


@pytest.mark.parametrize("key_type", sorted(matrix.ECC))
def test_every_curve_of_a_puf_is_allowed_and_is_unknown_to_the_service(key_type):
    assert matrix.contradictions(plan(key_type=key_type)) == []
    guide, service = matrix.undocumented(plan(key_type=key_type))
    assert "no guide for puf" in guide.text
    assert "no list of the service" in service.text
    assert key_type in service.text
    assert matrix.key_doubts(plan(key_type=key_type)) == []


def test_a_secure_element_has_no_smaller_curve():
    (problem,) = matrix.contradictions(plan(carrier="se", key_type="ecc-k224"))
    assert "carrier puf" in problem.text
