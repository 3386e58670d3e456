"""A board in use: opened on demand, recorded, locked, closed; simulated, on a socket and on a terminal."""

from pathlib import Path

import pytest

from harness.board.opening.board import Board
from harness.board.opening.locks import Locks
from harness.board.reading.file import load
from harness.chip.ica.chip import IcaChip
from harness.chip.mtk import MtkChip
from harness.errors import BenchError, HarnessError, UsageError
from harness.id2 import authcode
from harness.id2.keys import Key, KeyType
from harness.simulator.bus.address import UnixAddress
from harness.simulator.bus.pty import PtyServer
from harness.simulator.bus.sockets import serve_chip
from harness.simulator.chip.config import ChipConfig
from harness.simulator.chip.hexline import HexLineChip
from harness.simulator.chip.ica import IcaChip as SimulatedIca
from tests.transport.recordings import lines

ROOT = Path(__file__).resolve().parents[2]
ID2 = "2122232425262728292A2B2C"
KEY = Key.parse(KeyType.AES_128, "2122232425262728292A2B2C2D2E2F30")
CHALLENGE = "55B83408399FA660F05C82E4F25333DC"


def virtual(name):
    return load(ROOT / "boards" / f"{name}.yaml")


@pytest.fixture
def use(tmp_path):
    """Return a board that records into the test's folder and locks there; it is closed with the test."""
    opened = []

    def make(file, **more):
        told = []
        board = Board(
            file,
            recordings=lambda name: tmp_path / f"{name}.rec",
            on_open=lambda *found: told.append(found),
            locks=tmp_path,
            **more,
        )
        board.told = told
        opened.append(board)
        return board

    yield make
    for board in opened:
        board.close()


@pytest.mark.parametrize(
    ("name", "kind"), [("virtual-se-i2c", IcaChip), ("virtual-se-sm4", IcaChip), ("virtual-se-mtk", MtkChip)]
)
def test_carrier_of_the_virtual_boards_makes_right_codes(use, name, kind):
    file = virtual(name)
    board = use(file)
    chip = board.chip()
    assert isinstance(chip, kind)
    assert board.chip() is chip
    assert chip.get_id().id_bytes.hex().upper() == file.device.id
    carrier = board.carrier()
    assert board.carrier() is carrier
    carrier.init()
    authcode.verify(board.key(), file.device.id, authcode.parse(carrier.get_challenge_auth_code(CHALLENGE)))


def test_recorded_console_is_played_back(use, tmp_path):
    board = use(virtual("recorded-console"))
    console = board.console()
    assert board.console() is console
    console.expect(b"ID2 Client Generate AuthCode End", timeout=20)
    board.close()
    heard = b"".join(
        bytes.fromhex(record["x"]) for record in lines(tmp_path / "console.rec") if "x" in record
    )
    assert heard.startswith(b"<LS_LOG> ID2 Client Version: 0x00030100")


def test_console_can_be_closed_and_opened_again(use):
    board = use(virtual("recorded-console"))
    for _ in range(2):
        board.console().expect(b"ID2 Client Version", timeout=20)
        board.close_console()


def test_nothing_is_opened_before_it_is_asked_for(use, tmp_path):
    with use(virtual("virtual-se-i2c")) as board:
        assert board.identities == {}
        assert list(tmp_path.glob("*.rec")) == []
        board.transport("chip")
        assert board.told == []


def test_what_was_opened_is_told_once_and_recorded(use, tmp_path):
    board = use(virtual("virtual-se-i2c"))
    board.chip()
    ((name, identity),) = board.told
    assert name == "chip"
    assert ID2 in identity
    assert board.identities == {"chip": identity}
    board.mark("scenario one")
    board.close_chip()
    board.chip().get_id()
    assert len(board.told) == 1
    board.close()
    header, *rest = lines(tmp_path / "chip.rec")
    assert header["format"] == "id2-recording"
    assert [record["op"] for record in rest if record["op"] in ("open", "close", "note")] == [
        "open",
        "note",
        "close",
        "open",
        "close",
    ]
    assert any(record.get("m") == "scenario one" for record in rest)


def test_without_recordings(tmp_path):
    with Board(virtual("virtual-se-i2c"), locks=tmp_path) as board:
        assert board.chip().get_id().id_bytes.hex().upper() == ID2
        board.mark("nobody hears this")


def test_select_is_sent_unless_the_file_says_otherwise(use, tmp_path, load_text):
    text = (ROOT / "boards" / "virtual-se-i2c.yaml").read_text()
    board = use(
        load_text(
            text.replace("  command_set: ica\n\ndevice", "  command_set: ica\n  select: false\n\ndevice")
        )
    )
    carrier = board.carrier()
    carrier.init()
    assert carrier.get_id() == ID2
    board.close()
    sent = "".join(record["x"] for record in lines(tmp_path / "chip.rec") if record.get("d") == ">")
    assert "00a40400" not in sent
    assert "80f80000" in sent


def test_close_twice_and_use_again(use, tmp_path):
    board = use(virtual("virtual-se-i2c"))
    board.chip()
    board.close()
    board.close()
    (tmp_path / "chip.rec").unlink()
    assert board.chip().get_id().vendor == 0x8180


