"""The Containerfile: its steps are the commands of README, and hadolint has nothing to say about it."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.recipes

ROOT = Path(__file__).resolve().parents[2]
CONTAINERFILE = ROOT / "Containerfile"


def steps() -> list[tuple[str, str]]:
    """Instruction and what it is given, lines that go on joined, without comments."""
    text = re.sub(r"(?m)^#.*\n", "", CONTAINERFILE.read_text(encoding="utf-8"))
    joined = text.replace("\\\n", " ")
    return [(line.split()[0], " ".join(line.split()[1:])) for line in joined.splitlines() if line.strip()]


def test_it_makes_what_readme_tells_a_newcomer_to_type():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = readme.partition("## Try it")[2].partition("```sh\n")[2].partition("```")[0]
    typed = [line.partition("#")[0].strip() for line in shown.splitlines()]
    made = [what for instruction, what in steps() if instruction == "RUN" and not what.startswith("apt-get")]
    assert made == typed == ["make demo", "make test"]


def test_it_has_the_system_that_readme_asks_for():
    readme = (ROOT / "README.md").read_text(encoding="utf-8").partition("## Try it")[2]
    assert "Debian with Python 3.11 and git" in readme
    (base,) = [what for instruction, what in steps() if instruction == "FROM"]
    assert re.fullmatch(r"docker\.io/library/debian:12(-slim)?", base), "whose Python is 3.11"
    (packages,) = [what for instruction, what in steps() if what.startswith("apt-get")]
    assert {"git", "make", "python3.11", "python3.11-venv"} <= set(packages.split())


def test_nothing_runs_as_root_in_the_end():
    assert [what for instruction, what in steps() if instruction == "USER"][-1] not in ("root", "0")


def hadolint(file: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [Path(sys.executable).with_name("hadolint"), file], capture_output=True, text=True, check=False
    )


def test_hadolint_has_nothing_to_say(tmp_path):
    done = hadolint(CONTAINERFILE)
    assert (done.returncode, done.stdout) == (0, "")
    spoilt = tmp_path / "Containerfile"
    spoilt.write_text(
        CONTAINERFILE.read_text(encoding="utf-8").replace("debian:12-slim", "debian"), encoding="utf-8"
    )
    assert "DL3006" in hadolint(spoilt).stdout
