"""Step 4: the chip's MACs, held against its own cipher and, where the key is known, against the host's."""

import pytest

from harness.fixtures.answers import accepts_mac, expected_macs
from harness.fixtures.chip import algorithm_named
from harness.fixtures.oracle import Oracle
from harness.fixtures.types import IcaChip, Scenario

COMMAND = 0xF0
"""Data bytes that one command carries at the most."""

_FAMILIES = (
    ("aes", "(key_type=aes-128 or key_type=aes-192 or key_type=aes-256)"),
    ("des", "(key_type=3des-112 or key_type=3des-168)"),
    ("sm4", "key_type=sm4-128"),
)
MACS = [
    pytest.param(name, marks=pytest.mark.applies(f"algorithm={name} and {cipher}"), id=name)
    for family, cipher in _FAMILIES
    for name in (f"{family}-mac-m1", f"{family}-mac-m2")
]
BOTH = [
    pytest.param(
        family,
        marks=pytest.mark.applies(f"algorithm={family}-mac-m1 and algorithm={family}-mac-m2 and {cipher}"),
        id=family,
    )
    for family, cipher in _FAMILIES
]


def _message(length: int) -> bytes:
    return bytes((number * 37 ^ number >> 3) & 0xFF for number in range(length))


@pytest.mark.parametrize("name", MACS)
def test_mac_value(scenario: Scenario, ica: IcaChip, oracle: Oracle, name: str) -> None:
    """A MAC is the CBC-MAC of the whole padded message under the ID² key."""
    algorithm, block = algorithm_named(name), oracle.block_size
    zeros, other_iv = bytes(block), _message(3 * block)[-block:]
    lengths = (
        1,
        block - 1,
        block,
        block + 1,
        2 * block,
        5 * block + 3,
        COMMAND - block,
        COMMAND,
        COMMAND + 1,
    )
    with scenario.step("SE-MAC-03"):
        for length, iv in (
            *((length, zeros) for length in (*lengths, 2 * COMMAND + block + 1)),
            *((length, other_iv) for length in (1, block, 2 * block + 1)),
        ):
            data = _message(length)
            got = ica.generate_mac(algorithm, data, iv=iv)
            right = expected_macs(oracle, ica, name, iv, data)
            if not right:
                scenario.note(f"{name} of {length} bytes: not compared, which takes the key itself")
                continue
            assert len(got) >= block // 2, f"a MAC of {len(got)} bytes is too short to protect anything"
            assert got in [mac[: len(got)] for mac in right], (
                f"{name} of {length} bytes, IV {iv.hex().upper()}, is {got.hex().upper()}; "
                f"the chip's cipher gives {right[0].hex().upper()}"
            )


@pytest.mark.parametrize("family", BOTH)
def test_padding_methods(scenario: Scenario, ica: IcaChip, oracle: Oracle, family: str) -> None:
    """The two padding methods are two, and each pads as it must."""
    block = oracle.block_size
    first, second = (algorithm_named(f"{family}-mac-{method}") for method in ("m1", "m2"))
    with scenario.step("SE-MAC-04"):
        for length in (1, block - 1, block, block + 1, 3 * block, COMMAND):
            data = _message(length)
            one, two = ica.generate_mac(first, data), ica.generate_mac(second, data)
            assert one != two, f"padding methods 1 and 2 give the same MAC for {length} bytes"
        data = _message(block + 3)
        by_hand = data + b"\x80" + bytes(block - 4)
        assert ica.generate_mac(second, data) == ica.generate_mac(first, by_hand), (
            "method 2 does not pad with 80 and zeros"
        )
        filled = data + bytes(block - 3)
        assert ica.generate_mac(first, data) == ica.generate_mac(first, filled), (
            "method 1 does not pad with zeros"
        )
        assert ica.generate_mac(second, data) != ica.generate_mac(second, data + b"\x00"), (
            "method 2 does not tell a message from the same with a zero behind it"
        )


@pytest.mark.parametrize("name", MACS)
def test_mac_verification(scenario: Scenario, ica: IcaChip, oracle: Oracle, name: str) -> None:
    """Verification compares every bit of the MAC, and of the message."""
    algorithm, block = algorithm_named(name), oracle.block_size
    with scenario.step("SE-MAC-05"):
        for length in (1, block - 3, block, 3 * block, COMMAND + 5):
            data = _message(length)
            mac = ica.generate_mac(algorithm, data)
            assert accepts_mac(ica, algorithm, data, mac), f"the chip refuses its own MAC of {length} bytes"
            for what, wrong in _wrong_macs(mac, every=length == 3 * block).items():
                assert not accepts_mac(ica, algorithm, data, wrong), (
                    f"a MAC of {length} bytes with {what} is accepted"
                )
            assert not accepts_mac(ica, algorithm, _changed(data, 0), mac), (
                f"the MAC of a message of {length} bytes is accepted with its first byte changed"
            )
            assert not accepts_mac(ica, algorithm, _changed(data, length - 1), mac), (
                f"the MAC of a message of {length} bytes is accepted with its last byte changed"
            )
        assert accepts_mac(ica, algorithm, data, mac), "the right MAC is refused after wrong ones"


@pytest.mark.parametrize("name", MACS)
def test_mac_covers_all(scenario: Scenario, ica: IcaChip, oracle: Oracle, name: str) -> None:
    """Each block of a message changes its MAC."""
    algorithm, block = algorithm_named(name), oracle.block_size
    data = _message(2 * COMMAND + 2 * block + 1)
    with scenario.step("SE-MAC-06"):
        macs = {ica.generate_mac(algorithm, data): -1}
        for place in range(0, len(data), block):
            mac = ica.generate_mac(algorithm, _changed(data, place))
            assert mac not in macs, f"block {place // block} of {len(data)} bytes does not change the MAC"
            macs[mac] = place


def _changed(data: bytes, place: int, mask: int = 0x01) -> bytes:
    return data[:place] + bytes([data[place] ^ mask]) + data[place + 1 :]


def _wrong_macs(mac: bytes, *, every: bool) -> dict[str, bytes]:
    last = len(mac) - 1
    places = range(len(mac)) if every else (0, len(mac) // 2, last)
    wrong = {f"byte {place} changed": _changed(mac, place, 0xFF) for place in places}
    if every:
        for place in (0, last):
            wrong |= {
                f"bit {bit} of byte {place} changed": _changed(mac, place, 1 << bit) for bit in range(8)
            }
    wrong |= {f"{size} of its {len(mac)} bytes": mac[:size] for size in (0, 1, 4, len(mac) // 2, last)}
    wrong |= {"a byte behind it": mac + b"\x00", "zeros in its place": bytes(len(mac))}
    wrong["its bytes in reverse"] = mac[::-1]
    return {what: one for what, one in wrong.items() if one != mac}