def test_parts_that_the_board_does_not_have(use):
    board = use(virtual("recorded-console"))
    with pytest.raises(UsageError, match="the board file has no chip section") as caught:
        board.chip()
    assert caught.value.board == "recorded-console"
    with pytest.raises(UsageError, match="the board has no transport 'x'; it has console"):
        board.transport("x")
    with pytest.raises(UsageError, match="the board file has no console section"):
        use(virtual("virtual-se-i2c")).console()


def test_carriers_that_cannot_be_driven(use, load_text, sound):
    board = use(load_text(sound.replace("carrier: se", "carrier: km")))
    with pytest.raises(UsageError, match="nothing says how the id2_client API of carrier km is called"):
        board.carrier()


def test_key_is_resolved_once_and_errors_name_the_board(use, load_text, sound):
    board = use(load_text(f"{sound}device: {{key: {{env: BOARD_KEY}}}}\n"), environment={})
    with pytest.raises(UsageError) as caught:
        board.key()
    assert caught.value.board == "lab"
    assert use(load_text(sound)).key() is None


def chip_model():
    return SimulatedIca(ChipConfig("ica", ID2, KEY))


HEAD = """\
version: 1
name: lab
plan: {pattern: own-platform, carrier: se, platform: third-party-os, key_type: aes-128}
"""


@pytest.fixture
def on_socket(tmp_path, load_text):
    """A board whose chip is served on a Unix socket, and the server."""
    with serve_chip(chip_model(), UnixAddress(tmp_path / "chip.sock")) as server:
        yield (
            load_text(
                f"{HEAD}transports:\n  chip: {{kind: socket, path: chip.sock}}\n"
                "chip: {transport: chip, framing: hex-line, timeout_s: 5}\n"
            ),
            server,
        )


def test_chip_on_a_real_socket(use, on_socket):
    file, _ = on_socket
    assert use(file).chip().get_id().id_bytes.hex().upper() == ID2


def test_chip_on_a_real_terminal(use, tmp_path, load_text):
    with PtyServer(HexLineChip(chip_model().session()), link=tmp_path / "port"):
        file = load_text(
            f"{HEAD}transports:\n  chip: {{kind: serial, port: {tmp_path}/port}}\n"
            "chip: {transport: chip, framing: hex-line, timeout_s: 5}\n"
        )
        with use(file) as board:
            assert board.chip().get_id().id_bytes.hex().upper() == ID2
            assert str(tmp_path / "port") in board.identities["chip"]


def test_real_boards_are_locked_by_name_and_by_place(use, on_socket):
    file, _ = on_socket
    other_name = file.model_copy(update={"name": "other"})
    elsewhere = {"chip": file.transports["chip"].model_copy(update={"path": "other.sock"})}
    other_place = file.model_copy(update={"transports": elsewhere})
    board = use(file, run="run-7")
    board.chip()
    with pytest.raises(BenchError, match=r"^/.*/chip\.sock is in use by .*board lab, run run-7$") as caught:
        use(other_name).chip()
    assert caught.value.board == "other"
    with pytest.raises(BenchError, match=r"^board lab is in use by .*run run-7$"):
        use(other_place).lock()
    board.close()
    for free in (other_name, other_place, file):
        with use(free):
            pass


def test_nothing_is_opened_while_another_run_has_the_board(use, on_socket, tmp_path):
    file, _ = on_socket
    with (
        Locks(["board lab"], board="lab", folder=tmp_path),
        pytest.raises(BenchError, match="in use"),
        use(file),
    ):
        pass
    assert list(tmp_path.glob("*.rec")) == []


def test_locks_are_let_go_when_opening_fails(use, load_text):
    file = load_text(
        f"{HEAD}transports:\n  chip: {{kind: socket, path: nobody.sock}}\n"
        "chip: {transport: chip, framing: hex-line}\n"
    )
    with pytest.raises(BenchError) as caught, use(file) as board:
        board.chip()
    assert (caught.value.board, caught.value.transport) == ("lab", "chip")
    with use(file):
        pass


def test_simulated_boards_are_not_locked(tmp_path):
    file = virtual("virtual-se-i2c")
    with Board(file, locks=tmp_path / "none") as one, Board(file, locks=tmp_path / "none") as other:
        assert one.chip().get_id() == other.chip().get_id()
    assert not (tmp_path / "none").exists()


def test_chip_that_leaves_can_be_opened_again(use, on_socket, tmp_path):
    file, server = on_socket
    board = use(file)
    board.chip()
    server.stop()
    with pytest.raises(HarnessError):
        board.chip().get_id()
    board.close_chip()
    with pytest.raises(BenchError):
        board.chip()
    with serve_chip(chip_model(), UnixAddress(tmp_path / "chip.sock")):
        assert board.chip().get_id().id_bytes.hex().upper() == ID2


def test_recording_that_cannot_be_written_blocks(use, tmp_path):
    (tmp_path / "chip.rec").touch()
    with pytest.raises(BenchError, match=r"chip\.rec: cannot be written") as caught:
        use(virtual("virtual-se-i2c")).chip()
    assert (caught.value.board, caught.value.transport) == ("virtual-se-i2c", "chip")
