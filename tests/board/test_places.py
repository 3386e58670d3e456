"""What keeps the boards of one campaign apart."""

from pathlib import Path

import pytest

from harness.board.opening.places import kept_apart, locked, overlap
from harness.board.reading.file import load

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def board(tmp_path):
    """Make a board file with a bus, an address, and more sections, and load it."""

    def made(name, *, bus="/dev/i2c-1", address="0x71", more=""):
        path = tmp_path / f"{name}.yaml"
        path.write_text(
            f"""
version: 1
name: {name}
plan: {{pattern: own-platform, carrier: se, platform: third-party-os, key_type: aes-128}}
transports:
  chip: {{kind: i2c, bus: {bus}, address: {address}}}
chip: {{transport: chip, framing: fm1280, command_set: ica}}
service: {{endpoint: mock}}
{more}
"""
        )
        return load(path)

    return made


def shared(one, other):
    return overlap(kept_apart(one), kept_apart(other))


def test_two_addresses_of_one_bus_are_one_place_of_a_campaign_and_two_locks(board):
    one, other = board("one"), board("other", address="0x72")
    assert shared(one, other) == ["/dev/i2c-1"]
    assert "/dev/i2c-1 address 0x71" in locked(one)
    assert not set(locked(one)) & set(locked(other))


def test_two_buses_are_two_places(board):
    assert shared(board("one"), board("other", bus="/dev/i2c-2")) == []


def test_a_link_to_a_bus_is_the_bus(board, tmp_path):
    (tmp_path / "bus").symlink_to("/dev/i2c-1")
    assert shared(board("one"), board("other", bus=tmp_path / "bus", address="0x72")) == ["/dev/i2c-1"]


@pytest.mark.parametrize(
    ("first", "second", "wanted"),
    [
        ("hub: 1-1, port: 2", "hub: 1-1, port: 3", []),
        ("hub: 1-1, port: 2", "hub: 1-1, port: 2", ["hub 1-1 port 2"]),
        ("hub: 1-1, port: 2", "hub: 1-1, port: 3, ganged: true", ["hub 1-1"]),
    ],
)
def test_a_port_of_a_hub_is_a_place_and_a_ganged_hub_is_one_as_a_whole(board, first, second, wanted):
    power = "controllers:\n  power: {{kind: uhubctl, {}}}\n"
    one = board("one", more=power.format(first))
    other = board("other", bus="/dev/i2c-2", more=power.format(second))
    assert shared(other, one) == wanted


def test_a_relay_on_a_port_and_a_console_on_it_are_one_place(board):
    relay = "controllers:\n  power: {kind: lcus-relay, port: /dev/serial/by-path/usb-7, channel: 1}\n"
    one = board("one", more=relay)
    assert overlap(kept_apart(one), ["/dev/serial/by-path/usb-7"]) == ["/dev/serial/by-path/usb-7"]


def test_simulated_boards_share_nothing():
    boards = [load(ROOT / "boards" / f"{name}.yaml") for name in ("virtual-se-i2c", "virtual-km-itls")]
    assert [kept_apart(one) for one in boards] == [(), ()]


def test_links_that_wait_on_one_port_are_kept_apart(tmp_path):
    text = (ROOT / "boards" / "virtual-km-itls.yaml").read_text()
    boards = []
    for name in ("one", "other"):
        (tmp_path / f"{name}.yaml").write_text(
            text.replace("name: virtual-km-itls", f"name: {name}").replace("port: 0 ", "port: 1883 ")
        )
        boards.append(load(tmp_path / f"{name}.yaml"))
    assert shared(*boards) == ["port 1883"]
