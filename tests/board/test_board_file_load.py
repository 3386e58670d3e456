"""Loading a board file: where it is looked for, what it remembers, what it warns about."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from harness.board.reading.file import board_files, load
from harness.errors import UsageError


def refused(path):
    with pytest.raises(UsageError) as caught:
        load(path)
    return caught.value.message


@pytest.fixture
def bench(tmp_path, monkeypatch, sound):
    """A working directory with boards/lab.yaml."""
    monkeypatch.chdir(tmp_path)
    Path("boards").mkdir()
    Path("boards/lab.yaml").write_text(sound)
    return tmp_path


def test_source_is_remembered(bench, sound):
    board = load("boards/lab.yaml")
    assert board.source.path == Path("boards/lab.yaml")
    assert board.sha256 == hashlib.sha256(sound.encode()).hexdigest()
    assert board.folder == Path("boards")
    assert all(": declaration." in warning for warning in board.warnings)


def test_a_bare_name_stands_for_a_file_in_boards(bench):
    assert load("lab").source.path == Path("boards/lab.yaml")


def test_byte_order_mark_is_no_problem(bench, sound):
    Path("boards/lab.yaml").write_bytes(b"\xef\xbb\xbf" + sound.encode())
    assert load("lab").name == "lab"


def test_windows_line_ends_are_no_problem(bench, sound):
    Path("boards/lab.yaml").write_bytes(sound.replace("\n", "\r\n").encode())
    assert load("lab").name == "lab"


def test_missing_file_names_what_is_near(bench):
    assert refused("boards/lap.yaml") == (
        "boards/lap.yaml: no such board file; did you mean 'boards/lab.yaml'? board files in "
        "'boards': lab.yaml"
    )
    assert refused("lap") == (
        "lap: no such board file; did you mean 'boards/lab.yaml'? board files in 'boards': lab.yaml"
    )
    assert refused("nothing-like-it.yaml") == (
        "nothing-like-it.yaml: no such board file; board files in 'boards': lab.yaml"
    )


def test_missing_folder(bench):
    assert refused("bords/lab.yaml") == "bords/lab.yaml: no such board file; there is no folder 'bords'"


def test_a_shipped_board_is_found_by_its_name_anywhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert load("virtual-se-i2c").name == "virtual-se-i2c"
    said = refused("virtual-se-i2x")
    assert said.startswith(
        "virtual-se-i2x: no such board file; did you mean 'virtual-se-i2c'? shipped boards: "
    )
    (tmp_path / "lab.yaml").write_text("version: 1\n")  # of the lab, and no board
    assert refused("virtual-se-i2x") == said
    (tmp_path / "boards").mkdir()
    (tmp_path / "boards" / "virtual-se-i2c.yaml").write_text("version: 2\n")
    assert refused("virtual-se-i2c").startswith("boards/virtual-se-i2c.yaml")


def test_missing_file_where_there_are_none(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert refused("x.yaml") == "x.yaml: no such board file; there is no board file in '.'"


def test_many_board_files_are_not_all_listed(bench):
    for number in range(20):
        Path(f"boards/n{number:02}.yaml").touch()
    assert refused("boards/zzz.yaml").endswith("n09.yaml, n10.yaml and 9 more")


def test_folder(bench):
    assert refused("boards") == "boards: is a folder, not a board file; board files in 'boards': lab.yaml"


def test_broken_link_is_missing(bench):
    Path("boards/gone.yaml").symlink_to("nowhere.yaml")
    assert refused("boards/gone.yaml").startswith("boards/gone.yaml: no such board file")


def test_links_in_a_circle(bench):
    Path("boards/round.yaml").symlink_to("round.yaml")
    assert (
        refused("boards/round.yaml") == "boards/round.yaml: cannot be read: its symbolic links go in a circle"
    )


def test_named_pipe_does_not_hang(bench):
    os.mkfifo("boards/pipe.yaml")
    assert refused("boards/pipe.yaml") == "boards/pipe.yaml: is not a regular file"


def test_device_file_does_not_hang():
    assert refused("/dev/zero") == "/dev/zero: is not a regular file"


def test_name_with_a_zero_byte():
    assert "not a usable file name" in refused("a\0b.yaml")


def test_binary_file(bench):
    Path("boards/lab.yaml").write_bytes(b"\x7fELF\x02\x01\x01\x00\x00")
    assert refused("lab") == (
        "boards/lab.yaml: is a binary file (byte 0x00 at offset 7); a board file is YAML text"
    )


def test_other_encoding(bench):
    Path("boards/lab.yaml").write_bytes(b"version: 1\nname: l\xe4b\n")
    assert refused("lab") == (
        "boards/lab.yaml:2: is not UTF-8 text (byte 0xe4 at offset 18); a board file is YAML text"
    )


def test_huge_file(bench):
    Path("boards/lab.yaml").write_bytes(b"#" * (256 * 1024 + 1))
    assert refused("lab") == "boards/lab.yaml: is larger than 256 KiB"


AS_NOBODY = """
import os, sys
from harness.board.reading.file import load
from harness.errors import UsageError
if os.getuid() == 0:  # the administrator may read everything, so somebody else has to try
    os.setgid(65534)
    os.setuid(65534)
