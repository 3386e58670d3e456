"""What keeps the boards of one campaign apart."""

from pathlib import Path

import pytest

from harness.board.opening.locks import Locks
from harness.board.opening.places import kept_apart, locked, overlap
from harness.board.reading.file import load
from harness.errors import BenchError

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


def test_two_addresses_of_one_bus_are_one_place_and_share_one_lock(board, tmp_path):
    one, other = board("one"), board("other", address="0x72")
    assert shared(one, other) == ["/dev/i2c-1"]
    assert "/dev/i2c-1 address 0x71" in locked(one)
    assert set(locked(one)) & set(locked(other)) == {"/dev/i2c-1"}
    with (
        Locks(locked(one), board="one", folder=tmp_path),
        pytest.raises(BenchError, match=r"^/dev/i2c-1 is in use by .*board one$"),
    ):
        Locks(locked(other), board="other", folder=tmp_path).acquire()


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


@pytest.mark.parametrize(
    ("first", "second", "busy"),
    [
        ("hub: 1-1, port: 2", "hub: 1-1, port: 3, ganged: true", "hub 1-1 port 2"),
        ("hub: 1-1, port: 3, ganged: true", "hub: 1-1, port: 2", "hub 1-1 port 2"),
        ("hub: 1-1, port: 3, ganged: true", "hub: 1-1, port: 2, ganged: true", "hub 1-1"),
        ("hub: 1-1, port: 2, usb3_half: 2-1", "hub: 2-1, port: 2", "hub 2-1 port 2"),
        ("hub: 1-1, port: 2, usb3_half: 2-1, ganged: true", "hub: 2-1, port: 5", "hub 2-1 port 5"),
    ],
)
def test_what_one_switch_cuts_is_locked_against_another_campaign(board, tmp_path, first, second, busy):
    power = "controllers:\n  power: {{kind: uhubctl, {}}}\n"
    one = board("one", more=power.format(first))
    other = board("other", bus="/dev/i2c-2", more=power.format(second))
    with (
        Locks(locked(one), board="one", folder=tmp_path),
        pytest.raises(BenchError, match=rf"^{busy} is in use by .*board one$"),
    ):
        Locks(locked(other), board="other", folder=tmp_path).acquire()


def test_ports_of_a_hub_that_are_switched_one_by_one_share_no_lock(board, tmp_path):
    power = "controllers:\n  power: {{kind: uhubctl, hub: 1-1, port: {}}}\n"
    one, other = (board(f"b{n}", bus=f"/dev/i2c-{n}", more=power.format(n)) for n in (1, 2))
    assert not set(locked(one)) & set(locked(other))


def test_a_relay_on_a_port_and_a_console_on_it_are_one_place(board):
    relay = "controllers:\n  power: {kind: lcus-relay, port: /dev/serial/by-path/usb-7, channel: 1}\n"
    one = board("one", more=relay)
    assert overlap(kept_apart(one), ["/dev/serial/by-path/usb-7"]) == ["/dev/serial/by-path/usb-7"]
    assert "/dev/serial/by-path/usb-7" in locked(one), "of two campaigns as well"


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


def served(name, port, link_port, url, tmp_path):
    """A board whose business server runs already."""
    text = (ROOT / "boards" / "virtual-business-server.yaml").read_text().partition("server:\n")[0]
    path = tmp_path / f"{name}.yaml"
    path.write_text(
        f"""{text.replace("name: virtual-business-server", f"name: {name}")}server:
  port: {port}
  link_port: {link_port}
  access_key: {{id: {{env: ID}}, secret: {{env: SECRET}}}}
  trigger: {{url: "{url}", body: "{{id2}}"}}
"""
    )
    return load(path)


@pytest.mark.parametrize(
    ("first", "second", "wanted"),
    [
        ((8101, 0, "http://far.example:80/"), (8102, 0, "http://far.example:80/"), []),
        ((8101, 0, "http://far.example/"), (8101, 0, "http://far.example/"), ["port 8101"]),
        ((8101, 8200, "http://far.example/"), (8102, 8200, "http://far.example/"), ["port 8200"]),
        ((8101, 8102, "http://far.example/"), (8102, 8103, "http://far.example/"), ["port 8102"]),
        ((8101, 0, "http://127.0.0.1:8300/in"), (8102, 0, "http://localhost:8300/in"), ["port 8300"]),
        ((8101, 0, "http://[::1]/in"), (8102, 0, "http://127.0.0.1:80/in"), ["port 80"]),
        ((8101, 0, "http://far.example:1/"), (8102, 0, "http://far.example:99999999/"), []),
    ],
)
def test_servers_that_name_one_port_are_kept_apart(first, second, wanted, tmp_path):
    one, other = (served(name, *given, tmp_path) for name, given in (("one", first), ("other", second)))
    assert shared(one, other) == wanted
    assert [place for place in locked(one) if place in locked(other)] == wanted


def test_a_server_and_a_link_that_name_one_port_are_kept_apart(tmp_path):
    text = (ROOT / "boards" / "virtual-km-itls.yaml").read_text()
    (tmp_path / "link.yaml").write_text(text.replace("port: 0 ", "port: 8101 "))
    link = load(tmp_path / "link.yaml")
    assert shared(served("one", 8101, 0, "http://far.example/", tmp_path), link) == ["port 8101"]


def test_a_server_that_says_where_it_listens_has_no_place():
    assert kept_apart(load(ROOT / "boards" / "virtual-business-server.yaml")) == ()
