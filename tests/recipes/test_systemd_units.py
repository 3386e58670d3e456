"""The units of systemd that we ship: systemd has no doubt about them, they are hardened, and we know their options."""

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.recipes import commands

pytestmark = pytest.mark.recipes

ROOT = Path(__file__).resolve().parents[2]
UNITS = sorted((ROOT / "examples" / "systemd").glob("*.service"))
MOST_EXPOSED = 30
"""Tenths of systemd's level of exposure, of 100: 30 is the middle of what it calls OK."""


def value_of(unit: Path, name: str) -> list[str]:
    lines = unit.read_text(encoding="utf-8").splitlines()
    return [line.partition("=")[2] for line in lines if line.partition("=")[0] == name]


def commands_of(unit: Path) -> list[list[str]]:
    return [shlex.split(line) for line in value_of(unit, "ExecStart")]


@pytest.fixture
def installed(tmp_path):
    """Copies of the units whose programs exist; those of the harness answer, and nothing is started."""
    programs = tmp_path / "opt" / "bin"
    programs.mkdir(parents=True)
    shutil.copy(Path(sys.executable).with_name("harness"), programs / "harness")
    exporter = programs / "labgrid-exporter"
    exporter.write_text("#!/bin/sh\n", encoding="utf-8")
    exporter.chmod(0o755)
    for unit in UNITS:
        text = unit.read_text(encoding="utf-8").replace("/opt/id2-harness/bin", str(programs))
        (tmp_path / unit.name).write_text(text, encoding="utf-8")
    return tmp_path


def verify(*units: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *units], capture_output=True, text=True, check=False
    )


def test_there_is_one_for_the_page_the_mock_and_the_exporter():
    assert {unit.stem for unit in UNITS} >= {
        "id2-harness-bench",
        "id2-harness-mock",
        "id2-harness-exporter",
        "id2-harness-close",
    }


def test_systemd_has_nothing_to_say_about_them(installed):
    done = verify(*sorted(installed.glob("*.service")))
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [("ExecStart=/opt/id2-harness/bin/harness", "is not executable"), ("Restart=sometimes", "sometimes")],
)
def test_systemd_would_have_said_so(tmp_path, wrong, said):
    name = wrong.partition("=")[0]
    lines = UNITS[0].read_text(encoding="utf-8").splitlines()
    spoilt = tmp_path / UNITS[0].name
    spoilt.write_text(
        "".join(f"{wrong if line.startswith(f'{name}=') else line}\n" for line in lines), encoding="utf-8"
    )
    assert said in verify(spoilt).stderr


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_each_is_hardened(unit):
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", f"--threshold={MOST_EXPOSED}", unit],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout.splitlines()[-1]


@pytest.mark.parametrize(
    "unit", [unit for unit in UNITS if "exporter" not in unit.name], ids=lambda unit: unit.stem
)
def test_our_command_line_knows_what_each_starts(unit):
    (command,) = commands_of(unit)
    assert command[0] == commands.HARNESS
    words = [word for word in command if not word.startswith("$")]  # left to the operator, empty as shipped
    assert commands.read(words) in ("bench", "service", "lab close")


def test_the_exporter_has_the_options_that_it_is_given():
    (command,) = commands_of(next(unit for unit in UNITS if "exporter" in unit.name))
    exporter = Path(os.environ.get("LABGRID", "")) / Path(command[0]).name
    if not exporter.is_file():
        pytest.skip("labgrid is not installed; make benches-test installs it")
    told = subprocess.run([exporter, "--help"], capture_output=True, text=True, check=True).stdout
    given = [word for word in command[1:] if word.startswith("--")]
    assert given == ["--name", "--coordinator"]
    assert all(f"{option} " in told for option in given)


def test_what_the_page_started_outlives_it():
    (page,) = [unit for unit in UNITS if unit.stem == "id2-harness-bench"]
    assert value_of(page, "KillMode") == ["process"]
    assert value_of(page, "ReadWritePaths") == ["/run/lock /tmp"], (
        "where runs outside of the unit lock their boards, and what runs that outlive it have put there"
    )
    of_the_lab = [unit for unit in UNITS if value_of(unit, "User") == ["lab"]]
    assert [value_of(unit, "RemoveIPC") for unit in of_the_lab] == [[], [], []], "runs have the same user"


def test_devices_that_are_plugged_in_later_are_allowed():
    (page,) = [unit for unit in UNITS if unit.stem == "id2-harness-bench"]
    drivers = {"char-ttyUSB": "usbserial", "char-ttyACM": "cdc_acm", "char-i2c": "i2c_dev"}
    allowed = {line.split()[0] for line in value_of(page, "DeviceAllow")}
    assert drivers.keys() <= allowed
    wanted = {f"modprobe@{driver}.service" for driver in drivers.values()}
    assert set(" ".join(value_of(page, "Wants")).split()) == wanted
    assert set(" ".join(value_of(page, "After")).split()) == {"network.target", *wanted}


def test_they_run_as_a_user_that_the_shipped_list_makes():
    users = {word for unit in UNITS for word in value_of(unit, "User")}
    groups = {
        word for unit in UNITS for line in value_of(unit, "SupplementaryGroups") for word in line.split()
    }
    made = [
        line.split()[:2]
        for line in (ROOT / "examples/systemd/id2-harness.sysusers.conf")
        .read_text(encoding="utf-8")
        .splitlines()
        if line and not line.startswith("#")
    ]
    assert users == {"lab"}
    assert ["u", "lab"] in made
    assert {name for kind, name in made if kind == "g"} == groups == {"dialout", "plugdev"}
