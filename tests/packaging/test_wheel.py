"""The wheel in a fresh environment, beside PyPI's package `fixtures`, in a folder that holds nothing else."""

import hashlib
import json
import os
import re
import subprocess
import sys
import venv
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "add-a-scenario.md").read_text()

slow = pytest.mark.slow


@dataclass
class Installed:
    """An environment with the wheel in it, below the folder that commands are called in."""

    folder: Path

    @property
    def packages(self) -> Path:
        return next((self.folder / ".venv" / "lib").glob("python3*/site-packages"))

    def call(self, command: str, *words: str, code: int = 0, folder: Path | None = None) -> str:
        given = {
            name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "PYTHON"))
        }
        done = subprocess.run(
            [self.folder / ".venv" / "bin" / command, *words],
            cwd=folder or self.folder,
            env={**given, "COLUMNS": "300"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def report(self) -> dict:
        return json.loads((self.folder / "runs" / "latest" / "report.json").read_text())


def digest_of(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*.py")
    }


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder], cwd=ROOT, check=True
    )
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """Install the wheel without what it needs, which this interpreter lends; PyPI's `fixtures` is there first."""
    made = Installed(tmp_path_factory.mktemp("empty"))
    venv.create(made.folder / ".venv", with_pip=True)
    lent = [place for place in sys.path if place.endswith("-packages")]
    (made.packages / "lent.pth").write_text("".join(f"{place}\n" for place in lent))
    pip = (
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--no-deps",
        "--ignore-installed",
    )
    try:
        made.call("python", *pip, "fixtures==4.3.2")
    except AssertionError as error:
        pytest.skip(f"PyPI's package fixtures cannot be installed: {error}")
    before = digest_of(made.packages / "fixtures")
    made.call("python", *pip, str(wheel))
    assert digest_of(made.packages / "fixtures") == before
    return made


def test_it_holds_one_package_with_all_that_a_run_needs(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.partition("/")[0] for name in names if ".dist-info/" not in name} == {"harness"}
    for name in ("suites/requirements.yaml", "fixtures/plugin.py", "boards/virtual-se-i2c.yaml", "py.typed"):
        assert f"harness/{name}" in names
    listed = (ROOT / "firmware" / "sources.txt").read_text(encoding="utf-8").splitlines()
    firmware = {line.split()[1] for line in listed if line and not line.startswith("#")}
    firmware |= {"sources.txt", "faults.h", "board/mps2_an385.ld", "include/id2_client.h"}
    assert {f"harness/firmware/{name}" for name in firmware} <= set(names)
    unwanted = [
        name for name in names if re.search(r"__pycache__|/tools/|/initrd|usb_backend|conftest|\.md$", name)
    ]
    assert set(unwanted) == {"harness/examples/business_server/README.md", "harness/firmware/README.md"}
    for folder in ("fixtures", "suites", "boards"):
        kept = subprocess.run(
            ["git", "ls-files", folder], cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout.split()
        assert {f"harness/{name}" for name in kept} <= set(names)


@slow
def test_the_command_works_in_an_empty_folder(installed):
    assert installed.call("harness", "--version") == installed.call("python", "-m", "harness", "--version")
    assert "virtual-se-i2c" in installed.call("harness", "boards", "list")
    said = installed.call("harness", "run", "virtual-se-i2c", "virtual-business-server", "recorded-console")
    assert "virtual-se-i2c: passed" in said
    assert "virtual-business-server: passed" in said
    assert "fixtures/__init__.py" in installed.call(
        "python", "-c", "import fixtures; print(fixtures.__file__)"
    )


@slow
def test_own_suites_run_there(installed):
    own = installed.folder / "acme"
    (own / "step4_adapt").mkdir(parents=True)
    (own / "requirements.yaml").write_text(re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)[1])
    (own / "step4_adapt" / "test_our_id.py").write_text(re.search(r"```python\n(.*?)```", PAGE, re.DOTALL)[1])
    installed.call("harness", "run", "virtual-se-i2c", "--suites", "acme")
    verdicts = {one["id"]: one["verdict"] for one in installed.report()["scenarios"]}
    assert verdicts["step4_adapt/test_our_id/test_vendor_of_the_id"] == "passed"
    assert verdicts["step4_adapt/test_chip_identity/test_id"] == "passed"
    (own / "step4_adapt" / "test_our_id.py").write_text(
        re.search(r"```python\n(.*?)```", PAGE, re.DOTALL)[1].replace("0x8180", "0x8181")
    )
    installed.call("harness", "run", "virtual-se-i2c", "--only-suites", "acme", code=1)
    (failed,) = installed.report()["scenarios"]
    assert "the ID says vendor 8180" in json.dumps(failed)


@slow
def test_pytest_runs_a_board_without_a_conftest(installed):
    installed.call("python", "-m", "pytest", "-q", "-p", "no:cacheprovider", "--board", "virtual-se-i2c")
    report = installed.report()
    assert report["verdict"] == "passed"
    assert "step4_adapt/test_chip_identity/test_id" in {one["id"] for one in report["scenarios"]}


@slow
def test_a_project_of_others_notices_nothing(installed, tmp_path):
    """Its own options --board and --quick, its own use of PyPI's `fixtures`: all as if the harness were not there."""
    (tmp_path / "conftest.py").write_text(
        "def pytest_addoption(parser):\n"
        "    parser.addoption('--board', default='none')\n"
        "    parser.addoption('--quick', action='store_true')\n"
    )
    (tmp_path / "test_theirs.py").write_text(
        "import sys\n\nimport fixtures\n\n\n"
        "def test_theirs(request):\n"
        "    assert request.config.getoption('board') in ('none', 'uno')\n"
        "    assert fixtures.TempDir\n"
        "    assert 'harness.fixtures.plugin' not in sys.modules\n"
        "    assert 'pydantic' not in sys.modules\n"
    )
    lent = ("-p", "no:schemathesis", "-p", "no:anyio")  # plugins of what is lent
    for words in ((), ("--board=uno", "--quick")):
        said = installed.call("python", "-m", "pytest", "-q", *lent, *words, folder=tmp_path)
        assert "1 passed" in said
    (tmp_path / "conftest.py").write_text(
        "def pytest_addoption(parser):\n    parser.addoption('--quick', action='store_true')\n"
    )
    said = installed.call("python", "-m", "pytest", "--board=virtual-se-i2c", folder=tmp_path, code=4)
    assert "the harness cannot add its options beside those of this project" in said
    assert "use `harness run`" in said
    assert "Traceback" not in said