for path in sys.argv[1:]:
    try:
        load(path)
    except UsageError as error:
        print(error.message)
"""


def test_files_and_folders_that_are_closed_to_us(sound):
    root = Path(__file__).resolve().parents[2]
    with TemporaryDirectory() as name:  # not tmp_path: pytest keeps its folders closed to everybody else
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "lab.yaml").write_text(sound)
        (folder / "lab.yaml").chmod(0)
        (folder / "closed").mkdir()
        (folder / "closed" / "lab.yaml").write_text(sound)
        (folder / "closed").chmod(0)
        paths = [folder / "lab.yaml", folder / "closed" / "lab.yaml", folder / "closed" / "missing.yaml"]
        told = subprocess.run(
            [sys.executable, "-c", AS_NOBODY, *paths],
            cwd=root,
            env={"PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            check=True,
        )
        (folder / "closed").chmod(0o700)
    assert told.stdout.splitlines() == [f"{path}: cannot be read: permission denied" for path in paths]


def test_board_files_are_listed_by_name(bench):
    for name in ("b.yml", "a.yaml", "notes.txt"):
        Path("boards", name).touch()
    Path("boards/sub.yaml").mkdir()
    assert [path.name for path in board_files(Path("boards"))] == ["a.yaml", "b.yml", "lab.yaml"]
    assert board_files(Path("nowhere")) == []


SERIAL = "{kind: serial, port: /dev/ttyUSB0}"

WARNINGS = {
    "other name": (
        "name: lab",
        "name: bench-3",
        "2: name: is 'bench-3' in a file named 'lab.yaml'; runs and locks go by the name",
    ),
    "moving tty": (
        (
            "{kind: simulated-i2c, device: {key_type: aes-128, key: {published: aes-128}}}\n"
            "chip: {transport: chip, framing: fm1280}"
        ),
        f"{SERIAL}\nchip: {{transport: chip, framing: hex-line}}",
        (
            "5: transports.chip.port: /dev/ttyUSB0 changes with the order of plugging in; name "
            "the adapter by "
            "/dev/serial/by-id/… or by usb:"
        ),
    ),
    "other moving tty": (
        (
            "{kind: simulated-i2c, device: {key_type: aes-128, key: {published: aes-128}}}\n"
            "chip: {transport: chip, framing: fm1280}"
        ),
        "{kind: serial, port: /dev/ttyACM12}\nchip: {transport: chip, framing: hex-line}",
        (
            "5: transports.chip.port: /dev/ttyACM12 changes with the order of plugging in; name "
            "the adapter by "
            "/dev/serial/by-id/… or by usb:"
        ),
    ),
    "undocumented cell": (
        "platform: third-party-os",
        "platform: link-sdk",
        (
            "3: plan.platform: the vendor publishes no guide for se on link-sdk; for se it has alios-things, "
            "third-party-os"
        ),
    ),
    "demo": (
        "carrier: se",
        "carrier: demo",
        "3: plan.carrier: demo is for debugging; a product must not use it",
    ),
    "module": (
        "carrier: se",
        "carrier: module",
        "3: plan.carrier: the vendor publishes no guide for module; it is known from the SDK only",
    ),
    "unused transport": (
        "chip: {transport: chip,",
        "  spare: {kind: serial, port: /dev/ttyS0}\nchip: {transport: chip,",
        "6: transports.spare: no part of the board uses this transport",
    ),
    "simulated device of another type": (
        "key_type: aes-128}\n",
        "key_type: aes-192}\n",
        "5: transports.chip.device.key_type: is aes-128; plan.key_type is aes-192",
    ),
    "other command set": (
        "framing: fm1280}",
        "framing: fm1280, command_set: mtk}",
        "5: transports.chip.device.command_set: is ica; chip.command_set is mtk",
    ),
    "http": (
        "chip: {transport",
        (
            "service: {endpoint: 'http://h', access_key: {id: {env: A}, secret: {env: B}}, "
            "product: {product_key: a1}}\n"
            "chip: {transport"
        ),
        "6: service.endpoint: http:// sends ProductKey and codes in the clear; use https://",
    ),
    "product of another type": (
        "chip: {transport",
        "service: {product: {algorithm: sm4-128}}\nchip: {transport",
        "6: service.product.algorithm: is sm4-128; plan.key_type is aes-128",
    ),
    "other id": (
        "chip: {transport",
        "device: {id: 00DBBC60A12BC016BA187800}\nchip: {transport",
        "5: transports.chip.device.id: is not the ID that device.id expects",
    ),
}


@pytest.mark.parametrize(("old", "new", "warning"), WARNINGS.values(), ids=WARNINGS.keys())
def test_warnings(load_text, sound, old, new, warning):
    assert old in sound
    assert f"lab.yaml:{warning}" in load_text(sound.replace(old, new, 1)).warnings


@pytest.mark.parametrize(
    "port", ["/dev/serial/by-id/usb-x", "/dev/ttyS0", "socket://h:1", "rfc2217://h:1", "/dev/ttyUSB"]
)
def test_ports_that_draw_no_warning(load_text, sound, port):
    text = sound[: sound.index("  chip:")] + (
        f"  chip: {{kind: serial, port: '{port}'}}\nchip: {{transport: chip, framing: hex-line}}\n"
        "declaration: {algorithms: [aes-ecb], commands: []}\n"
    )
    assert load_text(text).warnings == ()


def test_sections_without_a_line_are_their_defaults(load_text, sound):
    board = load_text(f"{sound}device:\n  # id: 2122232425262728292A2B2C\nlimits:\ndeclaration:\nservice:\n")
    assert board.device.id is None
    assert board.limits.apdu_s == 2.0
    assert board.service.is_mock


def test_as_used_has_defaults_and_no_key(load_text, sound):
    key = "00112233445566778899AABBCCDDEEFF"
    text = sound.replace(
        "key: {published: aes-128}", f"id: 2122232425262728292A2B2C, key: {{test_key: {key}}}"
    )
    used = load_text(f"{text}device: {{key: {{env: BOARD_KEY}}}}\n").as_used()
    assert used["limits"]["apdu_s"] == 2.0
    assert used["transports"]["chip"]["address"] == "0x71"
    assert used["device"] == {"key": {"env": "BOARD_KEY"}, "spare": False}
    assert used["transports"]["chip"]["device"]["key"] == {"test_key": "**********"}
    assert used["source"]["path"] == "lab.yaml"
    assert key not in str(used)


def test_digits_need_no_quotes(load_text, sound):
    text = sound.replace(
        "published: aes-128}", "test_key: 00112233445566778899001122334455}, id: 111213141516171819101112"
    )
    board = load_text(f"{text}device: {{serial_number: 0042}}\n")
    assert board.transports["chip"].device.id == "111213141516171819101112"
    assert board.device.serial_number == "0042"
