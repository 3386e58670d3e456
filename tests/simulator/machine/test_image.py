"""What a flash tool has written into a board is what its machine starts with."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from harness.board.opening.actions import restart
from harness.board.opening.board import Board
from harness.board.reading.file import load
from harness.errors import BenchError
from harness.simulator.machine.build import build
from harness.simulator.machine.image import program_of
from harness.simulator.machine.sources import FOLDER, Platform, Recipe

ARM = b"\x7fELF" + bytes(14) + (40).to_bytes(2, "little")


def flash_tool(machine, image, flash):
    return subprocess.run(
        [
            "make",
            "--no-print-directory",
            "-C",
            FOLDER,
            "flash",
            f"MACHINE={machine}",
            f"IMAGE={image}",
            f"FLASH={flash}",
        ],
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_board_that_nobody_has_flashed_runs_the_firmware_of_its_settings(tmp_path):
    built = tmp_path / "built"
    assert program_of(None, Platform.LINUX, lambda: built)() == built
    assert program_of(tmp_path / "flash", Platform.LINUX, lambda: built)() == built


def test_a_machine_starts_with_what_was_flashed_last(tmp_path):
    program = program_of(tmp_path / "flash", Platform.CORTEX_M3, lambda: tmp_path / "built")
    (tmp_path / "flash").write_bytes(ARM)
    assert program() == tmp_path / "flash"


@pytest.mark.parametrize(
    "content", [Path(sys.executable).resolve().read_bytes()[:64], b"\x7fELF", b"", b"\x12" * 64]
)
def test_an_image_for_another_machine_is_the_bench_s_fault(tmp_path, content):
    program = program_of(tmp_path / "flash", Platform.CORTEX_M3, lambda: tmp_path / "built")
    (tmp_path / "flash").write_bytes(content)
    with pytest.raises(BenchError, match="no image for machine cortex-m3"):
        program()


def test_the_flash_tool_refuses_an_image_for_another_machine(tmp_path):
    (tmp_path / "image").write_bytes(ARM)
    refused = flash_tool("linux", tmp_path / "image", tmp_path / "flash")
    assert refused.returncode
    assert "is an image for another machine than linux" in refused.stdout
    assert not (tmp_path / "flash").exists()
    done = flash_tool("cortex-m3", tmp_path / "image", tmp_path / "flash")
    assert not done.returncode, done.stderr
    assert (tmp_path / "flash").read_bytes() == ARM
    (tmp_path / "text").write_text("no image at all")
    assert "is no ELF image" in flash_tool("cortex-m3", tmp_path / "text", tmp_path / "flash").stdout


@pytest.mark.parametrize(
    "machine",
    [pytest.param("linux", marks=pytest.mark.slow), pytest.param("cortex-m3", marks=pytest.mark.firmware)],
)
def test_a_reset_after_flashing_starts_the_new_firmware(tmp_path, machine):
    other = "00112233445566778899AABB"
    path = tmp_path / "board.yaml"
    console = {
        "kind": "firmware",
        "machine": machine,
        "carrier": "demo",
        "image": "flash",
        "device": {"key_type": "aes-128", "key": {"published": "aes-128"}},
        "actions": {"reset": [{"rts": True}, {"rts": False}]},
    }
    path.write_text(
        yaml.safe_dump(
            {
                "version": 1,
                "name": "board",
                "plan": {
                    "pattern": "own-platform",
                    "carrier": "demo",
                    "platform": "third-party-os",
                    "key_type": "aes-128",
                },
                "transports": {"console": console},
                "console": {"transport": "console", "program": "id2_app"},
                "controllers": {"lines": {"kind": "serial-lines", "reset": "reset"}},
            }
        )
    )
    macros = ("ID2_FAMILY=ID2_FAMILY_AES", f'ID2_DEMO_ID="{other}"')
    image = build(Recipe(Platform(machine), "demo", macros, probe=False))
    with Board(load(path), locks=tmp_path / "locks") as board:
        board.console().expect(b"2122232425262728292A2B2C", timeout=60)
        shutil.copy(image, tmp_path / "new")
        (tmp_path / "new").rename(tmp_path / "flash")
        restart(board).expect(other.encode(), timeout=60)
