"""Plans: the documented matrix, the contradictions, and what each part of a board needs."""

from itertools import product

import pytest

from harness.board.models import Pattern, Plan, PlannedCarrier
from harness.board.plan import matrix as plan_matrix
from harness.board.plan.needs import needs, unmet
from harness.console.platform import PLATFORMS
from harness.id2.keys import KeyType
from harness.transport.base import Capability


def plan(
    carrier=PlannedCarrier.SE,
    platform="third-party-os",
    key_type=KeyType.AES_128,
    pattern=Pattern.OWN_PLATFORM,
):
    return Plan(pattern=pattern, carrier=carrier, platform=platform, key_type=key_type)


DOCUMENTED = {
    ("se", "third-party-os"),
    ("se", "alios-things"),
    ("km", "link-sdk"),
    ("km", "alios-things"),
    ("km", "third-party-os"),
    ("tee", "link-sdk"),
    ("tee", "link-tee"),
}


@pytest.mark.parametrize(("carrier", "platform"), list(product(PlannedCarrier, PLATFORMS.names)))
def test_exactly_the_documented_cells_are_documented(carrier, platform):
    doubts = plan_matrix.undocumented(plan(carrier, platform))
    assert (doubts == []) is ((carrier.value, platform) in DOCUMENTED)
    assert all(doubt.loc[0] == "plan" for doubt in doubts)


@pytest.mark.parametrize(("carrier", "key_type"), list(product(PlannedCarrier, KeyType)))
def test_some_keys_are_for_some_carriers_only(carrier, key_type):
    impossible = key_type is KeyType.SM1_128 and carrier in ("km", "tee", "demo")
    impossible |= carrier == "puf" and key_type not in plan_matrix.ECC
    impossible |= carrier == "se" and key_type in (KeyType.ECC_K192, KeyType.ECC_K224)
    assert bool(plan_matrix.contradictions(plan(carrier, key_type=key_type))) is impossible


@pytest.mark.parametrize("carrier", PlannedCarrier)
def test_link_tee_is_for_the_tee_only(carrier):
    key_type = KeyType.ECC_K256 if carrier is PlannedCarrier.PUF else KeyType.AES_128
    found = plan_matrix.contradictions(plan(carrier, "link-tee", key_type=key_type))
    assert [problem.loc for problem in found] == (
        [] if carrier is PlannedCarrier.TEE else [("plan", "platform")]
    )


def test_known_defects_are_named():
    assert "RSA" in plan_matrix.key_doubts(plan(key_type=KeyType.RSA_2048))[0].text
    assert plan_matrix.key_doubts(plan(PlannedCarrier.KM, key_type=KeyType.RSA_2048)) == []
    assert "ecc-k256" in plan_matrix.key_doubts(plan(key_type=KeyType.ECC_K256))[0].text
    for key_type in (KeyType.DES3_168, KeyType.AES_256, KeyType.SM4_128, KeyType.SM2_256):
        assert plan_matrix.key_doubts(plan(key_type=key_type)) == []


def test_consequences_of_the_patterns():
    own, other, alibaba = (plan_matrix.consequences(pattern) for pattern in Pattern)
    assert own == other
    assert own.server_development
    assert own.console == "ID² console"
    assert not alibaba.server_development
    assert (alibaba.console, alibaba.wizard) == ("IoT Platform console", "combined")


BOTH = """\
version: 1
name: lab
plan: {pattern: own-platform, carrier: se, platform: third-party-os, key_type: aes-128}
transports:
  chip: {kind: i2c, bus: /dev/i2c-1}
  console: {kind: serial, port: /dev/ttyS0}
chip: {transport: chip, framing: fm1280}
console: {transport: console}
"""


def test_needs_name_part_transport_and_reason(load_text):
    chip, console = needs(load_text(BOTH))
    assert (chip.part, chip.transport, chip.capabilities, chip.because) == (
        "chip",
        "chip",
        {Capability.I2C},
        "framing fm1280",
    )
    assert (console.part, console.transport, console.capabilities) == (
        "console",
        "console",
        {Capability.STREAM},
    )


@pytest.mark.parametrize(
    ("settings", "capability"),
    [
        ("kind: i2c, bus: /dev/i2c-1", Capability.I2C),
        ("kind: serial, port: /dev/ttyS0", Capability.STREAM),
        ("kind: serial, port: 'socket://h:7'", Capability.STREAM),
        ("kind: usb, usb: {vid: 1}", Capability.APDU),
        ("kind: ccid, usb: {vid: 1}", Capability.APDU),
        ("kind: hid, usb: {vid: 1}", Capability.APDU),
        ("kind: pcsc, reader: R", Capability.APDU),
        ("kind: ftdi-i2c, usb: {vid: 1}", Capability.I2C),
        ("kind: ftdi-spi, usb: {vid: 1}", Capability.SPI),
        ("kind: socket, path: /run/chip.sock", Capability.STREAM),
        ("kind: simulated-i2c, device: {key_type: aes-128, key: {published: aes-128}}", Capability.I2C),
        ("kind: simulated-spi, device: {key_type: aes-128, key: {published: aes-128}}", Capability.SPI),
        ("kind: simulated-serial, device: {key_type: aes-128, key: {published: aes-128}}", Capability.STREAM),
        ("kind: simulated-console, file: x.log", Capability.STREAM),
    ],
)
def test_what_is_promised_is_what_the_transport_supplies(load_text, settings, capability):
    from harness.board.opening.opener import make_transport
    from harness.board.opening.resolve import Resolver

    framings = {Capability.I2C: "fm1280", Capability.SPI: "fm1280-spi", Capability.APDU: "direct"}
    framing = framings.get(capability, "hex-line")
    text = BOTH[: BOTH.index("transports")] + (
        f"transports:\n  chip: {{{settings}}}\nchip: {{transport: chip, framing: {framing}}}\n"
    )
    board = load_text(text)
    (board.folder / "x.log").touch()
    assert unmet(board) == []
    promised = board.transports["chip"].supplies()
    assert capability in promised
    assert make_transport(board, "chip", Resolver(board)).capabilities == promised
